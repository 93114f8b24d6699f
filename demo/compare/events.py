"""What follows from what on the Compare tab."""

from __future__ import annotations

from typing import Any

from demo.compare import handlers
from demo.compare.layout import Compare
from demo.ui.events import Listen, Page, Show, on
from demo.ui.queues import DRAWING, EACH, LATEST, QUIET


def wire(tab: Compare, page: Page) -> Show:
    """Wire the tab; gives what shows it anew after an event, where it is in sight."""
    asked = handlers.Asked(page.inputs, tab.first, tab.second, tab.classes, tab.input_size, tab.stem, tab.stage)
    shown = handlers.Shown(tab.stages, tab.sides, tab.problem)
    for changed in (
        tab.first.input, tab.second.input, tab.input_size.submit, tab.input_size.blur, tab.classes.submit,
        tab.classes.blur, tab.stem.input, tab.stage.input,
    ):  # fmt: skip
        on(changed, handlers.compare, asked, shown, **QUIET, **LATEST, **DRAWING)

    def show(listen: Listen, **how: Any) -> None:
        on(listen, handlers.compare, asked, shown, seen=("compare",), **QUIET, **DRAWING, **how)

    show(page.entered.then, **EACH)
    return show
