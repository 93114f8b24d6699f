"""The network in words and tables: headline, an opened stage and block, layers with their arithmetic; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from demo.explore.drawings import block_drawing, plain_drawing, saved
from demo.locales import text
from demo.ui.html import NNBSP, amount, download, shape, table
from resnet_app.architecture import formulas, summary
from resnet_app.architecture.published import is_standard, paper_row
from resnet_app.architecture.records import Architecture, BlockRow, LayerRow, StageRow, share
from resnet_app.architecture.torchinfo_counts import TorchinfoCounts


def memory(count: int) -> str:
    """Bytes with three figures: 9.19 MiB, 2.01 KiB, 8 B."""
    if count < 1024:
        return f"{count}{NNBSP}B"
    unit, size = ("KiB", 2**10) if count < 2**17 else ("MiB", 2**20)
    value = count / size
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}{NNBSP}{unit}"


def headline(language: str, architecture: Architecture) -> str:
    """What the network is, in a few lines."""
    height, width = architecture.input_size
    line = text(
        language, "depth_line", parameters=amount(architecture.parameters), macs=amount(architecture.macs),
        depth=architecture.spec.depth,
    )  # fmt: skip
    counted = text(language, "depth_counted", formula=formulas.depth(architecture.spec))
    peak = max(architecture.stages, key=lambda stage: stage.peak_bytes)
    alive = text(language, "peak_line", peak=memory(peak.peak_bytes), stage=peak.name)
    convention = text(language, "convention", height=height, width=width)
    return (
        f'<div class="network"><h2>{escape(architecture.title)}</h2><p>{escape(line)}</p>'
        f'<p class="convention">{escape(convention)}</p>'
        f'<p class="second">{escape(counted)} {escape(alive)}</p></div>'
    )


def stage(language: str, architecture: Architecture, stage_index: int, block_index: int) -> str:
    """An opened stage: its name, what it costs, and its blocks to choose from."""
    row = architecture.stages[stage_index]
    facts = text(
        language, "stage_facts", parameters=amount(row.parameters), macs=amount(row.macs),
        peak=memory(row.peak_bytes), stride=row.stride, field=row.receptive_field,
    )  # fmt: skip
    head = f'<h3>{row.name} <small>{row.operator}</small></h3><p class="facts">{escape(facts)}</p>'
    if not row.blocks:
        return f'<div class="opened">{head}</div>'
    chosen = min(block_index, len(row.blocks) - 1)
    chips = "".join(
        f'<button type="button" data-index="{i}" aria-pressed="{"true" if i == chosen else "false"}"'
        f' tabindex="{0 if i == chosen else -1}">{i + 1}</button>'
        for i in range(len(row.blocks))
    )
    small = " many" if len(row.blocks) > 12 else ""
    name = escape(text(language, "choose_block"))
    return f'<div class="opened">{head}<div class="chips{small}" role="group" aria-label="{name}">{chips}</div></div>'


def block(language: str, architecture: Architecture, stage_index: int, block_index: int) -> str:
    """A block (or a stage that has none): drawn, named, and its layers, each with its arithmetic."""
    row = architecture.stages[stage_index]
    path = f"{escape(architecture.title)} › {row.name}"
    if not row.blocks:
        drawing = saved(language, plain_drawing(language, row), f"{architecture.spec.name}-{row.name}")
        return (
            f'<div class="opened"><p class="path">{path}</p>{drawing}{layers(language, architecture, row.layers)}</div>'
        )
    index = min(block_index, len(row.blocks) - 1)
    chosen = row.blocks[index]
    number = escape(text(language, "block", number=index + 1))
    drawing = block_drawing(language, chosen, zero_init=architecture.zero_init)
    return (
        f'<div class="opened"><p class="path">{path} › {number} <code>{chosen.path}</code></p>'
        f"{saved(language, drawing, f'{architecture.spec.name}-{chosen.path}')}"
        f'<p class="named">{_named(language, architecture, row, chosen, index)}</p>'
        f"{layers(language, architecture, chosen.layers, f'{chosen.path}.')}</div>"
    )


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
    return escape(" ".join(words))


def layers(language: str, architecture: Architecture, rows: Sequence[LayerRow], prefix: str = "") -> str:
    """Layers to choose from, and each one's arithmetic; the page shows the chosen one's."""
    heads = [text(language, f"col_{key}") for key in ("layer", "operator", "output", "parameters", "macs")]
    buttons = "".join(
        f'<button type="button" data-layer="{i}" aria-pressed="{"false" if i else "true"}" tabindex="{-1 if i else 0}">'
        f"<code>{layer.path.removeprefix(prefix)}</code><span>{layer.operator}</span>"
        f'<code>{shape(layer.output_shape)}</code><span><span class="hidden">{escape(heads[3])} </span>'
        f'{amount(layer.parameters)}</span><span><span class="hidden">{escape(heads[4])} </span>'
        f"{amount(layer.macs)}</span></button>"
        for i, layer in enumerate(rows)
    )
    details = "".join(_arithmetic(language, architecture, layer, i) for i, layer in enumerate(rows))
    name = escape(text(language, "choose_layer"))
    head = "".join(f"<span>{escape(each)}</span>" for each in heads)
    saves = downloads(file_name(architecture, prefix.rstrip(".") or rows[0].path), summary.layer_rows(rows))
    return (
        f'<div class="layer-head" aria-hidden="true">{head}</div>'
        f'<div class="layer-list" role="group" aria-label="{name}">{buttons}</div>{details}{saves}'
    )


def _arithmetic(language: str, architecture: Architecture, layer: LayerRow, index: int) -> str:
    """A layer's figures, each spelled out."""
    window = ""
    if layer.kind in ("conv", "pool"):
        window = text(
            language, "layer_window", kernel=f"{layer.kernel}×{layer.kernel}", stride=layer.stride,
            padding=layer.padding, dilation=layer.dilation, groups=layer.groups,
        )  # fmt: skip
    field = formulas.receptive_field(layer)
    not_counted = text(language, "macs_not_counted")
    lines = [
        ("layer_shape", [f"{shape(layer.input_shape)} → {shape(layer.output_shape)}"]),
        ("layer_window_name", [window]),
        ("layer_size", list(formulas.output_size(layer))),
        ("col_parameters", [_with_share(formulas.parameters(layer), layer.parameters, architecture.parameters)]),
        ("col_macs", [_with_share(formulas.macs(layer), layer.macs, architecture.macs) or not_counted]),
        ("layer_field", [field]),
    ]
    items = "".join(
        f"<dt>{escape(text(language, key))}</dt>" + "".join(f"<dd>{escape(value)}</dd>" for value in values)
        for key, values in lines
        if any(values)
    )
    note = escape(text(language, f"layer_note_{layer.kind}"))
    hidden = " hidden" if index else ""
    return (
        f'<div class="arithmetic" data-layer="{index}"{hidden}><h4><code>{layer.path}</code> {layer.operator}</h4>'
        f"<dl>{items}</dl><p>{note}</p></div>"
    )


def _with_share(formula: str, part: int, whole: int) -> str:
    return f"{formula} ({share(part, whole):.1f}{NNBSP}%)" if formula else ""


def file_name(architecture: Architecture, part: str) -> str:
    """A name that says of what a table is: ``resnet50-cifar-32x32-10-stages``."""
    height, width = architecture.input_size
    options = [architecture.stem] if architecture.stem != "imagenet" else []
    options += [f"{stage}-dilated" for stage in architecture.dilated]
    return "-".join([architecture.spec.name, *options, f"{height}x{width}", str(architecture.classes), part])


def downloads(name: str, rows: list[dict[str, Any]], record: object = None) -> str:
    """The rows of a table to take along, as CSV and as JSON."""
    links = download("CSV", f"{name}.csv", summary.as_csv(rows), "text/csv")
    links += download("JSON", f"{name}.json", json.dumps(record or rows, indent=1), "application/json")
    return f'<p class="downloads">{links}</p>'


def stage_cells(language: str, architecture: Architecture) -> list[list[str]]:
    """The stage table as text, the last row the total."""
    rows = [
        [
            row.name,
            row.operator.replace(" ", "\u00a0"),  # a wrapped row would clip the last one
            shape(row.output_shape),
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


def stage_rows(language: str, architecture: Architecture) -> str:
    """The stage table with every figure, each stage a button that opens it, with CSV and JSON to take along."""
    heads = [text(language, f"col_{key}") for key in ("output_memory", "peak_memory", "stride")]
    *stages, total = stage_cells(language, architecture)
    cells = []
    for row, plain in zip(architecture.stages, stages, strict=True):
        bytes_and_stride = [memory(row.activation_bytes), memory(row.peak_bytes), str(row.stride)]
        name = f'<button type="button" class="plain" data-open-stage="{row.name}">{row.name}</button>'
        cells.append([name, *(cell.replace("\u00a0", " ") for cell in plain[1:7]), *bytes_and_stride, plain[7]])
    cells.append([*total[:7], "", memory(architecture.peak_bytes), "", ""])
    words = stage_heads(language)
    blocks = [each for row in architecture.stages for each in row.blocks]
    every = [layer for row in architecture.stages for layer in row.every_layer]
    of_stages = downloads(
        file_name(architecture, "stages"), summary.stage_rows(architecture), summary.json_object(architecture)
    )
    return (
        table([*words[:7], *heads, words[7]], cells, kind="stages")
        + f'<p class="convention">{escape(text(language, "memory_note"))}</p>'
        + _take_along(language, "take_stages", of_stages)
        + _take_along(language, "take_blocks", downloads(file_name(architecture, "blocks"), summary.block_rows(blocks)))
        + _take_along(language, "take_layers", downloads(file_name(architecture, "layers"), summary.layer_rows(every)))
    )


def _take_along(language: str, key: str, links: str) -> str:
    return f'<div class="take"><span>{escape(text(language, key))}</span>{links}</div>'


def published(language: str, architecture: Architecture, torchinfo: TorchinfoCounts) -> str:
    """Our totals beside torchinfo's, torchvision's metadata and the paper's Table 1, with differences and reasons."""
    heads = [text(language, f"published_{key}") for key in ("source", "parameters", "gmacs", "difference", "reason")]
    rows = [
        [
            escape(text(language, "published_ours")),
            f"{architecture.parameters:,}",
            f"{architecture.macs / 1e9:.3f}",
            "",
            "",
        ],
        _by_torchinfo(language, architecture, torchinfo),
    ]
    if is_standard(architecture):
        return table(heads, rows + _in_print(language, architecture), kind="published")
    other = f'<p class="note">{escape(text(language, "published_other"))}</p>'
    return table(heads, rows, kind="published") + other


def _by_torchinfo(language: str, architecture: Architecture, found: TorchinfoCounts) -> list[str]:
    """What torchinfo counted a moment ago."""
    words = text(
        language, "torchinfo_same" if found.agrees(architecture) else "torchinfo_other",
        bias=f"{architecture.classes:,}", rest=f"{found.all_macs - found.macs - architecture.classes:,}",
    )  # fmt: skip
    difference = (
        f"{100 * (architecture.macs / found.macs - 1):+.2f}{NNBSP}%" if architecture.macs != found.macs else "0"
    )
    return [
        escape(text(language, "torchinfo_now", version=found.version)), f"{found.parameters:,}",
        f"{found.macs / 1e9:.3f}", difference, escape(words),
    ]  # fmt: skip


def _in_print(language: str, architecture: Architecture) -> list[list[str]]:
    """Published figures of this very network."""
    spec, paper, ours = architecture.spec, paper_row(architecture), architecture.macs / 1e9
    rows = [
        [
            escape(text(language, "published_torchvision")), f"{spec.parameters:,}", f"{spec.gmacs:.3f}",
            f"{100 * (ours / spec.gmacs - 1):+.2f}{NNBSP}%", escape(text(language, "published_rounding")),
        ],
    ]  # fmt: skip
    if paper is None:
        rows.append([escape(text(language, "published_no_row")), "–", "–", "–", ""])
    else:
        reason = text(language, f"published_{paper.reason}", counted=f"{paper.counted:.2f}")
        difference = f"{100 * (ours / paper.gmacs - 1):+.1f}{NNBSP}%"
        parameters = f"{paper.parameters}{NNBSP}M" if paper.parameters else "–"
        rows.append([escape(f"{paper.paper}, Table 1"), parameters, f"{paper.gmacs:.1f}", difference, escape(reason)])
    return rows
