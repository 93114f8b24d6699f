"""What is to be seen inside trained networks: one picture's way through two of them, and the loss around them.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.residual.choices import SIDES, run_name
from demo.residual.handlers import OFF, ON, REPAINT_S
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.inputs import count
from demo.ui.session import PageInputs
from resnet_app.depth.process import Study
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from demo.residual.charts import Sampled


class AskedWalk(NamedTuple):
    """Which picture goes through which two networks, as they were after which epoch."""

    page: PageInputs
    first: Any
    second: Any
    epoch: Any
    picture: Any
    study: Any


class ShownWalk(NamedTuple):
    """Its way through both."""

    walks: Any = gr.skip()
    problem: Any = gr.skip()


class AskedSurface(NamedTuple):
    """Which networks' loss is sampled, on which plane, how finely."""

    page: PageInputs
    first: Any
    second: Any
    plane: Any
    side: Any
    direction: Any
    study: Any
    turn: Any


class ShownSurface(NamedTuple):
    """The loss around both."""

    surface: Any = gr.skip()
    words: Any = gr.skip()
    progress: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    problem: Any = gr.skip()


SURFACE_FAILED = ShownSurface(progress="", go=ON, stop=OFF)


def walk(asked: AskedWalk) -> ShownWalk:
    """One picture's way through both networks."""
    from demo.residual import view
    from resnet_app.depth import maps

    study: Study | None = asked.study
    language = asked.page.language
    if study is None:
        return ShownWalk("")
    if not study.is_done:
        return ShownWalk(html.note(text(language, "depth_train_first")))
    pictures = study.pictures()
    number = count(asked.picture) - 1
    if not 0 <= number < len(pictures.test):
        most = len(pictures.test)
        raise ResNetAppError(f"Pictures are 1 to {most}; choose one of them.", code="depth_no_picture", most=most)
    walks = []
    for at in (_place(study, asked.first), _place(study, asked.second)):
        run = study.record.runs[at].run
        file = study.weights_file(at, min(count(asked.epoch), study.record.settings.epochs))
        walks.append((run_name(language, run), maps.walk(run, study.record.settings, pictures, file, number)))
    truth = int(pictures.test_labels[number])
    return ShownWalk(view.walks(language, pictures.test[number, 0].numpy(), truth, walks), no_problem())


def waiting(language: str) -> list[object]:
    """At once, until it is this visitor's turn."""
    return list(ShownSurface(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON))


def stopped(language: str) -> list[object]:
    """After Cancel."""
    return list(SURFACE_FAILED._replace(progress=html.note(text(language, "depth_surface_stopped"))))


def surface(asked: AskedSurface) -> Iterator[ShownSurface]:
    """The loss around both networks, sampled point by point, and drawn on one scale."""
    from demo.residual import charts

    study: Study | None = asked.study
    language = asked.page.language
    if study is None or not study.is_done:
        raise ResNetAppError("There are no trained networks; press Train them first.", code="depth_train_first")
    side = int(asked.side) if asked.side in SIDES else int(SIDES[0])
    plane = "path" if asked.plane == "path" else "random"
    places = (_place(study, asked.first), _place(study, asked.second))
    total, painted = len(places) * side**2, 0.0
    sampled: list[Sampled] = []
    for at in places:
        sampled.append(charts.Sampled(run_name(language, study.record.runs[at].run)))
        for told in study.surface(at, plane=plane, side=side, seed=count(asked.direction)):
            if told is not None:
                sampled[-1].note(told)
            if time.monotonic() - painted >= REPAINT_S:
                painted = time.monotonic()
                done = sum(each.count for each in sampled)
                words = text(language, "depth_sampled", done=done, total=total)
                yield ShownSurface(progress=html.progress(words, done, total), go=OFF, stop=ON, problem=no_problem())
    draw = charts.contours if plane == "path" else charts.surfaces
    explained = [f"{100 * sum(each.explained):.0f}" for each in sampled]
    words = text(language, f"depth_about_{plane}", seed=count(asked.direction), explained=" / ".join(explained))
    yield ShownSurface(gr.update(value=draw(language, sampled), visible=True), html.note(words), "", ON, OFF)


def _place(study: Study, given: Any) -> int:
    """A run's place; where the list has changed meanwhile, the first."""
    at = int(given) if str(given).isdecimal() else 0
    return at if at < len(study.record.runs) else 0
