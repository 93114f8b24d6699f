"""One unit of a network at work on one picture: its window, its kernel and its sum, number by number.

A unit is one position of one channel of a convolution's map. Source: Dumoulin and Visin 2016 (arXiv 1603.07285) for the
arithmetic of windows. The shared network is only read: no hook, no change of a weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain.residuals import CONV1, MAXPOOL, TOLERANCE
from resnet_app.inference.backbone import blocks
from resnet_app.inference.models import LoadedModel
from resnet_app.resnet import ResidualBlock, ResNet

SHOWN = 3  # input channels that are written out; the rest are summed


@dataclass(frozen=True)
class Field:
    """Where on the picture the units of a map look, along the longest path; all in input pixels.

    Attributes:
        start: the first pixel that unit 0 sees, in rows as in columns; negative where its window begins in the padding.
        jump: from one unit to the next.
        size: of what one unit sees.
    """

    start: int = 0
    jump: int = 1
    size: int = 1

    def through(self, window: nn.Conv2d | nn.MaxPool2d) -> Field:
        """The field after one more convolution or pooling."""
        kernel, stride, padding, dilation = _square(window)
        reach = dilation * (kernel - 1) * self.jump
        return Field(self.start - padding * self.jump, self.jump * stride, self.size + reach)

    def span(self, position: int) -> tuple[int, int]:
        """First pixel, and the first after the last, that the unit at a row or column sees."""
        first = self.start + position * self.jump
        return first, first + self.size


@dataclass(frozen=True, eq=False)
class Part:
    """What one input channel adds to a unit's sum.

    Attributes:
        channel: its number.
        map: (h, w), all of it.
        window: (k, k), what of it lies under the kernel; 0 in the padding.
        kernel: (k, k), the weights.
    """

    channel: int
    map: Tensor = field(repr=False)
    window: Tensor = field(repr=False)
    kernel: Tensor = field(repr=False)

    @property
    def products(self) -> Tensor:
        """Window times kernel, number by number: (k, k)."""
        return self.window * self.kernel

    @property
    def total(self) -> float:
        """What the products add up to."""
        return float(self.products.sum())


@dataclass(frozen=True, eq=False)
class Unit:
    """One unit, taken apart; sums are in double precision.

    Attributes:
        path: the convolution's.
        channel, row, column: which unit of it.
        channels: how many channels the map has.
        size: height and width of the map.
        window: top row and left column of the window in the maps that go in (negative in the padding), and its width.
        parts: the input channels that add most, by magnitude, the most first; all of them are ``inputs``.
        inputs: how many channels the unit takes in (those of its group).
        rest: what the others add up to.
        normed: the sum after the norm.
        shortcut: what the block's shortcut adds, where this is the block's last convolution; else None.
        rectified: whether a ReLU follows.
        measured: the number that the network's own pass has in this place.
        peak: the largest magnitude of the map there.
        field: where the units of this map look.
    """

    path: str
    channel: int
    row: int
    column: int
    channels: int
    size: tuple[int, int]
    window: tuple[int, int, int]
    parts: tuple[Part, ...]
    inputs: int
    rest: float
    normed: float
    shortcut: float | None
    rectified: bool
    measured: float
    peak: float
    field: Field

    @property
    def total(self) -> float:
        """The sum over all input channels: what the convolution gives."""
        return sum(part.total for part in self.parts) + self.rest

    @property
    def value(self) -> float:
        """What comes of the sum after norm, shortcut and ReLU."""
        added = self.normed + (self.shortcut or 0.0)
        return max(0.0, added) if self.rectified else added

    @property
    def agrees(self) -> bool:
        """Whether that is the network's own number, but for rounding."""
        return abs(self.value - self.measured) <= 10 * TOLERANCE * max(self.peak, 1.0)


def convolutions(network: ResNet) -> dict[str, nn.Conv2d]:
    """Every convolution by its path, in the order of the pass; a block's projection after its branch."""
    return {path: module for path, module in network.named_modules() if isinstance(module, nn.Conv2d)}


def fields(network: ResNet) -> dict[str, Field]:
    """Where the units of ``conv1``, ``maxpool`` and each block's convolutions look, and those of each block.

    A projection has the field of its one pixel, which is all that it sees.
    """
    at = Field().through(network.conv1)
    found = {CONV1: at}
    if isinstance(network.maxpool, nn.MaxPool2d):
        at = found[MAXPOOL] = at.through(network.maxpool)
    for path, block in blocks(network).items():
        before = at
        for name, conv in _branch(block):
            at = found[f"{path}.{name}"] = at.through(conv)
        if block.downsample is not None:
            found[f"{path}.downsample.0"] = before.through(_projection(block)[0])
        found[path] = at
    return found


def unit(model: LoadedModel, pixels: Tensor, path: str, channel: int | None, row: int, column: int) -> Unit:
    """Take one unit apart.

    Args:
        model: whose network.
        pixels: (1, 3, H, W) on the model's device.
        path: of a convolution, e.g. ``layer2.0.conv1``; of a block, for its last one; ``maxpool``, for the unit of
            ``conv1`` that is the largest in the window there.
        channel: None for the one that is largest in this place.
        row, column: of the map; what lies outside is its nearest edge.

    Raises:
        UnknownChoiceError: there is no such convolution.
        ResNetAppError: the weights give no numbers there.
    """
    network = model.network
    with torch.inference_mode():
        if path == MAXPOOL and isinstance(network.maxpool, nn.MaxPool2d):
            path, channel, row, column = _largest_under_the_pool(network, pixels, channel, row, column)
        if path in blocks(network):
            path = f"{path}.{_branch(blocks(network)[path])[-1][0]}"
        known = convolutions(network)
        if path not in known:
            raise UnknownChoiceError("convolution", path, list(known))
        passage = _passage(model, pixels, path)
        if not torch.isfinite(passage.measured).all():
            raise ResNetAppError(
                f"After {path} these weights give what is no number; load others.", code="no_number_after", path=path
            )
        channels, height, width = passage.measured.shape
        row, column = min(max(0, row), height - 1), min(max(0, column), width - 1)
        if channel is None:
            channel = int(passage.measured[:, row, column].argmax())
        channel = min(max(0, channel), channels - 1)
        return _taken_apart(known[path], passage, path, channel, row, column, fields(network)[path])


@dataclass(frozen=True, eq=False)
class _Passage:
    """A convolution's input, norm and what follows, all (C, h, w); ``measured`` is what the pass has after them."""

    inputs: Tensor
    norm: nn.Module
    shortcut: Tensor | None
    rectified: bool
    measured: Tensor


def _passage(model: LoadedModel, pixels: Tensor, path: str) -> _Passage:
    network = model.network
    if path == CONV1:
        measured = network.relu(network.bn1(network.conv1(pixels)))
        return _Passage(pixels[0], network.bn1, None, True, measured[0])
    block_path, _, name = path.removesuffix(".0").rpartition(".")  # a projection is downsample.0
    every = blocks(network)
    block, order = every[block_path], ["stem", *every]
    before = order[order.index(block_path) - 1]
    outputs = model.backbone.exact_outputs(pixels, (before, block_path))
    x = outputs[before]
    if name == "downsample":
        return _Passage(x[0], _projection(block)[1], None, False, block.shortcut(x)[0])
    names = [each for each, _ in _branch(block)]
    inputs = x
    for each in names[: names.index(name)]:
        inputs = torch.relu(_norm_of(block, each)(getattr(block, each)(inputs)))
    norm = _norm_of(block, name)
    if name == names[-1]:
        return _Passage(inputs[0], norm, block.shortcut(x)[0], True, outputs[block_path][0])
    return _Passage(inputs[0], norm, None, True, torch.relu(norm(getattr(block, name)(inputs)))[0])


def _taken_apart(
    conv: nn.Conv2d, passage: _Passage, path: str, channel: int, row: int, column: int, seen: Field
) -> Unit:
    group = channel // (conv.out_channels // conv.groups)
    first = group * conv.weight.shape[1]
    taken = _as_double(passage.inputs[first : first + conv.weight.shape[1]])
    place, windows = _window(taken, conv, row, column)
    kernels = _as_double(conv.weight[channel])
    totals = (windows * kernels).sum((1, 2))
    most = totals.abs().argsort(descending=True, stable=True)[:SHOWN].tolist()
    sum_of_all = float(totals.sum())
    normed = _normed(passage, conv, channel, row, column, sum_of_all)
    return Unit(
        path, channel, row, column, conv.out_channels, (passage.measured.shape[1], passage.measured.shape[2]), place,
        parts=tuple(Part(first + i, taken[i], windows[i], kernels[i]) for i in most), inputs=len(taken),
        rest=sum_of_all - float(totals[most].sum()), normed=normed,
        shortcut=None if passage.shortcut is None else float(passage.shortcut[channel, row, column]),
        rectified=passage.rectified, measured=float(passage.measured[channel, row, column]),
        peak=float(passage.measured.abs().max()), field=seen,
    )  # fmt: skip


def _square(window: nn.Conv2d | nn.MaxPool2d) -> tuple[int, int, int, int]:
    """Kernel, stride, padding and dilation of a square window."""
    given: tuple[Any, ...] = (window.kernel_size, window.stride, window.padding, window.dilation)
    kernel, stride, padding, dilation = (int(each[0] if isinstance(each, tuple) else each) for each in given)
    return kernel, stride, padding, dilation


def _as_double(values: Tensor) -> Tensor:
    """On the CPU in double precision: not every device knows it."""
    return values.cpu().double()


def _window(maps: Tensor, conv: nn.Conv2d, row: int, column: int) -> tuple[tuple[int, int, int], Tensor]:
    """Where the kernel lies over (C, h, w) in a place (top, left, width), and what is under it: (C, k, k)."""
    kernel, stride, padding, dilation = _square(conv)
    padded = nn.functional.pad(maps, (padding,) * 4)
    reach = dilation * (kernel - 1) + 1
    top, left = row * stride, column * stride
    under = padded[:, top : top + reach : dilation, left : left + reach : dilation]
    return (top - padding, left - padding, reach), under


def _normed(passage: _Passage, conv: nn.Conv2d, channel: int, row: int, column: int, total: float) -> float:
    """The sum after the norm: by its running statistics, or, for other norms, by what the norm gives in this place."""
    norm = passage.norm
    if isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None:
        mean, variance = float(norm.running_mean[channel]), float(norm.running_var[channel])
        weight, bias = float(norm.weight[channel]), float(norm.bias[channel])
        return (total - mean) / math.sqrt(variance + norm.eps) * weight + bias
    normed: Tensor = norm(conv(passage.inputs[None]))
    return float(normed[0, channel, row, column])


def _largest_under_the_pool(
    network: ResNet, pixels: Tensor, channel: int | None, row: int, column: int
) -> tuple[str, int, int, int]:
    """The unit of ``conv1`` that the max pool takes in a place; where no channel is given, of the largest one there."""
    maps = network.relu(network.bn1(network.conv1(pixels)))
    pooled, where = nn.functional.max_pool2d(maps, 3, 2, 1, return_indices=True)
    _, _, height, width = pooled.shape
    row, column = min(max(0, row), height - 1), min(max(0, column), width - 1)
    if channel is None:
        channel = int(pooled[0, :, row, column].argmax())
    place = int(where[0, channel, row, column])
    return CONV1, channel, place // maps.shape[3], place % maps.shape[3]


def _branch(block: ResidualBlock) -> list[tuple[str, nn.Conv2d]]:
    """The convolutions of F(x), first to last."""
    return [(name, module) for name, module in block.named_children() if isinstance(module, nn.Conv2d)]


def _norm_of(block: ResidualBlock, conv: str) -> nn.Module:
    norm: nn.Module = getattr(block, conv.replace("conv", "bn"))
    return norm


def _projection(block: ResidualBlock) -> tuple[nn.Conv2d, nn.Module]:
    conv, norm = cast("nn.Sequential", block.downsample)
    return cast("nn.Conv2d", conv), norm
