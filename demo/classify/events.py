"""What follows from what on the Classify tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.classify import handlers
from demo.classify.layout import Classify
from demo.ui import photo_input
from demo.ui.events import Listen, Page, Show, on
from demo.ui.queues import LATEST, MODEL_WORK, QUIET


def wire(tab: Classify, page: Page) -> Show:
    """Wire the tab; gives what shows it anew after an event."""
    classes = gr.State(0)
    asked = handlers.Asked(page.inputs, tab.top_k, tab.colours, tab.scale, classes)
    shown = handlers.Shown(tab.result, tab.problem, tab.controls, tab.top_k, classes)

    def show(listen: Listen, **how: Any) -> None:
        on(listen, handlers.answer, asked, shown, **{**QUIET, **MODEL_WORK, **how})

    for listen in (tab.photo.change, tab.top_k.change, tab.colours.input, tab.scale.input):
        show(listen, show_progress="minimal", show_progress_on=tab.result, **LATEST)
    photo_input.wire_examples(tab.examples, tab.photo)
    return show
