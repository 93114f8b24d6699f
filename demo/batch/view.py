"""A batch -> its grid, its table and its sums; pure."""

from __future__ import annotations

from html import escape

from demo.locales import text
from demo.ui.html import NNBSP, data_uri, download, milliseconds, percent, table
from resnet_app.inference.batch import Batch, Row
from resnet_app.inference.batch_table import as_csv
from resnet_app.inference.contact_sheet import contact_sheet


def batch(language: str, run: Batch, count: int) -> str:
    """The grid, the table and the sums of a batch, finished or under way."""
    done = len(run.done)
    failed = sum(row.error is not None for row in run.done)
    head = text(language, "batch_line", count=done, device=run.model.device.title)
    sums = (
        f"{escape(text(language, 'time_total'))} <b>{run.total_ms / 1000:.2f}{NNBSP}s</b> · "
        f"{escape(text(language, 'time_mean'))} <b>{milliseconds(run.mean_ms)}</b>"
    )
    broken = f' · <span class="bad">{escape(text(language, "batch_failed", count=failed))}</span>' if failed else ""
    progress = (
        f'<progress max="{count}" value="{done}">{done}</progress> '
        f"{escape(text(language, 'batch_progress', done=done, total=count))}"
        if done < count
        else _downloads(language, run)
    )
    tiles = "".join(
        f'<figure><img src="{data_uri(row.thumbnail)}" alt="{escape(row.file)}"><figcaption><b>{escape(row.predictions[0].label)}</b>'
        f"<span>{percent(row.predictions[0].probability)}</span></figcaption>{_ood_note(language, row)}</figure>"
        if row.thumbnail is not None
        else f'<figure class="failed"><div>{escape(row.file)}</div><figcaption>{escape(row.error or "")}</figcaption></figure>'
        for row in run.done
    )
    heads = [text(language, f"col_{key}") for key in ("number", "file", "answer", "probability", "ms")]
    lines = [
        [str(i), escape(row.file), f'<span class="bad">{escape(row.error.partition(". ")[0])}</span>', "", ""]
        if row.error
        else [
            str(i), escape(row.file), escape(row.predictions[0].label), percent(row.predictions[0].probability),
            f"{row.timing.total:.1f}",
        ]
        for i, row in enumerate(run.done, start=1)
    ]  # fmt: skip
    return (
        f'<div class="batch"><p class="sums" role="status"><strong>{escape(head)}</strong> · {sums}{broken}</p>'
        f'<p class="downloads">{progress}</p><div class="tiles">{tiles}</div>{table(heads, lines, kind="answers")}</div>'
    )


def _ood_note(language: str, row: Row) -> str:
    return (
        f'<p class="out_of_distribution">{escape(text(language, "out_of_distribution_short"))}</p>'
        if row.is_ood
        else ""
    )


def _downloads(language: str, run: Batch) -> str:
    sheet = data_uri(contact_sheet(run.done))
    return (
        download(text(language, "batch_csv"), "predictions.csv", as_csv(run), "text/csv")
        + f'<a class="button" download="contact-sheet.jpg" href="{sheet}">{escape(text(language, "batch_sheet"))}</a>'
    )
