"""Colours, fonts and the stylesheet, from ``shared/look.md``'s tokens; nothing is fetched from the web."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STYLES, SCRIPTS = ("style.css", "explore.css"), ("page.js", "explore.js")
_CHINESE = ["PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", "system-ui", "sans-serif"]


def theme() -> gr.themes.Base:
    """Paper, ink and one blue, in Gradio's own variables."""
    pairs = {
        "body_background_fill": ("#FAFAF7", "#101317"),
        "background_fill_primary": ("#FFFFFF", "#171B21"),
        "background_fill_secondary": ("#F1F1EC", "#1E232B"),
        "body_text_color": ("#16191D", "#ECEEF1"),
        "body_text_color_subdued": ("#565D66", "#A3ABB7"),
        "block_label_text_color": ("#3A4048", "#C9CFD8"),
        "block_title_text_color": ("#3A4048", "#C9CFD8"),
        "block_info_text_color": ("#565D66", "#A3ABB7"),
        "border_color_primary": ("#DFDED7", "#2D343F"),
        "input_background_fill": ("#FFFFFF", "#171B21"),
        "input_border_color": ("#8B9099", "#5C6675"),
        "input_placeholder_color": ("#565D66", "#A3ABB7"),
        "button_primary_background_fill": ("#1F5FBF", "#2B66C4"),
        "button_primary_background_fill_hover": ("#174E9F", "#3A75D2"),
        "button_primary_text_color": ("#FFFFFF", "#FFFFFF"),
        "slider_color": ("#1F5FBF", "#7FB0FF"),
        "link_text_color": ("#1F5FBF", "#7FB0FF"),
        "error_background_fill": ("#FBEBE8", "#331A18"),
        "error_text_color": ("#A4231B", "#FF9C92"),
    }
    values = {name: light for name, (light, _) in pairs.items()}
    values |= {f"{name}_dark": dark for name, (_, dark) in pairs.items()}
    base = gr.themes.Base(
        primary_hue="blue",
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), *_CHINESE],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400,)), "Consolas", "monospace"],
    )
    return base.set(
        block_border_width="0px",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_padding="0px",
        block_shadow="none",
        layout_gap="16px",
        input_radius="6px",
        input_border_width="1px",
        button_large_radius="6px",
        button_small_radius="6px",
        color_accent="#1F5FBF",
        **values,
    )


def head() -> str:
    """The stylesheet, as the head of the page has it: Gradio rewrites what is passed as ``css``."""
    folder = Path(__file__).parents[1] / "static"
    css, script = ("\n".join((folder / name).read_text("utf-8") for name in names) for names in (STYLES, SCRIPTS))
    icon = (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cg fill='none' "
        "stroke-width='2.5'%3E%3Cpath stroke='%231F5FBF' d='M5 19v-4C5 9 9 6 16 6s11 3 11 9v4'/%3E%3Cg stroke='%23808A97'%3E"
        "%3Crect x='2' y='20' width='7' height='6' rx='1.5'/%3E%3Crect x='12.5' y='20' width='7' height='6' rx='1.5'/%3E"
        "%3Crect x='23' y='20' width='7' height='6' rx='1.5'/%3E%3C/g%3E%3C/g%3E%3C/svg%3E"
    )
    return f'<link rel="icon" href="{icon}"><style>{css}</style><script>{script}</script>'
