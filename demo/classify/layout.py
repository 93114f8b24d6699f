"""Classify: a photo, its answers, and where the score was raised."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import gradio as gr

from demo.ui import html, photo_input
from demo.ui.inputs import Photo, Steps
from demo.ui.labels import Labels, choices, heading
from resnet_app.choices import DEFAULT_TOP_K, MAX_TOP_K
from resnet_app.colours import COLOUR_MAPS

_show_live = html.template("live.html")


class Classify(NamedTuple):
    """The tab's components."""

    photo: Photo
    examples: gr.HTML
    problem: gr.HTML
    result: gr.HTML
    live: gr.Textbox
    controls: gr.Row
    colours: gr.Radio
    scale: gr.Radio
    top_k: Steps


def build(labels: Labels) -> Classify:
    """Lay the tab out."""
    with gr.Row(elem_id="classify"):
        with gr.Column(elem_id="input", scale=0, min_width=248):
            photo = labels(
                Photo, words={"placeholder": "photo_placeholder", "label": "photo_label"}, type="filepath",
                sources=["upload"], show_label=False, buttons=[], interactive=True, height=250,
                image_mode=None, elem_id="photo", value=str(photo_input.START) if photo_input.START.name else None,
            )  # fmt: skip
            with gr.Row(elem_id="ways-to-film"):
                photo_input.camera_button(labels)
                labels(
                    gr.HTML, words={"value": partial(_show_live, "button")}, apply_default_css=False,
                    elem_classes="camera",
                )  # fmt: skip
            labels(gr.HTML, words={"value": heading("examples")}, apply_default_css=False)
            examples = photo_input.example_buttons(labels, "examples")
        with gr.Column(elem_id="output"):
            problem = gr.HTML(visible=False, apply_default_css=False, elem_id="photo-problem")
            labels(gr.HTML, words={"value": partial(_show_live, "view")}, apply_default_css=False, elem_id="live")
            live = gr.Textbox(visible=False)  # the pass for this page's camera
            result = gr.HTML(
                html.empty(labels.language, "loading_title", "loading_text"), apply_default_css=False, elem_id="result",
                js_on_load="window.resnetExplorer.chooseAnswer(element, watch)",
            )  # fmt: skip
            with gr.Row(elem_id="controls", visible=False) as controls:
                photo_input.opacity_slider(labels, "opacity")
                colours = labels(
                    gr.Radio, words={"label": "colours"}, choices=[(name.title(), name) for name in COLOUR_MAPS],
                    value=next(iter(COLOUR_MAPS)), interactive=True, elem_id="colours", elem_classes="segments",
                )  # fmt: skip
                scale = labels(
                    gr.Radio, words={"label": "scale", "choices": choices("scale", "shared", "own")}, value="shared",
                    interactive=True, elem_id="map-scale", elem_classes="segments",
                )  # fmt: skip
                top_k = labels(
                    Steps, words={"label": "answers"}, minimum=1, maximum=MAX_TOP_K, value=DEFAULT_TOP_K, step=1,
                    buttons=[], interactive=True, elem_id="top-k",
                )  # fmt: skip
    return Classify(photo, examples, problem, result, live, controls, colours, scale, top_k)
