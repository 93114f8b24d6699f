"""The Explain tab's work: a photo, a method, layers and classes -> maps, and what speaks for one class and not another.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.explain.layer_choices import layer_choices
from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.inputs import count
from demo.ui.labels import class_choices
from demo.ui.session import Looked, PageInputs, Request, resolve
from resnet_app.choices import LAYERS, MAX_CLASSES_EXPLAINED, SLOW
from resnet_app.progress import Watched

if TYPE_CHECKING:
    from demo.ui.heatmaps import Look
    from resnet_app.explain.cam import CamChoice
    from resnet_app.explain.heatmap import Heatmap
    from resnet_app.inference.models import LoadedModel
    from resnet_app.inference.predict import Answer

REPAINT_S = 0.3  # between two looks at something under way
SHOWN_AT_FIRST = 2  # classes: the best answer, and what it was taken over


@dataclass(frozen=True, eq=False)
class Explained:
    """What a session has on its Explain tab, so that another look at it computes nothing anew.

    Attributes:
        looked: the photo as the model sees it.
        answer: to it, with the output of the blocks that the maps are made from.
        chosen: layers and method of the maps.
        maps: by class.
        seconds: that the maps took.
        first: the class whose map stands first, and can be tested.
    """

    looked: Looked = field(repr=False)
    answer: Answer = field(repr=False)
    chosen: CamChoice
    maps: dict[int, Heatmap] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    first: int = -1

    def __deepcopy__(self, _memo: dict[int, Any]) -> Explained:
        """It is never changed, so that a copy is as good as itself."""
        return self


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    method: Any
    layers: Any
    classes: Any
    view: Any
    lines: Any
    threshold: Any
    colours: Any
    first: Any
    second: Any
    turn: Any  # of what is shown: each request takes it
    subject: Any  # the turn of what is told of a map: taken where another map comes to stand first
    kept: Any  # an ``Explained``, or None


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    kept: Any = gr.skip()
    photo: Any = gr.skip()
    notice: Any = gr.skip()
    cost: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    result: Any = gr.skip()
    more: Any = gr.skip()
    threshold: Any = gr.skip()
    layers: Any = gr.skip()
    classes: Any = gr.skip()
    first: Any = gr.skip()
    second: Any = gr.skip()
    contrast: Any = gr.skip()
    worth: Any = gr.skip()
    curves: Any = gr.skip()
    strip: Any = gr.skip()
    reference: Any = gr.skip()
    rivals: Any = gr.skip()
    problem: Any = gr.skip()


class Resolved(NamedTuple):
    """A request of the tab, resolved: what of the controls fits this model and photo.

    Attributes:
        kept: what is there already of the same photo, layers and method.
        classes: to show, best or first chosen first.
        pair: the two classes to set against each other; None for a model that has only one.
        is_new: whether the photo or the model is another than before.
    """

    kept: Explained
    classes: list[int]
    pair: tuple[int, int] | None
    is_new: bool

    @property
    def is_another(self) -> bool:
        """Whether another map than the last one comes to stand first."""
        return self.kept.first != self.classes[0]


EXPLAIN_FAILED = Shown(cost="", go=gr.update(visible=False), stop=gr.update(visible=False))
COMPUTE_FAILED = EXPLAIN_FAILED._replace(go=gr.update(visible=True))


def explain(asked: Asked) -> Iterator[Shown]:
    """Show what is asked for; a slow method only says what it would cost, unless its maps are there."""
    yield from _explain(asked, compute=False)


def compute(asked: Asked) -> Iterator[Shown]:
    """The same, however long it takes."""
    yield from _explain(asked, compute=True)


def _explain(asked: Asked, *, compute: bool) -> Iterator[Shown]:
    if not asked.page.photo:
        asked.subject.take()
        yield _empty(asked.page.language)
        return
    found = _resolve(asked)
    if found.is_another:
        asked.subject.take()
    head = _head(asked, found)
    missing = [index for index in found.classes if index not in found.kept.maps]
    if missing and found.kept.chosen.method in SLOW and not compute:
        yield _priced(head, asked, found.kept)
        return
    kept = found.kept
    if missing:
        kept = yield from _with_maps(asked, kept, missing)
    yield _with_figures(head, asked, found._replace(kept=replace(kept, first=found.classes[0])))


def _empty(language: str) -> Shown:
    return Shown(
        kept=None, photo="", notice="", cost="", go=gr.update(visible=False),
        result=html.empty(language, "explain_empty_title", "explain_empty_text"), more=gr.update(visible=False),
        problem=no_problem(),
    )  # fmt: skip


def _resolve(asked: Asked) -> Resolved:
    from resnet_app.explain import cam

    request: Request = resolve(asked.page)
    model, looked, kept = request.model, request.looked, asked.kept
    assert looked is not None
    is_new = kept is None or kept.looked is not looked
    known = {value for _, value in layer_choices(model.spec.name)}
    layers = tuple(layer for layer in asked.layers or [] if layer in known) or (LAYERS[-1],)
    chosen = cam.choose(model.network, layers, asked.method)
    if is_new or kept.chosen != chosen:
        kept = Explained(looked, looked.answer(chosen.paths), chosen)
    of_another = is_new and asked.kept is not None  # what an address asked for stands there before anything is shown
    classes = _classes(asked.classes, kept.answer, model, reset=of_another)
    return Resolved(kept, classes, _pair(asked, kept.answer, model, reset=is_new), is_new)


def _head(asked: Asked, found: Resolved) -> Shown:
    """What follows from the request alone, before any map is made."""
    from demo.explain import view

    kept, model = found.kept, found.kept.looked.model
    untested: dict[str, Any] = {}
    if found.is_another:  # nothing of a test of another map; one of this map stays, however it is looked at
        untested = {"worth": "", "curves": gr.update(visible=False), "strip": "", "reference": "", "rivals": ""}
    is_last = kept.chosen.paths == (model.backbone.last,)
    return Shown(
        photo=view.small_photo(kept.answer),
        notice=view.notice(asked.page.language, kept.chosen.method, is_last=is_last),
        layers=gr.update(choices=layer_choices(model.spec.name), value=list(kept.chosen.layers)),
        threshold=gr.update(visible=asked.lines == "box"), stop=gr.update(visible=False), problem=no_problem(),
        **untested, **_boxes(model, found),
    )  # fmt: skip


def _priced(head: Shown, asked: Asked, kept: Explained) -> Shown:
    """A slow method, before it is started: what it will cost."""
    from demo.explain import view
    from resnet_app.explain import cam

    model, chosen = kept.looked.model, kept.chosen
    passes = cam.passes(model.network, chosen)
    seconds = cam.seconds(model, kept.answer, chosen)
    cost = view.cost(asked.page.language, model, chosen.method, passes, seconds)
    return head._replace(kept=kept, cost=cost, go=gr.update(visible=True), result="", more=gr.update(visible=False))


def _with_maps(asked: Asked, kept: Explained, missing: list[int]) -> Generator[Shown, None, Explained]:
    """Make the maps that are not there yet, showing how far they are."""
    from resnet_app.explain import cam

    started = painted = time.perf_counter()
    model, chosen = kept.looked.model, kept.chosen
    passes = cam.cost(model.network, chosen, len(missing))
    steps = Watched(carried_out(cam.heatmaps_in_steps, model, kept.answer, missing, chosen, passes=passes))
    for done, total in steps:
        if time.perf_counter() - painted > REPAINT_S or not done or not asked.turn():
            painted = time.perf_counter()
            left = (painted - started) / done * (total - done) if done else 0.0
            words = text(asked.page.language, "slow_progress", done=done, total=total, seconds=round(left))
            yield Shown(
                cost=html.progress(words, done, total), go=gr.update(visible=False), stop=gr.update(visible=True)
            )
    new = dict(zip(missing, steps.result, strict=True))
    return replace(kept, maps={**kept.maps, **new}, seconds=time.perf_counter() - started)


def _with_figures(head: Shown, asked: Asked, found: Resolved) -> Shown:
    """The maps side by side, and the two classes set against each other."""
    from demo.explain import view

    kept, look = found.kept, look_of(asked, found.kept)
    shown = [kept.maps[index] for index in found.classes]
    model, language = kept.looked.model, asked.page.language
    return head._replace(
        kept=kept, cost="", go=gr.update(visible=False), more=gr.update(visible=True),
        result=view.side_by_side(
            language, model, kept.answer, shown, look, seconds=kept.seconds, address=_address(kept, found.classes),
        ),
        contrast=_contrast(language, kept, found.pair, look),
    )  # fmt: skip


def _address(kept: Explained, classes: Sequence[int]) -> list[tuple[str, str]]:
    """What the page's address says of the maps, so that another page shows the same."""
    labels = [label for label, _ in class_choices(kept.looked.model.class_names)]
    return [
        ("method", kept.chosen.method),
        *(("layer", layer) for layer in kept.chosen.layers),
        *(("class", labels[index]) for index in classes),
    ]


def contrast(asked: Asked) -> Shown:
    """The two chosen classes set against each other."""
    kept = asked.kept
    if kept is None:
        return Shown()
    pair = _pair(asked, kept.answer, kept.looked.model, reset=False)
    return Shown(contrast=_contrast(asked.page.language, kept, pair, look_of(asked, kept)), problem=no_problem())


def _contrast(language: str, kept: Explained, pair: tuple[int, int] | None, look: Look) -> str:
    from demo.explain import view

    if pair is None:
        return ""
    first, second = sorted(pair)  # a class keeps its colour, here and in Classify, whichever was chosen first
    if first == second:
        return html.note(text(language, "contrast_same"))
    names = kept.looked.model.class_names
    signed = kept.looked.signed_map(first, second, kept.chosen.layers[0])
    return view.contrast(language, (names[first], names[second]), signed, look)


def look_of(asked: Asked, kept: Explained) -> Look:
    """How the maps are looked at: nothing of it decodes the photo again."""
    from demo.ui.heatmaps import Look
    from resnet_app.explain.overlay import WholePhoto

    looked = kept.looked
    whole = None
    if asked.view == "whole":
        whole = looked.once("whole", lambda: WholePhoto(looked.photo, looked.model.recipe))
    threshold = count(asked.threshold) if asked.lines == "box" else 0
    return Look(kept.answer.crop, whole, asked.lines != "colours", asked.colours, threshold)


def _classes(asked: list[str] | None, answer: Answer, model: LoadedModel, *, reset: bool) -> list[int]:
    """The classes to show: those asked for, or the best ones for another photo or model."""
    given = [] if reset else [int(index) for index in asked or [] if int(index) < len(model.class_names)]
    return given[:MAX_CLASSES_EXPLAINED] or [each.index for each in answer.predictions[:SHOWN_AT_FIRST]]


def _pair(asked: Asked, answer: Answer, model: LoadedModel, *, reset: bool) -> tuple[int, int] | None:
    best = [each.index for each in answer.predictions[:2]]
    if len(best) < 2:
        return None
    given = [None if reset or each is None else int(each) for each in (asked.first, asked.second)]
    first, second = (
        best[i] if each is None or each >= len(model.class_names) else each for i, each in enumerate(given)
    )
    return first, second


def _boxes(model: LoadedModel, found: Resolved) -> dict[str, Any]:
    """The three boxes with classes; their choices are sent anew for another model only."""
    values: dict[str, Any] = {"classes": [str(index) for index in found.classes]}
    if not found.is_new:
        return {"classes": gr.update(value=values["classes"])}
    if found.pair is not None:
        values |= {"first": str(found.pair[0]), "second": str(found.pair[1])}
    choices = class_choices(model.class_names)
    return {box: gr.update(choices=choices, value=value) for box, value in values.items()}
