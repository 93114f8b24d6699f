"""The records of a network taken apart: stages, blocks and layers, each figure with its convention.

MACs are multiply-adds of convolutions and the linear layer, for one picture; parameters are the learned numbers
(BatchNorm's running statistics are none); activation bytes are a stage's output in float32; peak bytes are all
activations that have to be alive at one moment of inference, in the order of branch and shortcut that needs the least
(norms write new memory, ReLU and the sum do not, weights are not counted; eager PyTorch goes through the branch first,
and keeps the picture, and a stage's input while the stage is at work); stride and receptive field are in input pixels,
along the longest path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import prod

from resnet_app.registry import BATCH, EXPANSION, GROUP, NO_NORM, SPECS, ModelSpec

BYTES_PER_NUMBER = 4  # float32
PLANES = {"layer1": 64, "layer2": 128, "layer3": 256, "layer4": 512}  # base widths

Shape = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One convolution, norm, pooling or linear layer.

    Attributes:
        path: its name in ``named_modules()``, e.g. ``layer3.0.conv2``.
        kind: conv, norm (BatchNorm), group_norm, pool, mean or linear.
        input_shape, output_shape: (C, H, W).
        parameters: learned numbers.
        macs: multiply-adds.
        kernel, stride, padding, dilation: of a conv's or pool's square window.
        groups: of a conv or a GroupNorm.
        jump: input pixels from one position of this layer's input to the next; after the mean, which has one position
            only, that of the whole picture.
        field: input pixels that one position of the output depends on, at most; 0 on the shortcut, which sees less.
    """

    path: str
    kind: str
    input_shape: Shape
    output_shape: Shape
    parameters: int
    macs: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    jump: int = 1
    field: int = 0

    @property
    def is_flat(self) -> bool:
        """Whether a list of numbers goes in and out, and no map: fc alone."""
        return self.kind == "linear"

    @property
    def operator(self) -> str:
        """What it does, e.g. ``3×3 conv, 256, /2``."""
        if self.kind in ("norm", "mean", "linear"):
            return {"norm": "batch norm", "mean": "global mean", "linear": "linear"}[self.kind]
        if self.kind == "group_norm":
            return f"group norm, {self.groups} groups"
        if self.kind == "pool":
            return f"{self.kernel}×{self.kernel} max pool, /{self.stride}"
        details = [f"{self.kernel}×{self.kernel} conv, {self.output_shape[0]}"]
        details += [f"/{self.stride}"] if self.stride > 1 else []
        details += [f"g{self.groups}"] if self.groups > 1 else []
        details += [f"d{self.dilation}"] if self.dilation > 1 else []
        return ", ".join(details)


@dataclass(frozen=True)
class BlockRow:
    """One residual block: the layers of its branch, and those of its shortcut (none: the identity).

    Attributes:
        path: its name in ``named_modules()``, e.g. ``layer3.0``.
        branch: convolutions and norms (where there are any) of F(x), in order.
        shortcut: the 1x1 projection and its norm, or nothing.
    """

    path: str
    branch: tuple[LayerRow, ...]
    shortcut: tuple[LayerRow, ...]

    @property
    def layers(self) -> tuple[LayerRow, ...]:
        """Those of the branch, then those of the shortcut."""
        return self.branch + self.shortcut

    @property
    def input_shape(self) -> Shape:
        """(C, H, W)."""
        return self.branch[0].input_shape

    @property
    def output_shape(self) -> Shape:
        """(C, H, W)."""
        return self.branch[-1].output_shape

    @property
    def planes(self) -> int:
        """The base width, which the 3x3 has in a plain ResNet; the output has ``planes * expansion`` channels."""
        return PLANES[self.path.partition(".")[0]]

    @property
    def stride(self) -> int:
        """Positions of its input from one position of its output to the next."""
        return prod(layer.stride for layer in self.branch)

    @property
    def parameters(self) -> int:
        """Learned numbers of branch and shortcut."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-adds of branch and shortcut."""
        return sum(layer.macs for layer in self.layers)

    @cached_property
    def peak_bytes(self) -> int:
        """The most that has to be alive at once, in the order of branch and shortcut that needs the least."""
        steps = len(self.layers)
        return BYTES_PER_NUMBER * min(
            self._most_alive(frozenset(turns)) for turns in combinations(range(steps), len(self.shortcut))
        )

    def _most_alive(self, turns: frozenset[int]) -> int:
        """Numbers alive at the fullest step, where the shortcut's layers have these turns and the branch's the others.

        A step needs its layer's input and output, and what the other side has so far: x itself before its first layer,
        which counts once while both sides still wait for it.
        """
        x, most = prod(self.input_shape), 0
        layers = {False: iter(self.branch), True: iter(self.shortcut)}
        made = {False: 0, True: 0}  # numbers that each side has, once it has begun
        for step in range(len(self.layers)):
            side = step in turns
            layer = next(layers[side])
            waiting = made[not side] or (x if made[side] else 0)  # x is this layer's own input where neither has begun
            most = max(most, _in_and_out(layer) + waiting)
            made[side] = prod(layer.output_shape)
        return most


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
    output_shape: Shape
    parameters: int
    macs: int
    stride: int
    receptive_field: int
    blocks: tuple[BlockRow, ...] = ()
    layers: tuple[LayerRow, ...] = ()

    @property
    def is_flat(self) -> bool:
        """Whether a list of numbers goes out, and no map: fc alone."""
        return any(layer.is_flat for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """The output of one picture in float32."""
        return prod(self.output_shape) * BYTES_PER_NUMBER

    @cached_property
    def peak_bytes(self) -> int:
        """The most that has to be alive at once while the stage works on one picture, in float32."""
        plain = (BYTES_PER_NUMBER * _in_and_out(layer) for layer in self.layers)
        return max(chain(plain, (block.peak_bytes for block in self.blocks)))

    @property
    def every_layer(self) -> tuple[LayerRow, ...]:
        """All layers, those of blocks too."""
        return self.layers + tuple(layer for block in self.blocks for layer in block.layers)


@dataclass(frozen=True)
class Architecture:
    """A variant at an input size, taken apart.

    Attributes:
        spec: the variant.
        classes: outputs of fc.
        input_size: (height, width).
        stem: ``imagenet`` or ``cifar``.
        dilated: stages that keep their size and dilate instead of striding.
        zero_init: whether the last norm of each block starts at 0 (no shape and no count depends on it).
        norm: ``batch``, ``group`` or ``none``.
        stages: from conv1 to fc.
    """

    spec: ModelSpec
    classes: int
    input_size: tuple[int, int]
    stem: str
    dilated: tuple[str, ...]
    zero_init: bool
    norm: str
    stages: tuple[StageRow, ...]

    @cached_property
    def parameters(self) -> int:
        """The sum over the stages."""
        return sum(stage.parameters for stage in self.stages)

    @cached_property
    def macs(self) -> int:
        """The sum over the stages."""
        return sum(stage.macs for stage in self.stages)

    @property
    def peak_bytes(self) -> int:
        """The most that has to be alive at once, of one picture in float32."""
        return max(stage.peak_bytes for stage in self.stages)

    @property
    def title(self) -> str:
        """The network's name, with what makes it another than the published one."""
        return self.spec.title + {GROUP: ", GroupNorm", NO_NORM: ", no norm"}.get(self.norm, "")

    @property
    def is_as_published(self) -> bool:
        """Whether groups, widths and norm are those of the variant that it is named after."""
        return self.spec == SPECS[self.spec.name] and self.norm == BATCH

    @property
    def expansion(self) -> int:
        """What a block's base width is multiplied with to give its output channels."""
        return EXPANSION[self.spec.block]


def _in_and_out(layer: LayerRow) -> int:
    return prod(layer.input_shape) + prod(layer.output_shape)


def share(part: int, whole: int) -> float:
    """A part in per cent of the whole."""
    return 100 * part / whole if whole else 0.0
