"""Explore: the network as a ribbon of stages, their table and charts, and one stage opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.locales import text
from demo.tabs.words import Labels

_CHOOSE = """
const page = window.resnetExplorer;
const choose = (button) => {
  if (button.getAttribute('aria-pressed') === 'true') return;
  page.press(button.parentElement, button);
  trigger('select', { index: Number(button.dataset.index) });
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
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
    problem: gr.HTML
    ribbon: gr.HTML
    table: gr.Plot
    chart_kind: gr.Radio
    chart: gr.Plot
    opened: gr.HTML
    rows: gr.HTML


def build(
    labels: Labels, *, heading: Callable[[str], Callable[[str], str]], note: Callable[[str], str], empty: str
) -> Explore:
    """Lay the tab out; what its components do is wired by the app."""
    headline = gr.HTML(empty, apply_default_css=False, elem_id="network")
    ribbon = gr.HTML(apply_default_css=False, js_on_load=_CHOOSE, elem_id="ribbon")
    with gr.Row(elem_id="shape-controls"):
        input_size = labels(
            gr.Textbox,
            words={"label": "input_size"},
            value="224x224",
            max_lines=1,
            interactive=True,
            elem_id="input-size",
        )
        classes = labels(
            gr.Number,
            words={"label": "classes"},
            value=1000,
            precision=0,
            interactive=True,
            elem_id="classes",
        )
        stem = labels(
            gr.Radio, words={"label": "stem", "choices": _stems}, value="imagenet", interactive=True, elem_id="stem",
            elem_classes="segments",
        )  # fmt: skip
    problem = gr.HTML(visible=False, apply_default_css=False, elem_id="explore-problem")
    with gr.Row(elem_id="explore-columns"):
        with gr.Column(scale=7, min_width=320):
            labels(gr.HTML, words={"value": heading("stages")}, apply_default_css=False)
            table = gr.Plot(show_label=False, elem_id="stage-table")
            labels(gr.HTML, words={"value": note}, apply_default_css=False)
            with gr.Row(elem_id="chart-head"):
                labels(gr.HTML, words={"value": heading("where")}, apply_default_css=False)
                chart_kind = labels(
                    gr.Radio, words={"label": "chart", "choices": _charts}, value="bars", show_label=False,
                    container=False, interactive=True, elem_id="chart-kind", elem_classes="segments",
                )  # fmt: skip
            chart = gr.Plot(show_label=False, elem_id="chart")
        with gr.Column(scale=5, min_width=320):
            opened = gr.HTML(apply_default_css=False, js_on_load=_CHOOSE, elem_id="opened")
    with labels(gr.Accordion, words={"label": "stages_as_text"}, open=False, elem_id="stages-as-text"):
        rows = gr.HTML(apply_default_css=False, elem_id="stage-rows")
    return Explore(headline, input_size, classes, stem, problem, ribbon, table, chart_kind, chart, opened, rows)


def _stems(language: str) -> list[tuple[str, Any]]:
    return [(text(language, f"stem_{stem}"), stem) for stem in ("imagenet", "cifar")]


def _charts(language: str) -> list[tuple[str, Any]]:
    return [(text(language, kind), kind) for kind in ("bars", "treemap")]
