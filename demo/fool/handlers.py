"""The Fool it tab's work: which experiment is in sight, and the photo that it is made on.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.fool import attack_handlers, paint_handlers, slide_handlers
from demo.fool.choices import ANY, EXPERIMENTS
from demo.fool.gallery_handlers import gallery_parts
from demo.fool.trial_handlers import OFF, Asked, Shown, Tried, told
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.labels import class_choices
from demo.ui.session import Looked

SHOW_FAILED = Shown(canvas=OFF, result="", progress="", curve=OFF, curve_words="", keep=OFF, tried=None)


def show(asked: Asked) -> Shown:
    """The experiment that is chosen, on the photo and the model that are there."""
    language = asked.page.language
    rows = dict(zip(("painting", "sliding", "attacking"), _rows(asked.experiment), strict=True))
    if not asked.page.photo:
        return Shown(
            about="", canvas=OFF, progress="", curve=OFF, curve_words="", keep=OFF, tried=None, strokes=None,
            result=html.empty(language, "fool_empty_title", "fool_empty_text"), problem=no_problem(),
            painting=OFF, sliding=OFF, attacking=OFF, **gallery_parts(language, asked.gallery),
        )  # fmt: skip
    from demo.fool import view

    looked = asked.looked
    before = looked.answer()
    shown = _experiment(asked, looked)
    is_painting = asked.experiment == "paint"
    canvas = gr.update(value=view.canvas(language, before, looked.photo), visible=True) if is_painting else OFF
    return shown._replace(
        about=html.note(text(language, f"fool_about_{asked.experiment}")),
        canvas=canvas, target=_targets(asked, looked), progress="", go=gr.update(visible=True), stop=OFF,
        **({} if asked.experiment == "slide" else {"curve": OFF, "curve_words": ""}), **rows,
        **gallery_parts(language, asked.gallery),
    )  # fmt: skip


def _experiment(asked: Asked, looked: Looked) -> Shown:
    """What was tried last, where it was of this kind and on this photo; else what the controls say."""
    tried: Tried | None = asked.tried
    kinds, begin = {
        "paint": (("paint", "cover"), paint_handlers.painted), "slide": (("slide",), slide_handlers.slid),
        "attack": (("attack",), attack_handlers.unattacked),
    }[asked.experiment]  # fmt: skip
    if tried is not None and tried.looked is looked and tried.change["kind"] in kinds:
        return told(asked, tried)
    return begin(asked, looked)


def _rows(experiment: str) -> list[Any]:
    return [gr.update(visible=each == experiment) for each in EXPERIMENTS]


def _targets(asked: Asked, looked: Looked) -> Any:
    """The classes that may be wanted: any but the answer."""
    best = looked.answer().predictions[0].index
    others = [pair for pair in class_choices(looked.model.class_names) if pair[1] != str(best)]
    known = {value for _, value in others}
    value = asked.target if asked.target in known else ANY
    return gr.update(choices=[(text(asked.page.language, "fool_any"), ANY), *others], value=value)
