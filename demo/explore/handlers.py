"""The Explore tab's work: what its controls say -> the network, an opened stage and block, and the rooms below.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.ui.errors import no_problem
from demo.ui.inputs import count
from demo.ui.session import PageInputs, current
from resnet_app.errors import ResNetAppError
from resnet_app.registry import BATCH, IMAGENET, IMAGENET_V1, IMAGENET_V2, NO_NORM, STAGES, get_spec

if TYPE_CHECKING:
    from resnet_app.architecture.records import Architecture
    from resnet_app.inference.models import LoadedModel, ModelChoice

Place = tuple[str, int]  # the opened stage's name (its index changes with the stem), and the block's index
OWN_NUMBER = ""  # the choice of groups or width that stands for the network's own


class Plan(NamedTuple):
    """What the controls say of the network that is drawn."""

    page: PageInputs
    classes: Any
    input_size: Any
    stem: Any
    dilated: Any
    zero_init: Any
    groups: Any
    width_per_group: Any
    norm: Any
    chart: Any
    place: Any  # the opened stage and block, as a ``Place``

    @property
    def has_bottlenecks(self) -> bool:
        """Only they dilate and have groups; a choice made for another network is left out."""
        return get_spec(self.page.model).block == "Bottleneck"

    def architecture(self) -> Architecture:
        """The network in numbers; errors are those of ``counting.describe``."""
        bottlenecks: dict[str, Any] = {
            "dilated": tuple(self.dilated or ()), "groups": _own_or(self.groups),
            "width_per_group": _own_or(self.width_per_group),
        }  # fmt: skip
        return take_apart(
            self.page.model, self.classes, self.input_size, self.stem, norm=self.norm,
            zero_init=bool(self.zero_init) and self.norm != NO_NORM, **(bottlenecks if self.has_bottlenecks else {}),
        )  # fmt: skip


def _own_or(choice: str | None) -> int | None:
    """A number that was chosen; None for the network's own."""
    return int(choice) if choice and choice.isdecimal() else None


class Drawn(NamedTuple):
    """What is always in sight of the tab; what is not given stays as it is."""

    headline: Any = gr.skip()
    ribbon: Any = gr.skip()
    stage: Any = gr.skip()
    block: Any = gr.skip()
    table: Any = gr.skip()
    chart: Any = gr.skip()
    dilated: Any = gr.skip()
    groups: Any = gr.skip()
    width_per_group: Any = gr.skip()
    place: Any = gr.skip()
    problem: Any = gr.skip()


class Room(NamedTuple):
    """What the rooms about code, other networks, common mistakes and tables show."""

    excerpts: Any = gr.skip()
    snippet: Any = gr.skip()
    tree: Any = gr.skip()
    standing: Any = gr.skip()
    published: Any = gr.skip()
    said: Any = gr.skip()
    rows: Any = gr.skip()
    drawing: Any = gr.skip()
    problem: Any = gr.skip()


def take_apart(model: str, classes: float | None, input_size: str, stem: str, **options: Any) -> Architecture:
    """The network as controls or a program describe it; ``options`` are the further ones of ``counting.describe``."""
    from resnet_app.architecture import counting

    return counting.describe(
        model, classes=count(classes), input_size=counting.parse_size(input_size), stem=stem, **options
    )


def draw(plan: Plan) -> Drawn:
    """All that is always in sight, for another network."""
    from demo.explore import charts, drawings, view

    language, architecture = plan.page.language, plan.architecture()
    index, block = stage_index(architecture, plan.place), plan.place[1]
    # what was chosen is not sent back: by then another choice may stand there
    number = gr.update(interactive=True) if plan.has_bottlenecks else gr.update(interactive=False, value=OWN_NUMBER)
    return Drawn(
        headline=view.headline(language, architecture),
        ribbon=gr.skip() if _is_filled_next(plan) else drawings.ribbon(language, architecture, index),
        stage=view.stage(language, architecture, index, block),
        block=view.block(language, architecture, index, block),
        table=charts.stage_table(language, architecture),
        chart=_chart(plan, architecture),
        dilated=gr.update(interactive=True) if plan.has_bottlenecks else gr.update(interactive=False, value=[]),
        groups=number,
        width_per_group=number,
        problem=no_problem(),
    )


def is_drawn(plan: Plan, model: LoadedModel) -> bool:
    """Whether the network that is drawn above is the loaded one, at the size at which it looks at pictures."""
    try:
        drawn = plan.architecture()
    except ResNetAppError:  # its callout stands there already
        return False
    of_model = (model.spec, model.stem, len(model.class_names), (model.recipe.crop,) * 2)
    return (drawn.spec, drawn.stem, drawn.classes, drawn.input_size) == of_model and not (
        drawn.dilated or drawn.zero_init or drawn.norm != BATCH
    )


def _is_filled_next(plan: Plan) -> bool:
    """Whether the ribbon comes in a moment with the photo's maps: a plain one before would make the page jump."""
    return bool(plan.page.photo and plan.page.choice is not None and is_drawn(plan, current(plan.page.choice)))


def draw_chart(plan: Plan) -> Drawn:
    """The other chart."""
    return Drawn(chart=_chart(plan, plan.architecture()))


def _chart(plan: Plan, architecture: Architecture) -> Any:
    from demo.explore import charts

    figure = charts.parameter_treemap if plan.chart == "treemap" else charts.cost_bars
    return figure(plan.page.language, architecture)


def open_stage(plan: Plan, event: gr.EventData) -> Drawn:
    """The stage that was chosen in the ribbon (a bar, a row or a tile chooses there), at a block of it."""
    names = STAGES if plan.stem == "imagenet" else [name for name in STAGES if name != "maxpool"]
    place = (names[int(event.index) % len(names)], max(0, int(getattr(event, "block", 0) or 0)))
    return _opened(plan._replace(place=place))


def open_block(plan: Plan, event: gr.EventData) -> Drawn:
    """The block that was chosen in the opened stage."""
    return _opened(plan._replace(place=(plan.place[0], max(0, int(event.index)))))


def _opened(plan: Plan) -> Drawn:
    from demo.explore import view

    try:
        architecture = plan.architecture()
    except ResNetAppError:  # its callout stands there already; the choice counts once it is mended
        return Drawn(place=plan.place)
    language, index, block = plan.page.language, stage_index(architecture, plan.place), plan.place[1]
    return Drawn(
        stage=view.stage(language, architecture, index, block),
        block=view.block(language, architecture, index, block),
        place=plan.place,
    )


def stage_index(architecture: Architecture, place: Place) -> int:
    """Where the stage stands; another where this network has none of that name (the CIFAR stem has no maxpool)."""
    names = [stage.name for stage in architecture.stages]
    return names.index(place[0]) if place[0] in names else 0


def show_room(plan: Plan) -> Room:
    """The room below that is in sight, of those about the network alone; what is not seen is not computed."""
    make = {"code": _code, "others": _others, "said": _said, "tables": _tables}.get(plan.page.room)
    return make(plan, plan.architecture()) if make else Room()


def _code(plan: Plan, architecture: Architecture) -> Room:
    from demo.explore import code_view

    language = plan.page.language
    return Room(
        excerpts=_excerpts(plan, architecture),
        snippet=code_view.snippet(language, architecture, _published_weights(plan.page.choice, architecture)),
        tree=code_view.tree(language, architecture),
    )


def _others(plan: Plan, architecture: Architecture) -> Room:
    from demo.explore import charts, view
    from resnet_app.architecture import torchinfo_counts
    from resnet_app.architecture.published import classifiers

    language = plan.page.language
    return Room(
        standing=charts.standing(language, classifiers(), architecture.spec.name),
        published=view.published(language, architecture, torchinfo_counts.counts(architecture)),
    )


def _said(plan: Plan, _architecture: Architecture) -> Room:
    from demo.explore import misconceptions_view

    return Room(said=misconceptions_view.listed(plan.page.language))


def _tables(plan: Plan, architecture: Architecture) -> Room:
    from demo.explore import drawings, view

    language = plan.page.language
    return Room(rows=view.stage_rows(language, architecture), drawing=drawings.whole(language, architecture))


def show_excerpts(plan: Plan) -> Room:
    """The lines that make the opened stage and block."""
    return Room(excerpts=_excerpts(plan, plan.architecture()))


def _excerpts(plan: Plan, architecture: Architecture) -> str:
    from demo.explore import code_view

    stage = architecture.stages[stage_index(architecture, plan.place)].name
    return code_view.excerpts(plan.page.language, architecture, stage, plan.place[1])


def _published_weights(choice: ModelChoice | None, architecture: Architecture) -> str | None:
    """The ImageNet weights in use, where they are this network's; neither a file's nor those of a taught head."""
    if choice is None or choice.head is not None or choice.model != architecture.spec.name:
        return None
    return choice.weights if choice.weights in (IMAGENET, IMAGENET_V1, IMAGENET_V2) else None
