"""The network at work on the page's photo: the ribbon filled with it, one unit, and inference step by step.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.explore.handlers import Plan, is_drawn, stage_index
from demo.ui.errors import no_problem
from demo.ui.session import Looked, resolve

if TYPE_CHECKING:
    from resnet_app.architecture.records import Architecture
    from resnet_app.explain.overview import Tile
    from resnet_app.inference.models import LoadedModel


class Shown(NamedTuple):
    """The ribbon and the unit; what is not given stays as it is."""

    ribbon: Any = gr.skip()
    unit: Any = gr.skip()
    problem: Any = gr.skip()


class Walked(NamedTuple):
    """What the room "Inference" shows."""

    steps: Any = gr.skip()
    problem: Any = gr.skip()


def walk(plan: Plan) -> Walked:
    """The loaded model's steps, with what came of each where there is a photo, and the program that does the same."""
    from demo.explore import steps_view
    from resnet_app.inference import walkthrough

    request = resolve(plan.page)
    model, looked, language = request.model, request.looked, request.language
    found = looked.once("walk", lambda: walkthrough.walk(model, looked.photo)) if looked else None
    program = steps_view.program_html(language, walkthrough.snippet(model))
    return Walked(steps_view.steps_html(language, model, found) + program, no_problem())


def fill(plan: Plan) -> Shown:
    """The ribbon with the photo's maps, where the drawn network is the one that looks at the photo; else as it is."""
    if not plan.page.photo:
        return plain(plan)
    request = resolve(plan.page)
    model, looked = request.model, request.looked
    assert looked is not None
    if not is_drawn(plan, model):
        return plain(plan)
    return Shown(ribbon=filled(plan, plan.architecture(), looked), unit="")


def plain(plan: Plan) -> Shown:
    """The ribbon without a photo."""
    from demo.explore import drawings

    architecture = plan.architecture()
    index = stage_index(architecture, plan.place)
    return Shown(ribbon=drawings.ribbon(plan.page.language, architecture, index), unit="")


def filled(plan: Plan, architecture: Architecture, looked: Looked) -> str:
    """The ribbon with a photo's maps."""
    from demo.explore import overview_view

    index = stage_index(architecture, plan.place)
    return overview_view.ribbon(plan.page.language, architecture, index, looked.model, looked.answer(), _tiles(looked))


def _tiles(looked: Looked) -> list[Tile]:
    from resnet_app.explain import residuals
    from resnet_app.explain.overview import overview

    model, pixels = looked.model, looked.answer().pixels
    readings = looked.once("readings", lambda: residuals.readings(model.backbone, pixels))
    return looked.once("tiles", lambda: overview(model, pixels, readings))


def unit(plan: Plan, event: gr.EventData) -> Shown:
    """The unit that was pointed at in a tile, or to which the arrows lead from another one."""
    from demo.explore import overview_view
    from resnet_app.explain import unit as units

    path = str(getattr(event, "place", ""))  # Gradio takes a "path" for a file's
    looked = resolve(plan.page).looked if plan.page.photo and path else None
    if looked is None:
        return Shown(unit="")
    channel = getattr(event, "channel", None)
    row, column = int(event.row), int(event.column)
    found = units.unit(
        looked.model, looked.answer().pixels, path, None if channel is None else int(channel), row, column
    )
    shown = overview_view.unit(plan.page.language, found, _beside(looked.model, found.path))
    return Shown(unit=shown, problem=no_problem())


def _beside(model: LoadedModel, path: str) -> list[str]:
    """The convolutions of the same block; of the stem its one."""
    from resnet_app.explain.unit import convolutions

    block = ".".join(path.split(".")[:2]) if "." in path else path
    return [each for each in convolutions(model.network) if each == path or each.startswith(f"{block}.")]
