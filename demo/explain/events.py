"""What follows from what on the Explain tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.explain import handlers, rivals_handlers, worth_handlers
from demo.explain.layout import Explain
from demo.ui import photo_input
from demo.ui.events import Listen, Page, Turns, on, on_cancel
from demo.ui.queues import EACH, LATEST, MODEL_WORK, PRIVATE, QUIET, SLOW_WORK
from demo.ui.session import Turn
from resnet_app.choices import LAYERS

AT_ONCE: dict[str, Any] = {"queue": False, **QUIET}


def wire(tab: Explain, page: Page, photo: gr.Image) -> None:
    """Wire the tab; ``photo`` is the page's one photo box."""
    kept, turn, subject = gr.State(None), gr.State(Turn()), gr.State(Turn())
    asked = handlers.Asked(
        page.inputs, tab.method, tab.layers, tab.classes, tab.view, tab.lines, tab.threshold, tab.colours,
        tab.first, tab.second, turn, subject, kept,
    )  # fmt: skip
    shown = handlers.Shown(
        kept, tab.input.photo, tab.notice, tab.cost, tab.go, tab.stop, tab.result, tab.more, tab.threshold, tab.layers,
        tab.classes, tab.first, tab.second, tab.contrast, tab.worth, tab.curves, tab.strip, tab.reference, tab.rivals,
        tab.problem,
    )  # fmt: skip

    def explain(listen: Listen, **how: Any) -> None:
        on(
            listen, handlers.explain, asked, shown, turns=Turns.TAKE, failed=handlers.EXPLAIN_FAILED, **QUIET,
            **MODEL_WORK, **how,
        )  # fmt: skip

    photo_input.wire(tab.input, photo)
    explain(page.bells.explain.input, **EACH)
    for listen in (
        tab.method.input, tab.layers.input, tab.classes.input, tab.view.input, tab.lines.input, tab.threshold.release,
        tab.colours.input,
    ):  # fmt: skip
        explain(listen, **LATEST)
    explain(tab.notice.select(lambda: [LAYERS[-2]], None, tab.layers, **QUIET).then, **EACH)
    for listen in (tab.first.input, tab.second.input):
        on(listen, handlers.contrast, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    _wire_slow(tab, page, asked, shown)
    _wire_worth(tab, page, asked._replace(turn=subject))


def _wire_slow(tab: Explain, page: Page, asked: handlers.Asked, shown: handlers.Shown) -> None:
    """The slow methods: words at once, progress when it is their turn, Cancel at any time."""
    language = page.inputs.language
    pressed = tab.go.click(worth_handlers.waiting, language, [tab.cost, tab.go, tab.stop], **AT_ONCE)
    slow = on(
        pressed.then, handlers.compute, asked, shown, turns=Turns.TAKE, failed=handlers.COMPUTE_FAILED, **QUIET, **EACH,
        **SLOW_WORK,
    )  # fmt: skip
    on_cancel(tab.stop.click, worth_handlers.stopped, language, shown, of=slow)


def _wire_worth(tab: Explain, page: Page, asked: handlers.Asked) -> None:
    """The tests of a map, the library's map beside it, and all of it to take along.

    Their turn is the map's: they go on while it is looked at otherwise, and end where another one stands first. (A
    dropdown says ``input`` once more whenever the focus leaves it.)
    """
    language, work = page.inputs.language, worth_handlers
    tested = work.Tested(tab.worth, tab.curves, tab.strip, tab.problem, tab.test, tab.stop_test)
    buttons = [tab.worth, tab.test, tab.stop_test]
    pressed = tab.test.click(work.waiting, language, buttons, **AT_ONCE)
    testing = on(
        pressed.then, work.test, asked, tested, turns=Turns.WATCH, stale=work.NOT_TESTED, failed=work.NOT_TESTED,
        **QUIET, **EACH, **SLOW_WORK,
    )  # fmt: skip
    on_cancel(tab.stop_test.click, work.test_stopped, language, buttons, of=testing)
    pressed = tab.compare.click(work.referring, language, [tab.reference, tab.compare], **AT_ONCE)
    on(
        pressed.then, work.refer, asked, work.Referred(tab.reference, tab.problem, tab.compare), turns=Turns.WATCH,
        stale=work.NOT_REFERRED, failed=work.NOT_REFERRED, **QUIET, **EACH, **SLOW_WORK,
    )  # fmt: skip
    _wire_rivals(tab, page, asked)
    saved = on(
        tab.save.click, work.write_zip, asked, work.Saved(tab.zip, tab.problem), failed=work.NOT_SAVED, **QUIET,
        **MODEL_WORK,
    )  # fmt: skip
    saved.then(None, tab.zip, None, js="(file) => window.resnetExplorer.saveFile(file)", **PRIVATE)


def _wire_rivals(tab: Explain, page: Page, asked: handlers.Asked) -> None:
    """Every quick method side by side: words at once, progress, Cancel."""
    language, work = page.inputs.language, rivals_handlers
    buttons = [tab.rivals, tab.rivals_go, tab.rivals_stop]
    pressed = tab.rivals_go.click(work.waiting, language, buttons, **AT_ONCE)
    comparing = on(
        pressed.then, work.compare, asked, work.Compared(tab.rivals, tab.problem, tab.rivals_go, tab.rivals_stop),
        turns=Turns.WATCH, stale=work.NOT_COMPARED, failed=work.NOT_COMPARED, **QUIET, **EACH, **SLOW_WORK,
    )  # fmt: skip
    on_cancel(tab.rivals_stop.click, work.stopped, language, buttons, of=comparing)
