"""The sidebar: which network, which weights, on what, and what is loaded now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.components import Choice
from demo.tabs.words import Labels

CHECKPOINT_TYPES = [".pth", ".pt", ".pkl", ".bin", ".ckpt", ".tar", ".safetensors"]


@dataclass(frozen=True)
class Sidebar:
    """The sidebar's components."""

    model: Choice
    weights: Choice
    checkpoint: gr.File
    class_names: gr.Textbox
    names_file: gr.UploadButton
    device: Choice
    status: gr.HTML
    problem: gr.HTML


def build(
    labels: Labels,
    *,
    models: list[tuple[str, str]],
    weights: list[tuple[str, str]],
    devices: list[tuple[str, str]],
    model: str,
    weight: str,
    device: str,
    status: str,
    heading: Callable[[str], Callable[[str], str]],
) -> Sidebar:
    """Lay the sidebar out; what its components do is wired by the app."""
    dropdown: dict[str, Any] = {"interactive": True, "filterable": False}
    with gr.Sidebar(width=296, open=True, elem_id="sidebar"):
        labels(gr.HTML, words={"value": heading("model")}, apply_default_css=False)
        model_box = labels(
            Choice, words={"label": "architecture"}, choices=models, value=model, elem_id="model", **dropdown
        )
        weights_box = labels(
            Choice, words={"label": "weights"}, choices=weights, value=weight, elem_id="weights", **dropdown
        )
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
        status_box = gr.HTML(status, apply_default_css=False, elem_id="status")
    return Sidebar(model_box, weights_box, checkpoint, class_names, names_file, device_box, status_box, problem)
