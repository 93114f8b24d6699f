"""Explore: the network as a ribbon of stages, their table and charts, one stage opened, and four rooms below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.components import Choice
from demo.locales import text
from demo.tabs.explain import photo_input
from demo.tabs.words import Labels
from resnet_app.registry import NORMS

_CHOOSE = """
const page = window.resnetExplorer;
let waiting;
const choose = (button, pause) => {
  if (button.getAttribute('aria-pressed') === 'true') return;
  page.press(button.parentElement, button);
  page.keepPlace();
  const block = Number(button.dataset.block ?? 0);
  delete button.dataset.block;
  clearTimeout(waiting); // an arrow key held down asks once, where it comes to rest
  waiting = setTimeout(() => trigger('select', { index: Number(button.dataset.index), block }), pause);
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) choose(button, 0);
});
element.addEventListener('keydown', (event) => page.arrows(event, (button) => choose(button, 120)));
"""
_CHOOSE_LAYER = """
const page = window.resnetExplorer;
const name = (button) => button.querySelector('code').textContent;
let chosen = '';
const choose = (button) => { chosen = name(button); page.showLayer(element, button); };
watch('value', () => { // another block: the same layer of it, where it has one
  const again = [...element.querySelectorAll('button[data-layer]')].find((button) => name(button) === chosen);
  if (again) page.showLayer(element, again);
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-layer]');
  if (button) choose(button);
});
element.addEventListener('keydown', (event) => page.arrows(event, choose));
"""


@dataclass(frozen=True)
class Explore:
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
    photo: gr.HTML
    upload: gr.UploadButton
    examples: gr.HTML
    inside_problem: gr.HTML
    scale: gr.Radio
    maps: gr.HTML
    more: gr.Column
    scope: gr.Plot
    readings: gr.HTML
    left_out: Choice
    all_blocks: gr.Button
    no_blocks: gr.Button
    cost: gr.HTML
    excerpts: gr.HTML
    snippet: gr.HTML
    tree: gr.HTML
    standing: gr.Plot
    published: gr.HTML
    rows: gr.HTML
    whole: gr.HTML


def build(
    labels: Labels,
    *,
    heading: Callable[[str], Callable[[str], str]],
    note: Callable[[str], Callable[[str], str]],
    examples: Callable[[str], str],
    choose_example: str,
    empty: str,
    inside_empty: str,
    dilatable: tuple[str, ...],
    groups: tuple[str, ...],
    widths: tuple[str, ...],
) -> Explore:
    """Lay the tab out; what its components do is wired by the app."""
    plain: dict[str, Any] = {"apply_default_css": False}
    parts: dict[str, Any] = {"headline": gr.HTML(empty, **plain, elem_id="network")}
    parts |= _controls(labels, dilatable, groups, widths)
    parts["problem"] = gr.HTML(visible=False, **plain, elem_id="explore-problem")
    parts["ribbon"] = gr.HTML(**plain, js_on_load=_CHOOSE, elem_id="ribbon")
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
            parts["stage"] = gr.HTML(**plain, js_on_load=_CHOOSE, elem_id="opened")
            parts["block"] = gr.HTML(**plain, js_on_load=_CHOOSE_LAYER, elem_id="block")
    with gr.Tabs(elem_id="explore-rooms") as rooms:
        parts["rooms"] = rooms
        with labels(gr.Tab, words={"label": "room_picture"}, id="picture"):
            parts |= _picture(labels, heading, note, examples, choose_example, inside_empty)
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
        with labels(gr.Tab, words={"label": "room_tables"}, id="tables"):
            labels(gr.HTML, words={"value": heading("whole_network")}, **plain)
            parts["whole"] = gr.HTML(**plain, elem_id="whole")
            labels(gr.HTML, words={"value": heading("stages_as_text")}, **plain)
            parts["rows"] = gr.HTML(**plain, elem_id="stage-rows")
    return Explore(**parts)


def _controls(
    labels: Labels, dilatable: tuple[str, ...], groups: tuple[str, ...], widths: tuple[str, ...]
) -> dict[str, Any]:
    """What the network is made of, beside its depth."""
    segments: dict[str, Any] = {"interactive": True, "elem_classes": "segments"}
    with gr.Row(elem_id="shape-controls"):
        parts = size_classes_stem(labels)
        dilated = labels(
            gr.CheckboxGroup,
            words={"label": "dilated"},
            choices=list(dilatable),
            value=[],
            elem_id="dilated",
            **segments,
        )
        zero_init = labels(
            gr.Checkbox, words={"label": "zero_init"}, value=False, interactive=True, elem_id="zero-init"
        )
        for key, numbers in (("groups", groups), ("width_per_group", widths)):
            parts[key] = labels(
                Choice, words={"label": key, "choices": _own_or(numbers)}, value="", filterable=False,
                interactive=True, elem_id=key.replace("_", "-"),
            )  # fmt: skip
        parts["norm"] = labels(
            gr.Radio, words={"label": "norm", "choices": _norms}, value=NORMS[0], elem_id="norm", **segments
        )
    return {**parts, "dilated": dilated, "zero_init": zero_init}


def _own_or(numbers: tuple[str, ...]) -> Callable[[str], list[tuple[str, Any]]]:
    """The network's own number, or one of some others."""
    return lambda language: [(text(language, "as_published"), ""), *((number, number) for number in numbers)]


def _norms(language: str) -> list[tuple[str, Any]]:
    return [(text(language, f"norm_{norm}"), norm) for norm in NORMS]


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
            gr.Radio, words={"label": "stem", "choices": _stems}, value="imagenet", interactive=True,
            elem_id=f"{prefix}stem", elem_classes="segments",
        ),
    }  # fmt: skip


def _picture(
    labels: Labels, heading: Callable[[str], Callable[[str], str]], note: Callable[[str], Callable[[str], str]],
    examples: Callable[[str], str], choose_example: str, empty: str,
) -> dict[str, Any]:  # fmt: skip
    """The room where the network is looked at while it works on a picture."""
    plain: dict[str, Any] = {"apply_default_css": False}
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="inside"):
        with gr.Column(elem_id="inside-input", scale=0, min_width=248):
            parts |= photo_input(labels, "inside", examples=examples, choose_example=choose_example)
        with gr.Column(elem_id="inside-output"):
            parts["inside_problem"] = gr.HTML(visible=False, **plain, elem_id="inside-problem")
            with gr.Row(elem_id="maps-head"):
                labels(gr.HTML, words={"value": heading("feature_maps")}, **plain)
                parts["scale"] = labels(
                    gr.Radio, words={"label": "scale", "choices": _scales}, value="shared", show_label=False,
                    container=False, interactive=True, elem_id="maps-scale", elem_classes="segments",
                )  # fmt: skip
            parts["maps"] = gr.HTML(empty, **plain, elem_id="maps")
            with gr.Column(visible=False, elem_id="inside-more") as more:
                parts["more"] = more
                labels(gr.HTML, words={"value": heading("scope")}, **plain, elem_id="scope-head")
                labels(gr.HTML, words={"value": note("scope_note")}, **plain)
                parts["scope"] = gr.Plot(show_label=False, elem_id="scope")
                parts["readings"] = gr.HTML(**plain, elem_id="readings")
                with gr.Row(elem_id="left-out-row"):
                    parts["left_out"] = labels(
                        Choice, words={"label": "left_out", "info": "left_out_info"}, choices=[], value=[],
                        multiselect=True, interactive=True, elem_id="left-out",
                    )  # fmt: skip
                    for key in ("all_blocks", "no_blocks"):
                        parts[key] = labels(gr.Button, words={"value": key}, size="sm", scale=0, min_width=80)
                parts["cost"] = gr.HTML(**plain, elem_id="without")
    return parts


def _stems(language: str) -> list[tuple[str, Any]]:
    """The stems by their names."""
    return [(text(language, f"stem_{stem}"), stem) for stem in ("imagenet", "cifar")]


def _charts(language: str) -> list[tuple[str, Any]]:
    return [(text(language, kind), kind) for kind in ("bars", "treemap")]


def _scales(language: str) -> list[tuple[str, Any]]:
    return [(text(language, f"scale_{kind}"), kind) for kind in ("shared", "own")]
