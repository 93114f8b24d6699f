"""What follows from what on the Fool it tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.fool import attack_handlers, gallery_handlers, handlers, paint_handlers, reason_handlers, slide_handlers
from demo.fool.layout import Fool, Reason
from demo.fool.trial_handlers import Asked, Shown
from demo.ui import photo_input
from demo.ui.events import Listen, Page, Turns, components, on, on_cancel
from demo.ui.queues import EACH, LATEST, MODEL_WORK, PRIVATE, QUIET, SLOW_WORK
from demo.ui.session import Turn

AT_ONCE: dict[str, Any] = {"queue": False, **QUIET}


def wire(tab: Fool, page: Page, photo: gr.Image) -> None:
    """Wire the tab; ``photo`` is the page's one photo box."""
    strokes, tried, kept, turn = gr.State(None), gr.State(None), gr.State(()), gr.State(Turn())
    asked = Asked(
        page.inputs, tab.experiment, tab.cover, tab.share, tab.corruption, tab.strength, tab.method, tab.epsilon,
        tab.target, strokes, tried, kept, turn,
    )  # fmt: skip
    shown = Shown(
        tab.about, tab.painting, tab.sliding, tab.attacking, tab.strength, tab.target, tab.go,
        tab.stop, tab.canvas, tab.progress, tab.result, tab.curve, tab.curve_words, tab.keep, tab.gallery, tab.save,
        strokes, tried, kept, tab.problem,
    )  # fmt: skip

    def follow(listen: Listen, work: Any, **how: Any) -> Any:
        return on(listen, work, asked, shown, turns=Turns.TAKE, **{**QUIET, **MODEL_WORK, **how})

    photo_input.wire(tab.input, photo)
    drawn = [
        follow(page.bells.fool.input, handlers.show, failed=handlers.SHOW_FAILED, **EACH),
        follow(tab.experiment.input, handlers.show, failed=handlers.SHOW_FAILED, **LATEST),
        follow(tab.corruption.input, slide_handlers.choose, **LATEST),
        follow(tab.strength.input, slide_handlers.slide, **LATEST),
    ]
    for before in drawn:
        on(
            before.then, slide_handlers.draw, asked, shown, turns=Turns.WATCH, **QUIET, **EACH, **SLOW_WORK
        )  # what the curve needs may take long, and holds up no answer
    follow(tab.canvas.select, paint_handlers.paint, **EACH)
    follow(tab.cover.input, paint_handlers.repaint, **LATEST)
    follow(tab.cover_go.click, paint_handlers.cover, **EACH)
    _wire_attack(tab, page, asked, shown)
    _wire_gallery(tab, asked, shown)
    _wire_reason(tab.reason, page, drawn[0].then)


def _wire_attack(tab: Fool, page: Page, asked: Asked, shown: Shown) -> None:
    """Words at once, progress when it is one's turn, Cancel at any time."""
    language = page.inputs.language
    pressed = tab.go.click(attack_handlers.waiting, language, components(shown), **AT_ONCE)
    attacking = on(
        pressed.then, attack_handlers.attack, asked, shown, turns=Turns.TAKE, failed=attack_handlers.FAILED, **QUIET,
        **EACH, **SLOW_WORK,
    )  # fmt: skip
    on_cancel(tab.stop.click, attack_handlers.stopped, language, shown, of=attacking)


def _wire_gallery(tab: Fool, asked: Asked, shown: Shown) -> None:
    on(tab.keep.click, gallery_handlers.keep, asked, shown, **QUIET, **MODEL_WORK)
    saved = on(
        tab.save.click, gallery_handlers.write_zip, asked, gallery_handlers.Saved(tab.zip, tab.problem),
        failed=gallery_handlers.NOT_SAVED, **QUIET, **MODEL_WORK,
    )  # fmt: skip
    saved.then(None, tab.zip, None, js="(file) => window.resnetExplorer.saveFile(file)", **PRIVATE)


def _wire_reason(section: Reason, page: Page, shown_anew: Listen) -> None:
    """What was measured stands there with the tab; nothing is taken apart before it is asked for."""
    asked = reason_handlers.AskedReason(page.inputs)
    shown = reason_handlers.ShownReason(section.told, section.result, section.problem)
    on(shown_anew, reason_handlers.tell, asked, shown, **EACH, **QUIET)
    on(
        section.go.click, reason_handlers.take_apart, asked, shown, failed=reason_handlers.FAILED, **QUIET,
        **MODEL_WORK,
    )  # fmt: skip
