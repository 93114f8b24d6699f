"""The residual microscope: what each block's shortcut and F(x) do to one picture, and what is lost without F(x).

Source: He et al. 2015, Eq. 1 and 2, and section 4.2 (responses of the residual branches); leaving single branches out
is the test of Veit et al. 2016 (arXiv 1605.06431). The shared network is only read: no hook, no change of a weight.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.inference.backbone import Backbone, blocks
from resnet_app.inference.models import LoadedModel
from resnet_app.resnet import ResNet

TOLERANCE = 1e-5  # of the output's peak: relu(F(x) + shortcut) against what the pass that predicts has there
STRONGEST = 16  # channels shown after a stage or block
CONV1, MAXPOOL = "conv1", "maxpool"


@dataclass(frozen=True)
class Reading:
    """What one block does to a picture; norms are of all numbers of a map together (Frobenius), before the last ReLU.

    Attributes:
        path: the block's name, e.g. ``layer3.0``.
        is_identity: whether the shortcut is x itself.
        shortcut: norm of the shortcut's output.
        residual: norm of F(x).
        cosine: of the angle between the two; 0 where one of them is 0.
        error: the largest difference between relu(F(x) + shortcut) and the block's output in the pass that predicts, as
            a part of the latter's peak.
    """

    path: str
    is_identity: bool
    shortcut: float
    residual: float
    cosine: float
    error: float

    @property
    def ratio(self) -> float:
        """The norm of F(x) over that of the shortcut; infinite where the shortcut is 0."""
        return self.residual / self.shortcut if self.shortcut else float("inf") if self.residual else 0.0


def readings(backbone: Backbone, pixels: Tensor) -> list[Reading]:
    """Look into every block, from the first to the last, along the very pass that predicts.

    The parts are those of ``resnet.py``; on a CPU the pass goes through folded, packed weights, which add the two up
    in another way, so that the sum is a check.

    Args:
        backbone: of a network in eval mode, on the device of ``pixels``.
        pixels: (1, 3, H, W).
    """
    found = []
    outputs = backbone.exact_outputs(pixels, ("stem", *blocks(backbone.network)))
    x = outputs["stem"]
    with torch.inference_mode():
        for path, block in blocks(backbone.network).items():
            residual, shortcut, output = block.residual(x), block.shortcut(x), outputs[path]
            peak = float(output.abs().max()) or 1.0
            error = float((torch.relu(residual + shortcut) - output).abs().max()) / peak
            # a hundred thousand squares in float32 would lose a digit or two, and not every device knows float64
            one, other = (part.flatten().cpu().double() for part in (shortcut, residual))
            norms = float(one.norm()), float(other.norm())
            cosine = float(one @ other) / (norms[0] * norms[1]) if all(norms) else 0.0
            found.append(Reading(path, block.downsample is None, norms[0], norms[1], cosine, error))
            x = output
    return found


def identity_blocks(network: ResNet) -> list[str]:
    """The blocks whose F(x) can be left out: their shortcut is x itself."""
    return [path for path, block in blocks(network).items() if block.downsample is None]


def logits_without(model: LoadedModel, pixels: Tensor, left_out: Collection[str]) -> Tensor:
    """Predict again with F(x) of some blocks left out: (classes,) on the CPU.

    Args:
        model: what predicts.
        pixels: (1, 3, H, W) on the model's device.
        left_out: blocks whose shortcut is the identity.

    Raises:
        UnknownChoiceError: a block is none of those.
    """
    known = identity_blocks(model.network)
    for path in left_out:
        if path not in known:
            raise UnknownChoiceError("identity block", path, known)
    with torch.inference_mode():
        logits: Tensor = model.network.forward_head(model.backbone.without(pixels, left_out))[0].cpu()
    return logits


def logits_without_shortcut(model: LoadedModel, pixels: Tensor, path: str) -> Tensor:
    """Predict again with the shortcut of one block left out, so that relu(F(x)) goes on: (classes,) on the CPU.

    Args:
        model: what predicts.
        pixels: (1, 3, H, W) on the model's device.
        path: any block.

    Raises:
        UnknownChoiceError: there is no such block.
    """
    found = blocks(model.network)
    if path not in found:
        raise UnknownChoiceError("block", path, list(found))
    names = ["stem", *found]
    before = names[names.index(path) - 1]
    with torch.inference_mode():
        x = model.backbone.outputs(pixels, (before,))[before]
        maps = model.backbone.after(path, torch.relu(found[path].residual(x)))
        logits: Tensor = model.network.forward_head(maps)[0].cpu()
    return logits


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The strongest channels after a stage or block.

    Attributes:
        path: where: ``conv1`` (after its norm and ReLU), ``maxpool``, or a block.
        channels: their numbers, the strongest (by the mean over the positions) first.
        means: of each.
        maps: (n, h, w) on the CPU, not negative.
        silent: how many channels are 0 everywhere.
        of: how many channels there are.
    """

    path: str
    channels: tuple[int, ...]
    means: tuple[float, ...]
    maps: Tensor
    silent: int
    of: int


def feature_maps(model: LoadedModel, pixels: Tensor, path: str, *, count: int = STRONGEST) -> FeatureMaps:
    """The strongest channels of a picture after ``conv1``, ``maxpool`` or a block.

    Raises:
        UnknownChoiceError: there is no such place.
        ResNetAppError: the weights give no numbers there.
    """
    known = [CONV1, MAXPOOL, *blocks(model.network)]
    if path not in known:
        raise UnknownChoiceError("place", path, known)
    network = model.network
    with torch.inference_mode():
        if path == CONV1:
            maps = network.relu(network.bn1(network.conv1(pixels)))[0]
        else:
            name = "stem" if path == MAXPOOL else path
            maps = model.backbone.exact_outputs(pixels, (name,))[name][0]
        if not torch.isfinite(maps).all():
            raise ResNetAppError(
                f"After {path} these weights give what is no number; load others.", code="no_number_after", path=path
            )
        means = maps.mean((1, 2))
        strongest = means.argsort(descending=True, stable=True)[:count]
        silent = int((maps.amax((1, 2)) <= 0).sum())
        return FeatureMaps(
            path, tuple(strongest.tolist()), tuple(means[strongest].tolist()), maps[strongest].float().cpu(), silent,
            len(maps),
        )  # fmt: skip
