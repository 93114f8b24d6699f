"""What follows from what on the Batch tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.batch import handlers
from demo.batch.layout import BatchTab
from demo.ui.events import Page, on, open_tab
from demo.ui.queues import MODEL_WORK, PRIVATE, QUIET


def wire(tab: BatchTab, page: Page, *, photo: gr.Image) -> None:
    """Wire the tab; a click on a picture opens it in Explain, as ``photo``, the page's one."""
    tab.files.change(lambda files: gr.update(interactive=bool(files)), tab.files, tab.go, **QUIET)
    asked = handlers.Asked(page.inputs, tab.files)
    on(tab.go.click, handlers.answer, asked, handlers.Shown(tab.result, tab.problem), **QUIET, **MODEL_WORK)
    opened = tab.result.select(open_picture, tab.files, photo, **QUIET)
    opened.then(None, js=open_tab("explain"), **PRIVATE)


def open_picture(files: list[str] | None, event: gr.EventData) -> Any:
    """The picture that was clicked, as the page's photo; none where the box was emptied meanwhile."""
    at = int(event.index)
    return files[at] if files and 0 <= at < len(files) else gr.skip()
