"""Networks side by side on one photo -> their table, their pictures, and how far their maps agree; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from PIL import Image

from demo.locales import ENGLISH, text
from demo.locales.names import device_title
from demo.ui.errors import sentence
from demo.ui.html import NOTHING, amount, data_uri, download, percent, template
from demo.ui.labels import weights_of_choice
from resnet_app.explain.overlay import coloured
from resnet_app.many.side_by_side import Absent, Entry, agreement, as_csv
from resnet_app.registry import IMAGENET_V1, IMAGENET_V2, SPECS

NONE = "–"
_show = template("compare/photo.html")
_shared = template("compare/networks.html")


class Row(NamedTuple):
    """A network in the table; ``order`` has what its columns are sorted by."""

    number: int
    network: str
    weights: str
    cells: tuple[str, ...]
    order: tuple[float, ...]
    others: str


class Tile(NamedTuple):
    """A network's map over what it saw; the layer is empty where it has no evidence."""

    number: int
    title: str
    label: str
    words: str
    base: str
    layer: str


class Point(NamedTuple):
    """A network in the chart."""

    number: int
    title: str
    model: str
    version: int
    is_random: bool
    milliseconds: float
    macs: int
    probability: float


Found = Sequence[Entry | Absent]


def small_photo(crop: Image.Image) -> Markup:
    """The photo's middle, small, beside the controls."""
    return _show("small_photo", ENGLISH, crop=crop)


def names(language: str, each: Entry | Absent) -> tuple[str, str]:
    """What a network and its weights are called; a file that could not be read has the latter alone."""
    model = each.choice.model
    network = SPECS[model].title if isinstance(each, Absent) and model in SPECS else NONE
    return each.spec.title if isinstance(each, Entry) else network, weights_of_choice(language, each.choice)


def full_title(language: str, each: Entry | Absent) -> str:
    """The same in one line."""
    return " · ".join(name for name in names(language, each) if name != NONE)


def _numbered(found: Found) -> list[tuple[int, Entry]]:
    entries = [each for each in found if isinstance(each, Entry)]
    return list(enumerate(entries, start=1))


def table(language: str, found: Found, class_name: str) -> Markup:
    """A row for each network that answered: its answers, the class's rank and probability, and its cost."""
    numbered = _numbered(found)
    if not numbered:
        return _shared("absent", language, absent=_absent(language, found))
    heads = [text(language, f"compare_col_{key}") for key in ("number", "network", "answer")]
    if class_name:
        heads += [text(language, "compare_col_rank"), text(language, "compare_col_probability", label=class_name)]
    heads += [text(language, f"compare_col_{key}") for key in ("parameters", "macs", "ms")]
    devices = dict.fromkeys(device_title(language, each.device) for _, each in numbered)
    note = text(
        language, "compare_measured", passes=len(numbered[0][1].passes_ms), device=", ".join(devices),
    )  # fmt: skip
    is_v2 = any(each.choice.weights == IMAGENET_V2 and each.choice.head is None for _, each in numbered)
    return _show(
        "table", language, heads=heads, rows=[_row(language, number, each, class_name) for number, each in numbered],
        note=note, is_v2=is_v2, is_random=any(each.is_random for _, each in numbered),
    )  # fmt: skip


def _row(language: str, number: int, each: Entry, class_name: str) -> Row:
    network, weights = names(language, each)
    best = each.predictions[0]
    of_class: tuple[tuple[str, float], ...] = ()
    if class_name and each.rank is not None and each.probability is not None:
        of_class = ((f"{each.rank:,}", each.rank), (percent(each.probability), each.probability))
    elif class_name:
        of_class = ((NONE, float("inf")), (NONE, -1.0))
    costs = ((amount(each.parameters), each.parameters), (f"{each.macs / 1e9:.2f}", each.macs),
             (_ms(each.milliseconds), each.milliseconds))  # fmt: skip
    cells = (f"{best.label} {percent(best.probability)}", *(words for words, _ in (*of_class, *costs)))
    order = (best.probability, *(float(value) for _, value in (*of_class, *costs)))
    others = " · ".join(f"{one.label} {percent(one.probability)}" for one in each.predictions[1:])
    return Row(number, network, weights, cells, order, others)


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}"


def rest(language: str, found: Found) -> Markup:
    """The maps, how far they agree, the networks that are not there, and all of it to take along."""
    numbered = _numbered(found)
    csv = as_csv(found, [names(language, each) for each in found])
    return _show(
        "rest", language, tiles=[_tile(language, number, each) for number, each in numbered],
        matrix=_matrix(language, numbered) if len(numbered) > 1 else NOTHING,
        absent=_shared("absent", language, absent=_absent(language, found)) if numbered else NOTHING,
        csv=download(text(language, "compare_csv"), "networks.csv", csv, "text/csv"),
    )  # fmt: skip


def _absent(language: str, found: Found) -> list[tuple[str, str]]:
    return [(full_title(language, each), sentence(each.reason, language)) for each in found if isinstance(each, Absent)]


def _tile(language: str, number: int, each: Entry) -> Tile:
    values = each.look.on_own_scale((each.crop.height, each.crop.width))
    has_evidence = bool(values.any())
    key = "compare_tile_alt" if has_evidence else "no_evidence_long"
    return Tile(
        number, full_title(language, each), each.label, text(language, key, label=each.label), data_uri(each.crop),
        data_uri(coloured(values), "WEBP") if has_evidence else "",
    )  # fmt: skip


def _matrix(language: str, numbered: Sequence[tuple[int, Entry]]) -> Markup:
    rows = [
        (number, full_title(language, each), [_rank(agreement(each.look, other.look)) if other is not each else ""
                                          for _, other in numbered])
        for number, each in numbered
    ]  # fmt: skip
    return _shared("matrix", language, title=text(language, "compare_maps_agree"), rows=rows)


def _rank(value: float | None) -> str:
    return NONE if value is None else f"{value:+.2f}".replace("-", "−")


def points(found: Found) -> list[Point]:
    """The networks that have a probability of the class, for the chart."""
    versions = {IMAGENET_V1: 1, IMAGENET_V2: 2}
    return [
        Point(
            number, full_title(ENGLISH, each), each.choice.model, versions.get(each.choice.weights, 0), each.is_random,
            each.milliseconds, each.macs, each.probability,
        )
        for number, each in _numbered(found)
        if each.probability is not None
    ]  # fmt: skip
