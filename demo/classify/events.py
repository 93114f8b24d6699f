"""What follows from what on the Classify tab."""

from __future__ import annotations

import gradio as gr

from demo.classify import handlers, live_handlers
from demo.classify.layout import Classify
from demo.ui import photo_input
from demo.ui.events import Page, on
from demo.ui.queues import EACH, LATEST, MODEL_WORK, PRIVATE, QUIET

RING_LIVE = "() => window.resnetExplorer.ringLive()"
FILM = "(token) => window.resnetExplorer.film(token)"


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
    _wire_live(tab, page, classes)


def _wire_live(tab: Classify, page: Page, classes: gr.State) -> None:
    """A camera that films asks for its pass, and anew where the model, the language or the look changes."""
    asked = live_handlers.Asked(page.inputs, tab.top_k, tab.colours, classes, tab.live)
    shown = live_handlers.Shown(tab.live, tab.top_k, classes, tab.problem)
    let_in = on(
        page.bells.live.input, live_handlers.start, asked, shown, failed=live_handlers.Shown(""), **QUIET, **MODEL_WORK,
        **LATEST,
    )  # fmt: skip
    let_in.then(None, tab.live, None, js=FILM, **PRIVATE, **EACH)
    for changed in (tab.colours.input, tab.top_k.change):
        changed(None, js=RING_LIVE, **PRIVATE, **EACH)
