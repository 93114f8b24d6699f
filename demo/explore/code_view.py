"""The code room: the lines of resnet.py that make a part, the network's modules by name, and a snippet; pure."""

from __future__ import annotations

from html import escape

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from demo.explore.view import downloads
from demo.locales import text
from demo.ui.html import download
from resnet_app.architecture import source
from resnet_app.architecture.records import Architecture
from resnet_app.architecture.source import Excerpt, ModuleRow


def excerpts(language: str, architecture: Architecture, stage: str, block: int) -> str:
    """The lines that make the opened stage and block, the ones that matter marked."""
    has_blocks = any(each.name == stage and each.blocks for each in architecture.stages)
    found = source.excerpts(architecture, stage, block=block if has_blocks else None)
    note = escape(text(language, "code_note"))
    return f'<p class="convention">{note}</p>{"".join(map(_excerpt, found))}'


def _excerpt(excerpt: Excerpt) -> str:
    lines = coloured(excerpt.text).rstrip("\n").split("\n")
    numbered = "".join(
        f'<span class="row{" marked" if number in excerpt.marked else ""}"><i>{number}</i>{line}\n</span>'
        for number, line in enumerate(lines, start=excerpt.first)
    )
    title = escape(excerpt.title)
    return (
        f'<section class="excerpt"><h3>resnet.py · <code>{title}</code></h3>'
        f'<pre tabindex="0" role="region" aria-label="{title}"><code>{numbered}</code></pre></section>'
    )


def coloured(code: str) -> str:
    """Python with its words in spans, whose colours are the stylesheet's."""
    html: str = highlight(code, PythonLexer(stripnl=False, stripall=False), HtmlFormatter(nowrap=True))
    return html


def snippet(language: str, architecture: Architecture, weights: str | None) -> str:
    """What rebuilds this very network in plain torchvision, to copy and to save."""
    note = f'<p class="convention">{escape(text(language, "snippet_note"))}</p>'
    code = source.in_torchvision(architecture, weights)
    return note + to_take_along(language, code, f"{architecture.spec.name}.py", text(language, "snippet"))


def to_take_along(language: str, code: str, name: str, title: str) -> str:
    """A program to read, to copy and to save under a name."""
    return (
        f'<section class="excerpt"><pre tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<code>{coloured(code)}</code></pre></section>"
        f'<p class="downloads"><button type="button" class="button" data-copy="{escape(code)}">'
        f"{escape(text(language, 'copy'))}</button>{download(escape(name), name, code, 'text/x-python')}</p>"
    )


def tree(language: str, architecture: Architecture) -> str:
    """``named_modules()`` and ``named_parameters()`` as one searchable tree; each path is a button that copies it."""
    rows = source.modules(architecture)
    counts = text(
        language, "tree_counts", modules=len(rows), parameters=sum(len(row.parameters) for row in rows),
        buffers=sum(len(row.buffers) for row in rows),
    )  # fmt: skip
    lines = "".join(_branch(language, row) for row in rows)
    flat = [
        {"kind": kind, "path": path, "shape": "×".join(map(str, dims))}
        for row in rows
        for kind, path, dims in (
            ("module", row.path, ()), *(("parameter", *each) for each in row.parameters),
            *(("buffer", *each) for each in row.buffers),
        )
    ]  # fmt: skip
    label = escape(text(language, "tree_search"))
    return (
        f'<div class="tree"><p class="tree-head"><label>{label} <input type="search" data-search="tree" '
        f'placeholder="layer3.0"></label><span role="status" data-hits></span>'
        f"<span>{escape(counts)}</span></p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="named_modules()"><ul>{lines}</ul></div>'
        f"{downloads(f'{architecture.spec.name}-modules', flat)}</div>"
    )


def _branch(language: str, row: ModuleRow) -> str:
    """A module and, one step in, what it holds itself."""
    path = row.path or "model"
    held = [(*each, "parameter") for each in row.parameters] + [(*each, "buffer") for each in row.buffers]
    copy = escape(text(language, "copy"))
    words = escape(f"{path} {row.kind} {row.details}".lower())
    lines = [
        f'<li style="--depth:{row.depth}" data-path="{words}"><button type="button" '
        f'class="plain" data-copy="{row.path}"><code>{path}</code><span class="hidden"> {copy}</span></button>'
        f"<b>{row.kind}</b> <small>{escape(row.details)}</small></li>"
    ]
    for name, dims, kind in held:
        shape = "×".join(map(str, dims)) or "1"
        lines.append(
            f'<li class="{kind}" style="--depth:{row.depth + 1}" data-path="{name.lower()} {kind} {shape}">'
            f'<button type="button" class="plain" data-copy="{name}"><code>{name}</code>'
            f'<span class="hidden"> {copy}</span></button>'
            f"<small>{kind} {shape}</small></li>"
        )
    return "".join(lines)
