"""The network as pictures: the ribbon of stages, the whole of it, and one block, in SVG, pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import sqrt

from demo.locales import text
from demo.ui.html import amount, shape
from resnet_app.architecture.records import Architecture, BlockRow, LayerRow, StageRow, share

BASE = 100  # px, the ribbon's base line
STAGE_WIDTH = 98  # px at most for a stage's slats
COLUMN = 112  # px, of a stage in the drawing of the whole
SLAT_WITH_ARC = 8  # px; a narrower slat has no room for its arc
AXIS, SIDE, BOX_WIDTH, BOX_HEIGHT, GAP, PROJECTION_WIDTH = 112, 274, 176, 36, 24, 124  # px, of the block's drawing
_SPLIT, _FIRST = 28, 46  # px: where the wire splits, where the first box starts


def ribbon(language: str, architecture: Architecture, chosen: int) -> str:
    """All stages side by side, each a button: slats for blocks, arcs for shortcuts, bars for cost."""
    columns = "".join(
        _column(language, architecture, stage, i, i == chosen) for i, stage in enumerate(architecture.stages)
    )
    legend = (
        f'<span><i class="params"></i>{escape(text(language, "col_parameters"))}</span>'
        f'<span><i class="macs"></i>{escape(text(language, "col_macs"))}</span>'
        f'<span><svg width="18" height="9" aria-hidden="true"><path class="arc" d="M2 8q7-10 14 0"/></svg>'
        f"{escape(text(language, 'legend_identity'))}</span>"
        f'<span><svg width="18" height="9" aria-hidden="true"><path class="arc dashed" d="M2 8q7-10 14 0"/></svg>'
        f"{escape(text(language, 'legend_projection'))}</span>"
        f"<span>{escape(text(language, 'legend_slats'))}</span>"
    )
    name = escape(text(language, "choose_stage"))
    return f'<div class="ribbon" role="group" aria-label="{name}">{columns}</div><p class="legend">{legend}</p>'


def _column(language: str, architecture: Architecture, stage: StageRow, index: int, chosen: bool) -> str:
    costs = (
        (stage.parameters, architecture.parameters, "params", "col_parameters"),
        (stage.macs, architecture.macs, "macs", "col_macs"),
    )
    bars = "".join(
        f'<i class="cost {kind}" style="--share:{share(part, whole):.2f}"></i>'
        f'<span class="hidden">{escape(text(language, key))} {share(part, whole):.1f} %</span>'
        for part, whole, kind, key in costs
    )
    return (
        f'<button type="button" data-index="{index}" data-stage="{stage.name}"'
        f' aria-pressed="{"true" if chosen else "false"}" tabindex="{0 if chosen else -1}">'
        f'<svg viewBox="0 0 {STAGE_WIDTH + 6} {BASE}" aria-hidden="true">{_slats(stage)}</svg>'
        f'<b>{stage.name}</b><span class="operator">{stage.operator}</span>'
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
    return "".join(parts)


def whole(language: str, architecture: Architecture) -> str:
    """The whole network as stages with sizes and cost, from the picture to the classes, to save and to print."""
    height, width = architecture.input_size
    across = COLUMN * len(architecture.stages) + 8
    columns = []
    for i, stage in enumerate(architecture.stages):
        cost = f"{amount(stage.parameters)} · {amount(stage.macs)}" if stage.parameters else "–"
        lines = (("name", stage.name), ("note", stage.operator), ("shape", shape(stage.output_shape)), ("note", cost))
        words = "".join(
            f'<text class="{kind}" x="0" y="{BASE + 22 + 18 * row}">{escape(line)}</text>'
            for row, (kind, line) in enumerate(lines)
        )
        columns.append(f'<g transform="translate({4 + i * COLUMN} 34)">{_slats(stage)}{words}</g>')
    title = f"{architecture.title} · 3×{height}×{width} → {architecture.classes}"
    alt = ", ".join(f"{stage.name} {stage.operator} {shape(stage.output_shape)}" for stage in architecture.stages)
    key = f"{text(language, 'col_parameters')} · {text(language, 'col_macs')}"
    drawing = (
        f'<svg class="whole" viewBox="0 0 {across} 226" role="img" aria-label="{escape(f"{title}: {alt}")}">'
        f'<text class="name" x="4" y="16">{escape(title)}</text>'
        f'<text class="note" x="{across - 4}" y="16" text-anchor="end">{escape(key)}</text>'
        f'<path class="line" d="M4 {34 + BASE}H{across - 4}"/>{"".join(columns)}</svg>'
    )
    return saved(language, drawing, architecture.spec.name, wide=True)


def saved(language: str, drawing: str, name: str, *, wide: bool = False) -> str:
    """A drawing with the buttons that save it as it is seen."""
    buttons = "".join(
        f'<button type="button" class="plain" data-drawing="{kind}" data-name="{escape(name)}.{kind}">{kind.upper()}'
        f'<span class="hidden"> {escape(text(language, "drawing_of", name=name))}</span></button>'
        for kind in ("svg", "png")
    )
    region = (
        f' tabindex="0" role="region" aria-label="{escape(text(language, "drawing_of", name=name))}"' if wide else ""
    )
    return f'<figure class="drawing"><div{region}>{drawing}</div><figcaption>{buttons}</figcaption></figure>'


def block_drawing(language: str, block: BlockRow, *, zero_init: bool = False) -> str:
    """F(x) down the middle, the shortcut at the side, their sum; as in He et al. 2015, Fig. 2 and 5."""
    convs = [layer for layer in block.branch if layer.kind == "conv"]
    norm = _norm(block.branch)
    last = text(language, "zero_gamma", norm=norm) if zero_init else norm
    beside = [_then_relu(norm)] * (len(convs) - 1) + [last]
    boxes, down = _chain(convs, beside)
    total = _FIRST + len(convs) * (BOX_HEIGHT + GAP) + 12  # the centre of the sum
    bottom = total + 44
    side = f"M{AXIS} {_SPLIT}H{SIDE - 10}q10 0 10 10V{total - 10}q0 10 -10 10H{AXIS + 11}"
    middle = (_SPLIT + total) / 2 - BOX_HEIGHT / 2
    if block.shortcut:
        words = _words(block.shortcut[0])
        shortcut = f'<path class="wire dashed" d="{side}"/>' + _box(SIDE, middle, PROJECTION_WIDTH, words, "box dashed")
        shortcut += f'<text class="beside" x="{SIDE + 8}" y="{middle + BOX_HEIGHT + 16}">{norm}</text>'
    else:
        words = text(language, "identity")
        shortcut = (
            f'<path class="wire" d="{side}"/><text class="beside" x="{SIDE - 8}" y="{middle + 22}" '
            f'text-anchor="end">{escape(words)}</text>'
        )
    alt = text(language, "drawing_alt", path=block.path, branch=" → ".join(map(_words, convs)), shortcut=words)
    return (
        f'<svg class="block" viewBox="0 0 346 {bottom + 6}" role="img" aria-label="{escape(alt)}">'
        f'<text class="shape" x="{AXIS}" y="13">{shape(block.input_shape)}</text>'
        f'<path class="wire" d="{down}V{total - 11}M{AXIS} {total + 11}V{bottom - 14}"/>{shortcut}{boxes}'
        f'<text class="beside" x="{AXIS + 10}" y="{total + 27}">ReLU</text>'
        f'<circle class="dot" cx="{AXIS}" cy="{_SPLIT}" r="3.5"/><circle class="sum" cx="{AXIS}" cy="{total}" r="11"/>'
        f'<path class="wire" d="M{AXIS - 5} {total}h10M{AXIS} {total - 5}v10"/>'
        f'<text class="shape" x="{AXIS}" y="{bottom + 1}">{shape(block.output_shape)}</text></svg>'
    )


def plain_drawing(language: str, stage: StageRow) -> str:
    """A stage without blocks: its one layer, from shape to shape."""
    layer = stage.layers[0]
    boxes, down = _chain([layer], [_then_relu(_norm(stage.layers)) if layer.kind == "conv" else ""])
    bottom = _FIRST + BOX_HEIGHT + GAP + 14
    alt = text(language, "drawing_plain_alt", name=stage.name, operator=stage.operator)
    return (
        f'<svg class="block" viewBox="0 0 346 {bottom + 6}" role="img" aria-label="{escape(alt)}">'
        f'<text class="shape" x="{AXIS}" y="13">{shape(layer.input_shape)}</text><path class="wire" d="{down}"/>{boxes}'
        f'<text class="shape" x="{AXIS}" y="{bottom + 1}">{shape(stage.output_shape)}</text></svg>'
    )


def _norm(layers: Sequence[LayerRow]) -> str:
    """What the norm among the layers is called beside a wire; empty where there is none."""
    names = {"norm": "BN", "group_norm": "GN"}
    return next((names[layer.kind] for layer in layers if layer.kind in names), "")


def _then_relu(norm: str) -> str:
    return f"{norm} · ReLU" if norm else "ReLU"


def _chain(layers: list[LayerRow], beside: list[str]) -> tuple[str, str]:
    """Boxes one below the other with the words beside the wire after each, and the wire's path."""
    step = BOX_HEIGHT + GAP
    boxes = []
    for i, (layer, words) in enumerate(zip(layers, beside, strict=True)):
        y = _FIRST + i * step
        boxes.append(_box(AXIS, y, BOX_WIDTH, _words(layer)) + _groups(layer, y))
        boxes.append(f'<text class="beside" x="{AXIS + 10}" y="{y + BOX_HEIGHT + GAP / 2 + 4}">{escape(words)}</text>')
    down = f"M{AXIS} 18V{_FIRST}" + "".join(
        f"M{AXIS} {_FIRST + i * step + BOX_HEIGHT}v{GAP}" for i in range(len(layers))
    )
    return "".join(boxes), down


def _groups(layer: LayerRow, top: float) -> str:
    """The groups of a grouped convolution as the cells that they are; each sees its own channels only."""
    if layer.groups == 1:
        return ""
    inside = BOX_WIDTH - 16
    cell = inside / layer.groups
    left, y = AXIS - inside / 2, top + BOX_HEIGHT - 9
    cells = "".join(f"M{left + i * cell + cell * 0.15:.2f} {y}h{cell * 0.7:.2f}" for i in range(layer.groups))
    return f'<path class="groups" d="{cells}"/>'


def _words(layer: LayerRow) -> str:
    return layer.operator.replace(" conv", "")


def _box(centre: float, top: float, width: float, words: str, kind: str = "box") -> str:
    lift = 3 if ", g" in words else 0
    return (
        f'<rect class="{kind}" x="{centre - width / 2}" y="{top}" width="{width}" height="{BOX_HEIGHT}" rx="6"/>'
        f'<text class="inside" x="{centre}" y="{top + BOX_HEIGHT / 2 + 5 - lift}">{words}</text>'
    )
