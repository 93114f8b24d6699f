"""The Classify tab's work: the page's photo -> its best answers, each with its map."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.inputs import count
from demo.ui.photo_input import START
from demo.ui.session import PageInputs, resolve
from resnet_app.choices import DEFAULT_TOP_K, MAX_TOP_K
from resnet_app.registry import BUNDLED


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    top_k: Any
    colours: Any
    scale: Any
    classes: Any  # how many the model had that answered last, to which the number of answers was cut


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    result: Any = gr.skip()
    problem: Any = gr.skip()
    controls: Any = gr.skip()
    top_k: Any = gr.skip()
    classes: Any = gr.skip()


def answer(asked: Asked) -> Shown:
    """The photo's answers with their maps; a bad photo leaves the last good answer and says why."""
    language = asked.page.language
    if not asked.page.photo:
        empty = html.empty(language, "empty_title", "empty_text", "empty_text_phone")
        return Shown(empty, no_problem(), gr.update(visible=False))
    from demo.classify import view

    request = resolve(asked.page)
    model, looked = request.model, request.looked
    assert looked is not None
    found = looked.answer()
    classes = len(model.class_names)
    top_k, slider = answers_of(classes, asked.top_k, asked.classes)
    maps, cam_ms = looked.maps([each.index for each in found.predictions[:top_k]])
    signed = looked.signed_map(0, 1) if len(model.class_names) == len(maps) == 2 else None
    shown = view.answer(
        language, model, found, maps, cam_ms=cam_ms, colours=asked.colours, shared=asked.scale == "shared",
        signed=signed, rounding=looked.rounding(),
        is_start=Path(looked.photo).name == START.name and model.choice.weights == BUNDLED,
    )  # fmt: skip
    return Shown(shown, no_problem(), gr.update(visible=True), slider, classes)


def answers_of(classes: int, top_k: Any, before: int) -> tuple[int, Any]:
    """How many answers are shown, and what becomes of their slider.

    Args:
        classes: how many the model has that answers now.
        top_k: what the slider says.
        before: how many classes the model had for which it was set; 0 for none.

    Raises:
        ResNetAppError: the slider says what it cannot.
    """
    from resnet_app.inference.predict import check_top_k

    wanted = check_top_k(count(top_k))
    if classes == before:
        return min(wanted, classes), gr.skip()
    most = min(MAX_TOP_K, classes)  # of another model as many as are usual; never more than there are classes
    shown = min(DEFAULT_TOP_K if before else wanted, most)
    return shown, gr.update(maximum=most, value=shown)
