"""Batch: many photos, an answer and a time for each."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.ui import html
from demo.ui.labels import Labels

ALIVE = (
    "const page = window.resnetExplorer; page.chooseByIndex(element, trigger); page.sortTiles(element); "
    "page.batchTools(element, watch)"
)


class BatchTab(NamedTuple):
    """The tab's components."""

    files: gr.File
    folder: gr.Button
    with_maps: gr.Checkbox
    go: gr.Button
    stop: gr.Button
    archive: gr.DownloadButton
    progress: gr.HTML
    problem: gr.HTML
    result: gr.HTML


def build(labels: Labels) -> BatchTab:
    """Lay the tab out."""
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Row(elem_id="batch"):
        with gr.Column(elem_id="batch-input", scale=0, min_width=248):
            # No file_types: Gradio would refuse a broken file whole, and the rest with it.
            files = labels(
                gr.File, words={"label": "batch_drop"}, file_count="multiple", height=250, interactive=True,
                elem_id="files",
            )  # fmt: skip
            folder = labels(gr.Button, words={"value": "batch_folder"}, elem_id="batch-folder")
            with_maps = labels(gr.Checkbox, words={"label": "batch_maps"}, value=False, elem_id="batch-maps")
            go = labels(
                gr.Button, words={"value": "batch_go"}, variant="primary", interactive=False, elem_id="batch-go"
            )
            stop = labels(gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="batch-stop")
            archive = labels(gr.DownloadButton, words={"label": "batch_zip"}, visible=False, elem_id="batch-archive")
        with gr.Column(elem_id="batch-output"):
            problem = gr.HTML(visible=False, elem_id="batch-problem", **plain)
            progress = gr.HTML(elem_id="batch-progress", **plain)
            empty = html.empty(labels.language, "batch_empty_title", "batch_empty_text")
            result = gr.HTML(empty, js_on_load=ALIVE, elem_id="batch-result", **plain)
    return BatchTab(files, folder, with_maps, go, stop, archive, progress, problem, result)
