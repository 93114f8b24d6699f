"""Compare: two networks side by side, with one choice of stage for both."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.explore.layout import DEFAULT_PLACE, size_classes_stem
from demo.ui.labels import Labels
from resnet_app.registry import MODEL_CHOICES, STAGES

FIRST, SECOND = "resnet50", "resnext50_32x4d"  # the classic pair: as much work, more paths


class Compare(NamedTuple):
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


def build(labels: Labels) -> Compare:
    """Lay the tab out."""
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Row(elem_id="compare-controls"):
        one, two = (
            labels(
                gr.Dropdown, words={"label": f"compare_{key}"}, choices=MODEL_CHOICES, value=value, filterable=False,
                interactive=True, elem_id=f"compare-{key}",
            )
            for key, value in (("one", FIRST), ("two", SECOND))
        )  # fmt: skip
        shape = size_classes_stem(labels, "compare-")
    problem = gr.HTML(visible=False, **plain, elem_id="compare-problem")
    shown = gr.HTML(**plain, elem_id="compare-stages")
    chosen = labels(
        gr.Radio, words={"label": "compare_stage"}, choices=list(STAGES), value=DEFAULT_PLACE[0],
        interactive=True, elem_id="compare-stage", elem_classes="segments",
    )  # fmt: skip
    sides = gr.HTML(**plain, elem_id="compare-sides")
    return Compare(one, two, **shape, problem=problem, stages=shown, stage=chosen, sides=sides)
