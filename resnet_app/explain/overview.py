"""The whole network on one picture: of each place the channel that is strongest there, and what the shortcut brings.

The shared network is only read: no hook, no change of a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from resnet_app.errors import ResNetAppError
from resnet_app.explain.residuals import CONV1, MAXPOOL, Reading
from resnet_app.explain.unit import Field, fields
from resnet_app.inference.backbone import blocks
from resnet_app.inference.models import LoadedModel


@dataclass(frozen=True, eq=False)
class Tile:
    """What one place of the network holds for a picture.

    Attributes:
        path: ``conv1`` (after its norm and ReLU), ``maxpool``, or a block.
        channel: the one with the largest mean over the positions; the map that is shown.
        channels: how many there are.
        values: its map, (h, w) on the CPU, not negative.
        share: the shortcut's part of what a block puts out, norm over the sum of both norms; None where there is none.
        is_identity: whether that shortcut is x itself.
        field: where the map's units look.
    """

    path: str
    channel: int
    channels: int
    values: Tensor = field(repr=False)
    share: float | None
    is_identity: bool
    field: Field


def overview(model: LoadedModel, pixels: Tensor, readings: Sequence[Reading]) -> list[Tile]:
    """A tile for each place, from the first to the last.

    Args:
        model: whose network.
        pixels: (1, 3, H, W) on the model's device.
        readings: of the same picture.

    Raises:
        ResNetAppError: the weights give no numbers somewhere.
    """
    network, read = model.network, {each.path: each for each in readings}
    with torch.inference_mode():
        maps = {CONV1: network.relu(network.bn1(network.conv1(pixels)))}
        outputs = model.backbone.exact_outputs(pixels, ("stem", *blocks(network)))
        if isinstance(network.maxpool, nn.MaxPool2d):
            maps[MAXPOOL] = outputs["stem"]
        maps |= {path: outputs[path] for path in blocks(network)}
        looks = fields(network)
        return [_tile(path, found[0], read.get(path), looks[path]) for path, found in maps.items()]


def _tile(path: str, maps: Tensor, reading: Reading | None, looks: Field) -> Tile:
    if not torch.isfinite(maps).all():
        raise ResNetAppError(
            f"After {path} these weights give what is no number; load others.", code="no_number_after", path=path
        )
    channel = int(maps.mean((1, 2)).argmax())
    share = None
    if reading is not None and reading.shortcut + reading.residual:
        share = reading.shortcut / (reading.shortcut + reading.residual)
    is_identity = reading is not None and reading.is_identity
    return Tile(path, channel, len(maps), maps[channel].float().cpu(), share, is_identity, looks)
