"""HTML by templates that escape by themselves, the pieces that every tab has, and numbers as the page writes them.

A template in ``demo/templates`` is a file of macros. Every value in it is escaped unless it is ``Markup`` already;
``text(key, ...)`` gives the page's words in the reader's language, ``operator(words)`` what a layer does. Light to
import: nothing here needs a model.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from math import isfinite, log10
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from markupsafe import Markup, escape
from PIL import Image

from demo import locales
from demo.locales import ENGLISH, text
from demo.locales.names import operator

NNBSP = "\u202f"  # between a number and its unit
NOTHING = Markup("")
_TERM = re.compile(r"\[([^\[\]|]+)\|(\w+)\]")


def amount(value: float) -> str:
    """Three figures and a unit: 25.6 M, 4.09 G; a dash for none."""
    if not value:
        return "–"
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{_three_figures(value / size)}{NNBSP}{unit}"
    return f"{value:,.0f}"


def _three_figures(value: float) -> str:
    if value < 1:
        return f"{value:.2f}"
    rounded = float(f"{value:.3g}") if value < 1000 else value  # 9.999 has one digit before the point, 10.0 two
    return f"{rounded:.{max(0, 2 - int(log10(rounded)))}f}"


def percent(probability: float) -> str:
    """A probability in per cent, never rounded to a certainty it is not."""
    if probability < 0.001:
        return f"<{NNBSP}0.1{NNBSP}%"
    if probability >= 0.9995:
        return f">{NNBSP}99.9{NNBSP}%"
    return f"{100 * probability:.1f}{NNBSP}%"


def milliseconds(value: float) -> str:
    """A time with its unit."""
    return f"{value:.0f}{NNBSP}ms" if value >= 9.95 else f"{value:.1f}{NNBSP}ms"


def memory(count: int) -> str:
    """Bytes with three figures: 9.19 MiB, 2.01 KiB, 8 B."""
    if count < 1024:
        return f"{count}{NNBSP}B"
    unit, size = ("KiB", 2**10) if count < 2**17 else ("MiB", 2**20)
    return f"{_three_figures(count / size)}{NNBSP}{unit}"


def figure(value: float) -> str:
    """A number with three figures, as people write it: 0.0123, 4.56, −0.5, 1.25×10⁻⁶."""
    plain = 1e-4 <= abs(value) < 1e4 or not value or not isfinite(value)
    return proper(f"{value:.3g}" if plain else f"{value:.2e}")


def proper(words: str) -> str:
    """A number as Python writes it -> as people do: a minus is one, and powers of ten stand as such."""
    digits, _, power = words.partition("e")
    if power:
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{digits.replace('-', '−')}×10{raised}"
    return words.replace("-", "−")


def shape(values: tuple[int, int, int], *, flat: bool = False) -> str:
    """(64, 56, 56) -> 64×56×56; of a list of numbers, which has no places, their count: (1000, 1, 1) -> 1000."""
    return str(values[0]) if flat else "×".join(map(str, values))


def data_uri(image: Image.Image, encoding: str = "JPEG") -> str:
    """A small picture, to stand in the page itself: nothing is left on the server."""
    buffer = io.BytesIO()
    image.save(buffer, encoding, quality=88, method=0)
    return f"data:image/{encoding.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def explained(language: str, words: str) -> Markup:
    """Words in which ``[points|logit]`` stands for a plain word and an exact term: the word, with the term's meaning.

    The meanings are the texts whose keys begin with ``term_``; the page shows one to who points at the word or gets to
    it by the keyboard.
    """

    def fill(found: re.Match[str]) -> str:
        word, term = found.groups()
        if f"term_{term}" not in locales.table(language):
            return found[0]  # a class or a file that is called so
        return _show("term", language, word=Markup(word), meaning=text(language, f"term_{term}"))

    return Markup(_TERM.sub(fill, str(escape(words))))


def without_terms(words: str) -> str:
    """The same words where nothing can be pointed at: the plain ones alone."""
    return _TERM.sub(r"\1", words)


class _Tight(Extension):
    """A line break beside a tag or an expression lays out the template, not the page: it is left out."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return re.sub(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])", "", source)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True, undefined=StrictUndefined,
    extensions=[_Tight], auto_reload=False,
)  # fmt: skip
_TEMPLATES.filters |= {
    each.__name__: each for each in (amount, percent, milliseconds, memory, figure, shape, data_uri)
}  # fmt: skip


class Macros(Protocol):
    """Fills in one macro of a template, whose words are in one language, with values by name."""

    def __call__(self, macro: str, language: str, /, **values: Any) -> Markup: ...


def template(name: str) -> Macros:
    """The macros of a file in ``demo/templates``."""

    def show(macro: str, language: str, /, **values: Any) -> Markup:
        return Markup(getattr(_macros(name, language), macro)(**values))

    return show


@cache
def _macros(name: str, language: str) -> TemplateModule:
    return _TEMPLATES.get_template(name).make_module(
        {
            "text": partial(text, language),
            "operator": partial(operator, language),
            "explained": partial(explained, language),
        }
    )


_show = template("page.html")


def header(language: str) -> Markup:
    """The mark, the name and the tagline."""
    return _show("header", language)


def skip_link(language: str) -> Markup:
    """For who goes by the keyboard: past the sidebar, to the tabs."""
    return _show("skip_link", language)


def footer(language: str) -> Markup:
    """The way to the endpoints' page."""
    return _show("footer", language)


def theme_button(language: str) -> Markup:
    """The switch between light and dark."""
    return _show("theme_button", language)


def heading(words: str) -> Markup:
    """A small heading over a group."""
    return Markup('<h2 class="small">{}</h2>').format(words)


def note(words: str) -> Markup:
    """A line of small print."""
    return Markup('<p class="convention">{}</p>').format(words)


def warning(words: str) -> Markup:
    """A line that a reader must not miss."""
    return Markup('<p class="note">{}</p>').format(words)


def empty(language: str, title: str, words: str, words_phone: str | None = None) -> Markup:
    """What stands where there is nothing to show yet; each of the words is a key of the string table."""
    return _show("empty", language, title=title, words=words, words_phone=words_phone)


def first_sentence(message: str) -> tuple[str, str]:
    """What is wrong, and what to do about it, which may be empty."""
    first, *rest = re.split(r"(?<=\.) |(?<=。)", message, maxsplit=1)
    return first, "".join(rest)


def in_short(message: str) -> str:
    """What is wrong alone, for a row or a tile."""
    return first_sentence(message)[0].rstrip(".。")


def callout(message: str) -> Markup:
    """One sentence that says what is wrong, and what to do about it."""
    first, rest = first_sentence(message)
    return _show("callout", ENGLISH, first=first, rest=rest)


def status_loading(language: str, title: str) -> Markup:
    """The status card while a model is being loaded."""
    return _show("status_busy", language, words=text(language, "loading", name=title))


def status_starting(language: str) -> Markup:
    """The status card until the libraries are there."""
    return _show("status_busy", language, words=text(language, "starting"))


def status_downloading(language: str, title: str, download: Any) -> Markup:
    """The status card while weights come in: how much, and how long still."""
    return _show("status_downloading", language, title=title, download=download)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str) -> Markup:
    """A plain table that scrolls by itself where it is too wide; a cell may be ``Markup``."""
    return _show("table", ENGLISH, heads=heads, rows=rows, kind=kind)


def download(words: str, name: str, content: str, media_type: str) -> Markup:
    """A link that saves a text: it stands in the page itself, nothing is left on the server."""
    encoded = base64.b64encode(content.encode("utf-8-sig" if media_type == "text/csv" else "utf-8")).decode()
    address = f"data:{media_type};base64,{encoded}"
    return Markup('<a class="button" download="{}" href="{}">{}</a>').format(name, address, words)


def progress(words: str, done: int, total: int) -> Markup:
    """How far something is."""
    return _show("progress", ENGLISH, words=words, done=done, total=total)
