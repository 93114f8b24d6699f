"""What follows from what on the Compare tab."""

from __future__ import annotations

from demo.compare import handlers
from demo.compare.layout import Compare
from demo.ui.events import Page, on
from demo.ui.queues import DRAWING, EACH, LATEST, QUIET


def wire(tab: Compare, page: Page) -> None:
    """Wire the tab."""
    asked = handlers.Asked(page.inputs, tab.first, tab.second, tab.classes, tab.input_size, tab.stem, tab.stage)
    shown = handlers.Shown(tab.stages, tab.sides, tab.problem)
    for changed in (
        tab.first.input, tab.second.input, tab.input_size.submit, tab.input_size.blur, tab.classes.submit,
        tab.classes.blur, tab.stem.input, tab.stage.input,
    ):  # fmt: skip
        on(changed, handlers.compare, asked, shown, **QUIET, **LATEST, **DRAWING)
    on(page.bells.compare.input, handlers.compare, asked, shown, **QUIET, **EACH, **DRAWING)
