"""Explain: any method, layer and classes, what speaks for one class and not another, and what a map is worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.components import Choice
from demo.locales import text
from demo.tabs.words import Labels

_CHOOSE_LAYER = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-layer]');
  if (button) trigger('select', { index: 0, value: button.dataset.layer });
});
"""
_SAVE_PICTURE = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-save]');
  if (button) window.resnetExplorer.savePicture(button.closest('figure'), button.dataset.save);
});
"""


@dataclass(frozen=True)
class Explain:
    """The tab's components."""

    photo: gr.HTML
    upload: gr.UploadButton
    examples: gr.HTML
    method: Choice
    layers: Choice
    classes: Choice
    problem: gr.HTML
    notice: gr.HTML
    cost: gr.HTML
    go: gr.Button
    stop: gr.Button
    result: gr.HTML
    more: gr.Column
    view: gr.Radio
    lines: gr.Radio
    opacity: gr.Slider
    colours: gr.Radio
    save: gr.Button
    zip: gr.DownloadButton
    first: Choice
    second: Choice
    contrast: gr.HTML
    test: gr.Button
    stop_test: gr.Button
    compare: gr.Button
    reference: gr.HTML
    worth: gr.HTML
    curves: gr.Plot
    strip: gr.HTML


def build(
    labels: Labels,
    *,
    heading: Callable[[str], Callable[[str], str]],
    examples: Callable[[str], str],
    choose_example: str,
    empty: str,
    methods: list[tuple[str, str]],
    layers: list[tuple[str, str]],
    layer: str,
    most: int,
    colours: list[str],
) -> Explain:
    """Lay the tab out; what its components do is wired by the app."""
    box: dict[str, Any] = {"interactive": True}
    plain: dict[str, Any] = {"apply_default_css": False}
    small: dict[str, Any] = {"scale": 0, "min_width": 180}
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="explain"):
        with gr.Column(elem_id="explain-input", scale=0, min_width=248):
            parts |= photo_input(labels, "explain", examples=examples, choose_example=choose_example)
            parts["method"] = labels(
                Choice, words={"label": "method"}, choices=methods, value=methods[0][1], filterable=False,
                elem_id="method", **box,
            )  # fmt: skip
            parts["layers"] = labels(
                Choice, words={"label": "layers", "info": "layers_info"}, choices=layers, value=[layer],
                multiselect=True, elem_id="layers", **box,
            )  # fmt: skip
            parts["classes"] = labels(
                Choice, words={"label": "explained_classes", "info": "explained_classes_info"}, choices=[], value=[],
                multiselect=True, max_choices=most, elem_id="explained-classes", **box,
            )  # fmt: skip
        with gr.Column(elem_id="explain-output"):
            parts["problem"] = gr.HTML(visible=False, **plain, elem_id="explain-problem")
            parts["notice"] = gr.HTML(**plain, js_on_load=_CHOOSE_LAYER, elem_id="explain-notice")
            parts["cost"] = gr.HTML(**plain, elem_id="explain-cost")
            with gr.Row(elem_id="explain-go-row"):
                parts["go"] = labels(
                    gr.Button, words={"value": "slow_go"}, visible=False, variant="primary", elem_id="slow-go", **small
                )
                parts["stop"] = labels(
                    gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="explain-stop", **small
                )
            parts["result"] = gr.HTML(empty, **plain, js_on_load=_SAVE_PICTURE, elem_id="explain-result")
            with gr.Column(visible=False, elem_id="explain-more") as more:
                parts["more"] = more
                parts |= _looks(labels, colours)
                parts |= _contrast(labels, heading)
                parts |= _worth(labels, heading)
    return Explain(**parts)


def photo_input(labels: Labels, room: str, *, examples: Callable[[str], str], choose_example: str) -> dict[str, Any]:
    """The photo, small, with the ways to another one; every room works on the page's one photo."""
    plain: dict[str, Any] = {"apply_default_css": False}
    photo = gr.HTML(**plain, elem_id=f"{room}-photo")
    upload = labels(gr.UploadButton, words={"label": "explain_upload"}, size="sm")
    buttons = labels(gr.HTML, words={"value": examples}, **plain, js_on_load=choose_example, elem_id=f"{room}-examples")
    return {"photo": photo, "upload": upload, "examples": buttons}


def _looks(labels: Labels, colours: list[str]) -> dict[str, Any]:
    """How the maps are shown, and the button that saves all of it."""
    segments: dict[str, Any] = {"interactive": True, "elem_classes": "segments"}
    with gr.Row(elem_id="looks"):
        view = labels(
            gr.Radio, words={"label": "view", "choices": _choices("view", "crop", "whole")}, value="crop",
            elem_id="view", **segments,
        )  # fmt: skip
        lines = labels(
            gr.Radio, words={"label": "lines", "choices": _choices("lines", "colours", "contours")}, value="colours",
            elem_id="lines", **segments,
        )  # fmt: skip
        colour_box = labels(
            gr.Radio, words={"label": "colours"}, choices=[(name.title(), name) for name in colours],
            value=colours[0], elem_id="explain-colours", **segments,
        )  # fmt: skip
        opacity = labels(
            gr.Slider, words={"label": "opacity"}, minimum=0, maximum=100, value=60, step=5, buttons=[],
            interactive=True, elem_id="explain-opacity",
        )  # fmt: skip
    opacity.input(
        None, opacity, None, js="(value) => window.resnetExplorer.setOpacity(value)", api_visibility="private"
    )
    with gr.Row(elem_id="explain-save-row"):
        save = labels(gr.Button, words={"value": "map_zip"}, elem_id="explain-save", scale=0, min_width=180)
        labels(gr.HTML, words={"value": _note("map_zip_note")}, apply_default_css=False)
    archive = gr.DownloadButton(visible=False)  # only carries the file that the button above has made
    return {"view": view, "lines": lines, "colours": colour_box, "opacity": opacity, "save": save, "zip": archive}


def _contrast(labels: Labels, heading: Callable[[str], Callable[[str], str]]) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("contrast")}, apply_default_css=False)
    with gr.Row(elem_id="contrast-row"):
        first, second = (
            labels(Choice, words={"label": key}, choices=[], interactive=True, elem_id=key.replace("_", "-"))
            for key in ("contrast_first", "contrast_second")
        )
    shown = gr.HTML(apply_default_css=False, elem_id="contrast")
    return {"first": first, "second": second, "contrast": shown}


def _worth(labels: Labels, heading: Callable[[str], Callable[[str], str]]) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("worth")}, apply_default_css=False)
    labels(gr.HTML, words={"value": _note("worth_note")}, apply_default_css=False)
    with gr.Row(elem_id="worth-row"):
        test = labels(gr.Button, words={"value": "worth_go"}, elem_id="worth-go", scale=0, min_width=180)
        stop = labels(gr.Button, words={"value": "slow_stop"}, visible=False, scale=0, min_width=180)
        compare = labels(gr.Button, words={"value": "reference"}, elem_id="reference-go", scale=0, min_width=180)
    reference = gr.HTML(apply_default_css=False, elem_id="reference")
    worth = gr.HTML(apply_default_css=False, elem_id="worth")
    curves = gr.Plot(show_label=False, visible=False, elem_id="worth-curves")
    strip = gr.HTML(apply_default_css=False, elem_id="worth-strip")
    return {
        "test": test, "stop_test": stop, "compare": compare, "reference": reference, "worth": worth, "curves": curves,
        "strip": strip,
    }  # fmt: skip


def _choices(kind: str, *values: str) -> Callable[[str], list[tuple[str, Any]]]:
    return lambda language: [(text(language, f"{kind}_{value}"), value) for value in values]


def _note(key: str) -> Callable[[str], str]:
    return lambda language: f'<p class="convention">{text(language, key)}</p>'
