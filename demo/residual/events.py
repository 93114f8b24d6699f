"""What follows from what on the Why residual? tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.residual import handlers, inside_handlers
from demo.residual.layout import Residual
from demo.ui.events import Page, Turns, components, on, on_cancel
from demo.ui.queues import EACH, LATEST, QUIET
from demo.ui.session import Turn

AT_ONCE: dict[str, Any] = {"queue": False, **QUIET}
# One experiment at a time, for everyone: two would each take twice as long.
DEPTH_WORK: dict[str, Any] = {"concurrency_id": "depth", "concurrency_limit": 1}


def wire(tab: Residual, page: Page) -> None:
    """Wire the tab; the experiment is the session's, and knows neither photo nor model."""
    study, turn = gr.State(None), gr.State(Turn())
    asked = handlers.Asked(
        page.inputs, tab.depths, tab.kinds, tab.seeds, tab.epochs, tab.width, tab.norm, tab.data, tab.guess,
        tab.measure, study, turn,
    )  # fmt: skip
    shown = handlers.Shown(
        tab.guess, tab.go, tab.stop, tab.progress, tab.verdict, tab.curves, tab.result, tab.after, tab.measured,
        tab.measure_words, tab.first, tab.second, tab.epoch, study, tab.problem,
    )  # fmt: skip
    walked = inside_handlers.AskedWalk(page.inputs, tab.first, tab.second, tab.epoch, tab.picture, study)

    def walk(listen: Any, **how: Any) -> None:
        on(listen, inside_handlers.walk, walked, inside_handlers.ShownWalk(tab.walks, tab.problem), **QUIET, **how)

    walk(on(page.bells.residual.input, handlers.show, asked, shown, **QUIET, **EACH).then, **EACH)
    for listen in (tab.depths.input, tab.kinds.input):
        on(listen, handlers.offer, asked, shown, **QUIET, **LATEST)
    on(tab.guess.input, handlers.guessed, asked, shown, **QUIET, **LATEST)
    on(tab.measure.input, handlers.measure, asked, shown, **QUIET, **LATEST)
    for listen in (tab.first.input, tab.second.input, tab.epoch.input, tab.picture.input):
        walk(listen, **LATEST)
    pressed = tab.go.click(handlers.waiting, page.inputs.language, components(shown), **AT_ONCE)
    training = on(
        pressed.then, handlers.train, asked, shown, turns=Turns.TAKE, failed=handlers.FAILED, **QUIET, **EACH,
        **DEPTH_WORK,
    )  # fmt: skip
    walk(training.then, **EACH)
    on_cancel(tab.stop.click, handlers.stopped, page.inputs.language, shown, of=training)
    walk(on(tab.recorded.click, handlers.play, asked, shown, **QUIET).then, **EACH)
    _wire_surface(tab, page, study)


def _wire_surface(tab: Residual, page: Page, study: gr.State) -> None:
    language, work, turn = page.inputs.language, inside_handlers, gr.State(Turn())
    asked = work.AskedSurface(page.inputs, tab.first, tab.second, tab.plane, tab.side, tab.direction, study, turn)
    shown = work.ShownSurface(
        tab.surface, tab.surface_words, tab.surface_progress, tab.surface_go, tab.surface_stop, tab.problem
    )
    pressed = tab.surface_go.click(work.waiting, language, components(shown), **AT_ONCE)
    sampling = on(
        pressed.then, work.surface, asked, shown, turns=Turns.TAKE, failed=work.SURFACE_FAILED, **QUIET, **EACH,
        **DEPTH_WORK,
    )  # fmt: skip
    on_cancel(tab.surface_stop.click, work.stopped, language, shown, of=sampling)
