"""The code room: the lines of resnet.py that make a part, the network's modules by name, and a snippet; pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from demo.explore.view import downloads
from demo.locales import text
from demo.ui.html import download, note, template
from resnet_app.architecture import source
from resnet_app.architecture.records import Architecture
from resnet_app.architecture.source import ModuleRow

_show = template("explore/code.html")


def excerpts(language: str, architecture: Architecture, stage: str, block: int) -> Markup:
    """The lines that make the opened stage and block, the ones that matter marked."""
    has_blocks = any(each.name == stage and each.blocks for each in architecture.stages)
    found = source.excerpts(architecture, stage, block=block if has_blocks else None)
    return _show("excerpts", language, found=[(excerpt, _lines(excerpt.text)) for excerpt in found])


def _lines(code: str) -> list[Markup]:
    return coloured(code).rstrip("\n").split("\n")


def coloured(code: str) -> Markup:
    """Python with its words in spans, whose colours are the stylesheet's."""
    return Markup(highlight(code, PythonLexer(stripnl=False, stripall=False), HtmlFormatter(nowrap=True)))


def snippet(language: str, architecture: Architecture, weights: str | None) -> Markup:
    """What rebuilds this very network in plain torchvision, to copy and to save."""
    code = source.in_torchvision(architecture, weights)
    program = to_take_along(language, code, f"{architecture.spec.name}.py", text(language, "snippet"))
    return note(text(language, "snippet_note")) + program


def to_take_along(language: str, code: str, name: str, title: str) -> Markup:
    """A program to read, to copy and to save under a name."""
    link = download(name, name, code, "text/x-python")
    return _show("program", language, code=code, coloured=coloured(code), title=title, download=link)


def tree(language: str, architecture: Architecture) -> Markup:
    """``named_modules()`` and ``named_parameters()`` as one searchable tree; each path is a button that copies it."""
    rows = source.modules(architecture)
    counts = text(
        language, "tree_counts", modules=len(rows), parameters=sum(len(row.parameters) for row in rows),
        buffers=sum(len(row.buffers) for row in rows),
    )  # fmt: skip
    flat = downloads(f"{architecture.spec.name}-modules", _flat(rows))
    return _show("tree", language, rows=rows, counts=counts, downloads=flat)


def _flat(rows: Sequence[ModuleRow]) -> list[dict[str, str]]:
    """Every module, parameter and buffer as a row to take along."""
    held = [
        each
        for row in rows
        for each in (
            ("module", row.path, ()), *(("parameter", *each) for each in row.parameters),
            *(("buffer", *each) for each in row.buffers),
        )
    ]  # fmt: skip
    return [{"kind": kind, "path": path, "shape": "×".join(map(str, dims))} for kind, path, dims in held]
