"""What follows from what on the Explain tab; a part of the page, which demo/app.py composes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import explaining, judging
from demo.queues import EACH, LATEST, MODEL_WORK, PRIVATE, QUIET, SLOW_WORK
from resnet_app.choices import LAYERS

if TYPE_CHECKING:
    from demo.app import Page

ROOMS = ("classify", "explain", "explore", "batch", "compare", "teach")  # in the order of the tabs


def wire(page: Page, pick_example: Callable[..., str]) -> Callable[..., Any]:
    """Wire the tab; gives what shows it anew after an event, where it is the tab in sight."""
    tab, photo = page.explain, page.classify.photo
    asked = [
        *page.asked[:5], tab.method, tab.layers, tab.classes, tab.view, tab.lines, tab.colours, tab.first, tab.second,
        page.language, page.explain_turn, page.explained,
    ]  # fmt: skip
    shown = [
        page.explained, tab.photo, tab.notice, tab.cost, tab.go, tab.stop, tab.result, tab.more, tab.layers,
        tab.classes, tab.first, tab.second, tab.contrast, tab.worth, tab.curves, tab.strip, tab.reference, tab.problem,
    ]  # fmt: skip

    def show(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(explain_if_seen, [page.room, *asked], shown, **trigger, **QUIET, **MODEL_WORK)

    tab.upload.upload(lambda file: file, tab.upload, photo, **QUIET)
    tab.examples.select(pick_example, None, photo, **QUIET)
    show(photo.change, **LATEST)
    show(page.entered.then, **EACH)
    for listen in (
        tab.method.input, tab.layers.input, tab.classes.input, tab.view.input, tab.lines.input, tab.colours.input,
    ):  # fmt: skip
        listen(explaining.explain, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    tab.notice.select(lambda: [LAYERS[-2]], None, tab.layers, **QUIET).then(
        explaining.explain, asked, shown, **QUIET, **EACH, **MODEL_WORK
    )
    for listen in (tab.first.input, tab.second.input):
        listen(explaining.contrast, asked, [tab.contrast, tab.problem], **QUIET, **LATEST, **MODEL_WORK)
    _wire_long_work(page, asked, shown)
    tab.save.click(judging.write_zip, asked, [tab.zip, tab.problem], **QUIET, **MODEL_WORK).then(
        None, tab.zip, None, js="(file) => window.resnetExplorer.saveFile(file)", **PRIVATE
    )
    return show


def _wire_long_work(page: Page, asked: list[Any], shown: list[Any]) -> None:
    """The slow methods and the tests of a map: words at once, progress when it is their turn, Cancel at any time."""
    tab = page.explain
    at_once: dict[str, Any] = {"queue": False, **QUIET}
    slow = tab.go.click(judging.waiting, page.language, [tab.cost, tab.go, tab.stop], **at_once).then(
        explaining.compute, asked, shown, **QUIET, **EACH, **SLOW_WORK
    )
    tab.stop.click(judging.stopped, page.language, shown, cancels=[slow], **QUIET)
    judged = [tab.worth, tab.curves, tab.strip, tab.problem, tab.test, tab.stop_test]
    tested = tab.test.click(judging.waiting, page.language, [tab.worth, tab.test, tab.stop_test], **at_once).then(
        judging.test, asked, judged, **QUIET, **EACH, **SLOW_WORK
    )
    tab.compare.click(judging.comparing, page.language, [tab.reference, tab.compare], **at_once).then(
        judging.compare, asked, [tab.reference, tab.problem, tab.compare], **QUIET, **EACH, **SLOW_WORK
    )
    tab.stop_test.click(judging.test_stopped, None, [tab.worth, tab.test, tab.stop_test], cancels=[tested], **QUIET)


def explain_if_seen(room: str, *asked: Any) -> Any:
    """The tab for the photo and the model as they are now, where it is the tab in sight."""
    if room != "explain":
        yield explaining.Shown()
        return
    yield from explaining.explain(*asked)


def enter_room(event: gr.SelectData) -> str:
    """The tab that came into sight, by its place in the row."""
    return ROOMS[int(event.index) % len(ROOMS)]
