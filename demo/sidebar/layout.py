"""The sidebar: which network, which weights, on what, and what is loaded now."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.sidebar.choices import weight_choices
from demo.ui import html
from demo.ui.inputs import Choice
from demo.ui.labels import Labels, heading
from resnet_app.registry import MODEL_CHOICES

CHECKPOINT_TYPES = [".pth", ".pt", ".pkl", ".bin", ".ckpt", ".tar", ".safetensors"]


class Sidebar(NamedTuple):
    """The sidebar's components."""

    model: Choice
    weights: Choice
    checkpoint: gr.File
    class_names: gr.Textbox
    names_file: gr.UploadButton
    device: Choice
    status: gr.HTML
    problem: gr.HTML


def build(labels: Labels, *, model: str, weights: str, device: str, is_open: bool = True) -> Sidebar:
    """Lay the sidebar out, with what is picked at the start; a class begins without it, for the question's sake."""
    dropdown: dict[str, Any] = {"interactive": True, "filterable": False}
    language = labels.language
    devices = [(text(language, "device_auto"), "auto")] + ([] if device == "auto" else [(device, device)])
    with gr.Sidebar(width=296, open=is_open, elem_id="sidebar"):
        labels(gr.HTML, words={"value": heading("model")}, apply_default_css=False)
        model_box = labels(
            Choice, words={"label": "architecture"}, choices=MODEL_CHOICES, value=model, elem_id="model", **dropdown
        )
        weights_box = labels(
            Choice, words={"label": "weights"}, choices=weight_choices(language, model), value=weights,
            elem_id="weights", **dropdown,
        )  # fmt: skip
        with labels(gr.Accordion, words={"label": "own_checkpoint"}, open=False, elem_id="own"):
            checkpoint = labels(
                gr.File, words={"label": "checkpoint_file"}, file_types=CHECKPOINT_TYPES, height=130, interactive=True,
                elem_id="checkpoint",
            )  # fmt: skip
            class_names = labels(
                gr.Textbox,
                words={"label": "class_names", "placeholder": "class_names_hint", "info": "class_names_info"},
                max_lines=4, interactive=True, elem_id="class-names",
            )  # fmt: skip
            names_file = labels(gr.UploadButton, words={"label": "names_file"}, size="sm", elem_id="names-file")
        device_box = labels(
            Choice, words={"label": "device"}, choices=devices, value=device, elem_id="device", **dropdown
        )
        problem = gr.HTML(visible=False, apply_default_css=False, elem_id="model-problem")
        status_box = gr.HTML(html.status_starting(language), apply_default_css=False, elem_id="status")
    return Sidebar(model_box, weights_box, checkpoint, class_names, names_file, device_box, status_box, problem)
