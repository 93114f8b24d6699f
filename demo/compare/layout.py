"""Compare: two architectures side by side; or one photo, or many, through any networks with their weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.compare.choices import AT_FIRST, AXES, PRESETS, VIEWS
from demo.explore.layout import DEFAULT_PLACE, size_classes_stem
from demo.ui import html, photo_input
from demo.ui.inputs import Choice
from demo.ui.labels import Labels, choices, note
from demo.ui.photo_input import PhotoInput
from resnet_app.registry import MODEL_CHOICES, STAGES

FIRST, SECOND = "resnet50", "resnext50_32x4d"  # the classic pair: as much work, more paths
PLAIN: dict[str, Any] = {"apply_default_css": False}
SORT = "window.resnetExplorer.sortRows(element)"


class Networks(NamedTuple):
    """Which networks are compared on photos."""

    chosen: Choice
    presets: tuple[gr.Button, ...]
    checkpoints: gr.File
    problem: gr.HTML


class OnPhoto(NamedTuple):
    """One photo through them."""

    input: PhotoInput
    class_name: Choice
    go: gr.Button
    stop: gr.Button
    progress: gr.HTML
    problem: gr.HTML
    result: gr.HTML
    axis: gr.Radio
    scatter: gr.Plot
    rest: gr.HTML


class OnMany(NamedTuple):
    """Many photos through them."""

    files: gr.File
    folder: gr.Button
    go: gr.Button
    stop: gr.Button
    progress: gr.HTML
    problem: gr.HTML
    result: gr.HTML


class Compare(NamedTuple):
    """The tab's components."""

    view: gr.Radio
    parts: tuple[gr.Column, ...]  # one for each view
    networks_part: gr.Column
    first: gr.Dropdown
    second: gr.Dropdown
    input_size: gr.Textbox
    classes: gr.Number
    stem: gr.Radio
    problem: gr.HTML
    stages: gr.HTML
    stage: gr.Radio
    sides: gr.HTML
    networks: Networks
    photo: OnPhoto
    many: OnMany


def build(labels: Labels) -> Compare:
    """Lay the tab out."""
    view = labels(
        gr.Radio, words={"label": "compare_view", "choices": choices("compare_view", *VIEWS)}, value=VIEWS[0],
        show_label=False, container=False, interactive=True, elem_id="compare-view", elem_classes="segments",
    )  # fmt: skip
    with gr.Column(elem_id="compare-architectures") as architectures:
        two = _architectures(labels)
    with gr.Column(visible=False, elem_id="compare-networks") as networks_part:
        networks = _networks(labels)
    with gr.Column(visible=False, elem_id="compare-photo") as photo_part:
        photo = _photo(labels)
    with gr.Column(visible=False, elem_id="compare-many") as many_part:
        many = _many(labels)
    return Compare(
        view=view, parts=(architectures, photo_part, many_part), networks_part=networks_part, **two, networks=networks,
        photo=photo, many=many,
    )  # fmt: skip


def _architectures(labels: Labels) -> dict[str, Any]:
    """Two networks side by side, with one choice of stage for both."""
    with gr.Row(elem_id="compare-controls"):
        one, two = (
            labels(
                gr.Dropdown, words={"label": f"compare_{key}"}, choices=MODEL_CHOICES, value=value, filterable=False,
                interactive=True, elem_id=f"compare-{key}",
            )
            for key, value in (("one", FIRST), ("two", SECOND))
        )  # fmt: skip
        shape = size_classes_stem(labels, "compare-")
    problem = gr.HTML(visible=False, **PLAIN, elem_id="compare-problem")
    shown = gr.HTML(**PLAIN, elem_id="compare-stages")
    chosen = labels(
        gr.Radio, words={"label": "compare_stage"}, choices=list(STAGES), value=DEFAULT_PLACE[0],
        interactive=True, elem_id="compare-stage", elem_classes="segments",
    )  # fmt: skip
    sides = gr.HTML(**PLAIN, elem_id="compare-sides")
    return {"first": one, "second": two, **shape, "problem": problem, "stages": shown, "stage": chosen, "sides": sides}


def _networks(labels: Labels) -> Networks:
    chosen = labels(
        Choice, words={"label": "compare_networks"}, choices=[(name, name) for name in AT_FIRST], value=list(AT_FIRST),
        multiselect=True, interactive=True, elem_id="compare-chosen",
    )  # fmt: skip
    with gr.Row(elem_id="compare-presets"):
        presets = tuple(
            labels(
                gr.Button, words={"value": f"compare_preset_{preset}"}, size="sm", elem_id=f"compare-{preset}", scale=0,
                min_width=140,
            )
            for preset in PRESETS
        )  # fmt: skip
    with labels(gr.Accordion, words={"label": "compare_own"}, open=False, elem_id="compare-own"):
        # No file_types: Gradio would refuse a file of another kind whole, and the rest with it.
        checkpoints = labels(
            gr.File, words={"label": "compare_checkpoints"}, file_count="multiple", height=130, interactive=True,
            elem_id="compare-checkpoints",
        )  # fmt: skip
    return Networks(chosen, presets, checkpoints, gr.HTML(visible=False, **PLAIN, elem_id="compare-networks-problem"))


def _photo(labels: Labels) -> OnPhoto:
    with gr.Row(elem_id="compare-photo-row"):
        with gr.Column(elem_id="compare-input", scale=0, min_width=168):
            taken = photo_input.build(labels, "compared")
        with gr.Column(elem_id="compare-output"):
            with gr.Row(elem_id="compare-photo-go", elem_classes="experiment-controls"):
                class_name = labels(
                    Choice, words={"label": "compare_class", "info": "compare_class_info"}, choices=[("", "")],
                    value="", allow_custom_value=True, interactive=True, elem_id="compare-class",
                )  # fmt: skip
                go, stop = _buttons(labels, "compare-photo")
            progress = gr.HTML(**PLAIN, elem_id="compare-photo-progress")
            problem = gr.HTML(visible=False, **PLAIN, elem_id="compare-photo-problem")
            empty = html.empty(labels.language, "compare_photo_empty_title", "compare_photo_empty_text")
            result = gr.HTML(empty, **PLAIN, js_on_load=SORT, elem_id="compare-photo-result")
            axis = labels(
                gr.Radio, words={"label": "compare_axis", "choices": choices("compare_axis", *AXES)}, value=AXES[0],
                visible=False, interactive=True, elem_id="compare-axis", elem_classes="segments",
            )  # fmt: skip
            scatter = gr.Plot(show_label=False, visible=False, elem_id="compare-scatter")
            rest = gr.HTML(**PLAIN, elem_id="compare-photo-rest")
    return OnPhoto(taken, class_name, go, stop, progress, problem, result, axis, scatter, rest)


def _many(labels: Labels) -> OnMany:
    with gr.Row(elem_id="compare-many-row"):
        with gr.Column(elem_id="compare-many-input", scale=0, min_width=248):
            files = labels(
                gr.File, words={"label": "compare_files"}, file_count="multiple", height=180, interactive=True,
                elem_id="compare-files",
            )  # fmt: skip
            folder = labels(gr.Button, words={"value": "batch_folder"}, elem_id="compare-folder")
            labels(gr.HTML, words={"value": note("compare_truth")}, **PLAIN, elem_id="compare-truth")
            go, stop = _buttons(labels, "compare-many")
        with gr.Column(elem_id="compare-many-output"):
            progress = gr.HTML(**PLAIN, elem_id="compare-many-progress")
            problem = gr.HTML(visible=False, **PLAIN, elem_id="compare-many-problem")
            empty = html.empty(labels.language, "compare_many_empty_title", "compare_many_empty_text")
            result = gr.HTML(empty, **PLAIN, js_on_load=SORT, elem_id="compare-many-result")
    return OnMany(files, folder, go, stop, progress, problem, result)


def _buttons(labels: Labels, prefix: str) -> tuple[gr.Button, gr.Button]:
    small: dict[str, Any] = {"scale": 0, "min_width": 120}
    go = labels(gr.Button, words={"value": "compare_go"}, variant="primary", elem_id=f"{prefix}-start", **small)
    stop = labels(gr.Button, words={"value": "slow_stop"}, visible=False, elem_id=f"{prefix}-stop", **small)
    return go, stop
