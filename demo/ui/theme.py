"""Fonts, stylesheet and scripts, and the colours in Gradio's own variables; nothing is fetched from the web."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import gradio as gr

from demo.locales import LANGUAGES, text
from resnet_app.colours import DARK, LIGHT, WHITE

STYLES = (
    "style.css",
    "explore/explore.css",
    "residual.css",
    "projector.css",
    "live/live.css",
    "lesson/lesson.css",
    "batch/batch.css",
    "compare/compare.css",
)
SCRIPTS = (
    "stream.js",
    "page.js",
    "bells.js",
    "address.js",
    "photo.js",
    "batch/batch.js",
    "projector.js",
    "reload.js",
    "explore/explore.js",
    "explore/overview.js",
    "fool.js",
    "compare/compare.js",
    "live/live.js",
    "lesson/lesson.js",
    "lesson/labs.js",
    "lesson/classroom.js",
)
WORDS = (
    "photo_placeholder",
    "teach_photos",
    "batch_drop",
    "checkpoint_drop",
    "compare_files_drop",
    "compare_checkpoints_drop",
)  # on Gradio's boxes for files
REFUSALS = ("busy_title", "busy", "too_fast_title", "too_fast")  # in place of what Gradio and a limit say in English
_STATIC = Path(__file__).parents[1] / "static"
ICON = _STATIC / "icon.svg"  # of the tab, and of the page where it is installed as an app
_CHINESE = ["PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", "system-ui", "sans-serif"]
_COLOURS = {  # Gradio's name -> ours
    "body_background_fill": "bg",
    "background_fill_primary": "panel",
    "background_fill_secondary": "sunk",
    "body_text_color": "ink",
    "body_text_color_subdued": "ink3",
    "block_label_text_color": "ink2",
    "block_title_text_color": "ink2",
    "block_info_text_color": "ink3",
    "border_color_primary": "line",
    "input_background_fill": "panel",
    "input_border_color": "ctl",
    "input_placeholder_color": "ink3",
    "button_primary_background_fill": "button",
    "button_primary_background_fill_hover": "button-hover",
    "slider_color": "acc",
    "link_text_color": "acc",
    "error_background_fill": "err-bg",
    "error_text_color": "err",
}
_PLAIN = {
    "block_border_width": "0px",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_padding": "0px",
    "block_shadow": "none",
    "layout_gap": "16px",
    "input_radius": "6px",
    "input_border_width": "1px",
    "button_large_radius": "6px",
    "button_small_radius": "6px",
    "button_primary_text_color": WHITE,
    "button_primary_text_color_dark": WHITE,
    "color_accent": LIGHT["acc"],
}


def theme() -> gr.themes.Base:
    """Paper, ink and one blue, in Gradio's own variables."""
    light = {name: LIGHT[ours] for name, ours in _COLOURS.items()}
    dark = {f"{name}_dark": DARK[ours] for name, ours in _COLOURS.items()}
    base = gr.themes.Base(
        primary_hue="blue",
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), *_CHINESE],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400,)), "Consolas", "monospace"],
    )
    return base.set(**_PLAIN, **light, **dark)


def head(rows: Mapping[str, Sequence[str]], pictures: str) -> str:
    """The stylesheet and the scripts, as the head of the page has them: Gradio rewrites what is passed as ``css``.

    Args:
        rows: the ids of the tabs in each row of tabs, in order, by where the page finds the row.
        pictures: further variables of the stylesheet, which hold pictures.
    """
    css = "".join(map(_variables, (":root", ".dark"), (LIGHT, DARK))) + _read(STYLES)
    icon = f"data:image/svg+xml,{quote(ICON.read_text('utf-8'))}"
    words = {language: {key: text(language, key) for key in (*WORDS, *REFUSALS)} for language in LANGUAGES}
    for language in LANGUAGES:
        words[language]["queue_place"] = text(language, "queue_place", at="{at}", of="{of}")  # the page fills it in
    script = f"window.resnetWords = {json.dumps(words)};\nwindow.resnetRows = {json.dumps(rows)};\n{_read(SCRIPTS)}"
    return f'<link rel="icon" href="{icon}"><style>{css}{pictures}{_drop_words()}</style><script>{script}</script>'


def _drop_words() -> str:
    """What stands on Gradio's boxes, which has words of its own in the browser's language."""
    lines = []
    for language in LANGUAGES:
        for key in WORDS:
            words = json.dumps(text(language, key), ensure_ascii=False)
            lines.append(f":root:lang({language}) {{ --{key.replace('_', '-')}: {words}; }}\n")
    return "".join(lines)


def _variables(selector: str, colours: dict[str, str]) -> str:
    return f"{selector} {{ {' '.join(f'--{name}: {colour};' for name, colour in colours.items())} }}\n"


def _read(names: list[str] | tuple[str, ...]) -> str:
    return "\n".join((_STATIC / name).read_text("utf-8") for name in names)
