"""Teach: a few photos in each of two to six named boxes, and a model that tells them apart."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from demo.locales import text
from demo.ui import html, photo_input
from demo.ui.inputs import Photos
from demo.ui.labels import Labels

MAX_CLASSES = 6
SHOWN_AT_FIRST = 2


class TeachTab(NamedTuple):
    """The tab's components; of ``boxes``, ``names`` and ``photos`` only the first few are shown."""

    how_many: gr.Radio
    boxes: tuple[gr.Column, ...]
    names: tuple[gr.Textbox, ...]
    photos: tuple[Photos, ...]
    go: gr.Button
    problem: gr.HTML
    outdated: gr.HTML
    result: gr.HTML
    after: gr.Row
    try_it: gr.Button
    try_live: gr.Button
    save: gr.Button
    checkpoint: gr.DownloadButton
    save_boxes: gr.Button
    load_boxes: gr.UploadButton
    zip: gr.DownloadButton


def build(labels: Labels) -> TeachTab:
    """Lay the tab out."""
    counts = [str(number) for number in range(2, MAX_CLASSES + 1)]
    with gr.Row(elem_id="teach-head"):
        labels(gr.HTML, words={"value": "teach_intro"}, apply_default_css=False, elem_id="teach-intro")
        count = labels(
            gr.Radio, words={"label": "teach_count"}, choices=counts, value=str(SHOWN_AT_FIRST), interactive=True,
            elem_id="teach-count", elem_classes="segments",
        )  # fmt: skip
    with gr.Row(elem_id="teach-boxes"):
        made = [_box(labels, number, visible=number <= SHOWN_AT_FIRST) for number in range(1, MAX_CLASSES + 1)]
    boxes, names, photos = (tuple(parts) for parts in zip(*made, strict=True))
    with gr.Row(elem_id="teach-go-row"):
        go = labels(gr.Button, words={"value": "teach_go"}, variant="primary", elem_id="teach-go")
        with gr.Row(visible=False, elem_id="teach-after") as after:
            try_it = labels(gr.Button, words={"value": "teach_try"}, elem_id="teach-try")
            try_live = labels(gr.Button, words={"value": "teach_live"}, elem_id="teach-live")
            save = labels(gr.Button, words={"value": "teach_download"}, elem_id="teach-download")
    with gr.Row(elem_id="teach-keep"):
        save_boxes = labels(gr.Button, words={"value": "teach_save_boxes"}, size="sm", elem_id="teach-save-boxes")
        load_boxes = labels(
            gr.UploadButton, words={"label": "teach_load_boxes"}, file_types=[".zip"], size="sm",
            elem_id="teach-load-boxes",
        )  # fmt: skip
    archive = gr.DownloadButton(visible=False)
    checkpoint = gr.DownloadButton(visible=False)  # only carries the file that the button above has made
    problem = gr.HTML(visible=False, apply_default_css=False, elem_id="teach-problem")
    outdated = gr.HTML(visible=False, apply_default_css=False, elem_id="teach-outdated")
    empty = html.empty(labels.language, "teach_empty_title", "teach_empty_text")
    result = gr.HTML(empty, apply_default_css=False, elem_id="teach-result")
    return TeachTab(
        count, boxes, names, photos, go, problem, outdated, result, after, try_it, try_live, save,
        checkpoint, save_boxes, load_boxes, archive,
    )  # fmt: skip


def _box(labels: Labels, number: int, *, visible: bool) -> tuple[gr.Column, gr.Textbox, Photos]:
    with gr.Column(visible=visible, min_width=300, elem_classes="teach-box") as box:
        name_box = labels(
            gr.Textbox,
            words={
                "label": lambda language: text(language, "teach_name", number=number), "placeholder": "teach_name_hint",
            },
            max_lines=1, max_length=100, interactive=True, elem_id=f"teach-name-{number}",
        )  # fmt: skip
        photos = labels(
            Photos, words={"label": "teach_photos"}, sources=["upload"], show_label=False,
            columns=5, height=230, object_fit="cover", allow_preview=False, buttons=[], interactive=True,
            elem_id=f"teach-photos-{number}",
        )  # fmt: skip
        photo_input.camera_button(labels)
    return box, name_box, photos
