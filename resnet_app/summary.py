"""A network's anatomy to take along: the contract's record, a table for a terminal, and rows for CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from resnet_app import arithmetic
from resnet_app.anatomy import BlockRow, LayerRow, Network, StageRow, share
from resnet_app.published import NO_PROJECTION, STRIDE_FIRST, is_standard, paper_row

Row = dict[str, Any]
REASONS = {
    NO_PROJECTION: "the paper's shortcuts have no parameters; as built there: {counted:.2f}",
    STRIDE_FIRST: "the paper strides in the first 1x1, not in the 3x3; as built there: {counted:.2f}",
    "rounding": "the same layout, rounded",
}


def record(network: Network) -> Row:
    """The object of ``summary --json`` and of ``/architecture``."""
    return {
        "name": network.spec.name,
        "input_size": list(network.input_size),
        "classes": network.classes,
        "stem": network.stem,
        "dilated": list(network.dilated),
        "parameters": network.parameters,
        "macs": network.macs,
        "depth": network.spec.depth,
        **_beside_the_name(network),
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


def _beside_the_name(network: Network) -> Row:
    """What makes it another network than its name says; nothing for those that a command can name."""
    spec = network.spec
    own = {"groups": spec.groups, "width_per_group": spec.width_per_group, "norm": network.norm}
    return {} if network.is_as_published else own


def stage_rows(network: Network) -> list[Row]:
    """The stages with every figure, exact."""
    return [stage_row(network, stage) for stage in network.stages]


def stage_row(network: Network, stage: StageRow) -> Row:
    """One stage of a network with every figure, exact; the stride is that from the picture on."""
    return {
        "stage": stage.name, "operator": stage.operator, "blocks": len(stage.blocks), **_shape(stage.output_shape),
        "parameters": stage.parameters, "parameters_percent": round(share(stage.parameters, network.parameters), 3),
        "macs": stage.macs, "macs_percent": round(share(stage.macs, network.macs), 3),
        "activation_bytes": stage.activation_bytes, "peak_bytes": stage.peak_bytes, "stride": stage.stride,
        "receptive_field": stage.receptive_field,
    }  # fmt: skip


def block_rows(blocks: Iterable[BlockRow]) -> list[Row]:
    """Blocks with their figures, exact; ``width`` is that of the first convolution."""
    return [
        {
            "block": block.path, "planes": block.planes, "width": block.branch[0].output_shape[0],
            "input": "×".join(map(str, block.input_shape)), "shortcut": "projection" if block.shortcut else "identity",
            "stride": block.stride, **_shape(block.output_shape), "parameters": block.parameters, "macs": block.macs,
            "peak_bytes": block.peak_bytes, "receptive_field": block.branch[-1].field,
        }
        for block in blocks
    ]  # fmt: skip


def layer_rows(layers: Iterable[LayerRow]) -> list[Row]:
    """Layers with their figures, exact, and how each comes about; a window for convolutions and pooling only."""
    window = ("kernel", "stride", "padding", "dilation", "groups")
    return [
        {
            "layer": layer.path, "operator": layer.operator,
            **{key: getattr(layer, key) if layer.kind in ("conv", "pool") else "" for key in window},
            "input": "×".join(map(str, layer.input_shape)), "output": "×".join(map(str, layer.output_shape)),
            "output_size": "; ".join(arithmetic.output_size(layer)), "parameters": layer.parameters,
            "parameters_formula": arithmetic.parameters(layer), "macs": layer.macs,
            "macs_formula": arithmetic.macs(layer), "receptive_field": layer.field or "",
        }
        for layer in layers
    ]  # fmt: skip


def as_csv(rows: Sequence[Row]) -> str:
    """Rows of one kind as CSV, the heads first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_text(network: Network) -> str:
    """The stages as a table for a terminal, with the published figures below."""
    height, width = network.input_size
    options = [f"{network.stem} stem"] if network.stem != "imagenet" else []
    options += [f"{', '.join(network.dilated)} dilated"] if network.dilated else []
    heads = f"{'stage':9}{'operator':22}{'output':>14}{'parameters':>13}{'%':>6}{'MACs':>16}{'%':>6}"
    lines = [
        ", ".join([network.title, f"{network.classes} classes", f"input 3×{height}×{width}", *options]),
        f"{arithmetic.depth(network.spec)} layers: conv1, the blocks' convolutions, fc",
        f"{heads}{'MiB':>7}{'peak':>7}{'stride':>7}{'field':>7}",
    ]
    for stage in network.stages:
        shape = "×".join(map(str, stage.output_shape))
        counts = f"{stage.parameters:>13,}{share(stage.parameters, network.parameters):6.1f}"
        counts += f"{stage.macs:>16,}{share(stage.macs, network.macs):6.1f}"
        memory = f"{stage.activation_bytes / 2**20:7.2f}{stage.peak_bytes / 2**20:7.2f}"
        lines.append(
            f"{stage.name:9}{stage.operator:22}{shape:>14}{counts}{memory}{stage.stride:>7}{stage.receptive_field:>7}"
        )
    peak = f"{network.peak_bytes / 2**20:14.2f}"
    lines.append(f"{'total':45}{network.parameters:>13,}{'':6}{network.macs:>16,}{'':6}{peak}")
    lines += [
        "MACs: multiply-adds of conv and linear layers, one picture. MiB: the stage's output in float32; peak: all",
        "that has to be alive at once, in the best order of branch and shortcut. Stride, field (receptive field,",
        "longest path): in input pixels.",
    ]
    return "\n".join([*lines, *_published(network)])


def _published(network: Network) -> list[str]:
    if not is_standard(network):
        return []
    spec, paper = network.spec, paper_row(network)
    lines = [f"torchvision's metadata: {spec.parameters:,} parameters, {spec.gmacs} GMACs"]
    if paper is not None:
        reason = REASONS[paper.reason].format(counted=paper.counted)
        lines.append(f"{paper.paper}, Table 1: {paper.gmacs} GMACs ({reason})")
    return lines


def _shape(values: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("channels", "height", "width"), values, strict=True))
