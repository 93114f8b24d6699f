"""A network -> its anatomy, by arithmetic on its modules: stages, blocks and layers with shapes, parameters and cost.

No forward pass is run: a network is built on the meta device (shapes without numbers) and walked once. What each figure
means is said in ``resnet_app.anatomy``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from torch import nn

from resnet_app.anatomy import BlockRow, LayerRow, Network, Shape, StageRow
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.registry import STEMS, get_spec
from resnet_app.resnet import BasicBlock, Bottleneck, ResNet

MAX_SIDE = 8192
MAX_CLASSES = 100_000
STAGE_OF_LAYER = {"layer1": "conv2_x", "layer2": "conv3_x", "layer3": "conv4_x", "layer4": "conv5_x"}
LAYER_OF_STAGE = {stage: layer for layer, stage in STAGE_OF_LAYER.items()}
DILATABLE = ("conv3_x", "conv4_x", "conv5_x")


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
    name: str,
    *,
    classes: int = 1000,
    input_size: tuple[int, int] = (224, 224),
    stem: str = "imagenet",
    dilated: tuple[str, ...] = (),
    zero_init: bool = False,
) -> Network:
    """Take a variant apart at an input size (height, width); ``dilated`` names stages that trade stride for dilation.

    Raises:
        ResNetAppError: the class count or the size is out of range, or the network's blocks cannot dilate.
        UnknownChoiceError: there is no such variant, stem or stage.
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
    for stage in dilated:
        if stage not in DILATABLE:
            raise UnknownChoiceError("stage to dilate", stage, list(DILATABLE))
    if dilated and spec.block == "BasicBlock":
        raise ResNetAppError(
            f"{spec.title} has BasicBlocks, which cannot dilate. Choose ResNet-50 or deeper, or dilate no stage.",
            code="no_dilation",
            name=spec.title,
        )
    network = _skeleton(name, stem, tuple(stage in dilated for stage in DILATABLE))
    stages = take_apart(network, classes=classes, input_size=input_size)
    return Network(spec, classes, input_size, stem, tuple(s for s in DILATABLE if s in dilated), zero_init, stages)


@lru_cache(maxsize=32)
def _skeleton(name: str, stem: str, dilate: tuple[bool, ...]) -> ResNet:
    """Shapes do not depend on how many classes there are, but for the last layer's, which is arithmetic."""
    return get_spec(name).skeleton(num_classes=1, stem=stem, replace_stride_with_dilation=dilate)


def take_apart(network: ResNet, *, classes: int, input_size: tuple[int, int]) -> tuple[StageRow, ...]:
    """The stages of a network that is there already, at an input size (height, width)."""
    return tuple(_stages(network, classes, (3, *input_size)))


def _stages(network: ResNet, classes: int, shape: Shape) -> Iterator[StageRow]:
    conv = _window("conv1", network.conv1, shape, jump=1, field=1)
    yield _stage("conv1", (conv, _norm("bn1", network.bn1, conv)))
    last = conv
    if isinstance(network.maxpool, nn.MaxPool2d):
        last = _window("maxpool", network.maxpool, conv.output_shape, jump=conv.jump * conv.stride, field=conv.field)
        yield _stage("maxpool", (last,))
    for layer, name in STAGE_OF_LAYER.items():
        blocks = []
        for index, block in enumerate(network.get_submodule(layer).children()):
            assert isinstance(block, BasicBlock | Bottleneck)
            blocks.append(_block(f"{layer}.{index}", block, last))
            last = blocks[-1].branch[-1]
        yield _stage(name, (), tuple(blocks), f"{len(blocks)} × {type(block).__name__}")
    channels, height, width = last.output_shape
    jump = last.jump * last.stride
    field = last.field + (max(height, width) - 1) * jump  # the mean sees every position
    jump *= max(height, width)
    pooled = (channels, 1, 1)
    yield _stage("avgpool", (LayerRow("avgpool", "mean", last.output_shape, pooled, 0, 0, jump=jump, field=field),))
    weights = channels * classes
    yield _stage(
        "fc", (LayerRow("fc", "linear", pooled, (classes, 1, 1), weights + classes, weights, jump=jump, field=field),)
    )


def _stage(name: str, layers: tuple[LayerRow, ...], blocks: tuple[BlockRow, ...] = (), operator: str = "") -> StageRow:
    every: Sequence[LayerRow] = layers or [layer for block in blocks for layer in block.layers]
    last = blocks[-1].branch[-1] if blocks else layers[-1]
    return StageRow(
        name, operator or layers[0].operator, last.output_shape, sum(row.parameters for row in every),
        sum(row.macs for row in every), last.jump * last.stride, last.field, blocks, layers,
    )  # fmt: skip


def _block(path: str, block: BasicBlock | Bottleneck, before: LayerRow) -> BlockRow:
    layers = block._modules
    at, branch = before, []
    for number in range(1, 4 if isinstance(block, Bottleneck) else 3):
        conv = _window(
            f"{path}.conv{number}", layers[f"conv{number}"], at.output_shape, jump=at.jump * at.stride, field=at.field
        )
        at = _norm(f"{path}.bn{number}", layers[f"bn{number}"], conv)
        branch += [conv, at]
    shortcut: tuple[LayerRow, ...] = ()
    if block.downsample is not None:
        projection, norm = block.downsample.children()
        conv = _window(
            f"{path}.downsample.0", projection, before.output_shape, jump=before.jump * before.stride, field=0
        )
        shortcut = (conv, _norm(f"{path}.downsample.1", norm, conv))
    return BlockRow(path, tuple(branch), shortcut)


def _window(path: str, layer: nn.Module | None, shape: Shape, *, jump: int, field: int) -> LayerRow:
    """A convolution or a max pooling; ``field`` is that before it, 0 where none is kept."""
    assert isinstance(layer, nn.Conv2d | nn.MaxPool2d)
    kernel, stride, padding, dilation = _geometry(layer)
    height, width = (slid(side, kernel, stride, padding, dilation) for side in shape[1:])
    field = field and field + dilation * (kernel - 1) * jump
    window = (kernel, stride, padding, dilation)
    if isinstance(layer, nn.MaxPool2d):
        return LayerRow(path, "pool", shape, (shape[0], height, width), 0, 0, *window, 1, jump, field)
    weights = layer.out_channels * layer.in_channels // layer.groups * kernel * kernel
    out = (layer.out_channels, height, width)
    return LayerRow(path, "conv", shape, out, weights, weights * height * width, *window, layer.groups, jump, field)


def _norm(path: str, layer: nn.Module | None, conv: LayerRow) -> LayerRow:
    """A batch norm behind a convolution: a scale and a shift for each channel."""
    assert isinstance(layer, nn.BatchNorm2d)
    shape = conv.output_shape
    return LayerRow(
        path, "norm", shape, shape, 2 * layer.num_features, 0, jump=conv.jump * conv.stride, field=conv.field
    )


def _geometry(layer: nn.Conv2d | nn.MaxPool2d) -> tuple[int, int, int, int]:
    """Kernel, stride, padding and dilation of a square window."""
    values = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    kernel, stride, padding, dilation = (int(v[0]) if isinstance(v, tuple) else int(v) for v in values)
    return kernel, stride, padding, dilation


def slid(side: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Positions that a window takes along a side: floor((W + 2P - D(F - 1) - 1) / S) + 1."""
    return (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
