"""The page's one photo: the examples, and the ways to another one from every tab that works on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.ui import html
from demo.ui.labels import Labels
from demo.ui.queues import EACH, QUIET
from resnet_app.registry import EXAMPLES

START = EXAMPLES[0].with_name("bee-clover.jpg") if EXAMPLES else Path()  # what a visit begins with, answered
_show = html.template("page.html")


class PhotoInput(NamedTuple):
    """The photo as a tab shows it, small, with the ways to another one.

    Attributes:
        photo: as the model sees it.
        upload: a button for a file.
        examples: the bundled pictures.
    """

    photo: gr.HTML
    upload: gr.UploadButton
    examples: gr.HTML


def build(labels: Labels, prefix: str) -> PhotoInput:
    """Lay it out; ``prefix`` begins the ids of its parts."""
    photo = gr.HTML(apply_default_css=False, elem_id=f"{prefix}-photo")
    upload = labels(gr.UploadButton, words={"label": "explain_upload"}, size="sm")
    camera_button(labels)
    return PhotoInput(photo, upload, example_buttons(labels, f"{prefix}-examples"))


def camera_button(labels: Labels) -> None:
    """Opens the camera for the box that it stands in (``photo.js``)."""
    labels(gr.HTML, words={"value": partial(_show, "camera_button")}, apply_default_css=False, elem_classes="camera")


def camera_window(labels: Labels, *, may_encrypt: bool) -> None:
    """The one window that all of the camera's buttons open; ``may_encrypt`` where a start with --https would help."""
    window = partial(_show, "camera_window", may_encrypt=may_encrypt)
    labels(gr.HTML, words={"value": window}, apply_default_css=False, elem_id="camera")


def example_buttons(labels: Labels, elem_id: str) -> gr.HTML:
    """The bundled pictures to choose from."""
    buttons: gr.HTML = labels(
        gr.HTML, words={"value": _buttons}, apply_default_css=False, elem_id=elem_id,
        js_on_load="window.resnetExplorer.chooseByIndex(element, trigger)",
    )  # fmt: skip
    return buttons


def wire(box: PhotoInput, photo: gr.Image) -> None:
    """Hand what is chosen here to the page's one photo box."""
    box.upload.upload(lambda file: file, box.upload, photo, **QUIET)
    wire_examples(box.examples, photo)


def wire_examples(examples: gr.HTML, photo: gr.Image) -> None:
    """A click on an example puts it into the page's one photo box."""
    examples.select(pick_example, None, photo, **QUIET, **EACH)


def pick_example(event: gr.EventData) -> str:
    """The example that was clicked."""
    return str(EXAMPLES[int(event.index) % len(EXAMPLES)])


def _buttons(language: str) -> Markup:
    kinds = ("example_bee" if path.name.startswith("bee") else "example_ant" for path in EXAMPLES)
    return _show("examples", language, names=[text(language, kind) for kind in kinds])


def example_pictures() -> str:
    """The examples, small, as variables of the stylesheet: six tabs show them, and the page holds them once."""
    lines = []
    for index, path in enumerate(EXAMPLES):
        with Image.open(path) as picture:
            lines.append(f'--example-{index}: url("{html.data_uri(picture.resize((160, 160)))}");')
    return f":root {{ {' '.join(lines)} }}\n"


def opacity_slider(labels: Labels, elem_id: str) -> Any:
    """How strong maps lie over the photo: one figure for all of them, set in the page without a request."""
    slider = labels(
        gr.Slider, words={"label": "opacity"}, minimum=0, maximum=100, value=60, step=5, buttons=[],
        interactive=True, elem_id=elem_id,
    )  # fmt: skip
    slider.input(None, slider, None, js="(value) => window.resnetExplorer.setOpacity(value)", api_visibility="private")
    return slider
