"""Batch: many photos, an answer and a time for each."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from demo.ui import html
from demo.ui.labels import Labels

OPEN_AND_SORT = "window.resnetExplorer.chooseByIndex(element, trigger); window.resnetExplorer.sortTiles(element)"


class BatchTab(NamedTuple):
    """The tab's components."""

    files: gr.File
    go: gr.Button
    problem: gr.HTML
    result: gr.HTML


def build(labels: Labels) -> BatchTab:
    """Lay the tab out."""
    with gr.Row(elem_id="batch"):
        with gr.Column(elem_id="batch-input", scale=0, min_width=248):
            # No file_types: Gradio would refuse a broken file whole, and the rest with it.
            files = labels(
                gr.File, words={"label": "batch_drop"}, file_count="multiple", height=250, interactive=True,
                elem_id="files",
            )  # fmt: skip
            go = labels(
                gr.Button, words={"value": "batch_go"}, variant="primary", interactive=False, elem_id="batch-go"
            )
        with gr.Column(elem_id="batch-output"):
            problem = gr.HTML(visible=False, apply_default_css=False, elem_id="batch-problem")
            empty = html.empty(labels.language, "batch_empty_title", "batch_empty_text")
            result = gr.HTML(empty, apply_default_css=False, js_on_load=OPEN_AND_SORT, elem_id="batch-result")
    return BatchTab(files, go, problem, result)
