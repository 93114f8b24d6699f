"""What follows from what on the Teach tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.teach import handlers
from demo.teach.layout import MAX_CLASSES, TeachTab
from demo.ui.events import Page, on, open_tab
from demo.ui.queues import LATEST, MODEL_WORK, PRIVATE, QUIET

SAVE = "(file) => window.resnetExplorer.saveFile(file)"

OPEN_LIVE = "() => window.resnetExplorer.openLive()"


def wire(tab: TeachTab, page: Page, *, taught: gr.State, photo: gr.Image) -> None:
    """Wire the tab; ``taught`` is the session's lesson, to be tried in Classify on a photo of its own kind."""
    tab.how_many.input(show_boxes, tab.how_many, list(tab.boxes), **QUIET)
    lesson = gr.State(None)  # what the lesson that is shown was taught from
    boxes = handlers.Asked(page.inputs, tab.how_many, tab.names, tab.photos)
    on(
        tab.go.click, handlers.teach, boxes,
        handlers.Shown(tab.result, tab.problem, taught, tab.after, lesson, tab.outdated),
        failed=handlers.teach_failed, **QUIET, **MODEL_WORK,
    )  # fmt: skip
    compared = handlers.AskedBoxes(page.inputs, boxes, lesson)
    changes = (*(box.change for box in tab.names), *(box.change for box in tab.photos))
    for changed in (tab.how_many.input, *changes):
        on(changed, handlers.compare, compared, handlers.ShownBoxes(tab.outdated), **QUIET, **LATEST)
    tab.try_it.click(lambda: None, None, photo, **QUIET).then(None, js=open_tab("classify"), **PRIVATE)
    tab.try_live.click(None, js=OPEN_LIVE, **PRIVATE)
    saved = on(
        tab.save.click, handlers.write_checkpoint, handlers.AskedFile(page.inputs, taught),
        handlers.ShownFile(tab.checkpoint, tab.problem), **QUIET, **MODEL_WORK,
    )  # fmt: skip
    saved.then(None, tab.checkpoint, None, js=SAVE, **PRIVATE)
    packed = on(
        tab.save_boxes.click, handlers.save_boxes, boxes, handlers.ShownFile(tab.zip, tab.problem), **QUIET,
    )  # fmt: skip
    packed.then(None, tab.zip, None, js=SAVE, **PRIVATE)
    loaded = handlers.ShownLoaded(tab.how_many, tab.boxes, tab.names, tab.photos, tab.problem)
    on(
        tab.load_boxes.upload,
        handlers.load_boxes,
        handlers.AskedZip(page.inputs, tab.load_boxes, boxes),
        loaded,
        **QUIET,
    )


def show_boxes(count: str) -> list[dict[str, Any]]:
    """As many boxes as there are classes."""
    return [gr.update(visible=number <= int(count)) for number in range(1, MAX_CLASSES + 1)]
