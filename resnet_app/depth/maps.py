"""One picture's way through a trained network of the experiment: where does it vanish?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from resnet_app.depth.networks import DepthNetwork
from resnet_app.depth.pictures import Pictures
from resnet_app.depth.record import Run, StudySettings
from resnet_app.depth.study import MEASURED, build
from resnet_app.errors import ResNetAppError


@dataclass(frozen=True)
class Step:
    """What one block, or the first convolution, makes of the picture.

    Attributes:
        layers: how many of the network's layers were passed so far, this one included.
        values: mean over the channels of the size of each activation, as (H, W).
        own: the share of it that is this picture's own, 0 to 1: |a - mean of a over many pictures| / |a|. At 0 the
            network sees the same whatever it is shown.
    """

    layers: int
    values: np.ndarray
    own: float


@dataclass(frozen=True)
class Walk:
    """A picture's way through a network, and what the network answers.

    Attributes:
        steps: after the first convolution, and after each block.
        probabilities: of each class.
    """

    steps: tuple[Step, ...]
    probabilities: tuple[float, ...]


def walk(run: Run, settings: StudySettings, pictures: Pictures, weights: Path, number: int) -> Walk:
    """Test picture ``number`` through the network with the weights of that file.

    Raises:
        ResNetAppError: the weights are gone.
    """
    network = build(run, settings, pictures).eval()
    try:
        network.load_state_dict(load_file(weights))
    except OSError as error:
        raise ResNetAppError("The weights are gone; train again.", code="depth_gone") from error
    shown = torch.cat([pictures.test[number : number + 1], pictures.test[:MEASURED]])
    with torch.inference_mode():
        return Walk(tuple(_steps(network, shown)), tuple(network(shown[:1]).softmax(1)[0].tolist()))


def _steps(network: DepthNetwork, pictures: Tensor) -> list[Step]:
    """Of the first of the pictures; the others say what is usual."""
    x = network.stem(pictures)
    steps = [_step(1, x)]
    for number, block in enumerate(network.blocks, start=1):
        x = block(x)
        steps.append(_step(1 + 2 * number, x))
    return steps


def _step(layers: int, activations: Tensor) -> Step:
    one, usual = activations[0], activations[1:].mean(0)
    own = float((one - usual).norm() / one.norm().clamp(min=1e-12))
    return Step(layers, one.abs().mean(0).numpy(), min(1.0, own))
