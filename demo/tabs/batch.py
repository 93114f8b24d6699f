"""Batch: many photos, an answer and a time for each."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from demo.tabs.words import Labels


@dataclass(frozen=True)
class BatchTab:
    """The tab's components."""

    files: gr.File
    go: gr.Button
    problem: gr.HTML
    result: gr.HTML


def build(labels: Labels, *, empty: str) -> BatchTab:
    """Lay the tab out; what its components do is wired by the app."""
    with gr.Row(elem_id="batch"):
        with gr.Column(elem_id="batch-input", scale=0, min_width=248):
            # No file_types: Gradio would refuse a broken file whole, and the rest with it.
            files = labels(
                gr.File,
                words={"label": "batch_drop"},
                file_count="multiple",
                height=250,
                interactive=True,
                elem_id="files",
            )
            go = labels(
                gr.Button, words={"value": "batch_go"}, variant="primary", interactive=False, elem_id="batch-go"
            )
        with gr.Column(elem_id="batch-output"):
            problem = gr.HTML(visible=False, apply_default_css=False, elem_id="batch-problem")
            result = gr.HTML(empty, apply_default_css=False, elem_id="batch-result")
    return BatchTab(files, go, problem, result)
