"""The network in words and tables: headline, an opened stage and block, layers with their arithmetic; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from demo.explore.drawings import block_drawing, plain_drawing, saved
from demo.locales import text
from demo.locales.names import operator
from demo.ui.html import NNBSP, NOTHING, amount, download, memory, note, proper, shape, table, template, warning
from resnet_app.architecture import formulas, summary
from resnet_app.architecture.published import is_standard, paper_row
from resnet_app.architecture.records import Architecture, BlockRow, LayerRow, StageRow, share
from resnet_app.architecture.torchinfo_counts import TorchinfoCounts

_show = template("explore/explore.html")


def headline(language: str, architecture: Architecture) -> Markup:
    """What the network is, in a few lines."""
    height, width = architecture.input_size
    line = text(
        language, "depth_line", parameters=amount(architecture.parameters), macs=amount(architecture.macs),
        depth=architecture.spec.depth,
    )  # fmt: skip
    counted = text(language, "depth_counted", formula=formulas.depth(architecture.spec))
    peak = max(architecture.stages, key=lambda stage: stage.peak_bytes)
    alive = text(language, "peak_line", peak=memory(peak.peak_bytes), stage=peak.name)
    return _show(
        "headline", language, title=architecture.title, line=line, second=f"{counted} {alive}",
        convention=text(language, "convention", height=height, width=width), address=address(architecture),
    )  # fmt: skip


def address(architecture: Architecture) -> list[tuple[str, str]]:
    """What the page's address says of a network that is drawn, apart from its name."""
    height, width = architecture.input_size
    return [("size", f"{height}x{width}"), ("stem", architecture.stem), ("classes", str(architecture.classes))]


def facts(language: str, row: StageRow) -> str:
    """What a stage costs, in a line."""
    return text(
        language, "stage_facts", parameters=amount(row.parameters), macs=amount(row.macs),
        peak=memory(row.peak_bytes), stride=row.stride, field=row.receptive_field,
    )  # fmt: skip


def stage(language: str, architecture: Architecture, stage_index: int, block_index: int) -> Markup:
    """An opened stage: its name, what it costs, and its blocks to choose from."""
    row = architecture.stages[stage_index]
    chosen = min(block_index, len(row.blocks) - 1)
    return _show("stage", language, row=row, facts=facts(language, row), chosen=chosen)


def block(language: str, architecture: Architecture, stage_index: int, block_index: int) -> Markup:
    """A block (or a stage that has none): drawn, named, and its layers, each with its arithmetic."""
    row = architecture.stages[stage_index]
    index = min(block_index, len(row.blocks) - 1)
    chosen = row.blocks[index] if row.blocks else None
    if chosen is None:
        name, named, drawing = row.name, "", plain_drawing(language, row)
        listed = layers(language, architecture, row.layers)
    else:
        name, named = chosen.path, _named(language, architecture, row, chosen, index)
        drawing = block_drawing(language, chosen, zero_init=architecture.zero_init)
        listed = layers(language, architecture, chosen.layers, f"{chosen.path}.")
    return _show(
        "block", language, title=architecture.title, row=row, block=chosen, number=index + 1, named=named,
        drawing=saved(language, drawing, f"{architecture.spec.name}-{name}"), layers=listed,
    )  # fmt: skip


def _named(language: str, architecture: Architecture, row: StageRow, chosen: BlockRow, index: int) -> str:
    """Where the block's name comes from, and what planes are."""
    layer = chosen.path.partition(".")[0]
    words = [
        text(language, "named_path", path=chosen.path, stage=row.name, layer=layer, number=index),
        text(
            language, "named_planes" if architecture.expansion > 1 else "named_planes_same",
            kind=architecture.spec.block, planes=chosen.planes, formula=formulas.output_channels(architecture, chosen),
        ),
    ]  # fmt: skip
    if architecture.spec.block == "Bottleneck":
        words.append(text(language, "named_width", formula=formulas.width(architecture, chosen)))
    words.append(text(language, "named_projection" if chosen.shortcut else "named_identity"))
    if architecture.zero_init:
        words.append(text(language, "named_zero"))
    return " ".join(words)


def layers(language: str, architecture: Architecture, rows: Sequence[LayerRow], prefix: str = "") -> Markup:
    """Layers to choose from, and each one's arithmetic; the page shows the chosen one's."""
    name = file_name(architecture, prefix.rstrip(".") or rows[0].path)
    return _show(
        "layers", language, rows=rows, prefix=prefix, downloads=downloads(name, summary.layer_rows(rows)),
        arithmetic=[_arithmetic(language, architecture, layer) for layer in rows],
    )  # fmt: skip


def _arithmetic(language: str, architecture: Architecture, layer: LayerRow) -> list[tuple[str, list[str]]]:
    """A layer's figures, each spelled out, by its key in the string table."""
    window = ""
    if layer.kind in ("conv", "pool"):
        window = text(
            language, "layer_window", kernel=f"{layer.kernel}×{layer.kernel}", stride=layer.stride,
            padding=layer.padding, dilation=layer.dilation, groups=layer.groups,
        )  # fmt: skip
    macs = _with_share(formulas.macs(layer), layer.macs, architecture.macs)
    lines = [
        (
            "layer_shape",
            [f"{shape(layer.input_shape, flat=layer.is_flat)} → {shape(layer.output_shape, flat=layer.is_flat)}"],
        ),
        ("layer_window_name", [window]),
        ("layer_size", list(formulas.output_size(layer))),
        ("col_parameters", [_with_share(formulas.parameters(layer), layer.parameters, architecture.parameters)]),
        ("col_macs", [macs or text(language, "macs_not_counted")]),
        ("layer_field", [formulas.receptive_field(layer)]),
    ]
    return [(key, values) for key, values in lines if any(values)]


def _with_share(formula: str, part: int, whole: int) -> str:
    return f"{formula} ({share(part, whole):.1f}{NNBSP}%)" if formula else ""


def file_name(architecture: Architecture, part: str) -> str:
    """A name that says of what a table is: ``resnet50-cifar-32x32-10-stages``."""
    height, width = architecture.input_size
    options = [architecture.stem] if architecture.stem != "imagenet" else []
    options += [f"{stage}-dilated" for stage in architecture.dilated]
    return "-".join([architecture.spec.name, *options, f"{height}x{width}", str(architecture.classes), part])


def downloads(name: str, rows: list[dict[str, Any]], record: object = None) -> Markup:
    """The rows of a table to take along, as CSV and as JSON."""
    csv = download("CSV", f"{name}.csv", summary.as_csv(rows), "text/csv")
    links = csv + download("JSON", f"{name}.json", json.dumps(record or rows, indent=1), "application/json")
    return Markup('<p class="downloads">{}</p>').format(links)


def stage_cells(language: str, architecture: Architecture) -> list[list[str]]:
    """The stage table as text, the last row the total."""
    rows = [
        [
            row.name,
            operator(language, row.operator).replace(" ", "\u00a0"),  # a wrapped row would clip the last one
            shape(row.output_shape, flat=row.is_flat),
            amount(row.parameters),
            f"{share(row.parameters, architecture.parameters):.1f}",
            amount(row.macs),
            f"{share(row.macs, architecture.macs):.1f}",
            f"{row.receptive_field}",
        ]
        for row in architecture.stages
    ]
    total = [
        text(language, "total"),
        "",
        "",
        amount(architecture.parameters),
        "100",
        amount(architecture.macs),
        "100",
        "",
    ]
    return [*rows, total]


def stage_heads(language: str) -> list[str]:
    """The heads of the stage table's columns."""
    keys = ("stage", "operator", "output", "parameters", "share", "macs", "share", "field")
    return [text(language, f"col_{key}") for key in keys]


def stage_rows(language: str, architecture: Architecture) -> Markup:
    """The stage table with every figure, each stage a button that opens it, with CSV and JSON to take along."""
    return (
        _stage_table(language, architecture)
        + note(text(language, "memory_note"))
        + NOTHING.join(
            _show("take_along", language, key=f"take_{part}", links=downloads(file_name(architecture, part), *rows))
            for part, rows in _rows_to_take(architecture).items()
        )
    )


def _stage_table(language: str, architecture: Architecture) -> Markup:
    heads = [text(language, f"col_{key}") for key in ("output_memory", "peak_memory", "stride")]
    *stages, total = stage_cells(language, architecture)
    cells = []
    for row, plain in zip(architecture.stages, stages, strict=True):
        bytes_and_stride = [memory(row.activation_bytes), memory(row.peak_bytes), str(row.stride)]
        name = _show("stage_button", language, name=row.name)
        cells.append([name, *(cell.replace("\u00a0", " ") for cell in plain[1:7]), *bytes_and_stride, plain[7]])
    cells.append([*total[:7], "", memory(architecture.peak_bytes), "", ""])
    words = stage_heads(language)
    return table([*words[:7], *heads, words[7]], cells, kind="stages")


def _rows_to_take(architecture: Architecture) -> dict[str, tuple[Any, ...]]:
    """The tables by what they list: their rows, and the whole record where JSON has that in their place."""
    blocks = [each for row in architecture.stages for each in row.blocks]
    every = [layer for row in architecture.stages for layer in row.every_layer]
    return {
        "stages": (summary.stage_rows(architecture), summary.json_object(architecture)),
        "blocks": (summary.block_rows(blocks),),
        "layers": (summary.layer_rows(every),),
    }


def published(language: str, architecture: Architecture, torchinfo: TorchinfoCounts) -> Markup:
    """Our totals beside torchinfo's, torchvision's metadata and the paper's Table 1, with differences and reasons."""
    heads = [text(language, f"published_{key}") for key in ("source", "parameters", "gmacs", "difference", "reason")]
    ours = [text(language, "published_ours"), f"{architecture.parameters:,}", f"{architecture.macs / 1e9:.3f}", "", ""]
    rows = [ours, _by_torchinfo(language, architecture, torchinfo)]
    if is_standard(architecture):
        return table(heads, rows + _in_print(language, architecture), kind="published")
    return table(heads, rows, kind="published") + warning(text(language, "published_other"))


def _by_torchinfo(language: str, architecture: Architecture, found: TorchinfoCounts) -> list[str]:
    """What torchinfo counted a moment ago."""
    words = text(
        language, "torchinfo_same" if found.agrees(architecture) else "torchinfo_other",
        bias=f"{architecture.classes:,}", rest=f"{found.all_macs - found.macs - architecture.classes:,}",
    )  # fmt: skip
    difference = (
        proper(f"{100 * (architecture.macs / found.macs - 1):+.2f}{NNBSP}%") if architecture.macs != found.macs else "0"
    )
    return [
        text(language, "torchinfo_now", version=found.version), f"{found.parameters:,}",
        f"{found.macs / 1e9:.3f}", difference, words,
    ]  # fmt: skip


def _in_print(language: str, architecture: Architecture) -> list[list[str]]:
    """Published figures of this very network."""
    spec, paper, ours = architecture.spec, paper_row(architecture), architecture.macs / 1e9
    rows = [
        [
            text(language, "published_torchvision"), f"{spec.parameters:,}", f"{spec.gmacs:.3f}",
            proper(f"{100 * (ours / spec.gmacs - 1):+.2f}{NNBSP}%"), text(language, "published_rounding"),
        ],
    ]  # fmt: skip
    if paper is None:
        rows.append([text(language, "published_no_row"), "–", "–", "–", ""])
    else:
        reason = text(language, f"published_{paper.reason}", counted=f"{paper.counted:.2f}")
        difference = proper(f"{100 * (ours / paper.gmacs - 1):+.1f}{NNBSP}%")
        parameters = f"{paper.parameters}{NNBSP}M" if paper.parameters else "–"
        rows.append([f"{paper.paper}, Table 1", parameters, f"{paper.gmacs:.1f}", difference, reason])
    return rows
