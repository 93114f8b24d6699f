"""A batch -> its grid, its table and its sums; pure."""

from __future__ import annotations

from collections import Counter

from markupsafe import Markup

from demo.locales import text
from demo.locales.names import device_title
from demo.ui.errors import sentence
from demo.ui.html import NOTHING, data_uri, download, in_short, percent, table, template
from demo.ui.labels import model_key, model_title
from resnet_app.inference.models import NONE_OF_THESE, NOT_SURE
from resnet_app.many.batch import Batch, Row
from resnet_app.many.contact_sheet import contact_sheet
from resnet_app.many.table import as_csv

SUMS_SHOWN = 8  # classes by how many pictures they have; of a thousand the first ones
_show = template("batch.html")


def batch(language: str, run: Batch, count: int) -> Markup:
    """The grid, the table and the sums of a batch, finished or under way.

    Args:
        language: of the words.
        run: what is done of it.
        count: how many files it has.
    """
    heads = [text(language, f"col_{key}") for key in ("number", "file", "answer", "probability", "ms")]
    rows = [[str(number), row.file, *_cells(language, run, row)] for number, row in enumerate(run.done, start=1)]
    return _show(
        "batch", language, run=run, device=device_title(language, run.model.device), count=count,
        reasons=[_reason(language, row) for row in run.done],
        failed=sum(row.error is not None for row in run.done),
        table=table(heads, rows, kind="answers"),
        downloads=NOTHING if len(run.done) < count else _downloads(language, run),
        key=model_key(run.model), title=model_title(language, run.model),
        sums=_sums(language, run) if len(run.done) == count else [],
        unsure=[_doubt(run, row) for row in run.done],
        doubts=[row.predictions[0].probability if row.predictions else 2.0 for row in run.done],
    )  # fmt: skip


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


def _downloads(language: str, run: Batch) -> Markup:
    csv = download(text(language, "batch_csv"), "predictions.csv", as_csv(run), "text/csv")
    return csv + _show("sheet", language, address=data_uri(contact_sheet(run.done)))
