"""The network as one picture: the ribbon filled with a photo's maps, and one of its units number by number; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from torch import Tensor

from demo.explore.drawings import costs
from demo.locales import text
from demo.ui.heatmaps import class_colours
from demo.ui.html import data_uri, figure, proper, template
from demo.ui.labels import model_key
from resnet_app.architecture.records import Architecture, StageRow
from resnet_app.explain.overlay import solid
from resnet_app.explain.overview import Tile
from resnet_app.explain.unit import Part, Unit
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.registry import LAYER_OF_STAGE

WIDTH = 1240  # px, of the page's content; the stylesheet scales all that follows with the real width
PHOTO, ANSWER, HEAD, GAP, PADDING = 150, 140, 110, 5, 14  # px: the photo, the answer, avgpool and fc, between, around
LARGEST, SMALLEST = (
    112,
    24,
)  # px, of a tile's side; of maps half as high as the picture, and before a stage is closed up
GROWTH = 0.33  # a tile's side over its map's: larger maps are larger, but not by as much
SHOWN_ANSWERS = 3
_show = template("explore/overview.html")


class _Slot(NamedTuple):
    """A tile as the page shows it."""

    tile: Tile
    block: int
    picture: str
    units: tuple[int, int]
    words: str


class _Column(NamedTuple):
    """A stage with its tiles, ``side`` px each; of one that is closed up only the last one stands, over slats."""

    stage: StageRow
    slots: list[_Slot]
    side: float
    is_closed: bool
    costs: list[tuple[str, str, float]]


def ribbon(
    language: str, architecture: Architecture, chosen: int, model: LoadedModel, answer: Answer, tiles: Sequence[Tile]
) -> Markup:
    """All stages side by side, between the photo and the answer, with what each block holds for it.

    Args:
        language: of the words.
        architecture: the network, which is the one that answered.
        chosen: the opened stage.
        model: what answered.
        answer: to the photo.
        tiles: of the photo, one for each place.
    """
    columns = _columns(language, architecture, tiles)
    best = answer.predictions[:SHOWN_ANSWERS]
    return _show(
        "ribbon", language, columns=columns, chosen=chosen, crop=answer.crop, best=best,
        doubt=model.doubt(best[0].probability, answer.is_ood),
        colours=class_colours(answer), photo=PHOTO, answer=ANSWER, size=answer.crop.size[0], of=model_key(model),
    )  # fmt: skip


def _columns(language: str, architecture: Architecture, tiles: Sequence[Tile]) -> list[_Column]:
    of_stage = {stage.name: _tiles_of(stage.name, tiles) for stage in architecture.stages}
    crop = architecture.input_size[0]
    sides = {
        name: min(LARGEST, LARGEST * (2 * found[0].values.shape[0] / crop) ** GROWTH)
        for name, found in of_stage.items()
        if found
    }
    counts = {name: len(found) for name, found in of_stage.items() if found}
    closed, factor = _fitted(sides, counts)
    made = []
    for stage in architecture.stages:
        found = of_stage[stage.name]
        is_closed = stage.name in closed
        slots = [_slot(language, architecture, found, i) for i in range(len(found))]
        side = sides.get(stage.name, 0) * factor
        made.append(_Column(stage, slots, side, is_closed, costs(architecture, stage)))
    return made


def _tiles_of(stage: str, tiles: Sequence[Tile]) -> list[Tile]:
    layer = LAYER_OF_STAGE.get(stage)
    return [tile for tile in tiles if tile.path == stage or (layer and tile.path.startswith(f"{layer}."))]


def _fitted(sides: dict[str, float], counts: dict[str, int]) -> tuple[set[str], float]:
    """Which stages are closed up, and by how much all tiles shrink, so that the row is as wide as the page.

    The stage with the most blocks is closed first, and only where tiles would be too small to see anything in.
    """
    closed: set[str] = set()
    room = WIDTH - PHOTO - ANSWER - HEAD - PADDING * (len(sides) + 2)
    while True:
        shown = {name: 1 if name in closed else count for name, count in counts.items()}
        gaps = GAP * sum(count - 1 for count in shown.values())
        factor = min(1.0, (room - gaps) / sum(sides[name] * count for name, count in shown.items()))
        open_ones = [name for name in sides if name not in closed and counts[name] > 1]
        if not open_ones or min(sides[name] * factor for name in sides) >= SMALLEST:
            return closed, factor
        closed.add(max(open_ones, key=lambda name: counts[name]))


def _slot(language: str, architecture: Architecture, found: Sequence[Tile], number: int) -> _Slot:
    """A tile on the one scale of its stage."""
    tile = found[number]
    peak = max(float(each.values.max()) for each in found) or 1.0
    height, width = tile.values.shape
    words = text(
        language, "tile_words", path=tile.path, channels=tile.channels, size=f"{height}×{width}", channel=tile.channel,
        field=min(tile.field.size, max(architecture.input_size)), peak=figure(peak),
    )  # fmt: skip
    if tile.share is not None:
        words = f"{words} {text(language, 'tile_share', share=f'{100 * tile.share:.0f}')}"
    picture = data_uri(solid((tile.values / peak).clamp(0, 1).numpy()), "PNG")
    return _Slot(tile, number, picture, (height, width), words)


class _Row(NamedTuple):
    """An input channel's part of a unit's sum: its map, where the window lies in it (in %), and three tables."""

    part: Part
    picture: str
    frame: tuple[float, float, float, float]
    tables: list[list[list[tuple[str, str]]]]


def unit(language: str, found: Unit, others: Sequence[str]) -> Markup:
    """One unit taken apart: window times kernel for the channels that matter most, and a sum that adds up.

    Args:
        language: of the words.
        found: the unit.
        others: the convolutions of the same block, to go to.
    """
    kernel = found.parts[0].kernel.shape[0]
    return _show(
        "unit", language, unit=found, others=others, kernel=kernel,
        rows=[_row(found, part) for part in found.parts],
        sums=_sums(language, found),
    )  # fmt: skip


def _row(found: Unit, part: Part) -> _Row:
    height, width = part.map.shape
    low, high = float(part.map.min()), float(part.map.max())
    picture = data_uri(solid(((part.map - low) / ((high - low) or 1)).float().numpy()), "PNG")
    top, left, reach = found.window
    frame = 100 * left / width, 100 * top / height, 100 * reach / width, 100 * reach / height
    return _Row(part, picture, frame, [_cells(each) for each in (part.window, part.kernel, part.products)])


def _cells(values: Tensor) -> list[list[tuple[str, str]]]:
    """Each number with how strongly its cell is tinted: blue above 0, orange below."""
    peak = float(values.abs().max()) or 1.0
    return [[(_signed(value), _tint(value / peak)) for value in line] for line in values.tolist()]


def _tint(part: float) -> str:
    return f"var(--{'params' if part > 0 else 'macs'}) {55 * abs(part):.0f}%"


def _signed(value: float) -> str:
    """Two decimals, with a real minus; what rounds to 0 has none."""
    words = f"{value:.2f}"
    return "0.00" if words == "-0.00" else proper(words)


def _sums(language: str, found: Unit) -> list[tuple[str, str, bool]]:
    """The sum as lines: number, words, and whether a line is drawn over it."""
    lines = [(part.total, text(language, "unit_channel", channel=part.channel), False) for part in found.parts]
    if (rest := found.inputs - len(found.parts)) > 0:
        lines.append((found.rest, text(language, "unit_rest", count=rest), False))
    lines += [(found.total, text(language, "unit_sum"), True), (found.normed, text(language, "unit_norm"), False)]
    if found.shortcut is not None:
        lines.append((found.shortcut, text(language, "unit_shortcut"), False))
        lines.append((found.normed + found.shortcut, text(language, "unit_sum"), True))
    if found.rectified:
        lines.append((found.value, text(language, "unit_relu"), False))
    return [(_signed(value), words, is_sum) for value, words, is_sum in lines]
