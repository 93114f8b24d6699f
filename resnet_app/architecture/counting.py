"""A variant -> its anatomy, by arithmetic alone: stages, blocks and layers with shapes, parameters and cost.

Nothing is built and no forward pass is run, so this module is without torch, and a thousand layers take milliseconds.
test_counting.py holds every figure against the networks of ``resnet_app.resnet`` and torchvision. What each
figure means is said in ``resnet_app.architecture.records``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import gcd

from resnet_app.architecture.records import PLANES, Architecture, BlockRow, LayerRow, Shape, StageRow
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.registry import (
    BATCH,
    EXPANSION,
    GROUP,
    NO_NORM,
    NORM_GROUPS,
    NORMS,
    STAGE_OF_LAYER,
    STEMS,
    ModelSpec,
    get_spec,
)

MAX_SIDE = 8192
MAX_CLASSES = 100_000
MAX_GROUPS = 256  # groups, and channels in each
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
    groups: int | None = None,
    width_per_group: int | None = None,
    norm: str = BATCH,
) -> Architecture:
    """Take a variant apart.

    Args:
        name: the variant.
        classes: outputs of fc.
        input_size: (height, width) in pixels.
        stem: ``imagenet`` or ``cifar``.
        dilated: stages that trade stride for dilation, of ``DILATABLE``.
        zero_init: the last norm of each block starts at 0.
        groups, width_per_group: of the 3x3 in a bottleneck; the variant's own where not given.
        norm: ``batch``, ``group`` or ``none``.

    Raises:
        ResNetAppError: a number is out of range, or the network's blocks cannot do what is asked.
        UnknownChoiceError: there is no such variant, stem, stage or norm.
    """
    spec = _spec(name, groups, width_per_group)
    _check(classes, input_size, stem, norm)
    if norm == NO_NORM and zero_init:
        raise ResNetAppError("Without a norm nothing can start at 0; choose a norm, or no zero-init.")
    if dilated:
        _check_dilation(spec, dilated)
    dilated = tuple(stage for stage in DILATABLE if stage in dilated)
    stages = tuple(_stages(spec, stem, dilated, norm, classes, (3, *input_size)))
    return Architecture(spec, classes, input_size, stem, dilated, zero_init, norm, stages)


def _check(classes: int, input_size: tuple[int, int], stem: str, norm: str) -> None:
    """Refuse what no variant can be built with."""
    if not 1 <= classes <= MAX_CLASSES:
        raise ResNetAppError(
            f"Give a number of classes from 1 to {MAX_CLASSES}.", code="bad_class_count", most=MAX_CLASSES
        )
    if not all(1 <= side <= MAX_SIDE for side in input_size):
        raise ResNetAppError(
            f"The input size is {input_size[0]}x{input_size[1]}; give sides of 1 to {MAX_SIDE} pixels.",
            code="bad_sides",
            height=input_size[0],
            width=input_size[1],
            most=MAX_SIDE,
        )
    if stem not in STEMS:
        raise UnknownChoiceError("stem", stem, list(STEMS))
    if norm not in NORMS:
        raise UnknownChoiceError("norm", norm, list(NORMS))


def _check_dilation(spec: ModelSpec, dilated: tuple[str, ...]) -> None:
    for stage in dilated:
        if stage not in DILATABLE:
            raise UnknownChoiceError("stage to dilate", stage, list(DILATABLE))
    if spec.block == "BasicBlock":
        raise ResNetAppError(
            f"{spec.title} has BasicBlocks, which cannot dilate. Choose ResNet-50 or deeper, or dilate no stage.",
            code="no_dilation",
            name=spec.title,
        )


def _spec(name: str, groups: int | None, width_per_group: int | None) -> ModelSpec:
    """The variant, with other groups where they are asked for."""
    spec = get_spec(name)
    for what, given in (("groups", groups), ("channels per group", width_per_group)):
        if given is not None and not 1 <= given <= MAX_GROUPS:
            raise ResNetAppError(f"The number of {what} is {given}; give 1 to {MAX_GROUPS}.")
    found = spec.with_groups(groups, width_per_group)
    if found != spec and spec.block == "BasicBlock":
        raise ResNetAppError(
            f"{spec.title} has BasicBlocks, which know no groups and no other width. Choose ResNet-50 or deeper."
        )
    return found


def _stages(
    spec: ModelSpec, stem: str, dilated: Sequence[str], norm: str, classes: int, shape: Shape
) -> Iterator[StageRow]:
    kernel, stride = (7, 2) if stem == "imagenet" else (3, 1)
    conv = _conv("conv1", shape, 64, kernel, stride, jump=1, field=1)
    yield _stage("conv1", (conv, *_norms(norm, "bn1", conv)))
    last = conv
    if stem == "imagenet":
        last = _pool("maxpool", conv, 3, 2)
        yield _stage("maxpool", (last,))
    dilation = 1
    for (layer, planes), depth in zip(PLANES.items(), spec.depths, strict=True):
        name = STAGE_OF_LAYER[layer]
        stride, first_dilation = (1 if layer == "layer1" else 2), dilation
        if name in dilated:  # the first block still has the dilation from before, as in ResNet._make_layer
            dilation, stride = dilation * stride, 1
        blocks: list[BlockRow] = []
        for index in range(depth):
            first = index == 0
            convs = _branch(spec, planes, stride if first else 1, first_dilation if first else dilation)
            projects = first and (stride != 1 or last.output_shape[0] != planes * EXPANSION[spec.block])
            blocks.append(_block(f"{layer}.{index}", convs, norm, last, stride if projects else 0))
            last = blocks[-1].branch[-1]
        yield _stage(name, (), tuple(blocks), f"{depth} × {spec.block}")
    channels, height, width = last.output_shape
    jump = last.jump * last.stride
    field = last.field + (max(height, width) - 1) * jump  # the mean sees every position
    jump = max(shape[1:])  # one position is left, which stands for the whole picture
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


Window = tuple[int, int, int, int, int]  # channels out, kernel, stride, dilation, groups


def _branch(spec: ModelSpec, planes: int, stride: int, dilation: int) -> list[Window]:
    """The convolutions of F(x), as the two kinds of block have them."""
    if spec.block == "BasicBlock":
        return [(planes, 3, stride, 1, 1), (planes, 3, 1, 1, 1)]
    width = int(planes * (spec.width_per_group / 64)) * spec.groups
    out = planes * EXPANSION[spec.block]
    return [(width, 1, 1, 1, 1), (width, 3, stride, dilation, spec.groups), (out, 1, 1, 1, 1)]


def _block(path: str, convs: list[Window], norm: str, before: LayerRow, projection_stride: int) -> BlockRow:
    """A block after a layer; ``projection_stride`` 0 is the identity."""
    jump = before.jump * before.stride
    at, branch = before, list[LayerRow]()
    for number, (channels, kernel, stride, dilation, groups) in enumerate(convs, start=1):
        conv = _conv(
            f"{path}.conv{number}", at.output_shape, channels, kernel, stride, dilation, groups,
            jump=at.jump * at.stride, field=at.field,
        )  # fmt: skip
        branch += [conv, *_norms(norm, f"{path}.bn{number}", conv)]
        at = branch[-1]
    shortcut: tuple[LayerRow, ...] = ()
    if projection_stride:
        channels = at.output_shape[0]
        conv = _conv(f"{path}.downsample.0", before.output_shape, channels, 1, projection_stride, jump=jump, field=0)
        shortcut = (conv, *_norms(norm, f"{path}.downsample.1", conv))
    return BlockRow(path, tuple(branch), shortcut)


def _conv(
    path: str, shape: Shape, channels: int, kernel: int, stride: int, dilation: int = 1, groups: int = 1, *, jump: int,
    field: int,
) -> LayerRow:  # fmt: skip
    """A convolution whose padding keeps the size at stride 1; ``field`` is that before it, 0 where none is kept."""
    padding = dilation * (kernel // 2)
    height, width = (slid(side, kernel, stride, padding, dilation) for side in shape[1:])
    weights = channels * shape[0] // groups * kernel * kernel
    field = field and field + dilation * (kernel - 1) * jump
    return LayerRow(
        path, "conv", shape, (channels, height, width), weights, weights * height * width, kernel, stride, padding,
        dilation, groups, jump, field,
    )  # fmt: skip


def _pool(path: str, before: LayerRow, kernel: int, stride: int) -> LayerRow:
    channels, *sides = shape = before.output_shape
    padding, jump = kernel // 2, before.jump * before.stride
    height, width = (slid(side, kernel, stride, padding, 1) for side in sides)
    field = before.field + (kernel - 1) * jump
    return LayerRow(
        path, "pool", shape, (channels, height, width), 0, 0, kernel, stride, padding, jump=jump, field=field
    )


def _norms(norm: str, path: str, conv: LayerRow) -> tuple[LayerRow, ...]:
    """The norm after a convolution, a scale and a shift for each channel; nothing where there is none."""
    if norm == NO_NORM:
        return ()
    shape, jump = conv.output_shape, conv.jump * conv.stride
    kind, groups = ("group_norm", gcd(NORM_GROUPS, shape[0])) if norm == GROUP else ("norm", 1)
    return (LayerRow(path, kind, shape, shape, 2 * shape[0], 0, groups=groups, jump=jump, field=conv.field),)


def slid(side: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Positions that a window takes along a side: floor((W + 2P - D(F - 1) - 1) / S) + 1."""
    return (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
