"""The Explain tab's work: a photo, a method, layers and classes -> maps, what they are worth, and a zip of all of it.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo import html
from demo.loading import Turn, current
from demo.locales import text
from demo.problems import no_problem, problem
from resnet_app.choices import LAYERS, MAX_CLASSES_EXPLAINED, METHODS, SLOW
from resnet_app.registry import SPECS
from resnet_app.steps import Watched

if TYPE_CHECKING:
    from resnet_app.heatmap import Heatmap
    from resnet_app.models import LoadedModel, ModelChoice
    from resnet_app.predict import Answer

REPAINT_S = 0.3  # between two looks at something under way
SHOWN_AT_FIRST = 2  # classes: the best answer, and what it was taken over
METHOD_CHOICES = [(title, name) for name, title in METHODS.items()]
STAGE_OF = {layer: f"{layer} · conv{number}_x" for number, layer in enumerate(LAYERS, start=2)}


@dataclass(frozen=True)
class Explained:
    """What a session has on its Explain tab, so that another look at it computes nothing anew.

    Attributes:
        choice: the model's.
        photo: the file.
        answer: to it.
        layers, method: of the maps.
        maps: by class.
        seconds: that the maps took.
        first: the class whose map stands first.
    """

    choice: ModelChoice
    photo: str
    answer: Answer = field(repr=False)
    layers: tuple[str, ...] = ()
    method: str = ""
    maps: dict[int, Heatmap] = field(default_factory=dict, repr=False)
    seconds: float = 0.0
    first: int = -1  # the class whose map can be tested


class Asked(NamedTuple):
    """What the tab's controls say, in the order of its inputs."""

    choice: ModelChoice | None
    model: str
    weights: str
    device: str
    photo: str | None
    method: str
    layers: list[str] | None
    classes: list[str] | None
    view: str
    lines: str
    colours: str
    first: str | None
    second: str | None
    language: str
    turn: Turn
    kept: Explained | None


class Shown(NamedTuple):
    """What the tab shows, in the order of its outputs; what is not given stays as it is."""

    kept: Any = gr.skip()
    photo: Any = gr.skip()
    notice: Any = gr.skip()
    cost: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    result: Any = gr.skip()
    more: Any = gr.skip()
    layers: Any = gr.skip()
    classes: Any = gr.skip()
    first: Any = gr.skip()
    second: Any = gr.skip()
    contrast: Any = gr.skip()
    worth: Any = gr.skip()
    curves: Any = gr.skip()
    strip: Any = gr.skip()
    reference: Any = gr.skip()
    problem: Any = gr.skip()


def layer_choices(model: str) -> list[tuple[str, str]]:
    """A stage's last block by the stage's name, then each other block by its path."""
    depths = SPECS[model].depths
    inside = [f"{layer}.{i}" for layer, count in zip(LAYERS, depths, strict=True) for i in range(count - 1)]
    return [*((STAGE_OF[layer], layer) for layer in reversed(LAYERS)), *((path, path) for path in inside)]


def class_choices(names: Sequence[str]) -> list[tuple[str, str]]:
    """The classes by name; where several have one name, with their number."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [(f"{name} · {i}" if name in twice else name, str(i)) for i, name in enumerate(names)]


def explain(*asked: Any) -> Iterator[Shown]:
    """Show what is asked for; a slow method only says what it would cost, unless its maps are there."""
    yield from _explain(Asked(*asked), compute=False)


def compute(*asked: Any) -> Iterator[Shown]:
    """The same, however long it takes."""
    yield from _explain(Asked(*asked), compute=True)


def _explain(asked: Asked, *, compute: bool) -> Iterator[Shown]:
    """Each request has its turn: what comes of an earlier one, still at work, is no longer shown."""
    language = asked.language
    asked.turn.latest += 1
    mine = asked.turn.latest
    if not asked.photo:
        yield Shown(
            kept=None, photo="", notice="", cost="", go=gr.update(visible=False),
            result=html.empty(language, "explain_empty_title", "explain_empty_text"), more=gr.update(visible=False),
            problem=no_problem(),
        )  # fmt: skip
        return
    try:
        for shown in _maps(asked, compute=compute):
            if asked.turn.latest != mine:
                yield Shown()  # Gradio sends the last one again at the end
                return
            yield shown
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        if asked.turn.latest != mine:
            yield Shown()
            return
        yield Shown(
            cost="", go=gr.update(visible=compute), stop=gr.update(visible=False), problem=problem(error, language)
        )


def _maps(asked: Asked, *, compute: bool) -> Iterator[Shown]:
    from demo import maps
    from resnet_app import gradcam

    assert asked.photo
    language, method = asked.language, asked.method
    model = current(asked.choice, asked.model, asked.weights, asked.device)
    is_new = asked.kept is None or (asked.kept.choice, asked.kept.photo) != (model.choice, asked.photo)
    known = {value for _, value in layer_choices(model.spec.name)}
    layers = tuple(layer for layer in asked.layers or [] if layer in known) or (LAYERS[-1],)
    paths = gradcam.check_choice(model.network, layers, method)
    kept = _answered(asked, model, paths) if is_new else asked.kept
    assert kept is not None
    classes = _classes(asked.classes, kept.answer, model, reset=is_new)
    if (kept.layers, kept.method) != (layers, method):
        kept = replace(kept, layers=layers, method=method, maps={}, seconds=0.0, first=-1)
    missing = [index for index in classes if index not in kept.maps]
    head = Shown(
        photo=_small(kept.answer), notice=maps.notice(language, method, is_last=paths == [model.trunk.last]),
        layers=gr.update(choices=layer_choices(model.spec.name), value=list(layers)),
        stop=gr.update(visible=False), problem=no_problem(), **_untested(kept.first != classes[0]),
        **_choices_of(model, kept.answer, classes, asked, reset=is_new),
    )  # fmt: skip
    if missing and method in SLOW and not compute:
        count = gradcam.passes(model.network, layers, method)
        seconds = gradcam.seconds(model, kept.answer, layers, method)
        yield head._replace(
            kept=kept, cost=maps.cost(language, model, method, count, seconds), go=gr.update(visible=True),
            result="", more=gr.update(visible=False),
        )  # fmt: skip
        return
    if missing:
        started = painted = time.perf_counter()
        steps = Watched(gradcam.heatmaps_in_steps(model, kept.answer, missing, layers=layers, method=method))
        for done, total in steps:
            if time.perf_counter() - painted > REPAINT_S or not done:
                painted = time.perf_counter()
                words = text(language, "slow_progress", done=done, total=total)
                yield Shown(
                    cost=maps.progress(words, done, total), go=gr.update(visible=False), stop=gr.update(visible=True)
                )
        new = dict(zip(missing, steps.result, strict=True))
        kept = replace(kept, maps={**kept.maps, **new}, seconds=time.perf_counter() - started)
    kept = replace(kept, first=classes[0])
    look = _look(asked, kept)
    shown = [kept.maps[index] for index in classes]
    yield head._replace(
        kept=kept, cost="", go=gr.update(visible=False), more=gr.update(visible=True),
        result=maps.side_by_side(language, model, kept.answer, shown, look, seconds=kept.seconds),
        contrast=_contrast(asked, model, kept, _pair(asked, kept.answer, model, reset=is_new), look),
    )  # fmt: skip


def _untested(is_other: bool) -> dict[str, Any]:
    """Nothing of a test that was of another map; a test of this one stays, however it is looked at."""
    return {"worth": "", "curves": gr.update(visible=False), "strip": "", "reference": ""} if is_other else {}


def _answered(asked: Asked, model: LoadedModel, paths: Sequence[str]) -> Explained:
    from resnet_app import predict

    assert asked.photo
    return Explained(model.choice, asked.photo, predict.classify(model, asked.photo, keep=paths))


def _classes(asked: list[str] | None, answer: Answer, model: LoadedModel, *, reset: bool) -> list[int]:
    """The classes to show: those asked for, or the best ones for another photo or model."""
    given = [] if reset else [int(index) for index in asked or [] if int(index) < len(model.class_names)]
    return given[:MAX_CLASSES_EXPLAINED] or [each.index for each in answer.predictions[:SHOWN_AT_FIRST]]


def _pair(asked: Asked, answer: Answer, model: LoadedModel, *, reset: bool) -> tuple[int, int] | None:
    """The two classes to set against each other; None for a model that has only one."""
    best = [each.index for each in answer.predictions[:2]]
    if len(best) < 2:
        return None
    given = [None if reset or each is None else int(each) for each in (asked.first, asked.second)]
    first, second = (
        best[i] if each is None or each >= len(model.class_names) else each for i, each in enumerate(given)
    )
    return first, second


def _choices_of(model: LoadedModel, answer: Answer, classes: list[int], asked: Asked, *, reset: bool) -> dict[str, Any]:
    """The three boxes with classes; their choices are sent anew for another model only."""
    pair = _pair(asked, answer, model, reset=reset)
    values: dict[str, Any] = {"classes": [str(index) for index in classes]}
    if not reset:
        return {"classes": gr.update(value=values["classes"])}
    if pair is not None:
        values |= {"first": str(pair[0]), "second": str(pair[1])}
    choices = class_choices(model.class_names)
    return {box: gr.update(choices=choices, value=value) for box, value in values.items()}


def _small(answer: Answer) -> str:
    return f'<img src="{html.data_uri(answer.crop)}" alt="">'


def _look(asked: Asked, kept: Explained) -> Any:
    from demo.maps import Look
    from resnet_app.overlays import WholePhoto

    model = current(kept.choice)
    whole = WholePhoto(kept.photo, model.recipe) if asked.view == "whole" else None
    return Look(kept.answer.crop, whole, asked.lines == "contours", asked.colours)


def _contrast(asked: Asked, model: LoadedModel, kept: Explained, pair: tuple[int, int] | None, look: Any) -> str:
    from demo import maps
    from resnet_app import gradcam

    if pair is None:
        return ""
    first, second = pair
    if first == second:
        return html.note(text(asked.language, "contrast_same"))
    signed = gradcam.signed_map(model, kept.answer, first, second, layer=kept.layers[0])
    return maps.contrast(asked.language, (model.class_names[first], model.class_names[second]), signed, look)


def contrast(*given: Any) -> list[Any]:
    """The two chosen classes set against each other, and the problem where there is one."""
    asked = Asked(*given)
    kept = asked.kept
    if kept is None:
        return [gr.skip(), gr.skip()]
    try:
        model = current(kept.choice)
        pair = _pair(asked, kept.answer, model, reset=False)
        return [_contrast(asked, model, kept, pair, _look(asked, kept)), no_problem()]
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return [gr.skip(), problem(error, asked.language)]
