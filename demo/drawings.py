"""The network as pictures: the ribbon of stages and the residual block, in SVG and HTML, pure."""

from __future__ import annotations

import json
from html import escape
from math import sqrt

from demo.html import amount, download, shape, table
from demo.locales import text
from resnet_app.explorer import BlockRow, LayerRow, Network, StageRow, record, share

BASE = 100  # px, the ribbon's base line
STAGE_WIDTH = 98  # px at most for a stage's slats
SLAT_WITH_ARC = 8  # px; a narrower slat has no room for its arc
BAR_PX_PER_PERCENT = 1.3
AXIS, SIDE, BOX_WIDTH, BOX_HEIGHT, GAP, PROJECTION_WIDTH = 112, 274, 176, 36, 24, 124  # px, of the block's drawing


def headline(language: str, network: Network) -> str:
    """What the network is, in one line."""
    height, width = network.input_size
    line = text(
        language,
        "depth_line",
        parameters=amount(network.parameters),
        macs=amount(network.macs),
        depth=network.spec.depth,
    )
    convention = text(language, "convention", height=height, width=width)
    return (
        f'<div class="network"><h2>{escape(network.spec.title)}</h2><p>{escape(line)}</p>'
        f'<p class="convention">{escape(convention)}</p></div>'
    )


def ribbon(language: str, network: Network, chosen: int) -> str:
    """All stages side by side, each a button: slats for blocks, arcs for shortcuts, bars for cost."""
    columns = "".join(_column(language, network, stage, i, i == chosen) for i, stage in enumerate(network.stages))
    legend = (
        f'<span><i class="params"></i>{escape(text(language, "col_parameters"))}</span>'
        f'<span><i class="macs"></i>{escape(text(language, "col_macs"))}</span>'
        f'<span><svg width="18" height="9" aria-hidden="true"><path class="arc" d="M2 8q7-10 14 0"/></svg>'
        f"{escape(text(language, 'legend_identity'))}</span>"
        f'<span><svg width="18" height="9" aria-hidden="true"><path class="arc dashed" d="M2 8q7-10 14 0"/></svg>'
        f"{escape(text(language, 'legend_projection'))}</span>"
    )
    name = escape(text(language, "choose_stage"))
    return f'<div class="ribbon" role="group" aria-label="{name}">{columns}</div><p class="legend">{legend}</p>'


def _column(language: str, network: Network, stage: StageRow, index: int, chosen: bool) -> str:
    costs = (
        (stage.parameters, network.parameters, "params", "col_parameters"),
        (stage.macs, network.macs, "macs", "col_macs"),
    )
    bars = "".join(
        f'<i class="cost {kind}" style="--share:{share(part, whole):.2f}"></i>'
        f'<span class="hidden">{escape(text(language, key))} {share(part, whole):.1f} %</span>'
        for part, whole, kind, key in costs
    )
    return (
        f'<button type="button" data-index="{index}" aria-pressed="{"true" if chosen else "false"}"'
        f' tabindex="{0 if chosen else -1}">{_slats(stage)}<b>{stage.name}</b><span class="operator">{stage.operator}</span>'
        f'<code>{shape(stage.output_shape)}</code><span class="costs">{bars}</span></button>'
    )


def _slats(stage: StageRow) -> str:
    channels, height, _ = stage.output_shape
    count = max(1, len(stage.blocks))
    tall = min(BASE - 14, max(7.0, 8 * sqrt(height)))
    gap = 4.0 if count <= 12 else 1.0
    narrowest = SLAT_WITH_ARC if stage.blocks else 5.0
    wide = min(max(narrowest, 0.5 * sqrt(channels)), (STAGE_WIDTH - gap * (count - 1)) / count)
    shade = 1 + sum(channels > limit for limit in (64, 256, 512, 1024))
    parts = []
    for i in range(count):
        x, y = i * (wide + gap), BASE - tall
        parts.append(
            f'<rect class="t{shade}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2.5"/>'
        )
        if stage.blocks and wide >= SLAT_WITH_ARC:
            dashed = " dashed" if stage.blocks[i].shortcut else ""
            parts.append(f'<path class="arc{dashed}" d="M{x:.1f} {y - 3:.1f}q{wide / 2:.1f} -10 {wide:.1f} 0"/>')
    return f'<svg viewBox="0 0 {STAGE_WIDTH + 6} {BASE}" aria-hidden="true">{"".join(parts)}</svg>'


def opened_stage(language: str, network: Network, stage_index: int, block_index: int) -> str:
    """One stage: its blocks as chips, the chosen block drawn, its layers in a table."""
    stage = network.stages[stage_index]
    title = f"<h3>{stage.name} <small>{stage.operator}</small></h3>"
    if not stage.blocks:
        layers = _layer_table(language, stage.layers)
        return (
            f'<div class="opened"><p class="path">{escape(network.spec.title)} › {stage.name}</p>{title}{layers}</div>'
        )
    block_index = min(block_index, len(stage.blocks) - 1)
    block = stage.blocks[block_index]
    number = text(language, "block", number=block_index + 1)
    small = " many" if len(stage.blocks) > 12 else ""
    chips = "".join(
        f'<button type="button" data-index="{i}" aria-pressed="{"true" if i == block_index else "false"}"'
        f' tabindex="{0 if i == block_index else -1}">{i + 1}</button>'
        for i in range(len(stage.blocks))
    )
    layers = _layer_table(language, (*block.branch, *block.shortcut), f"{block.path}.")
    return (
        f'<div class="opened"><p class="path">{escape(network.spec.title)} › {stage.name} › {escape(number)} '
        f"<code>{block.path}</code></p>{title}"
        f'<div class="chips{small}" role="group" aria-label="{escape(text(language, "choose_block"))}">{chips}</div>'
        f"{block_drawing(language, block)}{layers}</div>"
    )


def _layer_table(language: str, layers: tuple[LayerRow, ...], prefix: str = "") -> str:
    heads = [text(language, f"col_{key}") for key in ("layer", "operator", "output", "parameters", "macs")]
    rows = [
        [
            f"<code>{layer.path.removeprefix(prefix)}</code>", layer.operator, shape(layer.output_shape),
            amount(layer.parameters), amount(layer.macs),
        ]
        for layer in layers
    ]  # fmt: skip
    return table(heads, rows, kind="layers")


def stage_cells(language: str, network: Network) -> list[list[str]]:
    """The stage table as text, the last row the total."""
    rows = [
        [
            stage.name,
            stage.operator.replace(" ", "\u00a0"),  # a wrapped row would clip the last one
            shape(stage.output_shape),
            amount(stage.parameters),
            f"{share(stage.parameters, network.parameters):.1f}",
            amount(stage.macs),
            f"{share(stage.macs, network.macs):.1f}",
            f"{stage.receptive_field}",
        ]
        for stage in network.stages
    ]
    total = [text(language, "total"), "", "", amount(network.parameters), "100", amount(network.macs), "100", ""]
    return [*rows, total]


def stage_heads(language: str) -> list[str]:
    """The heads of the stage table's columns."""
    keys = ("stage", "operator", "output", "parameters", "share", "macs", "share", "field")
    return [text(language, f"col_{key}") for key in keys]


def stage_rows(language: str, network: Network) -> str:
    """The stage table as text, with CSV and JSON to take along."""
    exact = [["stage", "operator", "output", "parameters", "macs", "stride", "receptive_field"]] + [
        [
            stage.name, stage.operator, shape(stage.output_shape), str(stage.parameters), str(stage.macs),
            str(stage.stride), str(stage.receptive_field),
        ]
        for stage in network.stages
    ]  # fmt: skip
    csv = "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in line) for line in exact)
    links = download("CSV", f"{network.spec.name}.csv", csv, "text/csv")
    links += download("JSON", f"{network.spec.name}.json", json.dumps(record(network), indent=1), "application/json")
    cells = [[cell.replace("\u00a0", " ") for cell in line] for line in stage_cells(language, network)]
    return table(stage_heads(language), cells, kind="stages") + f'<p class="downloads">{links}</p>'


def block_drawing(language: str, block: BlockRow) -> str:
    """F(x) down the middle, the shortcut at the side, their sum; as in He et al. 2015, Fig. 2 and 5."""
    convs = [layer for layer in block.branch if "conv" in layer.operator]
    projection = block.shortcut[0] if block.shortcut else None
    step = BOX_HEIGHT + GAP
    split, first = 28, 46
    boxes = []
    for i, layer in enumerate(convs):
        y = first + i * step
        boxes.append(_box(AXIS, y, BOX_WIDTH, _words(layer)))
        after = "BN · ReLU" if i < len(convs) - 1 else "BN"
        boxes.append(f'<text class="beside" x="{AXIS + 10}" y="{y + BOX_HEIGHT + GAP / 2 + 4}">{after}</text>')
    total = first + len(convs) * step + 12  # the centre of the sum
    bottom = total + 44
    boxes.append(f'<text class="beside" x="{AXIS + 10}" y="{total + 27}">ReLU</text>')
    wire = (
        f'<path class="wire" d="M{AXIS} 18V{first}'
        + "".join(f"M{AXIS} {first + i * step + BOX_HEIGHT}v{GAP}" for i in range(len(convs)))
        + f'V{total - 11}M{AXIS} {total + 11}V{bottom - 14}"/>'
    )
    side = f"M{AXIS} {split}H{SIDE - 10}q10 0 10 10V{total - 10}q0 10 -10 10H{AXIS + 11}"
    middle = (split + total) / 2 - BOX_HEIGHT / 2
    if projection is not None:
        words = _words(projection)
        shortcut = f'<path class="wire dashed" d="{side}"/>' + _box(SIDE, middle, PROJECTION_WIDTH, words, "box dashed")
    else:
        words = text(language, "identity")
        shortcut = (
            f'<path class="wire" d="{side}"/><text class="beside" x="{SIDE - 8}" y="{middle + 22}" '
            f'text-anchor="end">{escape(words)}</text>'
        )
    alt = text(language, "drawing_alt", path=block.path, branch=" → ".join(map(_words, convs)), shortcut=words)
    return (
        f'<svg class="block" viewBox="0 0 346 {bottom + 6}" role="img" aria-label="{escape(alt)}">'
        f'<text class="shape" x="{AXIS}" y="13">{shape(block.input_shape)}</text>{wire}{shortcut}{"".join(boxes)}'
        f'<circle class="dot" cx="{AXIS}" cy="{split}" r="3.5"/><circle class="sum" cx="{AXIS}" cy="{total}" r="11"/>'
        f'<path class="wire" d="M{AXIS - 5} {total}h10M{AXIS} {total - 5}v10"/>'
        f'<text class="shape" x="{AXIS}" y="{bottom + 1}">{shape(block.output_shape)}</text></svg>'
    )


def _words(layer: LayerRow) -> str:
    return layer.operator.replace(" conv", "")


def _box(centre: float, top: float, width: float, words: str, kind: str = "box") -> str:
    return (
        f'<rect class="{kind}" x="{centre - width / 2}" y="{top}" width="{width}" height="{BOX_HEIGHT}" rx="6"/>'
        f'<text class="inside" x="{centre}" y="{top + BOX_HEIGHT / 2 + 5}">{words}</text>'
    )
