"""The pieces of the page that need no model: header, headings, notices, numbers. Light to import."""

from __future__ import annotations

import base64
import io
import re
from html import escape
from math import log10
from typing import Any

from PIL import Image

from demo.locales import text

NNBSP = "\u202f"  # between a number and its unit
MARK = (
    '<svg class="mark" viewBox="0 0 48 32" aria-hidden="true"><g fill="none" stroke="currentColor" stroke-width="2">'
    '<rect x="2" y="20" width="11" height="8" rx="2"/><rect x="18.5" y="20" width="11" height="8" rx="2"/>'
    '<rect x="35" y="20" width="11" height="8" rx="2"/><path d="M13 24h5.5M29.5 24H35"/></g>'
    '<path class="arc" d="M7.5 20V15C7.5 7 13 3 24 3s16.5 4 16.5 12v5" fill="none" stroke-width="2.5"/></svg>'
)


def amount(value: float) -> str:
    """Three figures and a unit: 25.6 M, 4.09 G; a dash for none."""
    if not value:
        return "–"
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{_three_figures(value / size)}{NNBSP}{unit}"
    return f"{value:,.0f}"


def _three_figures(value: float) -> str:
    return f"{value:.{max(0, 2 - int(log10(value)))}f}" if value >= 1 else f"{value:.2f}"


def percent(probability: float) -> str:
    """A probability in per cent, never rounded to a certainty it is not."""
    if probability < 0.001:
        return f"<{NNBSP}0.1{NNBSP}%"
    if probability >= 0.9995:
        return f">{NNBSP}99.9{NNBSP}%"
    return f"{100 * probability:.1f}{NNBSP}%"


def milliseconds(value: float) -> str:
    """A time with its unit."""
    return f"{value:.0f}{NNBSP}ms" if value >= 10 else f"{value:.1f}{NNBSP}ms"


def shape(values: tuple[int, int, int]) -> str:
    """(64, 56, 56) -> 64×56×56; (1000, 1, 1) -> 1000."""
    return "×".join(map(str, values)) if values[1:] != (1, 1) else str(values[0])


def header(language: str) -> str:
    """The mark, the name and the tagline."""
    return (
        f'<div class="brand">{MARK}<div><h1>{escape(text(language, "title"))}</h1>'
        f"<p>{escape(text(language, 'tagline'))}</p></div></div>"
    )


def theme_button(language: str) -> str:
    """The switch between light and dark."""
    return f'<button type="button" aria-label="{escape(text(language, "theme"))}">◐</button>'


def heading(words: str) -> str:
    """A small heading over a group."""
    return f'<h2 class="small">{escape(words)}</h2>'


def empty(language: str, title: str, words: str, words_phone: str | None = None) -> str:
    """What stands where there is nothing to show yet."""
    phone = f'<p class="phone-only">{escape(text(language, words_phone))}</p>' if words_phone else ""
    wide = ' class="wide-only"' if words_phone else ""
    return (
        f'<div class="empty">{MARK}<h2>{escape(text(language, title))}</h2>'
        f"<p{wide}>{escape(text(language, words))}</p>{phone}</div>"
    )


def callout(message: str) -> str:
    """One sentence that says what is wrong, and what to do about it."""
    first, *rest = re.split(r"(?<=\.) |(?<=。)", message, maxsplit=1)
    sign = (
        '<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" fill="none" stroke="currentColor" '
        'stroke-width="2"><path d="M12 3 22 20.5H2Z"/><path d="M12 9.5v5M12 17v1"/></svg>'
    )
    more = f"<p>{escape(rest[0])}</p>" if rest and rest[0] else ""
    return f'<div class="callout" role="alert">{sign}<div><strong>{escape(first)}</strong>{more}</div></div>'


def status_loading(language: str, title: str) -> str:
    """The status card while a model is being loaded."""
    words = escape(text(language, "loading", name=title))
    return f'<div class="status" role="status"><p class="state busy"><i></i>{words}</p></div>'


def status_downloading(language: str, title: str, download: Any) -> str:
    """The status card while weights come in: how much, and how long still."""
    done, total = download.done >> 20, download.total >> 20
    words = text(language, "downloading", done=done, total=total, seconds=download.seconds_left)
    return (
        f'<div class="status" role="status"><p class="state busy"><i></i>{escape(text(language, "downloading_title"))} · '
        f'{escape(title)}</p><progress max="{download.total}" value="{download.done}" aria-label="{escape(words)}"></progress>'
        f'<p class="convention">{escape(words)}</p></div>'
    )


def status_starting(language: str) -> str:
    """The status card until the libraries are there."""
    words = escape(text(language, "starting"))
    return f'<div class="status" role="status"><p class="state busy"><i></i>{words}</p></div>'


def data_uri(image: Image.Image, *, encoding: str = "JPEG") -> str:
    """A small picture, to stand in the page itself: nothing is left on the server."""
    buffer = io.BytesIO()
    image.save(buffer, encoding, quality=88, method=0)
    return f"data:image/{encoding.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def note(words: str) -> str:
    """A line of small print."""
    return f'<p class="convention">{escape(words)}</p>'


def table(heads: list[str], rows: list[list[str]], *, kind: str) -> str:
    """A plain table that scrolls by itself where it is too wide; heads are escaped, cells are HTML."""
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(heads[0])}">'
        f'<table class="plain {kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def download(words: str, name: str, content: str, media_type: str) -> str:
    """A link that saves a text: it stands in the page itself, nothing is left on the server."""
    encoded = base64.b64encode(content.encode("utf-8-sig" if media_type == "text/csv" else "utf-8")).decode()
    return f'<a class="button" download="{escape(name)}" href="data:{media_type};base64,{encoded}">{escape(words)}</a>'


def figure(value: float) -> str:
    """A number with three figures: 0.0123, 4.56."""
    return f"{value:.3g}" if 1e-4 <= abs(value) < 1e4 or not value else f"{value:.2e}"


def progress(words: str, done: int, total: int) -> str:
    """How far something is."""
    return (
        f'<p class="downloads" role="status"><progress max="{total}" value="{done}" aria-label="{escape(words)}">'
        f"</progress> {escape(words)}</p>"
    )
