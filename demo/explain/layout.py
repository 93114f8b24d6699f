"""Explain: any method, layer and classes, what speaks for one class and not another, and what a map is worth."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.explain.layer_choices import METHOD_CHOICES, layer_choices
from demo.ui import html, photo_input
from demo.ui.inputs import Choice, Steps
from demo.ui.labels import Labels, choices, heading, note
from demo.ui.photo_input import PhotoInput
from resnet_app.choices import LAYERS, MAX_CLASSES_EXPLAINED, THRESHOLDS, USUAL_THRESHOLD
from resnet_app.colours import COLOUR_MAPS


class Explain(NamedTuple):
    """The tab's components."""

    input: PhotoInput
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
    threshold: Steps
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
    rivals_go: gr.Button
    rivals_stop: gr.Button
    rivals: gr.HTML
    worth: gr.HTML
    curves: gr.Plot
    strip: gr.HTML


def build(labels: Labels, *, model: str) -> Explain:
    """Lay the tab out, with the layers of the network that is picked at the start."""
    plain: dict[str, Any] = {"apply_default_css": False}
    small: dict[str, Any] = {"scale": 0, "min_width": 180}
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="explain"):
        with gr.Column(elem_id="explain-input", scale=0, min_width=248):
            parts |= _controls(labels, model)
        with gr.Column(elem_id="explain-output"):
            parts["problem"] = gr.HTML(visible=False, **plain, elem_id="explain-problem")
            parts["notice"] = gr.HTML(
                **plain, js_on_load="window.resnetExplorer.chooseShownLayer(element, trigger)", elem_id="explain-notice"
            )
            parts["cost"] = gr.HTML(**plain, elem_id="explain-cost")
            with gr.Row(elem_id="explain-go-row"):
                parts["go"] = labels(
                    gr.Button, words={"value": "slow_go"}, visible=False, variant="primary", elem_id="slow-go", **small
                )
                parts["stop"] = labels(
                    gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="explain-stop", **small
                )
            empty = html.empty(labels.language, "explain_empty_title", "explain_empty_text")
            parts["result"] = gr.HTML(
                empty, **plain, elem_id="explain-result", js_on_load="window.resnetExplorer.savePictures(element)"
            )
            with gr.Column(visible=False, elem_id="explain-more") as more:
                parts["more"] = more
                parts |= _looks(labels)
                parts |= _contrast(labels)
                parts |= _worth(labels)
    return Explain(**parts)


def _controls(labels: Labels, model: str) -> dict[str, Any]:
    """The photo, the method, the layers and the classes."""
    box: dict[str, Any] = {"interactive": True}
    photo = photo_input.build(labels, "explain")
    method = labels(
        Choice, words={"label": "method"}, choices=METHOD_CHOICES, value=METHOD_CHOICES[0][1], filterable=False,
        elem_id="method", **box,
    )  # fmt: skip
    layers = labels(
        Choice, words={"label": "layers", "info": "layers_info"}, choices=layer_choices(model),
        value=[LAYERS[-1]], multiselect=True, elem_id="layers", **box,
    )  # fmt: skip
    classes = labels(
        Choice, words={"label": "explained_classes", "info": "explained_classes_info"}, choices=[], value=[],
        multiselect=True, max_choices=MAX_CLASSES_EXPLAINED, elem_id="explained-classes", **box,
    )  # fmt: skip
    return {"input": photo, "method": method, "layers": layers, "classes": classes}


def _looks(labels: Labels) -> dict[str, Any]:
    """How the maps are shown, and the button that saves all of it."""
    segments: dict[str, Any] = {"interactive": True, "elem_classes": "segments"}
    with gr.Row(elem_id="looks"):
        view = labels(
            gr.Radio, words={"label": "view", "choices": choices("view", "crop", "whole")}, value="crop",
            elem_id="view", **segments,
        )  # fmt: skip
        lines = labels(
            gr.Radio, words={"label": "lines", "choices": choices("lines", "colours", "contours", "box")},
            value="colours", elem_id="lines", **segments,
        )  # fmt: skip
        threshold = labels(
            Steps, words={"label": "threshold"}, minimum=THRESHOLDS[0], maximum=THRESHOLDS[1], value=USUAL_THRESHOLD,
            step=5, buttons=[], interactive=True, visible=False, elem_id="threshold",
        )  # fmt: skip
        colour_box = labels(
            gr.Radio, words={"label": "colours"}, choices=[(name.title(), name) for name in COLOUR_MAPS],
            value=next(iter(COLOUR_MAPS)), elem_id="explain-colours", **segments,
        )  # fmt: skip
        photo_input.opacity_slider(labels, "explain-opacity")
    with gr.Row(elem_id="explain-save-row"):
        save = labels(gr.Button, words={"value": "map_zip"}, elem_id="explain-save", scale=0, min_width=180)
        labels(gr.HTML, words={"value": note("map_zip_note")}, apply_default_css=False)
    archive = gr.DownloadButton(visible=False)  # only carries the file that the button above has made
    return {"view": view, "lines": lines, "threshold": threshold, "colours": colour_box, "save": save, "zip": archive}


def _contrast(labels: Labels) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("contrast")}, apply_default_css=False)
    with gr.Row(elem_id="contrast-row"):
        with gr.Column(elem_id="contrast-pair"):
            first, second = (
                labels(Choice, words={"label": key}, choices=[], interactive=True, elem_id=key.replace("_", "-"))
                for key in ("contrast_first", "contrast_second")
            )
        shown = gr.HTML(apply_default_css=False, elem_id="contrast")
    return {"first": first, "second": second, "contrast": shown}


def _worth(labels: Labels) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("worth")}, apply_default_css=False)
    labels(gr.HTML, words={"value": note("worth_note")}, apply_default_css=False)
    with gr.Row(elem_id="worth-row"):
        test = labels(gr.Button, words={"value": "worth_go"}, elem_id="worth-go", scale=0, min_width=180)
        stop = labels(
            gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="worth-stop", scale=0, min_width=180
        )  # fmt: skip
        compare = labels(gr.Button, words={"value": "reference"}, elem_id="reference-go", scale=0, min_width=280)
        go = labels(gr.Button, words={"value": "rivals_go"}, elem_id="rivals-go", scale=0, min_width=220)
        cancel = labels(
            gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="rivals-stop", scale=0, min_width=180
        )
    reference = gr.HTML(apply_default_css=False, elem_id="reference")
    worth = gr.HTML(apply_default_css=False, elem_id="worth")
    curves = gr.Plot(show_label=False, visible=False, elem_id="worth-curves")
    strip = gr.HTML(apply_default_css=False, elem_id="worth-strip")
    rivals = gr.HTML(apply_default_css=False, elem_id="rivals")
    return {
        "test": test, "stop_test": stop, "compare": compare, "reference": reference, "worth": worth, "curves": curves,
        "strip": strip, "rivals_go": go, "rivals_stop": cancel, "rivals": rivals,
    }  # fmt: skip
