"""The network as pictures: the ribbon of stages, the whole of it, and one block, in SVG, pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from markupsafe import Markup

from demo.locales import text
from demo.locales.names import operator
from demo.ui.html import amount, shape, template
from resnet_app.architecture.records import Architecture, BlockRow, LayerRow, StageRow, share

BASE = 100  # px, the ribbon's base line
STAGE_WIDTH = 98  # px at most for a stage's slats
COLUMN = 112  # px, of a stage in the drawing of the whole
SLAT_WITH_ARC = 8  # px; a narrower slat has no room for its arc
AXIS, SIDE, BOX_WIDTH, BOX_HEIGHT, GAP, PROJECTION_WIDTH = 112, 274, 176, 36, 24, 124  # px, of the block's drawing
_SPLIT, _FIRST = 28, 46  # px: where the wire splits, where the first box starts
_AT = {"axis": AXIS, "side": SIDE, "box": BOX_HEIGHT, "split": _SPLIT}
_show = template("explore/drawings.html")


class _Slat(NamedTuple):
    """A block of a stage: where it starts, and its shortcut as an arc over it (empty where there is no room)."""

    x: str
    arc: str
    is_projection: bool


class _Slats(NamedTuple):
    """A stage's blocks side by side: as tall as its maps, as wide and as dark as its channels are many."""

    slats: list[_Slat]
    y: str
    width: str
    height: str
    shade: int


class _Box(NamedTuple):
    """A layer in the drawing of a block, with the words beside the wire that leaves it; all in px."""

    centre: float
    top: float
    width: float
    words: str
    beside: str
    groups: str = ""  # the path of its groups' cells


def ribbon(language: str, architecture: Architecture, chosen: int) -> Markup:
    """All stages side by side, each a button: slats for blocks, arcs for shortcuts, bars for cost."""
    growth = _growth(architecture)
    columns = [(stage, _slats(stage, growth), costs(architecture, stage)) for stage in architecture.stages]
    return _show("ribbon", language, columns=columns, chosen=chosen, width=STAGE_WIDTH + 6, height=BASE)


def costs(architecture: Architecture, stage: StageRow) -> list[tuple[str, str, float]]:
    """Class of the bar, its name in the string table, and its share in per cent."""
    return [
        ("params", "col_parameters", share(stage.parameters, architecture.parameters)),
        ("macs", "col_macs", share(stage.macs, architecture.macs)),
    ]


def _growth(architecture: Architecture) -> float:
    """px of a slat's height over the root of its maps' height: 8, or less where a large picture's slats must fit."""
    tallest = max(stage.output_shape[1] for stage in architecture.stages)
    return min(8.0, (BASE - 14) / sqrt(tallest))


def _slats(stage: StageRow, growth: float) -> _Slats:
    channels, height, _ = stage.output_shape
    count = max(1, len(stage.blocks))
    tall = min(BASE - 14, max(7.0, growth * sqrt(height)))
    gap = 4.0 if count <= 12 else 1.0
    narrowest = SLAT_WITH_ARC if stage.blocks else 5.0
    wide = min(max(narrowest, 0.5 * sqrt(channels)), (STAGE_WIDTH - gap * (count - 1)) / count)
    y, has_arcs = BASE - tall, bool(stage.blocks) and wide >= SLAT_WITH_ARC
    slats = []
    for i in range(count):
        x = i * (wide + gap)
        arc = f"M{x:.1f} {y - 3:.1f}q{wide / 2:.1f} -10 {wide:.1f} 0" if has_arcs else ""
        slats.append(_Slat(f"{x:.1f}", arc, is_projection=has_arcs and bool(stage.blocks[i].shortcut)))
    shade = 1 + sum(channels > limit for limit in (64, 256, 512, 1024))
    return _Slats(slats, f"{y:.1f}", f"{wide:.1f}", f"{tall:.1f}", shade)


def whole(language: str, architecture: Architecture) -> Markup:
    """The whole network as stages with sizes and cost, from the picture to the classes, to save and to print."""
    height, width = architecture.input_size
    drawing = _show(
        "whole", language, title=f"{architecture.title} · 3×{height}×{width} → {architecture.classes}",
        alt=", ".join(" ".join(words for _, words in _lines(language, stage)[:3]) for stage in architecture.stages),
        columns=[(_slats(stage, _growth(architecture)), _lines(language, stage)) for stage in architecture.stages],
        step=COLUMN, base=BASE, across=COLUMN * len(architecture.stages) + 8,
    )  # fmt: skip
    return saved(language, drawing, architecture.spec.name, wide=True)


def _lines(language: str, stage: StageRow) -> list[tuple[str, str]]:
    """What stands under a stage, each line with its class."""
    cost = f"{amount(stage.parameters)} · {amount(stage.macs)}" if stage.parameters else "–"
    does = operator(language, stage.operator)
    return [
        ("name", stage.name),
        ("note", does),
        ("shape", shape(stage.output_shape, flat=stage.is_flat)),
        ("note", cost),
    ]


def saved(language: str, drawing: Markup, name: str, *, wide: bool = False) -> Markup:
    """A drawing with the buttons that save it as it is seen."""
    return _show("saved", language, drawing=drawing, name=name, wide=wide)


def block_drawing(language: str, block: BlockRow, *, zero_init: bool = False) -> Markup:
    """F(x) down the middle, the shortcut at the side, their sum; as in He et al. 2015, Fig. 2 and 5."""
    convs = [layer for layer in block.branch if layer.kind == "conv"]
    norm = _norm(block.branch)
    last = text(language, "zero_gamma", norm=norm) if zero_init else norm
    total = _FIRST + len(convs) * (BOX_HEIGHT + GAP) + 12  # the centre of the sum
    bottom = total + 44
    middle = (_SPLIT + total) / 2 - BOX_HEIGHT / 2
    projection = None
    if block.shortcut:
        projection = _Box(SIDE, middle, PROJECTION_WIDTH, _words(language, block.shortcut[0]), norm)
    shortcut = projection.words if projection else text(language, "identity")
    return _show(
        "block", language, shapes=(shape(block.input_shape), shape(block.output_shape)), at=_AT,
        bottom=bottom, total=total, middle=middle + 22, projection=projection,
        alt=text(
            language, "drawing_alt", path=block.path, shortcut=shortcut,
            branch=" → ".join(_words(language, conv) for conv in convs),
        ),
        wire=f"{_down(len(convs))}V{total - 11}M{AXIS} {total + 11}V{bottom - 14}",
        side=f"M{AXIS} {_SPLIT}H{SIDE - 10}q10 0 10 10V{total - 10}q0 10 -10 10H{AXIS + 11}",
        boxes=_chain(language, convs, [_then_relu(norm)] * (len(convs) - 1) + [last]),
    )  # fmt: skip


def plain_drawing(language: str, stage: StageRow) -> Markup:
    """A stage without blocks: its one layer, from shape to shape."""
    layer = stage.layers[0]
    beside = _then_relu(_norm(stage.layers)) if layer.kind == "conv" else ""
    ends = (layer.input_shape, stage.output_shape)
    return _show(
        "column", language, shapes=[shape(each, flat=layer.is_flat) for each in ends], at=_AT,
        bottom=_FIRST + BOX_HEIGHT + GAP + 14, wire=_down(1),
        alt=text(language, "drawing_plain_alt", name=stage.name, operator=operator(language, stage.operator)),
        boxes=_chain(language, [layer], [beside]),
    )  # fmt: skip


def _norm(layers: Sequence[LayerRow]) -> str:
    """What the norm among the layers is called beside a wire; empty where there is none."""
    names = {"norm": "BN", "group_norm": "GN"}
    return next((names[layer.kind] for layer in layers if layer.kind in names), "")


def _then_relu(norm: str) -> str:
    return f"{norm} · ReLU" if norm else "ReLU"


def _chain(language: str, layers: Sequence[LayerRow], beside: Sequence[str]) -> list[_Box]:
    """Boxes one below the other."""
    tops = [_FIRST + i * (BOX_HEIGHT + GAP) for i in range(len(layers))]
    return [
        _Box(AXIS, top, BOX_WIDTH, _words(language, layer), words, _groups(layer, top))
        for top, layer, words in zip(tops, layers, beside, strict=True)
    ]


def _down(boxes: int) -> str:
    """The path of the wire into the first box, and from each box to the next."""
    step = BOX_HEIGHT + GAP
    return f"M{AXIS} 18V{_FIRST}" + "".join(f"M{AXIS} {_FIRST + i * step + BOX_HEIGHT}v{GAP}" for i in range(boxes))


def _groups(layer: LayerRow, top: float) -> str:
    """The groups of a grouped convolution as the cells that they are; each sees its own channels only."""
    if layer.groups == 1:
        return ""
    inside = BOX_WIDTH - 16
    cell = inside / layer.groups
    left, y = AXIS - inside / 2, top + BOX_HEIGHT - 9
    return "".join(f"M{left + i * cell + cell * 0.15:.2f} {y}h{cell * 0.7:.2f}" for i in range(layer.groups))


def _words(language: str, layer: LayerRow) -> str:
    return operator(language, layer.operator.replace(" conv", ""))
