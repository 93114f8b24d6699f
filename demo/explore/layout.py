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
    place: gr.State  # the opened stage and block
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
    unit: gr.HTML
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


PLAIN: dict[str, Any] = {"apply_default_css": False}
CHOOSE_PART = "window.resnetExplorer.choosePart(element, trigger)"
CHOOSE_TILE = "window.resnetExplorer.chooseTile(element, trigger)"
CHOOSE_UNIT = "window.resnetExplorer.chooseUnit(element, trigger, watch)"
CHOOSE_LAYER = "window.resnetExplorer.chooseLayer(element, watch)"


def build(labels: Labels) -> Explore:
    """Lay the tab out."""
    parts: dict[str, Any] = {"headline": gr.HTML(html.status_starting(labels.language), **PLAIN, elem_id="network")}
    parts["place"] = gr.State(DEFAULT_PLACE)
    with labels(gr.Accordion, words={"label": "change_network"}, open=False, elem_id="change-network"):
        parts |= _controls(labels)
    parts["problem"] = gr.HTML(visible=False, **PLAIN, elem_id="explore-problem")
    parts["ribbon"] = gr.HTML(**PLAIN, js_on_load=f"{CHOOSE_PART};{CHOOSE_TILE}", elem_id="ribbon")
    parts["unit"] = gr.HTML(**PLAIN, js_on_load=CHOOSE_UNIT, elem_id="unit")
    with gr.Row(elem_id="explore-columns"):
        with gr.Column(scale=7, min_width=320):
            parts |= _stages(labels)
        with gr.Column(scale=5, min_width=320):
            parts["stage"] = gr.HTML(**PLAIN, js_on_load=CHOOSE_PART, elem_id="opened")
            parts["block"] = gr.HTML(**PLAIN, js_on_load=CHOOSE_LAYER, elem_id="block")
    rooms = {
        "picture": _picture, "steps": _steps, "code": _code, "others": _others, "said": _said, "tables": _tables,
    }  # fmt: skip
    with gr.Tabs(elem_id="explore-rooms") as parts["rooms"]:
        for room in ROOMS:
            with labels(gr.Tab, words={"label": f"room_{room}"}, id=room):
                parts |= rooms[room](labels)
    return Explore(**parts)


def _head(labels: Labels, key: str, **options: Any) -> None:
    labels(gr.HTML, words={"value": heading(key)}, **PLAIN, **options)


def _note(labels: Labels, key: str) -> None:
    labels(gr.HTML, words={"value": note(key)}, **PLAIN)


def _stages(labels: Labels) -> dict[str, Any]:
    """The stages in a table and in a chart."""
    _head(labels, "stages")
    parts = {"table": gr.Plot(show_label=False, elem_id="stage-table")}
    _note(labels, "field_note")
    with gr.Row(elem_id="chart-head"):
        _head(labels, "where")
        parts["chart_kind"] = labels(
            gr.Radio, words={"label": "chart", "choices": _charts}, value="bars", show_label=False,
            container=False, interactive=True, elem_id="chart-kind", elem_classes="segments",
        )  # fmt: skip
    return {**parts, "chart": gr.Plot(show_label=False, elem_id="chart")}


def _steps(labels: Labels) -> dict[str, Any]:
    _head(labels, "steps")
    return {
        "steps_problem": gr.HTML(visible=False, **PLAIN, elem_id="steps-problem"),
        "steps": gr.HTML(**PLAIN, elem_id="steps"),
    }


def _code(labels: Labels) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="code-room"):
        with gr.Column(scale=7, min_width=320):
            _head(labels, "code")
            parts["excerpts"] = gr.HTML(**PLAIN, elem_id="excerpts")
        with gr.Column(scale=5, min_width=320):
            _head(labels, "snippet")
            parts["snippet"] = gr.HTML(**PLAIN, elem_id="snippet")
            _head(labels, "tree")
            parts["tree"] = gr.HTML(**PLAIN, elem_id="tree")
    return parts


def _others(labels: Labels) -> dict[str, Any]:
    _head(labels, "standing")
    _note(labels, "standing_note")
    standing = gr.Plot(show_label=False, elem_id="standing")
    _head(labels, "published")
    return {"standing": standing, "published": gr.HTML(**PLAIN, elem_id="published")}


def _said(labels: Labels) -> dict[str, Any]:
    _head(labels, "said")
    return {"said": gr.HTML(**PLAIN, elem_id="said")}


def _tables(labels: Labels) -> dict[str, Any]:
    _head(labels, "whole_network")
    drawing = gr.HTML(**PLAIN, elem_id="whole")
    _head(labels, "stages_as_text")
    return {"drawing": drawing, "rows": gr.HTML(**PLAIN, elem_id="stage-rows")}


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
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="inside"):
        with gr.Column(elem_id="inside-input", scale=0, min_width=248):
            parts["input"] = photo_input.build(labels, "inside")
        with gr.Column(elem_id="inside-output"):
            parts["inside_problem"] = gr.HTML(visible=False, **PLAIN, elem_id="inside-problem")
            with gr.Row(elem_id="maps-head"):
                _head(labels, "feature_maps")
                parts["scale"] = labels(
                    gr.Radio, words={"label": "scale", "choices": choices("scale", "shared", "own")}, value="shared",
                    show_label=False, container=False, interactive=True, elem_id="maps-scale", elem_classes="segments",
                )  # fmt: skip
            empty = html.empty(labels.language, "inside_empty_title", "inside_empty_text")
            parts["maps"] = gr.HTML(empty, **PLAIN, elem_id="maps")
            with gr.Column(visible=False, elem_id="inside-more") as parts["more"]:
                parts |= _microscope(labels)
    return parts


def _microscope(labels: Labels) -> dict[str, Any]:
    """The residual microscope, and the answers without F(x) of some blocks."""
    _head(labels, "scope", elem_id="scope-head")
    _note(labels, "scope_note")
    parts: dict[str, Any] = {
        "residual_chart": gr.Plot(show_label=False, elem_id="scope"), "readings": gr.HTML(**PLAIN, elem_id="readings"),
    }  # fmt: skip
    with gr.Row(elem_id="left-out-row"):
        parts["left_out"] = labels(
            Choice, words={"label": "left_out", "info": "left_out_info"}, choices=[], value=[],
            multiselect=True, interactive=True, elem_id="left-out",
        )  # fmt: skip
        for key in ("all_blocks", "no_blocks"):
            parts[key] = labels(gr.Button, words={"value": key}, size="sm", scale=0, min_width=80)
    return {**parts, "without": gr.HTML(**PLAIN, elem_id="without")}


def _charts(language: str) -> list[tuple[str, Any]]:
    return [(text(language, kind), kind) for kind in ("bars", "treemap")]
