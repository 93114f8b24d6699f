"""The whole picture changed by one number, and the curve over all that the number may be.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from demo.fool.trial_handlers import OFF, Asked, Shown, Tried, told
from demo.hosting.zero_gpu import carried_out
from demo.ui.session import Looked
from resnet_app.progress import finish
from resnet_app.robustness.catalogue import find

if TYPE_CHECKING:
    from resnet_app.robustness.curves import Curve


def choose(asked: Asked) -> Shown:
    """Another change: the slider has its range, and starts where the picture is as it is."""
    corruption = find(asked.corruption)
    slider = gr.update(minimum=corruption.low, maximum=corruption.high, step=corruption.step, value=corruption.neutral)
    return slid(asked._replace(strength=corruption.neutral), asked.looked)._replace(
        strength=slider, curve=OFF, curve_words=""
    )


def slide(asked: Asked) -> Shown:
    """The picture as the slider has it."""
    return slid(asked, asked.looked)


def slid(asked: Asked, looked: Looked) -> Shown:
    """The changed picture and its answer."""
    from resnet_app.robustness.corruptions import corrupted
    from resnet_app.robustness.trial import tried

    value = find(asked.corruption).checked(asked.strength)
    before = looked.answer()
    trial = tried(looked.model, before, corrupted(before.crop, asked.corruption, value))
    return told(asked, Tried(looked, trial, {"kind": "slide", "corruption": asked.corruption, "value": value}))


def draw(asked: Asked) -> Shown:
    """The curve, with where the slider stands; made once for each photo and change."""
    if asked.experiment != "slide" or not asked.page.photo:
        return Shown()
    from demo.fool import charts, view

    looked, corruption = asked.looked, find(asked.corruption)
    found: Curve = looked.once(("curve", corruption.name), lambda: _curve(looked, corruption.name))
    language, names = asked.page.language, looked.model.class_names
    figure = charts.probability_curve(language, found, names, corruption.checked(asked.strength))
    return Shown(
        curve=gr.update(value=figure, visible=True), curve_words=view.curve_words(language, found, corruption, names)
    )


def _curve(looked: Looked, name: str) -> Curve:
    from resnet_app.robustness.curves import curve

    found: Curve = finish(carried_out(curve, looked.model, looked.answer().crop, name, passes=len(find(name).values())))
    return found
