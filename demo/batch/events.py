"""What follows from what on the Batch tab."""

from __future__ import annotations

import gradio as gr

from demo.batch import handlers
from demo.batch.layout import BatchTab
from demo.ui.events import Page, on
from demo.ui.queues import MODEL_WORK, QUIET


def wire(tab: BatchTab, page: Page) -> None:
    """Wire the tab."""
    tab.files.change(lambda files: gr.update(interactive=bool(files)), tab.files, tab.go, **QUIET)
    asked = handlers.Asked(page.inputs, tab.files)
    on(tab.go.click, handlers.answer, asked, handlers.Shown(tab.result, tab.problem), **QUIET, **MODEL_WORK)
