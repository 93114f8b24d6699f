"""Library results -> component values. The only place where a ResNetAppError becomes something a person sees.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo import html
from demo.locales import ENGLISH, text
from resnet_app.errors import ClassNamesError, ResNetAppError
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, SPECS, get_spec

if TYPE_CHECKING:
    from resnet_app.models import LoadedModel, ModelChoice

log = logging.getLogger("resnet_explorer")

OWN = "own"  # the choice of weights that stands for the uploaded checkpoint
MAX_BATCH = 200  # files at once: a grid of more is not looked at
IMAGENET_CLASSES = 1000
STAGES = ("conv1", "maxpool", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "avgpool", "fc")
REPAINT_S = 0.4  # between two looks at a batch or a download under way
LOADERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="load")


def sentence(error: Exception, language: str = ENGLISH) -> str:
    """What a person reads of an error: ours says it itself; any other goes to the log whole, with a reference."""
    if isinstance(error, ResNetAppError):
        return text(language, f"error_{error.code}", **error.values) if error.code else str(error)
    reference = uuid.uuid4().hex[:8]
    log.error("reference %s", reference, exc_info=error)
    return text(language, "unexpected", reference=reference)


def for_programs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an endpoint answer a failure with one sentence."""

    @wraps(function)
    def guarded(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except Exception as error:  # noqa: BLE001 (the border: nothing else catches it)
            raise gr.Error(sentence(error), print_exception=False) from None

    return guarded


# Models


def obtain(
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    *,
    checkpoint: str | None = None,
    class_names: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LoadedModel:
    """The model for what was picked, from the shared cache or loaded into it."""
    from resnet_app import checkpoints, models

    names = checkpoints.parse_class_names(class_names or "") or None
    own = checkpoint if weights == OWN else None
    choice = models.choose(
        model or None,
        None if own else weights or None,
        device=device,
        checkpoint=own,
        class_names=names if own else None,
    )
    return models.shared_cache().get(choice, progress=progress)


def current(choice: ModelChoice | None, model: str = "", weights: str = "", device: str = "auto") -> LoadedModel:
    """The session's model; where it has loaded none yet (or was forgotten), what the sidebar shows."""
    from resnet_app import models

    if choice is None:
        choice = models.choose(model or None, weights if weights != OWN else None, device=device)
    return models.shared_cache().get(choice)


def weight_choices(language: str, model: str, own: str | None = None) -> list[tuple[str, str]]:
    """The weights that a network has, in words, and the person's own file."""
    spec = get_spec(model)
    accuracy = dict(zip(("imagenet-v1", "imagenet-v2"), spec.accuracy, strict=False))
    named = [
        (text(language, f"weights_{weights}", accuracy=f"{accuracy.get(weights, 0):.1f}"), weights)
        for weights in spec.weights
    ]
    return [*named, (text(language, "weights_own", name=own), OWN)] if own else named


def device_choices(language: str) -> list[tuple[str, str]]:
    """The devices of this machine, each by its name."""
    from resnet_app import device

    return [(text(language, "device_auto"), device.AUTO), *((d.title, d.name) for d in device.available())]


MODEL_CHOICES = [(spec.title, name) for name, spec in SPECS.items()]


class Download:
    """How far a download is, told by the thread that does it and read by the one that shows it."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.done = self.total = 0

    def __call__(self, done: int, total: int) -> None:
        """Called with bytes so far and in all."""
        self.done, self.total = done, total

    @property
    def seconds_left(self) -> int:
        """At the speed so far."""
        return round((time.monotonic() - self._started) * (self.total - self.done) / max(self.done, 1))


def whole(value: Any) -> int:
    """A count that came from a slider or a program, where it is none: 0, which every check refuses."""
    return int(value) if isinstance(value, int | float) and abs(value) < 1e9 else 0


# Classify


def answer_html(model: LoadedModel, photo: str, top_k: int, colours: str, language: str) -> str:
    """The photo's answers with their maps."""
    from demo import results
    from resnet_app import gradcam, predict
    from resnet_app.device import clock
    from resnet_app.registry import RANDOM

    result = predict.classify(model, photo, top_k=whole(top_k))
    started = clock(model.device)
    indices = [prediction.index for prediction in result.predictions]
    maps = gradcam.heatmaps(model.network, result.features, indices, size=result.crop.size[::-1])
    timing = replace(result.timing, cam=clock(model.device) - started)
    random = model.choice.checkpoint is None and model.choice.weights == RANDOM
    return results.answer(language, result, maps, timing, model.recipe, colours=colours, random=random)


# Explore


def take_apart(model: str, classes: float | None, input_size: str, stem: str) -> Any:
    """The network as the explorer's controls describe it."""
    from resnet_app import explorer

    return explorer.describe(model, classes=whole(classes), input_size=explorer.parse_size(input_size), stem=stem)


# Batch


def batch_html(model: LoadedModel, files: list[str], language: str) -> Iterator[str]:
    """The grid and the table as they grow, repainted at most every half second."""
    from demo import results
    from resnet_app.batch import Batch

    if len(files) > MAX_BATCH:
        raise ResNetAppError(text(language, "batch_too_many", count=len(files), most=MAX_BATCH))
    run = Batch(model, top_k=1)
    painted = 0.0
    for done, _ in enumerate(run.rows([Path(file) for file in files]), start=1):
        if time.monotonic() - painted > REPAINT_S and done < len(files):
            painted = time.monotonic()
            yield results.batch(language, run, len(files))
    yield results.batch(language, run, len(files))


# What the page does


def problem(error: Exception, language: str) -> Any:
    """A callout with one sentence."""
    return gr.update(value=html.callout(sentence(error, language)), visible=True)


def no_problem() -> Any:
    """No callout."""
    return gr.update(value="", visible=False)


@dataclass
class Turn:
    """Counts a session's loads: of two under way at once, the later pick counts, whichever is done first."""

    latest: int = 0


class Shown(NamedTuple):
    """What a load changes on the page, in the order of its outputs; what is not given stays as it is."""

    choice: Any = gr.skip()
    status: Any = gr.skip()
    problem: Any = gr.skip()
    model: Any = gr.skip()
    weights: Any = gr.skip()
    device: Any = gr.skip()
    checkpoint: Any = gr.skip()
    class_names: Any = gr.skip()
    classes: Any = gr.skip()
    stem: Any = gr.skip()


def load(
    changed: str,
    model: str,
    weights: str,
    checkpoint: str | None,
    class_names: str,
    device: str,
    choice: ModelChoice | None,
    language: str,
    turn: Turn,
) -> Iterator[Shown]:
    """Load what the sidebar says; on failure the session keeps the model that it has, and the sidebar says so."""
    from demo import results

    turn.latest += 1
    mine = turn.latest
    cleared = changed == "checkpoint" and not checkpoint
    own = Path(checkpoint).name if checkpoint else None

    def weights_box(of_model: str, value: str, file: str | None) -> Any:
        return gr.update(choices=weight_choices(language, of_model, file), value=value)

    note = ""
    try:
        model, weights = _fitting(changed, model, weights, checkpoint, choice)
        title = own if weights == OWN and own else get_spec(model).title
        yield Shown(
            status=html.status_loading(language, title), problem=no_problem(), weights=weights_box(model, weights, own)
        )
        download = Download()
        work = partial(obtain, model, weights, device, checkpoint=checkpoint, progress=download)
        try:
            loading = LOADERS.submit(work, class_names=class_names)
            while not wait([loading], timeout=REPAINT_S).done and turn.latest == mine:
                if download.total:
                    yield Shown(status=html.status_downloading(language, title, download))
            if turn.latest != mine:  # it goes on into the cache; what it shows is no longer asked for
                yield Shown()
                return
            loaded = loading.result()
        except ClassNamesError as error:
            if changed != "checkpoint":
                raise
            # The names were typed for another file: the new one is no worse for it.
            note = sentence(error, language)
            loaded = work()
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        kept = current(choice)
        if changed == "checkpoint":  # a file that is no use leaves everything as it was
            own = kept.choice.checkpoint.name if kept.choice.checkpoint else None
            model, weights = kept.spec.name, OWN if own else kept.choice.weights
        yield Shown(
            choice=kept.choice,
            status=results.status_ready(language, kept, still=True),
            problem=problem(error, language),
            model=model,
            weights=weights_box(model, weights, own),
            checkpoint=None if changed == "checkpoint" else gr.skip(),
            classes=len(kept.class_names) if kept.spec.name == model else IMAGENET_CLASSES,
        )
        return
    name = loaded.spec.name
    if name != model:
        note = f"{text(language, 'corrected', name=loaded.spec.title)} {note}".strip()
    yield Shown(
        choice=loaded.choice,
        status=results.status_ready(language, loaded, note=note),
        problem=no_problem(),
        model=name,
        weights=weights_box(name, weights, own),
        device=gr.update(choices=device_choices(language), value=device),
        class_names="" if cleared else gr.skip(),
        classes=len(loaded.class_names),
        stem=loaded.stem,
    )


def _fitting(
    changed: str, model: str, weights: str, checkpoint: str | None, choice: ModelChoice | None
) -> tuple[str, str]:
    """The network and the weights that fit what was changed: the two depend on each other, and on the file."""
    if changed == "checkpoint":
        if checkpoint:
            return model, OWN
        if weights == OWN:  # the file was taken away: back to what is always there
            return BUNDLED_MODEL, BUNDLED
    if weights == OWN and checkpoint and changed != "model":
        return model, OWN
    if changed == "model" and choice is not None and current(choice).spec.name == model:  # back to what is loaded still
        if choice.checkpoint is None:
            return model, choice.weights
        if checkpoint:
            return model, OWN
    spec = get_spec(model)
    return model, weights if weights in spec.weights else spec.default_weights


def answer(
    choice: ModelChoice | None,
    model: str,
    weights: str,
    device: str,
    photo: str | None,
    top_k: int,
    colours: str,
    language: str,
) -> list[Any]:
    """The photo's answers; a bad photo leaves the last good answer and says why."""
    if not photo:
        empty = html.empty(language, "empty_title", "empty_text", "empty_text_phone")
        return [empty, no_problem(), gr.update(visible=False)]
    try:
        shown = answer_html(current(choice, model, weights, device), photo, top_k, colours, language)
    except Exception as error:  # noqa: BLE001
        return [gr.skip(), problem(error, language), gr.skip()]
    return [shown, no_problem(), gr.update(visible=True)]


Place = tuple[str, int]  # the opened stage's name (its index changes with the stem), and the block's index


def explore_network(
    model: str, classes: float | None, input_size: str, stem: str, chart: str, place: Place, language: str
) -> list[Any]:
    """Everything on the Explore tab."""
    from demo import drawings, figures

    try:
        network = take_apart(model, classes, input_size, stem)
    except ResNetAppError as error:
        return [*[gr.skip()] * 6, problem(error, language)]
    return [
        drawings.headline(language, network), drawings.ribbon(language, network, _stage_index(network, place)),
        _opened(language, network, place), figures.stage_table(language, network),
        _chart(language, network, chart), drawings.stage_rows(language, network), no_problem(),
    ]  # fmt: skip


def draw_chart(
    model: str, classes: float | None, input_size: str, stem: str, chart: str, _place: Any, language: str
) -> Any:
    """The other chart; with a bad size, whose callout stands there already, none."""
    try:
        network = take_apart(model, classes, input_size, stem)
    except ResNetAppError:
        return gr.skip()
    return _chart(language, network, chart)


def _chart(language: str, network: Any, kind: str) -> Any:
    from demo import figures

    return (figures.parameter_treemap if kind == "treemap" else figures.cost_bars)(language, network)


def open_stage(
    model: str,
    classes: float | None,
    input_size: str,
    stem: str,
    language: str,
    _place: Place,
    event: gr.EventData,
) -> list[Any]:
    """The stage that was chosen in the ribbon, at its first block."""
    names = STAGES if stem == "imagenet" else [name for name in STAGES if name != "maxpool"]
    return _open(model, classes, input_size, stem, language, (names[int(event.index) % len(names)], 0))


def open_block(
    model: str,
    classes: float | None,
    input_size: str,
    stem: str,
    language: str,
    place: Place,
    event: gr.EventData,
) -> list[Any]:
    """The block that was chosen in the opened stage."""
    return _open(model, classes, input_size, stem, language, (place[0], max(0, int(event.index))))


def _open(model: str, classes: float | None, input_size: str, stem: str, language: str, place: Place) -> list[Any]:
    try:
        network = take_apart(model, classes, input_size, stem)
    except ResNetAppError:  # its callout stands there already; the choice counts once it is mended
        return [gr.skip(), place]
    return [_opened(language, network, place), place]


def _opened(language: str, network: Any, place: Place) -> str:
    from demo import drawings

    return drawings.opened_stage(language, network, _stage_index(network, place), place[1])


def _stage_index(network: Any, place: Place) -> int:
    """Where the stage stands; another where this network has none of that name (the CIFAR stem has no maxpool)."""
    names = [stage.name for stage in network.stages]
    return names.index(place[0]) if place[0] in names else 0


def answer_batch(
    choice: ModelChoice | None, model: str, weights: str, device: str, files: list[str] | None, language: str
) -> Iterator[list[Any]]:
    """The batch, as it grows."""
    try:
        for shown in batch_html(current(choice, model, weights, device), files or [], language):
            yield [shown, no_problem()]
    except Exception as error:  # noqa: BLE001
        yield [gr.skip(), problem(error, language)]
