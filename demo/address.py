"""What an address asks for (``?tab=explain&method=layercam&class=bees``), tried against what there is.

``static/address.js`` writes it: each tab's result says in ``data-address`` what of it belongs there. Never the photo,
which is nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import gradio as gr

from demo.compare.layout import Compare
from demo.explain.layer_choices import layer_choices
from demo.explain.layout import Explain
from demo.explore.layout import Explore
from demo.lesson.choices import NAMES as LESSON_STEPS
from demo.locales import LANGUAGES, text
from demo.sidebar.choices import weight_choices
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.events import RING, Page, on
from demo.ui.labels import class_choices
from demo.ui.queues import EACH, MODEL_WORK, PRIVATE, QUIET
from demo.ui.session import PageInputs, current
from resnet_app.architecture import counting
from resnet_app.choices import MAX_CLASSES_EXPLAINED, METHODS
from resnet_app.errors import ResNetAppError
from resnet_app.registry import LAYER_OF_STAGE, SPECS, STAGES, STEMS, get_spec

TABS = ("classify", "explain", "fool", "explore", "residual", "batch", "compare", "teach", "lesson")
LONGEST = 2000  # characters of an address that are read
NAMED = 12  # accepted values that a sentence names
SEARCH = "(...inputs) => [...inputs.slice(0, -1), window.resnetExplorer.search()]"
ARRIVED = f"() => {{ window.resnetExplorer.arrived(); ({RING})(); }}"


class Refused(NamedTuple):
    """A value that an address asks for in vain, and what would have been one."""

    name: str
    value: str
    accepted: str


class Address:
    """The values in an address, by name; what is none of the accepted ones is left out.

    Attributes:
        refused: what was left out.
    """

    def __init__(self, search: str | None) -> None:
        self._given = parse_qs((search or "").lstrip("?")[:LONGEST])
        self.refused: list[Refused] = []

    def many(self, name: str, accepted: Collection[str]) -> list[str]:
        """All values of that name that are accepted, in order."""
        found = list(dict.fromkeys(self._given.get(name, [])))
        for value in found:
            if value not in accepted:
                more = ", …" if len(accepted) > NAMED else ""
                self.refused.append(Refused(name, value[:60], ", ".join(list(accepted)[:NAMED]) + more))
        return [value for value in found if value in accepted]

    def one(self, name: str, accepted: Collection[str]) -> str | None:
        """The first of them, or None."""
        return next(iter(self.many(name, accepted)), None)

    def text(self, name: str, fits: Callable[[str], Any], example: str) -> str | None:
        """A value that is no choice among some, but has to fit."""
        for value in self._given.get(name, [])[:1]:
            with suppress(ResNetAppError):
                if fits(value):
                    return value
            self.refused.append(Refused(name, value[:60], example))
        return None


class Asked(NamedTuple):
    """The address that the page was opened with."""

    page: PageInputs
    search: Any


class Shown(NamedTuple):
    """What follows from it; what is not given stays as it is."""

    layers: Any = gr.skip()
    method: Any = gr.skip()
    explained: Any = gr.skip()
    place: Any = gr.skip()
    input_size: Any = gr.skip()
    classes: Any = gr.skip()
    stem: Any = gr.skip()
    left: Any = gr.skip()
    right: Any = gr.skip()
    compare_size: Any = gr.skip()
    compare_classes: Any = gr.skip()
    compare_stem: Any = gr.skip()
    compare_stage: Any = gr.skip()
    problem: Any = gr.skip()


def asked_model(language: str, search: str | None, default: str) -> tuple[Any, Any]:
    """The boxes of model and weights for what an address asks for; as they are where it asks for none that there is."""
    address = Address(search)
    spec = get_spec(address.one("model", SPECS) or default)
    weights = address.one("weights", spec.weights)
    if weights is None and spec.name == default:
        return gr.skip(), gr.skip()
    weights = weights or spec.default_weights
    return spec.name, gr.update(choices=weight_choices(language, spec.name), value=weights)


def arrive(asked: Asked) -> Shown:
    """What the address asks for in its tab, once the model is there, and a sentence for what there is not."""
    page, address = asked.page, Address(asked.search)
    tab = address.one("tab", TABS)
    model = address.one("model", SPECS)
    address.one("weights", get_spec(model or page.model).weights)
    address.one("lang", [*LANGUAGES, "zh"])
    address.one("step", LESSON_STEPS)  # the page takes it there itself (``static/lesson/lesson.js``)
    of_tab = {"explain": _explain, "explore": _explore, "compare": _compare}.get(tab or "")
    shown = of_tab(address, page) if of_tab else Shown()
    return shown._replace(problem=_told(page.language, address.refused))


def _told(language: str, refused: list[Refused]) -> Any:
    if not refused:
        return no_problem()
    words = " ".join(text(language, "address_refused", **each._asdict()) for each in refused)
    return gr.update(value=html.callout(words), visible=True)


def _explain(address: Address, page: PageInputs) -> Shown:
    model = current(page.choice)
    choices = layer_choices(model.spec.name)
    layers = address.many("layer", [value for _, value in choices])
    method = address.one("method", METHODS)
    named = dict(class_choices(model.class_names))
    classes = [named[name] for name in address.many("class", named)][:MAX_CLASSES_EXPLAINED]
    return Shown(
        layers=gr.update(choices=choices, value=layers) if layers else gr.skip(),
        method=method or gr.skip(),
        explained=gr.update(choices=list(named.items()), value=classes) if classes else gr.skip(),
    )


def _explore(address: Address, page: PageInputs) -> Shown:
    size, classes, stem = _shape(address)
    stage = address.one("stage", _stages(stem))
    layer = LAYER_OF_STAGE.get(stage or "", "")
    block = None
    if layer:  # of a stage that is refused, or has no blocks, the block says nothing
        blocks = SPECS[page.model].depths[int(layer[-1]) - 1]
        block = address.one("block", [str(number) for number in range(blocks)])
    return Shown(
        place=(stage, int(block or 0)) if stage else gr.skip(),
        input_size=size or gr.skip(), classes=classes or gr.skip(), stem=stem or gr.skip(),
    )  # fmt: skip


def _compare(address: Address, _page: PageInputs) -> Shown:
    size, classes, stem = _shape(address)
    left, right, stage = address.one("left", SPECS), address.one("right", SPECS), address.one("stage", _stages(stem))
    return Shown(
        left=left or gr.skip(), right=right or gr.skip(), compare_size=size or gr.skip(),
        compare_classes=classes or gr.skip(), compare_stem=stem or gr.skip(), compare_stage=stage or gr.skip(),
    )  # fmt: skip


def _shape(address: Address) -> tuple[str | None, int | None, str | None]:
    """What a network is drawn for: the size of a picture, the number of classes and the stem."""
    size = address.text("size", counting.parse_size, "224x224")
    classes = address.text(
        "classes", lambda value: value.isdecimal() and 0 < int(value) <= counting.MAX_CLASSES, "1000"
    )
    return size, int(classes) if classes else None, address.one("stem", STEMS)


def _stages(stem: str | None) -> list[str]:
    return [stage for stage in STAGES if stage != "maxpool" or stem != "cifar"]


def wire(page: Page, search: gr.Textbox, problem: gr.HTML, tabs: tuple[Explain, Explore, Compare]) -> None:
    """The page rings for what its address asks for (``static/address.js``), then shows the tab that is in sight."""
    explain, explore, compare = tabs
    shown = Shown(
        explain.layers, explain.method, explain.classes, explore.place, explore.input_size, explore.classes,
        explore.stem, compare.first, compare.second, compare.input_size, compare.classes, compare.stem, compare.stage,
        problem,
    )  # fmt: skip
    asked = Asked(page.inputs, search)
    done = on(page.bells.address.input, arrive, asked, shown, js=SEARCH, **QUIET, **EACH, **MODEL_WORK)
    done.then(None, js=ARRIVED, **PRIVATE, **EACH)
