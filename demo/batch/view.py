"""A batch -> its grid, its table and its sums; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from markupsafe import Markup

from demo.locales import text
from demo.locales.names import device_title
from demo.ui.errors import sentence
from demo.ui.html import NOTHING, data_uri, download, in_short, percent, table, template
from demo.ui.html import progress as progress_bar
from demo.ui.labels import model_key, model_title
from resnet_app.inference.models import NONE_OF_THESE, NOT_SURE
from resnet_app.inference.rounding import Rounding
from resnet_app.many.batch import Batch, Row
from resnet_app.many.contact_sheet import contact_sheet
from resnet_app.many.table import as_csv
from resnet_app.many.truth import Counted, Tally

MINUTE = 100  # seconds; more are told in minutes
EARLY = 8  # pictures; before so many are answered a rate says how long it took to begin
MOST_CONFUSED = 10  # classes; a larger table of them is not looked at
SUMS_SHOWN = 8  # classes by how many pictures they have; of a thousand the first ones
_show = template("batch.html")


def batch(
    language: str, run: Batch, count: int, counted: Counted | None = None, *, is_done: bool | None = None
) -> Markup:
    """The grid, the table and the sums of a batch, finished or under way.

    Args:
        language: of the words.
        run: what is done of it.
        count: how many files it has.
        counted: what folders say of it.
        is_done: whether no more comes; where nothing is given, it is done when every file is.
    """
    heads = [text(language, f"col_{key}") for key in ("number", "file", "answer", "probability", "ms")]
    rows = [[str(number), row.file, *_cells(language, run, row)] for number, row in enumerate(run.done, start=1)]
    done = len(run.done)
    is_done = done == count if is_done is None else is_done
    wrong = wrong_ones(run, counted) if counted else {}
    return _show(
        "batch", language, run=run, device=device_title(language, run.model.device), count=count,
        tiles=[_tile(language, run, number, row, wrong.get(number, "")) for number, row in enumerate(run.done)],
        failed=run.failed,
        table=table(heads, rows, kind="answers"),
        downloads=_downloads(language, run, wrong) if is_done else NOTHING,
        key=model_key(run.model), title=model_title(language, run.model),
        sums=_sums(language, run) if is_done else [], is_stopped=is_done and done < count,
        right=_right(language, counted.tally) if is_done and counted and counted.tally.count else NOTHING,
        confusion=_confusion(language, run, counted.tally) if is_done and counted and counted.tally.count else NOTHING,
        rounded=_rounded(language, run.rounding) if is_done else "",
        has_wrong=bool(wrong), has_failed=bool(run.failed),
    )  # fmt: skip


def progress(language: str, done: int, count: int, seconds: float) -> Markup:
    """How far a batch is, and, once that can be told, how fast and how long it still takes."""
    if done < EARLY:
        return progress_bar(text(language, "batch_begun", done=done, total=count), done, count)
    rate = done / max(seconds, 1e-3)
    left = (count - done) / rate
    told = text(language, "time_seconds", seconds=round(left)) if left < MINUTE else text(
        language, "time_minutes", minutes=round(left / 60)
    )  # fmt: skip
    words = text(language, "batch_progress", done=done, total=count, rate=f"{rate:.1f}", left=told)
    return progress_bar(words, done, count)


def wrong_ones(run: Batch, counted: Counted) -> dict[int, str]:
    """The places of the pictures whose folder names another class than their answer, with that class."""
    names = run.model.class_names
    found = ((number, counted.true_class(number), row) for number, row in enumerate(run.done) if row.predictions)
    return {
        number: names[true]
        for number, true, row in found
        if true is not None and names[true] != row.predictions[0].label
    }


def _tile(language: str, run: Batch, number: int, row: Row, true: str) -> Markup:
    doubt = _doubt(run, row)
    kinds = [kind for kind, is_so in (("wrong", true), ("unsure", doubt), ("failed", row.error)) if is_so]
    return _show(
        "tile", language, row=row, number=number, reason=_reason(language, row), named=true, unsure=doubt, kinds=kinds,
        doubt=row.predictions[0].probability if row.predictions else 2.0,
    )  # fmt: skip


def _right(language: str, tally: Tally) -> Markup:
    low, high = map(_share, tally.interval)
    return _show(
        "right", language, tally=tally, low=low, high=high, share=_share(tally.accuracy),
        sure=_share(tally.mean_confidence), error=f"{tally.calibration_error:.3f}",
    )  # fmt: skip


def _rounded(language: str, found: Rounding) -> str:
    """What half the bits cost on the first pictures; nothing of a float32 pass."""
    if not found.count:
        return ""
    share, difference = f"{100 * found.share:.2f}", f"{found.difference:.3f}"
    return text(language, "rounding_many", count=found.count, same=found.same, difference=difference, share=share)


def _share(value: float) -> str:
    """A share that was counted, which may be all: no probability, which never is."""
    return f"{100 * value:.1f}\u202f%"


def _confusion(language: str, run: Batch, tally: Tally) -> Markup:
    """Each class's answers, where the classes are few enough to be looked at."""
    seen = tally.seen
    if len(seen) > MOST_CONFUSED:
        return NOTHING
    return _show("confusion", language, names=[run.model.class_names[each] for each in seen], matrix=tally.matrix(seen))


def _sums(language: str, run: Batch) -> list[tuple[str, str]]:
    """How many pictures of each class, the most first, and how many the model is not sure of."""
    answered = [row for row in run.done if row.predictions]
    doubts = Counter(doubt for row in answered if (doubt := _doubt(run, row)))
    sure = Counter(row.predictions[0].label for row in answered if not _doubt(run, row))
    counted = [(label, f"{number:,}") for label, number in sure.most_common(SUMS_SHOWN)]
    none = [NONE_OF_THESE] if NONE_OF_THESE in doubts else []
    return [*counted, *((text(language, key), f"{doubts[key]:,}") for key in (NOT_SURE, *none))]


def _doubt(run: Batch, row: Row) -> str:
    """Why an answer is not called one, here as in Classify; empty where it is, and where there is none."""
    return run.model.doubt(row.predictions[0].probability, row.is_ood) if row.predictions else ""


def _cells(language: str, run: Batch, row: Row) -> list[str]:
    """The answer, its probability and its time, or in their place what was wrong."""
    if row.error:
        return [_show("error", language, sentence=in_short(_reason(language, row))), "", ""]
    best = row.predictions[0]
    doubt = _doubt(run, row)
    label = f"{best.label} ({text(language, doubt)})" if doubt else best.label
    return [label, percent(best.probability), f"{row.timing.total:.1f}"]


def _reason(language: str, row: Row) -> str:
    """Why a picture has no answer; empty where it has one."""
    return sentence(row.reason, language) if row.reason else row.error or ""


def _downloads(language: str, run: Batch, wrong: Collection[int]) -> Markup:
    csv = download(text(language, "batch_csv"), "predictions.csv", as_csv(run), "text/csv")
    return csv + _show("sheet", language, address=data_uri(contact_sheet(run.done, wrong=wrong)))
