"""Explore: the network as a ribbon of stages, their table and charts, one stage opened, and six rooms below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.ui import html, photo_input
from demo.ui.inputs import Choice
from demo.ui.labels import Labels, choices, heading, note
from demo.ui.photo_input import PhotoInput
from resnet_app.architecture.counting import DILATABLE
from resnet_app.registry import NORMS, STEMS

DEFAULT_PLACE = ("conv4_x", 0)  # the stage with the most blocks, its first one
ROOMS = ("picture", "steps", "code", "others", "said", "tables")  # in the order of the inner tabs
GROUPS = ("1", "2", "4", "8", "16", "32", "64")
WIDTHS = ("4", "8", "16", "32", "64", "128")


class Explore(NamedTuple):
    """The tab's components."""

    headline: gr.HTML
    input_size: gr.Textbox
    classes: gr.Number
    stem: gr.Radio
    dilated: gr.CheckboxGroup
    zero_init: gr.Checkbox
    groups: Choice
    width_per_group: Choice
    norm: gr.Radio
    problem: gr.HTML
    ribbon: gr.HTML
    table: gr.Plot
    chart_kind: gr.Radio
    chart: gr.Plot
    stage: gr.HTML
    block: gr.HTML
    rooms: gr.Tabs
    input: PhotoInput
    inside_problem: gr.HTML
    scale: gr.Radio
    maps: gr.HTML
    more: gr.Column
    residual_chart: gr.Plot
    readings: gr.HTML
    left_out: Choice
    all_blocks: gr.Button
    no_blocks: gr.Button
    without: gr.HTML
    excerpts: gr.HTML
    snippet: gr.HTML
    tree: gr.HTML
    standing: gr.Plot
    published: gr.HTML
    steps: gr.HTML
    steps_problem: gr.HTML
    said: gr.HTML
    rows: gr.HTML
    drawing: gr.HTML


def build(labels: Labels) -> Explore:
    """Lay the tab out."""
    plain: dict[str, Any] = {"apply_default_css": False}
    parts: dict[str, Any] = {"headline": gr.HTML(html.status_starting(labels.language), **plain, elem_id="network")}
    parts |= _controls(labels)
    parts["problem"] = gr.HTML(visible=False, **plain, elem_id="explore-problem")
    parts["ribbon"] = gr.HTML(
        **plain, js_on_load="window.resnetExplorer.choosePart(element, trigger)", elem_id="ribbon"
    )
    with gr.Row(elem_id="explore-columns"):
        with gr.Column(scale=7, min_width=320):
            labels(gr.HTML, words={"value": heading("stages")}, **plain)
            parts["table"] = gr.Plot(show_label=False, elem_id="stage-table")
            labels(gr.HTML, words={"value": note("field_note")}, **plain)
            with gr.Row(elem_id="chart-head"):
                labels(gr.HTML, words={"value": heading("where")}, **plain)
                parts["chart_kind"] = labels(
                    gr.Radio, words={"label": "chart", "choices": _charts}, value="bars", show_label=False,
                    container=False, interactive=True, elem_id="chart-kind", elem_classes="segments",
                )  # fmt: skip
            parts["chart"] = gr.Plot(show_label=False, elem_id="chart")
        with gr.Column(scale=5, min_width=320):
            parts["stage"] = gr.HTML(
                **plain, js_on_load="window.resnetExplorer.choosePart(element, trigger)", elem_id="opened"
            )
            parts["block"] = gr.HTML(
                **plain, js_on_load="window.resnetExplorer.chooseLayer(element, watch)", elem_id="block"
            )
    with gr.Tabs(elem_id="explore-rooms") as rooms:
        parts["rooms"] = rooms
        with labels(gr.Tab, words={"label": "room_picture"}, id="picture"):
            parts |= _picture(labels)
        with labels(gr.Tab, words={"label": "room_steps"}, id="steps"):
            labels(gr.HTML, words={"value": heading("steps")}, **plain)
            parts["steps_problem"] = gr.HTML(visible=False, **plain, elem_id="steps-problem")
            parts["steps"] = gr.HTML(**plain, elem_id="steps")
        with labels(gr.Tab, words={"label": "room_code"}, id="code"), gr.Row(elem_id="code-room"):
            with gr.Column(scale=7, min_width=320):
                labels(gr.HTML, words={"value": heading("code")}, **plain)
                parts["excerpts"] = gr.HTML(**plain, elem_id="excerpts")
            with gr.Column(scale=5, min_width=320):
                labels(gr.HTML, words={"value": heading("snippet")}, **plain)
                parts["snippet"] = gr.HTML(**plain, elem_id="snippet")
                labels(gr.HTML, words={"value": heading("tree")}, **plain)
                parts["tree"] = gr.HTML(**plain, elem_id="tree")
        with labels(gr.Tab, words={"label": "room_others"}, id="others"):
            labels(gr.HTML, words={"value": heading("standing")}, **plain)
            labels(gr.HTML, words={"value": note("standing_note")}, **plain)
            parts["standing"] = gr.Plot(show_label=False, elem_id="standing")
            labels(gr.HTML, words={"value": heading("published")}, **plain)
            parts["published"] = gr.HTML(**plain, elem_id="published")
        with labels(gr.Tab, words={"label": "room_said"}, id="said"):
            labels(gr.HTML, words={"value": heading("said")}, **plain)
            parts["said"] = gr.HTML(**plain, elem_id="said")
        with labels(gr.Tab, words={"label": "room_tables"}, id="tables"):
            labels(gr.HTML, words={"value": heading("whole_network")}, **plain)
            parts["drawing"] = gr.HTML(**plain, elem_id="whole")
            labels(gr.HTML, words={"value": heading("stages_as_text")}, **plain)
            parts["rows"] = gr.HTML(**plain, elem_id="stage-rows")
    return Explore(**parts)


def _controls(labels: Labels) -> dict[str, Any]:
    """What the network is made of, beside its depth."""
    segments: dict[str, Any] = {"interactive": True, "elem_classes": "segments"}
    with gr.Row(elem_id="shape-controls"):
        parts = size_classes_stem(labels)
        dilated = labels(
            gr.CheckboxGroup,
            words={"label": "dilated"},
            choices=list(DILATABLE),
            value=[],
            elem_id="dilated",
            **segments,
        )
        for key, numbers in (("groups", GROUPS), ("width_per_group", WIDTHS)):
            parts[key] = labels(
                Choice, words={"label": key, "choices": _own_or(numbers)}, value="", filterable=False,
                interactive=True, elem_id=key.replace("_", "-"),
            )  # fmt: skip
        parts["norm"] = labels(
            gr.Radio,
            words={"label": "norm", "choices": choices("norm", *NORMS)},
            value=NORMS[0],
            elem_id="norm",
            **segments,
        )
        parts["zero_init"] = labels(
            gr.Checkbox, words={"label": "zero_init"}, value=False, interactive=True, elem_id="zero-init"
        )
    return {**parts, "dilated": dilated}


def _own_or(numbers: tuple[str, ...]) -> Callable[[str], list[tuple[str, Any]]]:
    """The network's own number, or one of some others."""
    return lambda language: [(text(language, "as_published"), ""), *((number, number) for number in numbers)]


def size_classes_stem(labels: Labels, prefix: str = "") -> dict[str, Any]:
    """What every network has, whatever its blocks: input size, class count and stem; ``prefix`` is for their ids."""
    return {
        "input_size": labels(
            gr.Textbox, words={"label": "input_size"}, value="224x224", max_lines=1, interactive=True,
            elem_id=f"{prefix}input-size",
        ),
        "classes": labels(
            gr.Number, words={"label": "classes"}, value=1000, precision=0, interactive=True,
            elem_id=f"{prefix}classes",
        ),
        "stem": labels(
            gr.Radio, words={"label": "stem", "choices": choices("stem", *STEMS)}, value="imagenet", interactive=True,
            elem_id=f"{prefix}stem", elem_classes="segments",
        ),
    }  # fmt: skip


def _picture(labels: Labels) -> dict[str, Any]:
    """The room where the network is looked at while it works on a picture."""
    plain: dict[str, Any] = {"apply_default_css": False}
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="inside"):
        with gr.Column(elem_id="inside-input", scale=0, min_width=248):
            parts["input"] = photo_input.build(labels, "inside")
        with gr.Column(elem_id="inside-output"):
            parts["inside_problem"] = gr.HTML(visible=False, **plain, elem_id="inside-problem")
            with gr.Row(elem_id="maps-head"):
                labels(gr.HTML, words={"value": heading("feature_maps")}, **plain)
                parts["scale"] = labels(
                    gr.Radio, words={"label": "scale", "choices": choices("scale", "shared", "own")}, value="shared",
                    show_label=False, container=False, interactive=True, elem_id="maps-scale", elem_classes="segments",
                )  # fmt: skip
            empty = html.empty(labels.language, "inside_empty_title", "inside_empty_text")
            parts["maps"] = gr.HTML(empty, **plain, elem_id="maps")
            with gr.Column(visible=False, elem_id="inside-more") as more:
                parts["more"] = more
                labels(gr.HTML, words={"value": heading("scope")}, **plain, elem_id="scope-head")
                labels(gr.HTML, words={"value": note("scope_note")}, **plain)
                parts["residual_chart"] = gr.Plot(show_label=False, elem_id="scope")
                parts["readings"] = gr.HTML(**plain, elem_id="readings")
                with gr.Row(elem_id="left-out-row"):
                    parts["left_out"] = labels(
                        Choice, words={"label": "left_out", "info": "left_out_info"}, choices=[], value=[],
                        multiselect=True, interactive=True, elem_id="left-out",
                    )  # fmt: skip
                    for key in ("all_blocks", "no_blocks"):
                        parts[key] = labels(gr.Button, words={"value": key}, size="sm", scale=0, min_width=80)
                parts["without"] = gr.HTML(**plain, elem_id="without")
    return parts


def _charts(language: str) -> list[tuple[str, Any]]:
    return [(text(language, kind), kind) for kind in ("bars", "treemap")]
