"""The Explore tab's work: what its controls say -> the network, an opened stage and block, and the rooms below.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.handlers import whole
from demo.problems import no_problem, problem
from resnet_app.errors import ResNetAppError
from resnet_app.registry import IMAGENET, IMAGENET_V1, IMAGENET_V2, NO_NORM, get_spec

if TYPE_CHECKING:
    from resnet_app.anatomy import Network
    from resnet_app.models import ModelChoice

Place = tuple[str, int]  # the opened stage's name (its index changes with the stem), and the block's index
STAGES = ("conv1", "maxpool", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "avgpool", "fc")
OWN = ""  # the choice of groups or width that stands for the network's own
GROUPS = ("1", "2", "4", "8", "16", "32", "64")
WIDTHS = ("4", "8", "16", "32", "64", "128")
INNER_ROOMS = ("picture", "code", "others", "tables")  # in the order of the inner tabs


class Plan(NamedTuple):
    """What the controls say, in the order of the inputs."""

    model: str
    classes: float | None
    input_size: str
    stem: str
    dilated: list[str] | None
    zero_init: bool
    groups: str
    width_per_group: str
    norm: str
    chart: str
    place: Place
    language: str

    @property
    def has_bottlenecks(self) -> bool:
        """Only they dilate and have groups; a choice made for another network is left out."""
        return get_spec(self.model).block == "Bottleneck"

    def network(self) -> Network:
        """The network taken apart."""
        bottlenecks: dict[str, Any] = {
            "dilated": tuple(self.dilated or ()), "groups": _own_or(self.groups),
            "width_per_group": _own_or(self.width_per_group),
        }  # fmt: skip
        return take_apart(
            self.model, self.classes, self.input_size, self.stem, norm=self.norm,
            zero_init=bool(self.zero_init) and self.norm != NO_NORM, **(bottlenecks if self.has_bottlenecks else {}),
        )  # fmt: skip


def _own_or(choice: str | None) -> int | None:
    """A number that was chosen; None for the network's own."""
    return int(choice) if choice and choice.isdecimal() else None


class Drawn(NamedTuple):
    """What the tab shows of the network, in the order of its outputs; what is not given stays as it is."""

    headline: Any = gr.skip()
    ribbon: Any = gr.skip()
    stage: Any = gr.skip()
    block: Any = gr.skip()
    table: Any = gr.skip()
    chart: Any = gr.skip()
    dilated: Any = gr.skip()
    groups: Any = gr.skip()
    width_per_group: Any = gr.skip()
    problem: Any = gr.skip()


class Room(NamedTuple):
    """What the rooms about code, other networks and tables show, in the order of their outputs."""

    excerpts: Any = gr.skip()
    snippet: Any = gr.skip()
    tree: Any = gr.skip()
    standing: Any = gr.skip()
    published: Any = gr.skip()
    rows: Any = gr.skip()
    whole: Any = gr.skip()


def take_apart(model: str, classes: float | None, input_size: str, stem: str, **options: Any) -> Network:
    """The network as controls or a program describe it; ``options`` are the further ones of ``explorer.describe``."""
    from resnet_app import explorer

    return explorer.describe(
        model, classes=whole(classes), input_size=explorer.parse_size(input_size), stem=stem, **options
    )


def explore_network(*given: Any) -> Drawn:
    """All that is always in sight, for another network."""
    from demo import drawings, figures, opened

    plan = Plan(*given)
    language = plan.language
    try:
        network = plan.network()
    except ResNetAppError as error:
        return Drawn(problem=problem(error, language))
    index, block = _stage_index(network, plan.place), plan.place[1]
    return Drawn(
        opened.headline(language, network),
        drawings.ribbon(language, network, index),
        opened.stage(language, network, index, block),
        opened.block(language, network, index, block),
        figures.stage_table(language, network),
        _chart(language, network, plan.chart),
        # what was chosen is not sent back: by then another choice may stand there
        gr.update(interactive=True) if plan.has_bottlenecks else gr.update(interactive=False, value=[]),
        *[gr.update(interactive=True) if plan.has_bottlenecks else gr.update(interactive=False, value=OWN)] * 2,
        no_problem(),
    )


def draw_chart(*given: Any) -> Any:
    """The other chart; with a bad size, whose callout stands there already, none."""
    plan = Plan(*given)
    try:
        return _chart(plan.language, plan.network(), plan.chart)
    except ResNetAppError:
        return gr.skip()


def _chart(language: str, network: Network, kind: str) -> Any:
    from demo import figures

    return (figures.parameter_treemap if kind == "treemap" else figures.cost_bars)(language, network)


def open_stage(
    model: str, classes: float | None, input_size: str, stem: str, dilated: list[str] | None, zero_init: bool,
    groups: str, width_per_group: str, norm: str, chart: str, place: Place, language: str, event: gr.EventData,
) -> list[Any]:  # fmt: skip
    """The stage that was chosen in the ribbon (a bar, a row or a tile chooses there), at a block of it."""
    from demo import opened

    names = STAGES if stem == "imagenet" else [name for name in STAGES if name != "maxpool"]
    place = (names[int(event.index) % len(names)], max(0, int(getattr(event, "block", 0) or 0)))
    try:
        network = Plan(
            model, classes, input_size, stem, dilated, zero_init, groups, width_per_group, norm, chart, place, language
        ).network()
    except ResNetAppError:  # its callout stands there already; the choice counts once it is mended
        return [gr.skip(), gr.skip(), place]
    index = _stage_index(network, place)
    return [opened.stage(language, network, index, place[1]), opened.block(language, network, index, place[1]), place]


def open_block(
    model: str, classes: float | None, input_size: str, stem: str, dilated: list[str] | None, zero_init: bool,
    groups: str, width_per_group: str, norm: str, chart: str, place: Place, language: str, event: gr.EventData,
) -> list[Any]:  # fmt: skip
    """The block that was chosen in the opened stage."""
    from demo import opened

    place = (place[0], max(0, int(event.index)))
    try:
        network = Plan(
            model, classes, input_size, stem, dilated, zero_init, groups, width_per_group, norm, chart, place, language
        ).network()
    except ResNetAppError:
        return [gr.skip(), place]
    return [opened.block(language, network, _stage_index(network, place), place[1]), place]


def _stage_index(network: Network, place: Place) -> int:
    """Where the stage stands; another where this network has none of that name (the CIFAR stem has no maxpool)."""
    names = [stage.name for stage in network.stages]
    return names.index(place[0]) if place[0] in names else 0


def show_room(room: str, inner: str, choice: ModelChoice | None, *given: Any) -> Room:
    """The room below that is in sight: code, other networks or tables; what is not seen is not computed."""
    plan = Plan(*given)
    language = plan.language
    if room != "explore" or inner not in INNER_ROOMS[1:]:
        return Room()
    try:
        network = plan.network()
    except ResNetAppError:  # its callout stands there already
        return Room()
    if inner == "code":
        from demo import listing

        return Room(
            excerpts=_excerpts(plan, network),
            snippet=listing.snippet(language, network, _published_weights(choice, network)),
            tree=listing.tree(language, network),
        )
    from demo import drawings, figures, opened

    if inner == "others":
        from resnet_app import torchinfo_counts
        from resnet_app.published import classifiers

        return Room(
            standing=figures.standing(language, classifiers(), network.spec.name),
            published=opened.published(language, network, torchinfo_counts.counts(network)),
        )
    return Room(rows=opened.stage_rows(language, network), whole=drawings.whole(language, network))


def show_excerpts(room: str, inner: str, *given: Any) -> Any:
    """The lines that make the opened stage and block, where they are in sight."""
    plan = Plan(*given)
    if (room, inner) != ("explore", "code"):
        return gr.skip()
    try:
        return _excerpts(plan, plan.network())
    except ResNetAppError:  # its callout stands there already
        return gr.skip()


def _excerpts(plan: Plan, network: Network) -> str:
    from demo import listing

    stage = network.stages[_stage_index(network, plan.place)].name
    return listing.excerpts(plan.language, network, stage, plan.place[1])


def _published_weights(choice: ModelChoice | None, network: Network) -> str | None:
    """The ImageNet weights in use, where they are this network's; neither a file's nor those of a taught head."""
    if choice is None or choice.head is not None or choice.model != network.spec.name:
        return None
    return choice.weights if choice.weights in (IMAGENET, IMAGENET_V1, IMAGENET_V2) else None
