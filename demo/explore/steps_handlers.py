"""The room "Inference": the loaded model's steps on the page's photo, and the program that carries them out."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.ui.errors import no_problem
from demo.ui.session import PageInputs, resolve


class Asked(NamedTuple):
    """What the room needs: the page's model and photo."""

    page: PageInputs


class Shown(NamedTuple):
    """What the room shows; what is not given stays as it is."""

    steps: Any = gr.skip()
    problem: Any = gr.skip()


def walk(asked: Asked) -> Shown:
    """The steps, with what came of each where there is a photo."""
    from demo.explore import steps_view
    from resnet_app.inference import walkthrough

    request = resolve(asked.page)
    model, looked, language = request.model, request.looked, request.language
    found = looked.once("walk", lambda: walkthrough.walk(model, looked.photo)) if looked else None
    program = steps_view.program_html(language, walkthrough.snippet(model))
    return Shown(steps_view.steps_html(language, model, found) + program, no_problem())
