"""What follows from what on the Classify tab."""

from __future__ import annotations

import gradio as gr

from demo.classify import handlers
from demo.classify.layout import Classify
from demo.ui import photo_input
from demo.ui.events import Page, on
from demo.ui.queues import EACH, LATEST, MODEL_WORK, PRIVATE


def wire(tab: Classify, page: Page) -> None:
    """Wire the tab."""
    classes = gr.State(0)
    asked = handlers.Asked(page.inputs, tab.top_k, tab.colours, tab.scale, classes)
    shown = handlers.Shown(tab.result, tab.problem, tab.controls, tab.top_k, classes)
    changed = (tab.top_k.change, tab.colours.input, tab.scale.input)
    for listen, how in ((page.bells.classify.input, EACH), *((each, LATEST) for each in changed)):
        on(
            listen, handlers.answer, asked, shown, show_progress="minimal", show_progress_on=tab.result, **PRIVATE,
            **MODEL_WORK, **how,
        )  # fmt: skip
    photo_input.wire_examples(tab.examples, tab.photo)
