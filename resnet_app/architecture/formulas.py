"""Each figure of a layer, a block or a network spelled out with its own numbers, the same in every language.

Sources: the size of a convolution's output, floor((W + 2P - D(F - 1) - 1) / S) + 1, is that of ``nn.Conv2d``; the
counting of layers is that of He et al. 2015, Table 1; ``planes`` and ``expansion`` are torchvision's names.
"""

from __future__ import annotations

from resnet_app.architecture.records import Architecture, BlockRow, LayerRow
from resnet_app.registry import CONVS_PER_BLOCK, ModelSpec


def output_size(layer: LayerRow) -> tuple[str, ...]:
    """How its height and width come about: ``floor((56 + 2×1 - 3)/2) + 1 = 28``; one line where both are the same."""
    if layer.kind not in ("conv", "pool"):
        return ()
    sides = dict.fromkeys(zip(layer.input_shape[1:], layer.output_shape[1:], strict=True))
    window = f"{layer.kernel}" if layer.dilation == 1 else f"({layer.dilation}×({layer.kernel} - 1) + 1)"
    return tuple(f"floor(({side} + 2×{layer.padding} - {window})/{layer.stride}) + 1 = {out}" for side, out in sides)


def parameters(layer: LayerRow) -> str:
    """What is learned: ``512 × 256/32 × 3 × 3 = 36,864``; nothing for layers that learn nothing."""
    if layer.kind == "linear":
        return f"{layer.input_shape[0]} × {layer.output_shape[0]} + {layer.output_shape[0]} = {layer.parameters:,}"
    if layer.kind in ("norm", "group_norm"):
        return f"2 × {layer.output_shape[0]} = {layer.parameters:,}"
    return f"{_weights(layer)} = {layer.parameters:,}" if layer.kind == "conv" else ""


def macs(layer: LayerRow) -> str:
    """Weights times the positions where they are used: ``64 × 3 × 7 × 7 × 112 × 112 = 118,013,952``."""
    if layer.kind == "linear":
        return f"{layer.input_shape[0]} × {layer.output_shape[0]} = {layer.macs:,}"
    _, height, width = layer.output_shape
    return f"{_weights(layer)} × {height} × {width} = {layer.macs:,}" if layer.kind == "conv" else ""


def receptive_field(layer: LayerRow) -> str:
    """How far it sees: ``11 + 1×(3 - 1)×4 = 19``; nothing on the shortcut, which sees less than the branch."""
    if layer.kind not in ("conv", "pool") or not layer.field:
        return ""
    grown = layer.dilation * (layer.kernel - 1) * layer.jump
    return f"{layer.field - grown} + {layer.dilation}×({layer.kernel} - 1)×{layer.jump} = {layer.field}"


def output_channels(architecture: Architecture, block: BlockRow) -> str:
    """``planes × expansion = 256 × 4 = 1024``."""
    return f"planes × expansion = {block.planes} × {architecture.expansion} = {block.output_shape[0]}"


def width(architecture: Architecture, block: BlockRow) -> str:
    """Channels of a bottleneck's 3x3: ``int(256 × 4/64) × 32 = 512``; nothing for a basic block."""
    if architecture.spec.block == "BasicBlock":
        return ""
    channels = block.branch[0].output_shape[0]
    return f"int({block.planes} × {architecture.spec.width_per_group}/64) × {architecture.spec.groups} = {channels}"


def depth(spec: ModelSpec) -> str:
    """How the layers are counted: ``50 = 1 + (3 + 4 + 6 + 3)×3 + 1``, for four equal stages ``18 = 1 + 4×4 + 1``."""
    each = CONVS_PER_BLOCK[spec.block]
    if len(set(spec.depths)) == 1:
        return f"{spec.depth} = 1 + {len(spec.depths)}×{spec.depths[0] * each} + 1"
    return f"{spec.depth} = 1 + ({' + '.join(map(str, spec.depths))})×{each} + 1"


def _weights(layer: LayerRow) -> str:
    groups = f"/{layer.groups}" if layer.groups > 1 else ""
    return f"{layer.output_shape[0]} × {layer.input_shape[0]}{groups} × {layer.kernel} × {layer.kernel}"
