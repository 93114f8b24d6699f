"""What follows from what on the Compare tab."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from demo.compare import handlers, many_handlers, network_handlers, photo_handlers
from demo.compare.choices import PRESETS
from demo.compare.layout import Compare
from demo.ui import photo_input
from demo.ui.events import Page, Turns, components, on, on_cancel
from demo.ui.queues import DRAWING, EACH, LATEST, MODEL_WORK, PRIVATE, QUIET, SLOW_WORK
from demo.ui.session import Turn

CHOOSE_FOLDER = "() => window.resnetExplorer.chooseFolder('#compare-files')"
AT_ONCE: dict[str, Any] = {"queue": False, **QUIET}


def wire(tab: Compare, page: Page, photo: gr.Image) -> None:
    """Wire the tab; ``photo`` is the page's one photo box."""
    asked = handlers.Asked(page.inputs, tab.first, tab.second, tab.classes, tab.input_size, tab.stem, tab.stage)
    shown = handlers.Shown(tab.stages, tab.sides, tab.problem)
    for changed in (
        tab.first.input, tab.second.input, tab.input_size.submit, tab.input_size.blur, tab.classes.submit,
        tab.classes.blur, tab.stem.input, tab.stage.input,
    ):  # fmt: skip
        on(changed, handlers.compare, asked, shown, **QUIET, **LATEST, **DRAWING)
    drawn = on(page.bells.compare.input, handlers.compare, asked, shown, **QUIET, **EACH, **DRAWING)
    tab.view.input(handlers.open_view, tab.view, [*tab.parts, tab.networks_part], **AT_ONCE)
    named = _wire_networks(tab, page, drawn)
    _wire_photo(tab, page, photo, named)
    _wire_many(tab, page, named)


def _wire_networks(tab: Compare, page: Page, drawn: Any) -> Any:
    """What may be chosen follows the session's model and the language; gives what comes after."""
    box = tab.networks
    asked = network_handlers.Asked(page.inputs, box.chosen, box.checkpoints)
    shown = network_handlers.Shown(box.chosen, box.problem)
    for preset, button in zip(PRESETS, box.presets, strict=True):
        on(button.click, partial(network_handlers.choose_preset, preset), asked, shown, **QUIET)
    return on(drawn.then, network_handlers.offer, asked, shown, **QUIET, **EACH)


def _wire_photo(tab: Compare, page: Page, photo: gr.Image, named: Any) -> None:
    """Words at once, progress when it is one's turn, Cancel at any time."""
    part, box, work = tab.photo, tab.networks, photo_handlers
    kept, turn = gr.State(None), gr.State(Turn())
    asked = work.Asked(page.inputs, box.chosen, box.checkpoints, part.class_name, part.axis, kept, turn)
    shown = work.Shown(
        part.input.photo, part.class_name, part.go, part.stop, part.progress, part.result, part.axis, part.scatter,
        part.rest, kept, part.problem,
    )  # fmt: skip
    photo_input.wire(part.input, photo)
    on(named.then, work.show, asked, shown, failed=work.SHOW_FAILED, **QUIET, **EACH, **MODEL_WORK)
    for listen in (box.chosen.change, box.checkpoints.change):
        on(listen, work.offer_classes, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    on(part.axis.input, work.redraw, asked, shown, **QUIET, **LATEST)
    pressed = part.go.click(work.waiting, page.inputs.language, components(shown), **AT_ONCE)
    comparing = on(
        pressed.then, work.compare, asked, shown, turns=Turns.TAKE, failed=work.FAILED, **QUIET, **EACH, **SLOW_WORK
    )
    on_cancel(part.stop.click, work.stopped, page.inputs.language, shown, of=comparing)


def _wire_many(tab: Compare, page: Page, named: Any) -> None:
    part, box, work = tab.many, tab.networks, many_handlers
    part.folder.click(None, js=CHOOSE_FOLDER, **PRIVATE)
    kept, turn = gr.State(None), gr.State(Turn())
    asked = work.Asked(page.inputs, box.chosen, box.checkpoints, part.files, kept, turn)
    shown = work.Shown(part.go, part.stop, part.progress, part.result, kept, part.problem)
    on(named.then, work.show, asked, shown, **QUIET, **EACH)
    pressed = part.go.click(work.waiting, page.inputs.language, components(shown), **AT_ONCE)
    comparing = on(
        pressed.then, work.compare, asked, shown, turns=Turns.TAKE, failed=work.FAILED, **QUIET, **EACH, **SLOW_WORK
    )
    on_cancel(part.stop.click, work.stopped, page.inputs.language, shown, of=comparing)
