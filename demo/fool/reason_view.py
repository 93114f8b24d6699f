"""The insect and its surroundings parted -> what the Fool it tab shows of it, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from demo.fool.view import outcome, pictured
from demo.locales import text
from demo.ui.html import template
from resnet_app.explain.heatmap import Heatmap
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.robustness.reason_record import SWAPS, Reasons, Row, Tally

_show = template("fool.html")


def finding(language: str, first: Reasons, now: Reasons) -> Markup:
    """The table of what was measured, and what follows from it.

    Args:
        language: of the page.
        first: of the first bundled model, whose case this is.
        now: of the model that was trained for this reason, on the same photographs.
    """
    same, other = (first.row(name).total for name in SWAPS)
    bees, ants = (first.row("swapped_other").classes[name] for name in ("bees", "ants"))
    bare, shuffled = first.row("no_object"), first.row("shuffled").total
    low, high = bare.interval or (0.0, 1.0)
    lines = [
        text(
            language, "reason_bare", right=bare.total.right, of=bare.total.of, low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}", box=first.row("no_box").total.right,
        ),
        text(
            language, "reason_swaps", same=_share(same), other=_share(other), bees=_share(bees), ants=_share(ants),
        ),
        text(language, "reason_patches", right=shuffled.right, of=shuffled.of),
        text(
            language, "reason_after", other=_share(now.row("swapped_other").total), before=_share(other),
            same=_share(now.row("swapped_same").total), bare=now.row("no_object").total.right, of=bare.total.of,
        ),
        text(language, "reason_limits"),
    ]  # fmt: skip
    source = text(language, "reason_source", model=first.model, now=now.model, date=now.date, photos=now.photos)
    rows = [(row.variant, [_cell(row), _cell(now.row(row.variant))]) for row in first.rows]
    return _show("finding", language, lines=lines, source=source, rows=rows)


def _cell(row: Row) -> tuple[str, str]:
    """The share that is right, and how many these are."""
    return f"{_share(row.total)} %", f"{row.total.right}/{row.total.of}"


def _share(tally: Tally) -> str:
    return f"{100 * tally.right / tally.of:.0f}"


def parted(
    language: str, model: LoadedModel, answers: Mapping[str, Answer], maps: Sequence[Heatmap], *, is_own: bool
) -> Markup:
    """The picture and its variants, each with its own answer's map.

    Args:
        language: of the page.
        model: what answered.
        answers: of the picture (``photo``) and its variants, by name.
        maps: of each answer's best class.
        is_own: whether it is the page's photo; else the example stands in for it.
    """
    peak = max(heatmap.peak for heatmap in maps)
    pictures = [
        pictured(language, f"reason_is_{name}", answer, heatmap, peak)
        for (name, answer), heatmap in zip(answers.items(), maps, strict=True)
    ]
    whole, bare, swapped = (answers[name].predictions[0].label for name in ("photo", "no_object", "swapped"))
    stays = bare == whole
    lines = [
        text(language, "reason_pasted_stays" if swapped == whole else "reason_pasted_falls", label=swapped),
        text(language, "reason_drawn" if is_own else "reason_instead"),
    ]
    verdict = text(language, "reason_still" if stays else "reason_gone", label=bare)
    return outcome(language, model, pictures, peak, verdict=verdict, is_fooled=stays, lines=lines)
