"""Fool it: paint over the square that the model sees, change all of it by a number, or attack it by the gradient."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.fool.choices import ANY, EXPERIMENTS
from demo.locales import text
from demo.ui import html, photo_input
from demo.ui.inputs import Choice, Steps
from demo.ui.labels import Labels, choices, heading
from demo.ui.photo_input import PhotoInput
from resnet_app.robustness.catalogue import ATTACKS, CORRUPTIONS, MAX_EPSILON

FIRST = next(iter(CORRUPTIONS.values()))


class Reason(NamedTuple):
    """The section on right answers for wrong reasons."""

    told: gr.HTML
    go: gr.Button
    problem: gr.HTML
    result: gr.HTML


class Fool(NamedTuple):
    """The tab's components."""

    input: PhotoInput
    experiment: gr.Radio
    about: gr.HTML
    problem: gr.HTML
    painting: gr.Column
    sliding: gr.Column
    attacking: gr.Column
    cover: gr.Radio
    share: Steps
    cover_go: gr.Button
    corruption: Choice
    strength: Steps
    method: gr.Radio
    epsilon: Steps
    target: Choice
    go: gr.Button
    stop: gr.Button
    canvas: gr.HTML
    progress: gr.HTML
    result: gr.HTML
    curve: gr.Plot
    curve_words: gr.HTML
    keep: gr.Button
    gallery: gr.HTML
    save: gr.Button
    zip: gr.DownloadButton
    reason: Reason


def build(labels: Labels) -> Fool:
    """Lay the tab out."""
    plain: dict[str, Any] = {"apply_default_css": False}
    parts: dict[str, Any] = {}
    with gr.Row(elem_id="fool"):
        with gr.Column(elem_id="fool-input", scale=0, min_width=248):
            parts["input"] = photo_input.build(labels, "fool")
        with gr.Column(elem_id="fool-output"):
            parts["experiment"] = labels(
                gr.Radio, words={"label": "fool_experiment", "choices": choices("fool_experiment", *EXPERIMENTS)},
                value=EXPERIMENTS[0], show_label=False, container=False, interactive=True, elem_id="fool-experiment",
                elem_classes="segments",
            )  # fmt: skip
            parts["about"] = gr.HTML(**plain, elem_id="fool-about")
            parts["problem"] = gr.HTML(visible=False, **plain, elem_id="fool-problem")
            parts |= _painting(labels)
            parts |= _sliding(labels)
            parts |= _attacking(labels)
            parts["progress"] = gr.HTML(**plain, elem_id="fool-progress")
            with gr.Row(elem_id="fool-stage"):
                parts["canvas"] = gr.HTML(
                    **plain, elem_id="fool-canvas", js_on_load="window.resnetExplorer.paint(element, trigger, watch)"
                )
                empty = html.empty(labels.language, "fool_empty_title", "fool_empty_text")
                parts["result"] = gr.HTML(empty, **plain, elem_id="fool-result")
                with gr.Column(elem_id="fool-range"):
                    parts["curve"] = gr.Plot(show_label=False, visible=False, elem_id="fool-curve")
                    parts["curve_words"] = gr.HTML(**plain, elem_id="fool-curve-words")
            parts |= _gallery(labels)
            parts["reason"] = _reason(labels)
    return Fool(**parts)


def _painting(labels: Labels) -> dict[str, Any]:
    """What to cover with, and what the map calls important."""
    with gr.Row(visible=False, elem_id="fool-painting", elem_classes="experiment-controls") as row:
        cover = labels(
            gr.Radio, words={"label": "fool_cover", "choices": choices("fool_cover", "grey", "blurred", "mean")},
            value="grey", interactive=True, elem_id="fool-cover", elem_classes="segments",
        )  # fmt: skip
        share = _steps(labels, "fool_share", 1, 50, 20)
        go = labels(gr.Button, words={"value": "fool_cover_go"}, elem_id="fool-cover-go", scale=0, min_width=180)
    return {"painting": row, "cover": cover, "share": share, "cover_go": go}


def _sliding(labels: Labels) -> dict[str, Any]:
    with gr.Row(visible=False, elem_id="fool-sliding", elem_classes="experiment-controls") as row:
        corruption = labels(
            Choice, words={"label": "fool_corruption", "choices": _corruptions}, value=FIRST.name, filterable=False,
            interactive=True, elem_id="fool-corruption",
        )  # fmt: skip
        strength = _steps(labels, "fool_strength", FIRST.low, FIRST.high, FIRST.neutral, FIRST.step)
    return {"sliding": row, "corruption": corruption, "strength": strength}


def _attacking(labels: Labels) -> dict[str, Any]:
    small: dict[str, Any] = {"scale": 0, "min_width": 120}
    with gr.Row(visible=False, elem_id="fool-attacking", elem_classes="experiment-controls") as row:
        method = labels(
            gr.Radio, words={"label": "fool_method"}, choices=[(title, name) for name, title in ATTACKS.items()],
            value="pgd", interactive=True, elem_id="fool-method", elem_classes="segments",
        )  # fmt: skip
        epsilon = _steps(labels, "fool_epsilon", 0, MAX_EPSILON, MAX_EPSILON // 2)
        target = labels(
            Choice, words={"label": "fool_target"}, choices=[("", ANY)], value=ANY, interactive=True,
            elem_id="fool-target",
        )  # fmt: skip
        go = labels(gr.Button, words={"value": "fool_go"}, variant="primary", elem_id="fool-go", **small)
        stop = labels(gr.Button, words={"value": "slow_stop"}, visible=False, elem_id="fool-stop", **small)
    return {"attacking": row, "method": method, "epsilon": epsilon, "target": target, "go": go, "stop": stop}


def _gallery(labels: Labels) -> dict[str, Any]:
    keep = labels(gr.Button, words={"value": "fool_keep"}, visible=False, elem_id="fool-keep", scale=0, min_width=180)
    labels(gr.HTML, words={"value": heading("fool_gallery")}, apply_default_css=False, elem_id="fool-gallery-head")
    gallery = gr.HTML(apply_default_css=False, elem_id="fool-gallery")
    save = labels(gr.Button, words={"value": "fool_zip"}, visible=False, elem_id="fool-save", scale=0, min_width=180)
    archive = gr.DownloadButton(visible=False)  # only carries the file that the button above has made
    return {"keep": keep, "gallery": gallery, "save": save, "zip": archive}


def _reason(labels: Labels) -> Reason:
    """Is it the bee or the flower?: what was measured, and the example taken apart."""
    plain: dict[str, Any] = {"apply_default_css": False}
    with labels(gr.Accordion, words={"label": "reason_title"}, open=False, elem_id="fool-reason"):
        told = gr.HTML(**plain, elem_id="reason-told")
        go = labels(gr.Button, words={"value": "reason_go"}, elem_id="reason-go", scale=0, min_width=180)
        problem = gr.HTML(visible=False, **plain, elem_id="reason-problem")
        return Reason(told, go, problem, gr.HTML(**plain, elem_id="reason-result"))


def _steps(labels: Labels, key: str, low: float, high: float, value: float, step: float = 1) -> Any:
    return labels(
        Steps, words={"label": key}, minimum=low, maximum=high, value=value, step=step, buttons=[], interactive=True,
        elem_id=key.replace("_", "-"),
    )  # fmt: skip


def _corruptions(language: str) -> list[tuple[str, str]]:
    return [(text(language, f"fool_change_{name}"), name) for name in CORRUPTIONS]
