"""A network's anatomy to take along: the contract's record, a table for a terminal, and rows for CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from resnet_app.architecture import formulas
from resnet_app.architecture.published import NO_PROJECTION, STRIDE_FIRST, is_standard, paper_row
from resnet_app.architecture.records import Architecture, BlockRow, LayerRow, StageRow, share

Row = dict[str, Any]
REASONS = {
    NO_PROJECTION: "the paper's shortcuts have no parameters; as built there: {counted:.2f}",
    STRIDE_FIRST: "the paper strides in the first 1x1, not in the 3x3; as built there: {counted:.2f}",
    "rounding": "the same layout, rounded",
}


def json_object(architecture: Architecture) -> Row:
    """The object of ``summary --json`` and of ``/architecture``."""
    return {
        "name": architecture.spec.name,
        "input_size": list(architecture.input_size),
        "classes": architecture.classes,
        "stem": architecture.stem,
        "dilated": list(architecture.dilated),
        "parameters": architecture.parameters,
        "macs": architecture.macs,
        "depth": architecture.spec.depth,
        **_beside_the_name(architecture),
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
            for stage in architecture.stages
        ],
    }


def _beside_the_name(architecture: Architecture) -> Row:
    """What makes it another network than its name says; nothing for those that a command can name."""
    spec = architecture.spec
    own = {"groups": spec.groups, "width_per_group": spec.width_per_group, "norm": architecture.norm}
    return {} if architecture.is_as_published else own


def stage_rows(architecture: Architecture) -> list[Row]:
    """The stages with every figure, exact."""
    return [stage_row(architecture, stage) for stage in architecture.stages]


def stage_row(architecture: Architecture, stage: StageRow) -> Row:
    """One stage of a network with every figure, exact; the stride is that from the picture on."""
    return {
        "stage": stage.name, "operator": stage.operator, "blocks": len(stage.blocks), **_shape(stage.output_shape),
        "parameters": stage.parameters,
        "parameters_percent": round(share(stage.parameters, architecture.parameters), 3),
        "macs": stage.macs, "macs_percent": round(share(stage.macs, architecture.macs), 3),
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
            "output_size": "; ".join(formulas.output_size(layer)), "parameters": layer.parameters,
            "parameters_formula": formulas.parameters(layer), "macs": layer.macs,
            "macs_formula": formulas.macs(layer), "receptive_field": layer.field or "",
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


def as_text(architecture: Architecture) -> str:
    """The stages as a table for a terminal, with the published figures below."""
    height, width = architecture.input_size
    options = [f"{architecture.stem} stem"] if architecture.stem != "imagenet" else []
    options += [f"{', '.join(architecture.dilated)} dilated"] if architecture.dilated else []
    heads = f"{'stage':9}{'operator':22}{'output':>14}{'parameters':>13}{'%':>6}{'MACs':>16}{'%':>6}"
    lines = [
        ", ".join([architecture.title, f"{architecture.classes} classes", f"input 3×{height}×{width}", *options]),
        f"{formulas.depth(architecture.spec)} layers: conv1, the blocks' convolutions, fc",
        f"{heads}{'MiB':>7}{'peak':>7}{'stride':>7}{'field':>7}",
    ]
    for stage in architecture.stages:
        shape = "×".join(map(str, stage.output_shape))
        counts = f"{stage.parameters:>13,}{share(stage.parameters, architecture.parameters):6.1f}"
        counts += f"{stage.macs:>16,}{share(stage.macs, architecture.macs):6.1f}"
        memory = f"{stage.activation_bytes / 2**20:7.2f}{stage.peak_bytes / 2**20:7.2f}"
        lines.append(
            f"{stage.name:9}{stage.operator:22}{shape:>14}{counts}{memory}{stage.stride:>7}{stage.receptive_field:>7}"
        )
    peak = f"{architecture.peak_bytes / 2**20:14.2f}"
    lines.append(f"{'total':45}{architecture.parameters:>13,}{'':6}{architecture.macs:>16,}{'':6}{peak}")
    lines += [
        "MACs: multiply-adds of conv and linear layers, one picture. MiB: the stage's output in float32; peak: all",
        "that has to be alive at once, in the best order of branch and shortcut. Stride, field (receptive field,",
        "longest path): in input pixels.",
    ]
    return "\n".join([*lines, *_published(architecture)])


def _published(architecture: Architecture) -> list[str]:
    if not is_standard(architecture):
        return []
    spec, paper = architecture.spec, paper_row(architecture)
    lines = [f"torchvision's metadata: {spec.parameters:,} parameters, {spec.gmacs} GMACs"]
    if paper is not None:
        reason = REASONS[paper.reason].format(counted=paper.counted)
        lines.append(f"{paper.paper}, Table 1: {paper.gmacs} GMACs ({reason})")
    return lines


def _shape(values: tuple[int, int, int]) -> dict[str, int]:
    return dict(zip(("channels", "height", "width"), values, strict=True))
