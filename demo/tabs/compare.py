"""Compare: two networks side by side, with one choice of stage for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.tabs.explore import size_classes_stem
from demo.tabs.words import Labels


@dataclass(frozen=True)
class Compare:
    """The tab's components."""

    first: gr.Dropdown
    second: gr.Dropdown
    input_size: gr.Textbox
    classes: gr.Number
    stem: gr.Radio
    problem: gr.HTML
    stages: gr.HTML
    stage: gr.Radio
    sides: gr.HTML


def build(
    labels: Labels, *, models: list[tuple[str, str]], first: str, second: str, stages: Sequence[str], stage: str
) -> Compare:  # fmt: skip
    """Lay the tab out; what its components do is wired by the app."""
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Row(elem_id="compare-controls"):
        one, two = (
            labels(
                gr.Dropdown, words={"label": f"compare_{key}"}, choices=models, value=value, filterable=False,
                interactive=True, elem_id=f"compare-{key}",
            )
            for key, value in (("one", first), ("two", second))
        )  # fmt: skip
        shape = size_classes_stem(labels, "compare-")
    problem = gr.HTML(visible=False, **plain, elem_id="compare-problem")
    shown = gr.HTML(**plain, elem_id="compare-stages")
    chosen = labels(
        gr.Radio, words={"label": "compare_stage"}, choices=list(stages), value=stage,
        interactive=True, elem_id="compare-stage", elem_classes="segments",
    )  # fmt: skip
    sides = gr.HTML(**plain, elem_id="compare-sides")
    return Compare(one, two, **shape, problem=problem, stages=shown, stage=chosen, sides=sides)
