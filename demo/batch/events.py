"""What follows from what on the Batch tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.batch import handlers
from demo.batch.layout import BatchTab
from demo.ui.events import Page, components, on, open_tab
from demo.ui.queues import EACH, PRIVATE, QUIET, SLOW_WORK

CHOOSE_FOLDER = "() => window.resnetExplorer.chooseFolder('#files')"


def wire(tab: BatchTab, page: Page, *, photo: gr.Image) -> None:
    """Wire the tab; a click on a picture opens it in Explain, as ``photo``, the page's one."""
    tab.files.change(lambda files: gr.update(interactive=bool(files)), tab.files, tab.go, **QUIET)
    tab.folder.click(None, js=CHOOSE_FOLDER, **PRIVATE)
    wish = gr.State(handlers.Wish())
    opened = gr.State(())  # the files of what is shown, some of them out of a zip
    asked = handlers.Asked(page.inputs, tab.files, tab.with_maps, wish)
    shown = handlers.Shown(tab.progress, tab.go, tab.stop, tab.result, tab.archive, opened, tab.problem)
    at_once: dict[str, Any] = {"queue": False, **QUIET}
    pressed = tab.go.click(handlers.waiting, [wish, page.inputs.language], components(shown), **at_once)
    # Beside the answers to single photos, and not before them: it may take minutes.
    on(pressed.then, handlers.answer, asked, shown, failed=handlers.FAILED, **QUIET, **EACH, **SLOW_WORK)
    tab.stop.click(handlers.stop, wish, None, **at_once)
    chosen = tab.result.select(open_picture, opened, photo, **QUIET)
    chosen.then(None, js=open_tab("explain"), **PRIVATE)


def open_picture(files: tuple[str, ...], event: gr.EventData) -> Any:
    """The picture that was clicked, as the page's photo."""
    at = int(event.index)
    return files[at] if 0 <= at < len(files) else gr.skip()
