"""What follows from what in the sidebar: each change loads what it says, then every tab shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from demo.sidebar import handlers
from demo.sidebar.layout import Sidebar
from demo.ui.events import RING, Listen, Page, Turns, on
from demo.ui.queues import EACH, LOAD_WORK, PRIVATE, QUIET
from demo.ui.session import Turn

HOLD = "(...inputs) => window.resnetExplorer.hold(inputs)"  # the list of weights, while its choices change
RELEASE = "() => window.resnetExplorer.release()"


def wire(side: Sidebar, page: Page, *, taught: gr.State, classes: gr.Number, stem: gr.Radio) -> Callable[..., None]:
    """Wire the sidebar; gives what loads after a further event: (listen, what has changed, and the
    script that then has the page show itself).

    Args:
        side: the sidebar.
        page: what the tabs share.
        taught: the session's lesson.
        classes, stem: Explore's, which follow the model.
    """
    turn = gr.State(Turn())
    asked = handlers.Asked(page.inputs, side.checkpoint, side.class_names, taught, turn)
    shown = handlers.Shown(
        page.inputs.choice, side.status, side.problem, side.model, side.weights, side.device, side.checkpoint,
        side.class_names, classes, stem,
    )  # fmt: skip

    def load(listen: Listen, changed: str, ring: str = RING, **how: Any) -> Any:
        done = on(
            listen, partial(handlers.load, changed), asked, shown, turns=Turns.TAKE,
            failed=partial(handlers.load_failed, changed), **QUIET, **LOAD_WORK, **how,
        )  # fmt: skip
        done.then(None, js=ring, **PRIVATE, **EACH)  # each load has its own answer
        return done

    for changed, listen in (
        ("model", side.model.input), ("weights", side.weights.input), ("device", side.device.input),
        ("checkpoint", side.checkpoint.upload), ("checkpoint", side.checkpoint.clear),
        ("class_names", side.class_names.submit),
    ):  # fmt: skip
        done = load(listen, changed, js=HOLD, **EACH)
        done.then(None, js=RELEASE, **PRIVATE, **EACH)
    named = on(
        side.names_file.upload, handlers.load_names, handlers.AskedNames(*asked, side.names_file),
        shown, turns=Turns.TAKE, failed=handlers.names_failed, **QUIET, **LOAD_WORK,
    )  # fmt: skip
    named.then(None, js=RING, **PRIVATE, **EACH)
    load(taught.change, "taught")
    return load
