"""The Compare tab's work: which view is in sight; two architectures side by side, one stage of both opened."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from demo.compare.choices import VIEWS
from demo.explore.handlers import take_apart
from demo.ui.errors import no_problem
from demo.ui.session import PageInputs


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    first: Any
    second: Any
    classes: Any
    input_size: Any
    stem: Any
    stage: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    stages: Any = gr.skip()
    sides: Any = gr.skip()
    problem: Any = gr.skip()


def compare(asked: Asked) -> Shown:
    """Both networks' totals and stages, and the chosen stage of both."""
    from demo.compare import view

    pair = [take_apart(name, asked.classes, asked.input_size, asked.stem) for name in (asked.first, asked.second)]
    language = asked.page.language
    return Shown(view.stages(language, pair, asked.stage), view.sides(language, pair, asked.stage), no_problem())


def open_view(view: str) -> list[Any]:
    """The part of a view, and no other; both that look at photos have the box of networks."""
    return [gr.update(visible=each == view) for each in VIEWS] + [gr.update(visible=view != VIEWS[0])]
