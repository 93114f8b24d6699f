"""A network -> stages, blocks and layers with shapes, parameters and cost, by arithmetic on its modules.

No forward pass is run: a network is built on the meta device (shapes without numbers) and walked once. Conventions:
MACs are multiply-adds of convolutions and the linear layer, for one picture; parameters are the learned numbers
(BatchNorm's running figures are none); activation bytes are a stage's output in float32; stride and receptive field
are in input pixels, along the longest path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from torch import nn

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.registry import STEMS, ModelSpec, get_spec

MAX_SIDE = 8192
MAX_CLASSES = 100_000
BYTES_PER_NUMBER = 4  # float32
STAGE_OF_LAYER = {"layer1": "conv2_x", "layer2": "conv3_x", "layer3": "conv4_x", "layer4": "conv5_x"}


@dataclass(frozen=True)
class LayerRow:
    """One convolution, norm, pooling or linear layer.

    Attributes:
        path: its name in ``named_modules()``, e.g. ``layer3.0.conv2``.
        operator: what it does, e.g. ``3×3 conv, 256, /2``.
        output_shape: (C, H, W).
        parameters: learned numbers.
        macs: multiply-adds.
    """

    path: str
    operator: str
    output_shape: tuple[int, int, int]
    parameters: int
    macs: int


@dataclass(frozen=True)
class BlockRow:
    """One residual block: the layers of its branch, and those of its shortcut (none: the identity).

    Attributes:
        path: its name in ``named_modules()``, e.g. ``layer3.0``.
        input_shape, output_shape: (C, H, W).
        branch: convolutions and norms of F(x), in order.
        shortcut: the 1x1 projection and its norm, or nothing.
    """

    path: str
    input_shape: tuple[int, int, int]
    output_shape: tuple[int, int, int]
    branch: tuple[LayerRow, ...]
    shortcut: tuple[LayerRow, ...]

    @property
    def parameters(self) -> int:
        """Learned numbers of branch and shortcut."""
        return sum(layer.parameters for layer in (*self.branch, *self.shortcut))


@dataclass(frozen=True)
class StageRow:
    """One row of the papers' Table 1.

    Attributes:
        name: conv1, maxpool, conv2_x .. conv5_x, avgpool or fc.
        operator: what it does, e.g. ``6 × Bottleneck``.
        output_shape: (C, H, W).
        parameters: learned numbers.
        macs: multiply-adds.
        stride: input pixels from one position of the output to the next.
        receptive_field: input pixels that one position of the output depends on, at most.
        blocks: the residual blocks, none outside conv2_x .. conv5_x.
        layers: the layers of a stage without blocks.
    """

    name: str
    operator: str
    output_shape: tuple[int, int, int]
    parameters: int
    macs: int
    stride: int
    receptive_field: int
    blocks: tuple[BlockRow, ...] = ()
    layers: tuple[LayerRow, ...] = ()

    @property
    def activation_bytes(self) -> int:
        """The output of one picture in float32."""
        return prod(self.output_shape) * BYTES_PER_NUMBER


@dataclass(frozen=True)
class Network:
    """A variant at an input size, taken apart."""

    spec: ModelSpec
    classes: int
    input_size: tuple[int, int]
    stem: str
    stages: tuple[StageRow, ...]

    @property
    def parameters(self) -> int:
        """The sum over the stages."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def macs(self) -> int:
        """The sum over the stages."""
        return sum(stage.macs for stage in self.stages)


def parse_size(text: str) -> tuple[int, int]:
    """``"224x320"`` -> (224, 320): height, then width; one number stands for both.

    Raises:
        ResNetAppError: it is no size.
    """
    match = re.fullmatch(r"\s*(\d{1,5})\s*(?:[xX×*]\s*(\d{1,5}))?\s*", str(text))
    height, width = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ResNetAppError(
            f"'{str(text)[:30]}' is no input size; give HEIGHTxWIDTH such as 224x224, at most {MAX_SIDE}.",
            code="bad_size",
            given=str(text)[:30],
            most=MAX_SIDE,
        )
    return height, width


@lru_cache(maxsize=64)
def describe(
    name: str, *, classes: int = 1000, input_size: tuple[int, int] = (224, 224), stem: str = "imagenet"
) -> Network:
    """Take a variant apart at an input size (height, width).

    Raises:
        ResNetAppError: the class count or the size is out of range.
        UnknownChoiceError: there is no such variant or stem.
    """
    spec = get_spec(name)
    if not 1 <= classes <= MAX_CLASSES:
        raise ResNetAppError(
            f"Give a number of classes from 1 to {MAX_CLASSES}.", code="bad_class_count", most=MAX_CLASSES
        )
    if not all(1 <= side <= MAX_SIDE for side in input_size):
        raise ResNetAppError(
            f"The input size is {input_size[0]}x{input_size[1]}; give sides of 1 to {MAX_SIDE} pixels."
        )
    if stem not in STEMS:
        raise UnknownChoiceError("stem", stem, list(STEMS))
    network = spec.skeleton(num_classes=classes, stem=stem)
    return Network(spec, classes, input_size, stem, tuple(_stages(spec, network, (3, *input_size))))


Shape = tuple[int, int, int]


def _stages(spec: ModelSpec, network: nn.Module, shape: Shape) -> Iterator[StageRow]:
    parts = dict(network.named_children())
    layers, field, stride = [_layer("conv1", parts["conv1"], shape)], 1, 1
    layers.append(_layer("bn1", parts["bn1"], layers[0].output_shape))
    field, stride = _see_through(parts["conv1"], field, stride)
    yield _plain_stage("conv1", layers[0].operator, layers, stride, field)
    shape = layers[-1].output_shape
    if isinstance(parts["maxpool"], nn.MaxPool2d):
        pool = _layer("maxpool", parts["maxpool"], shape)
        field, stride = _see_through(parts["maxpool"], field, stride)
        yield _plain_stage("maxpool", pool.operator, [pool], stride, field)
        shape = pool.output_shape
    for layer, name in STAGE_OF_LAYER.items():
        blocks = []
        for index, block in enumerate(parts[layer].children()):
            blocks.append(_block(f"{layer}.{index}", block, shape))
            shape = blocks[-1].output_shape
            for part in block.children():
                if isinstance(part, nn.Conv2d):  # the branch; the 1x1 projection sees less
                    field, stride = _see_through(part, field, stride)
        every = [row for block in blocks for row in (*block.branch, *block.shortcut)]
        yield StageRow(
            name, f"{len(blocks)} × {spec.block}", shape, sum(row.parameters for row in every),
            sum(row.macs for row in every), stride, field, blocks=tuple(blocks),
        )  # fmt: skip
    field += (max(shape[1:]) - 1) * stride  # the mean sees every position
    pooled = LayerRow("avgpool", "global mean", (shape[0], 1, 1), 0, 0)
    yield _plain_stage("avgpool", "global mean", [pooled], stride * max(shape[1:]), field)
    head = _layer("fc", parts["fc"], pooled.output_shape)
    yield _plain_stage("fc", "linear", [head], stride * max(shape[1:]), field)


def _plain_stage(name: str, operator: str, layers: list[LayerRow], stride: int, field: int) -> StageRow:
    parameters, macs = sum(row.parameters for row in layers), sum(row.macs for row in layers)
    return StageRow(name, operator, layers[-1].output_shape, parameters, macs, stride, field, layers=tuple(layers))


def _block(path: str, block: nn.Module, shape: Shape) -> BlockRow:
    branch: list[LayerRow] = []
    shortcut: list[LayerRow] = []
    at = shape
    for name, part in block.named_children():
        if isinstance(part, nn.Conv2d | nn.BatchNorm2d):
            branch.append(_layer(f"{path}.{name}", part, at))
            at = branch[-1].output_shape
        elif name == "downsample":
            beside = shape
            for index, layer in enumerate(part.children()):
                shortcut.append(_layer(f"{path}.downsample.{index}", layer, beside))
                beside = shortcut[-1].output_shape
    return BlockRow(path, shape, at, tuple(branch), tuple(shortcut))


def _layer(path: str, layer: nn.Module, shape: Shape) -> LayerRow:
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    if isinstance(layer, nn.Conv2d):
        kernel, stride = layer.kernel_size[0], layer.stride[0]
        height, width = (_slid(side, layer) for side in shape[1:])
        macs = layer.weight.numel() * height * width
        details = [f"{kernel}×{kernel} conv, {layer.out_channels}"]
        details += [f"/{stride}"] if stride > 1 else []
        details += [f"g{layer.groups}"] if layer.groups > 1 else []
        details += [f"d{layer.dilation[0]}"] if layer.dilation[0] > 1 else []
        return LayerRow(path, ", ".join(details), (layer.out_channels, height, width), parameters, macs)
    if isinstance(layer, nn.MaxPool2d):
        height, width = (_slid(side, layer) for side in shape[1:])
        return LayerRow(
            path, f"{layer.kernel_size}×{layer.kernel_size} max pool, /{layer.stride}", (shape[0], height, width), 0, 0
        )
    if isinstance(layer, nn.Linear):
        return LayerRow(path, "linear", (layer.out_features, 1, 1), parameters, layer.weight.numel())
    return LayerRow(path, "batch norm", shape, parameters, 0)


def _geometry(layer: nn.Conv2d | nn.MaxPool2d) -> tuple[int, int, int, int]:
    """Kernel, stride, padding and dilation of a square window."""
    values = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    kernel, stride, padding, dilation = (v[0] if isinstance(v, tuple) else int(v) for v in values)
    return int(kernel), int(stride), int(padding), int(dilation)


def _slid(side: int, layer: nn.Conv2d | nn.MaxPool2d) -> int:
    """Positions that a window takes along a side: floor((W + 2P - D(F - 1) - 1) / S) + 1."""
    kernel, stride, padding, dilation = _geometry(layer)
    return (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _see_through(layer: nn.Module, field: int, stride: int) -> tuple[int, int]:
    """Receptive field and stride behind one more layer."""
    assert isinstance(layer, nn.Conv2d | nn.MaxPool2d)
    kernel, step, _, dilation = _geometry(layer)
    return field + dilation * (kernel - 1) * stride, stride * step


def record(network: Network) -> dict[str, Any]:
    """The object of ``summary --json`` and of ``/architecture``."""
    return {
        "name": network.spec.name,
        "input_size": list(network.input_size),
        "classes": network.classes,
        "parameters": network.parameters,
        "macs": network.macs,
        "depth": network.spec.depth,
        "stages": [
            {
                "name": stage.name,
                "operator": stage.operator,
                "blocks": len(stage.blocks),
                "output_shape": list(stage.output_shape),
                "parameters": stage.parameters,
                "macs": stage.macs,
                "activation_bytes": stage.activation_bytes,
                "stride": stage.stride,
                "receptive_field": stage.receptive_field,
            }
            for stage in network.stages
        ],
    }


def as_text(network: Network) -> str:
    """The stages as a table for a terminal."""
    height, width = network.input_size
    lines = [
        f"{network.spec.title}, {network.classes} classes, input 3×{height}×{width}",
        f"{'stage':9}{'operator':24}{'output':>14}{'parameters':>14}{'%':>7}{'MACs':>17}{'%':>7}{'field':>7}",
    ]
    for stage in network.stages:
        shape = "×".join(map(str, stage.output_shape))
        parameters = f"{stage.parameters:>14,}{share(stage.parameters, network.parameters):7.1f}"
        macs = f"{stage.macs:>17,}{share(stage.macs, network.macs):7.1f}"
        lines.append(f"{stage.name:9}{stage.operator:24}{shape:>14}{parameters}{macs}{stage.receptive_field:>7}")
    lines.append(f"{'total':47}{network.parameters:>14,}{'':7}{network.macs:>17,}")
    lines.append("MACs: multiply-adds of conv and linear layers, one picture. Field: receptive field in input pixels.")
    return "\n".join(lines)


def share(part: int, whole: int) -> float:
    """A part in per cent of the whole."""
    return 100 * part / whole if whole else 0.0
