"""Why residual?: a guess, networks that train, and what is to be seen in them afterwards."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.residual.choices import EMPTY, SIDES, data_sets
from demo.ui import html
from demo.ui.inputs import Choice, OpenChoice, Steps
from demo.ui.labels import Labels, choices, heading
from resnet_app.depth.record import DEPTHS, DIGITS, KINDS, MAX_SEEDS, StudySettings

DEFAULT = StudySettings(depths=(20, 56))
MEASURES = ("gradients", "responses", "shares")


class Residual(NamedTuple):
    """The tab's components."""

    depths: gr.CheckboxGroup
    kinds: gr.CheckboxGroup
    seeds: Steps
    epochs: Steps
    width: Steps
    norm: gr.Checkbox
    data: gr.Radio
    guess: OpenChoice
    go: gr.Button
    stop: gr.Button
    recorded: gr.Button
    progress: gr.HTML
    problem: gr.HTML
    verdict: gr.HTML
    curves: gr.Plot
    result: gr.HTML
    after: gr.Column
    measure: gr.Radio
    measured: gr.Plot
    measure_words: gr.HTML
    first: Choice
    second: Choice
    epoch: Steps
    picture: Steps
    walks: gr.HTML
    plane: gr.Radio
    side: gr.Radio
    direction: Steps
    surface_go: gr.Button
    surface_stop: gr.Button
    surface_progress: gr.HTML
    surface: gr.Plot
    surface_words: gr.HTML


def build(labels: Labels) -> Residual:
    """Lay the tab out."""
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="residual"):
        with gr.Column(elem_id="residual-input", scale=0, min_width=248):
            parts |= _networks(labels)
        with gr.Column(elem_id="residual-output"):
            parts |= _course(labels)
            with gr.Column(visible=False, elem_id="residual-after") as parts["after"]:
                parts |= _measures(labels)
                parts |= _by_hand(labels)
                parts |= _surface(labels)
    return Residual(**parts)


def _networks(labels: Labels) -> dict[str, Any]:
    depths = labels(
        gr.CheckboxGroup, words={"label": "depth_depths"}, choices=[(str(depth), depth) for depth in DEPTHS],
        value=list(DEFAULT.depths), interactive=True, elem_id="depth-depths",
    )  # fmt: skip
    kinds = labels(
        gr.CheckboxGroup, words={"label": "depth_kinds", "choices": choices("depth_kind", *KINDS)},
        value=list(DEFAULT.kinds), interactive=True, elem_id="depth-kinds",
    )  # fmt: skip
    with labels(gr.Accordion, words={"label": "depth_more"}, open=False, elem_id="depth-more"):
        epochs = _steps(labels, "depth_epochs", 2, 30, DEFAULT.epochs)
        seeds = _steps(labels, "depth_seeds", 1, MAX_SEEDS, 1)
        width = _steps(labels, "depth_width", 4, 16, DEFAULT.width)
        norm = labels(gr.Checkbox, words={"label": "depth_norm"}, value=True, interactive=True, elem_id="depth-norm")
        data = labels(
            gr.Radio, words={"label": "depth_data"}, choices=list(data_sets()), value=DIGITS, interactive=True,
            elem_id="depth-data",
        )  # fmt: skip
    guess = labels(
        OpenChoice, words={"label": "depth_guess"}, choices=[], value=None, interactive=True, elem_id="depth-guess",
    )  # fmt: skip
    go = labels(gr.Button, words={"value": "depth_go"}, variant="primary", interactive=False, elem_id="depth-go")
    stop = labels(gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="depth-stop")
    recorded = labels(gr.Button, words={"value": "depth_recorded"}, elem_id="depth-recorded")
    return {
        "depths": depths, "kinds": kinds, "epochs": epochs, "seeds": seeds, "width": width, "norm": norm, "data": data,
        "guess": guess, "go": go, "stop": stop, "recorded": recorded,
    }  # fmt: skip


def _course(labels: Labels) -> dict[str, Any]:
    plain: dict[str, Any] = {"apply_default_css": False}
    labels(gr.HTML, words={"value": heading("depth_title")}, **plain, elem_id="depth-title")
    progress = gr.HTML(**plain, elem_id="depth-progress")
    problem = gr.HTML(visible=False, **plain, elem_id="residual-problem")
    verdict = gr.HTML(**plain, elem_id="depth-verdict")
    curves = gr.Plot(show_label=False, visible=False, elem_id="depth-curves")
    empty = html.empty(labels.language, *EMPTY)
    result = gr.HTML(empty, **plain, elem_id="depth-result")
    return {"progress": progress, "problem": problem, "verdict": verdict, "curves": curves, "result": result}


def _measures(labels: Labels) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("depth_measures")}, apply_default_css=False)
    measure = labels(
        gr.Radio, words={"label": "depth_measure", "choices": choices("depth_measure", *MEASURES)}, value=MEASURES[0],
        show_label=False, container=False, interactive=True, elem_id="depth-measure", elem_classes="segments",
    )  # fmt: skip
    measured = gr.Plot(show_label=False, elem_id="depth-measured")
    words = gr.HTML(apply_default_css=False, elem_id="depth-measure-words")
    return {"measure": measure, "measured": measured, "measure_words": words}


def _by_hand(labels: Labels) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("depth_by_hand")}, apply_default_css=False)
    with gr.Row(elem_classes="experiment-controls"):
        first, second = (
            labels(
                Choice, words={"label": f"depth_{key}"}, choices=[], filterable=False, interactive=True,
                elem_id=f"depth-{key}",
            )
            for key in ("first", "second")
        )  # fmt: skip
        epoch = _steps(labels, "depth_epoch", 0, DEFAULT.epochs, DEFAULT.epochs)
        picture = _steps(labels, "depth_picture", 1, 397, 1)
    walks = gr.HTML(apply_default_css=False, elem_id="depth-walks")
    return {"first": first, "second": second, "epoch": epoch, "picture": picture, "walks": walks}


def _surface(labels: Labels) -> dict[str, Any]:
    labels(gr.HTML, words={"value": heading("depth_surface")}, apply_default_css=False)
    with gr.Row(elem_classes="experiment-controls"):
        plane = labels(
            gr.Radio, words={"label": "depth_plane", "choices": choices("depth_plane", "random", "path")},
            value="random", interactive=True, elem_id="depth-plane", elem_classes="segments",
        )  # fmt: skip
        side = labels(
            gr.Radio, words={"label": "depth_side"}, choices=[(f"{each} × {each}", each) for each in SIDES],
            value=SIDES[0], interactive=True, elem_id="depth-side", elem_classes="segments",
        )  # fmt: skip
        direction = _steps(labels, "depth_direction", 0, 9, 0)
        go = labels(gr.Button, words={"value": "depth_surface_go"}, elem_id="depth-surface-go", scale=0, min_width=160)
        stop = labels(
            gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="depth-surface-stop", scale=0, min_width=160
        )
    progress = gr.HTML(apply_default_css=False, elem_id="depth-surface-progress")
    drawn = gr.Plot(show_label=False, visible=False, elem_id="depth-surface")
    words = gr.HTML(apply_default_css=False, elem_id="depth-surface-words")
    return {
        "plane": plane, "side": side, "direction": direction, "surface_go": go, "surface_stop": stop,
        "surface_progress": progress, "surface": drawn, "surface_words": words,
    }  # fmt: skip


def _steps(labels: Labels, key: str, low: float, high: float, value: float) -> Any:
    return labels(
        Steps, words={"label": key}, minimum=low, maximum=high, value=value, step=1, buttons=[], interactive=True,
        elem_id=key.replace("_", "-"),
    )  # fmt: skip
