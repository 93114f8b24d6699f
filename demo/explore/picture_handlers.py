"""The room "Your picture": feature maps after a stage or block, and the residual microscope.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.explore.handlers import Plan, is_drawn
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.session import Looked, PageInputs, resolve
from resnet_app.registry import LAYER_OF_STAGE

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel


class Asked(NamedTuple):
    """What the room's controls say, and those above it."""

    plan: Plan
    scale: Any
    left_out: Any

    @property
    def page(self) -> PageInputs:
        """As the plan has it."""
        return self.plan.page


class Shown(NamedTuple):
    """What the room shows; what is not given stays as it is."""

    photo: Any = gr.skip()
    maps: Any = gr.skip()
    more: Any = gr.skip()
    chart: Any = gr.skip()
    readings: Any = gr.skip()
    left_out: Any = gr.skip()
    without: Any = gr.skip()
    problem: Any = gr.skip()


class Blocks(NamedTuple):
    """Which blocks lose their F(x)."""

    left_out: Any = gr.skip()
    problem: Any = gr.skip()


# Of another photo or model nothing may stay: the rest of the page is already about this one.
LOOK_FAILED = Shown(photo="", maps="", more=gr.update(visible=False))


def look(asked: Asked) -> Shown:
    """All of it, for another picture or model."""
    from demo.explore import charts, picture_view
    from resnet_app.explain import residuals

    language = asked.page.language
    looked = _looked(asked)
    if looked is None:
        empty = html.empty(language, "inside_empty_title", "inside_empty_text")
        return Shown(photo="", maps=empty, more=gr.update(visible=False), problem=no_problem())
    model, answer = looked.model, looked.answer()
    readings = looked.once("readings", lambda: residuals.readings(model.backbone, answer.pixels))
    known = residuals.identity_blocks(model.network)
    kept = [path for path in asked.left_out or [] if path in known]
    return Shown(
        photo=picture_view.crop(language, answer),
        maps=_maps(asked, looked),
        more=gr.update(visible=True),
        chart=charts.residual_chart(language, readings),
        readings=picture_view.readings_html(language, model, readings),
        # a choice that still holds is not sent back: by then another one may stand there
        left_out=gr.update(choices=known) if kept == (asked.left_out or []) else gr.update(choices=known, value=kept),
        without=_without(asked, looked, kept),
        problem=no_problem(),
    )


def maps(asked: Asked) -> Shown:
    """The feature maps alone, for another stage, block or scale."""
    looked = _looked(asked)
    return Shown(maps=_maps(asked, looked), problem=no_problem()) if looked else Shown()


def leave_out(asked: Asked) -> Shown:
    """Predict again without F(x) of the chosen blocks."""
    looked = _looked(asked)
    if looked is None:
        return Shown()
    return Shown(without=_without(asked, looked, asked.left_out or []), problem=no_problem())


def choose_all_blocks(asked: Asked) -> Blocks:
    """All of the identity blocks."""
    from resnet_app.explain import residuals

    return Blocks(left_out=residuals.identity_blocks(resolve(asked.page).model.network))


def choose_no_blocks(_asked: Asked) -> Blocks:
    """None of them."""
    return Blocks(left_out=[])


def _looked(asked: Asked) -> Looked | None:
    return resolve(asked.page).looked if asked.page.photo else None


def _maps(asked: Asked, looked: Looked) -> str:
    """The strongest channels at the opened stage and block, as pictures."""
    from demo.explore import picture_view
    from resnet_app.explain import residuals

    language, model = asked.page.language, looked.model
    path = _path(asked.plan.place, model)
    if path is None:
        return picture_view.no_maps(language, asked.plan.place[0])
    found = looked.once(("maps", path), lambda: residuals.feature_maps(model, looked.answer().pixels, path))
    note = "" if is_drawn(asked.plan, model) else picture_view.loaded(language, model)
    shared = asked.scale == "shared"
    return note + picture_view.feature_maps_html(language, found, picture_view.of(language, model), shared=shared)


def _without(asked: Asked, looked: Looked, left_out: list[str]) -> str:
    from demo.explore import picture_view
    from resnet_app.explain import residuals

    model, answer = looked.model, looked.answer()
    after = None
    if left_out:
        after = looked.once(
            ("without", tuple(left_out)), lambda: residuals.logits_without(model, answer.pixels, left_out)
        )
    return picture_view.without_html(asked.page.language, model, answer, left_out, after)


def _path(place: tuple[str, int], model: LoadedModel) -> str | None:
    """The place in the network that the opened stage and block stand for; None behind the last maps."""
    stage, block = place
    if stage in LAYER_OF_STAGE:
        layer = LAYER_OF_STAGE[stage]
        return f"{layer}.{min(block, len(getattr(model.network, layer)) - 1)}"
    known = {"conv1": "conv1", "maxpool": "maxpool" if model.stem == "imagenet" else "conv1"}
    return known.get(stage)
