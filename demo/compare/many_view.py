"""Many photos through many networks -> how right each is, where they agree, and the photos that they dispute; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.ui.errors import sentence
from demo.ui.html import NNBSP, NOTHING, data_uri, download, percent, template
from demo.ui.labels import weights_of_choice
from resnet_app.many.across import Across, Best, Column, Unanswered, as_csv, shared_answers
from resnet_app.registry import SPECS
from resnet_app.training.calibration import BINS

NONE = "–"
MOST_UNANSWERED = 12  # pictures that are told of; the table has all
_show = template("compare/many.html")
_shared = template("compare/networks.html")


class Row(NamedTuple):
    """A network in the table, with what its columns are sorted by."""

    number: int
    network: str
    weights: str
    cells: tuple[tuple[str, float], ...]


class Disputed(NamedTuple):
    """A picture on which the networks differ, with the numbers of the networks that give each answer."""

    name: str
    picture: str
    answers: tuple[tuple[str, str], ...]


def result(language: str, run: Across, pictures: Mapping[int, Image.Image]) -> Markup:
    """All that is known so far.

    Args:
        language: of the words.
        run: what was answered.
        pictures: the contested ones to show, by their numbers; none while it is under way.
    """
    columns = run.columns
    heads = [text(language, f"compare_col_{key}") for key in ("number", "network")]
    has_truth = any(column.tally.count for column in columns)
    keys = (*(("accuracy", "calibration") if has_truth else ()), "confidence", "ms")
    is_done = bool(columns) and all(len(column.answers) == len(run.names) for column in columns)
    unanswered = run.unanswered()
    disputed = run.contested() if is_done and len(columns) > 1 else []
    return _show(
        "result", language, heads=[*heads, *(text(language, f"compare_col_{key}") for key in keys)],
        rows=[_row(language, number, each, has_truth) for number, each in enumerate(columns, start=1)],
        truth=text(language, "compare_truth_line", known=max((each.tally.count for each in columns), default=0),
                   count=len(run.names)),
        has_truth=has_truth, bins=BINS, pairs=_pairs(language, columns) if is_done and len(columns) > 1 else NOTHING,
        count=len(disputed) if len(columns) > 1 and is_done else None, total=len(run.names),
        disputed=[
            Disputed(each.name, data_uri(pictures[each.number]), _answers(each.answers))
            for each in disputed if each.number in pictures
        ],
        unanswered=[(each.name, _reasons(language, each, columns)) for each in unanswered[:MOST_UNANSWERED]],
        further=len(unanswered[MOST_UNANSWERED:]),
        absent=_shared("absent", language, absent=[
            (_title(each.choice.model, weights_of_choice(language, each.choice)),
             sentence(each.reason, language)) for each in run.absent
        ]),
        csv=_csv(language, run) if is_done else NOTHING,
    )  # fmt: skip


def _reasons(language: str, found: Unanswered, columns: Sequence[Column]) -> str:
    """Why there is no answer, with the numbers of the networks that say so, unless all do."""
    said = []
    for reason, places in found.reasons:
        numbers = "" if len(places) == len(columns) else ", ".join(str(place + 1) for place in places) + ": "
        said.append(numbers + sentence(reason, language))
    return " ".join(said)


def _title(model: str, weights: str) -> str:
    return f"{SPECS[model].title} · {weights}" if model in SPECS else weights


def _name(language: str, column: Column) -> str:
    return f"{column.spec.title} · {weights_of_choice(language, column.choice)}"


def _row(language: str, number: int, column: Column, has_truth: bool) -> Row:
    tally = column.tally
    cells: list[tuple[str, float]] = []
    if has_truth and tally.count:
        low, high = tally.interval
        words = f"{100 * tally.accuracy:.1f}{NNBSP}% ({100 * low:.0f}–{100 * high:.0f})"
        cells += [(words, tally.accuracy), (percent(tally.calibration_error), tally.calibration_error)]
    elif has_truth:
        cells += [(NONE, -1.0), (NONE, 2.0)]
    given = [each.probability for each in column.answers if each]
    mean = sum(given) / len(given) if given else 0.0
    cells += [(percent(mean) if given else NONE, mean), (f"{column.mean_ms:.0f}", column.mean_ms)]
    return Row(number, column.spec.title, weights_of_choice(language, column.choice), tuple(cells))


def _pairs(language: str, columns: list[Column]) -> Markup:
    rows = [
        (
            number,
            _name(language, one),
            ["" if one is other else _share(shared_answers(one, other)) for other in columns],
        )
        for number, one in enumerate(columns, start=1)
    ]
    return _shared("matrix", language, title=text(language, "compare_answers_agree"), rows=rows)


def _share(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.0f}"


def _answers(answers: Sequence[Best | None]) -> tuple[tuple[str, str], ...]:
    """Each answer with the numbers of the networks that give it and their probabilities, the most common first."""
    by: dict[str, list[str]] = {}
    for number, each in enumerate(answers, start=1):
        if each is not None:
            by.setdefault(each.label, []).append(f"{number}: {percent(each.probability)}")
    return tuple((label, " · ".join(given)) for label, given in sorted(by.items(), key=lambda item: -len(item[1])))


def _csv(language: str, run: Across) -> Markup:
    titles = [f"{number} {_name(language, each)}" for number, each in enumerate(run.columns, start=1)]
    return download(text(language, "compare_csv"), "photos.csv", as_csv(run, titles), "text/csv")
