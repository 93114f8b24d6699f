"""How a model is trained: what may be chosen, and the rate, the decay and the weights of the classes that follow."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resnet_app.errors import DataError, UnknownChoiceError
from resnet_app.images import Recipe
from resnet_app.naming import shown
from resnet_app.training.dataset import Pictures

RANDOM_INIT, IMAGENET_INIT = "random", "imagenet"
_PARTS = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")
FREEZE = {  # what is kept as it is: everything up to and with the named part
    "none": (),
    **{f"layer{i}": _PARTS[: i + 2] for i in range(1, 5)},
    "backbone": _PARTS,
}
BEST, LAST = "best", "last"  # epochs to keep


@dataclass(frozen=True)
class TrainSettings:
    """How to train.

    Attributes:
        model: a name in the registry.
        init: ``random``, ``imagenet`` or a checkpoint file, whose head is replaced where the classes differ.
        freeze: one of ``FREEZE``: what stays as it was at the start.
        epochs: passes over the pictures.
        batch_size: pictures in a step.
        learning_rate: the peak, after the warm-up; then a cosine down to 0.
        warmup: epochs of a rate that rises evenly.
        label_smoothing: share of each label that is spread over all classes (Szegedy et al. 2016).
        mixup: alpha of the Beta distribution by which pictures are mixed in pairs (Zhang et al. 2018); 0 for none.
        augment: random crops, flips and colours; else the centre.
        balance: weigh the classes so that rare ones count as much as frequent ones.
        crop: side of the picture that the trained model wants, in pixels.
        keep: ``best``, the epoch with the lowest loss on the held out pictures, or ``last``: nothing is then chosen by
            them.
        exchange: share of the pictures with an outlined subject that is put on another picture's ground.
        train_crop: side in training; smaller than ``crop``, since random crops make things look larger
            (Touvron et al. 2019, arXiv 1906.06423).
        seed: of the initial weights, the splits, the order and the augmentation.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    model: str = "resnet18"
    init: str = RANDOM_INIT
    freeze: str = "none"
    epochs: int = 14
    batch_size: int = 32
    learning_rate: float = 0.02
    warmup: float = 1.0
    label_smoothing: float = 0.1
    mixup: float = 0.2
    augment: bool = True
    balance: bool = True
    crop: int = 224
    train_crop: int = 192
    exchange: float = 0.0
    keep: str = BEST
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name, least, most in (
            ("epochs", 1, 10_000), ("batch_size", 2, 4096), ("crop", 32, 1024), ("train_crop", 32, 1024),
            ("warmup", 0, 10_000), ("label_smoothing", 0, 0.9), ("mixup", 0, 10), ("exchange", 0, 1),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise DataError(f"{name.replace('_', ' ')} is {getattr(self, name)}; give {least} to {most}.")
        if not 0 < self.learning_rate < 100:
            raise DataError(f"learning rate is {self.learning_rate}; give one above 0, such as 0.02.")
        if self.freeze not in FREEZE:
            raise UnknownChoiceError("part to freeze", self.freeze, list(FREEZE))
        if self.keep not in (BEST, LAST):
            raise UnknownChoiceError("epoch to keep", self.keep, [BEST, LAST])

    @property
    def recipe(self) -> Recipe:
        """The preprocessing that the trained model wants: torchvision's usual ratio of resize to crop."""
        return Recipe(resize=round(self.crop * 256 / 224), crop=self.crop)

    def as_dict(self) -> dict[str, Any]:
        """For a checkpoint's metadata: no path of anybody's machine."""
        return {**asdict(self), "init": shown(Path(self.init).name)}


def class_weights(pictures: Pictures) -> Tensor:
    """How much a picture of each class counts, (K,), so that all classes count the same."""
    counts = torch.bincount(torch.tensor(pictures.labels), minlength=len(pictures.classes)).float()
    return counts.sum() / (len(counts) * counts.clamp(min=1))


def decayed(network: nn.Module) -> list[dict[str, Any]]:
    """Weight decay for matrices and kernels only, not for norms and biases; frozen ones are left out."""
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    kernels = [parameter for parameter in learned if parameter.ndim > 1]
    others = [parameter for parameter in learned if parameter.ndim <= 1]
    return [{"params": kernels}, {"params": others, "weight_decay": 0.0}]


def rate_share(step: int, warm_up: int, steps_in_all: int) -> float:
    """Share of the peak rate: up in a line, then down half a cosine."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps_in_all - warm_up)))
