"""Library results -> component values. The only place where a ResNetAppError becomes something a person sees.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo import html
from demo.locales import ENGLISH, text
from resnet_app.errors import ResNetAppError
from resnet_app.registry import SPECS, get_spec

if TYPE_CHECKING:
    from resnet_app.models import LoadedModel, ModelChoice

log = logging.getLogger("resnet_explorer")

OWN = "own"  # the choice of weights that stands for the uploaded checkpoint
MAX_BATCH = 200  # files at once: a grid of more is not looked at
IMAGENET_CLASSES = 1000
REPAINT_S = 0.5  # between two looks at a batch under way


def sentence(error: Exception, language: str = ENGLISH) -> str:
    """What a person reads of an error: ours says it itself; any other goes to the log whole, with a reference."""
    if isinstance(error, ResNetAppError):
        return str(error)
    reference = uuid.uuid4().hex[:8]
    log.error("reference %s", reference, exc_info=error)
    return text(language, "unexpected", reference=reference)


def for_programs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an endpoint answer a failure with one sentence."""

    @functools.wraps(function)
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


def current(choice: ModelChoice | None) -> LoadedModel:
    """The session's model: what it chose last, or the bundled one where it has chosen nothing (or was forgotten)."""
    from resnet_app import models

    return models.shared_cache().get(choice or models.choose())


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


class DownloadProgress:
    """Tells Gradio's progress bar how far a download is."""

    def __init__(self, progress: gr.Progress, language: str, title: str) -> None:
        self._progress, self._language, self._title = progress, language, title
        self._started = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Called with bytes so far and in all."""
        if not total:
            return
        left = (time.monotonic() - self._started) * (total - done) / max(done, 1)
        words = text(
            self._language, "downloading", name=self._title, done=done >> 20, total=total >> 20, seconds=round(left)
        )
        self._progress(done / total, desc=words)


# Classify


def answer_html(
    choice: ModelChoice | None, photo: str | None, top_k: int, colours: str, language: str, *, name: str | None = None
) -> str:
    """The photo's answers with their maps; the empty state without a photo."""
    from demo import results
    from resnet_app import gradcam, predict
    from resnet_app.device import clock
    from resnet_app.registry import RANDOM

    if not photo:
        return html.empty(language, "empty_title", "empty_text", "empty_text_phone")
    model = current(choice)
    result = predict.classify(model, photo, top_k=int(top_k), name=name)
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

    return explorer.describe(model, classes=int(classes or 0), input_size=explorer.parse_size(input_size), stem=stem)


# Batch


def batch_html(choice: ModelChoice | None, files: list[str], language: str, progress: gr.Progress) -> Iterator[str]:
    """The grid and the table as they grow, repainted at most every half second."""
    from demo import results
    from resnet_app.batch import Batch

    if len(files) > MAX_BATCH:
        raise ResNetAppError(text(language, "batch_too_many", count=len(files), most=MAX_BATCH))
    run = Batch(current(choice), top_k=1)
    painted = 0.0
    for done, _ in enumerate(run.rows([Path(file) for file in files]), start=1):
        progress((done, len(files)))
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


class Shown(NamedTuple):
    """What a load changes on the page, in the order of its outputs; what is not given stays as it is."""

    choice: Any = gr.skip()
    status: Any = gr.skip()
    problem: Any = gr.skip()
    model: Any = gr.skip()
    weights: Any = gr.skip()
    device: Any = gr.skip()
    checkpoint: Any = gr.skip()
    classes: Any = gr.skip()
    stem: Any = gr.skip()


def load(
    changed: str,
    model: str,
    weights: str,
    checkpoint: str | None,
    class_names: str,
    device: str,
    choice: Any,
    language: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 (how Gradio injects it)
) -> Iterator[Shown]:
    """Load what the sidebar says; on failure the session keeps the model that it has."""
    from demo import results

    weights = _fitting_weights(changed, model, weights, checkpoint, choice)
    own = Path(checkpoint).name if checkpoint else None

    def weights_box(of_model: str, value: str, file: str | None) -> Any:
        return gr.update(choices=weight_choices(language, of_model, file), value=value)

    title = own if weights == OWN and own else get_spec(model).title
    yield Shown(
        status=html.status_loading(language, title), problem=no_problem(), weights=weights_box(model, weights, own)
    )
    watch = DownloadProgress(progress, language, title)
    try:
        loaded = obtain(model, weights, device, checkpoint=checkpoint, class_names=class_names, progress=watch)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        kept = current(choice)
        refused_file = changed == "checkpoint"
        if refused_file:  # a file that is no use leaves everything as it was
            model, own = kept.spec.name, None
            weights = kept.choice.weights
        yield Shown(
            status=results.status_ready(language, kept, still=True),
            problem=problem(error, language),
            model=model,
            weights=weights_box(model, weights, own),
            checkpoint=None if refused_file else gr.skip(),
            classes=len(kept.class_names) if kept.spec.name == model else IMAGENET_CLASSES,
        )
        return
    name = loaded.spec.name
    yield Shown(
        choice=loaded.choice,
        status=results.status_ready(
            language, loaded, note=text(language, "corrected", name=loaded.spec.title) if name != model else ""
        ),
        problem=no_problem(),
        model=name,
        weights=weights_box(name, weights, own),
        device=gr.update(choices=device_choices(language), value=device),
        classes=len(loaded.class_names),
        stem=loaded.stem,
    )


def _fitting_weights(changed: str, model: str, weights: str, checkpoint: str | None, choice: Any) -> str:
    """The weights that fit what was changed: another network has other weights, and a new file is there to be used."""
    if changed == "checkpoint" and checkpoint:
        return OWN
    if weights == OWN and checkpoint and changed != "model":
        return OWN
    if changed == "model" and choice is not None and choice.model == model and choice.checkpoint is None:
        return str(choice.weights)  # back to the network that is loaded still
    spec = get_spec(model)
    return weights if weights in spec.weights else spec.default_weights


def answer(choice: Any, photo: str | None, top_k: int, colours: str, language: str) -> list[Any]:
    """The photo's answers; a bad one leaves the last good answer and says why."""
    try:
        shown = answer_html(choice, photo, top_k, colours, language)
    except Exception as error:  # noqa: BLE001
        return [gr.skip(), problem(error, language), gr.skip()]
    return [shown, no_problem(), gr.update(visible=bool(photo))]


def explore_network(
    model: str, classes: float | None, input_size: str, stem: str, chart: str, place: tuple[int, int], language: str
) -> list[Any]:
    """Everything on the Explore tab."""
    from demo import drawings, figures

    try:
        network = take_apart(model, classes, input_size, stem)
    except ResNetAppError as error:
        return [*[gr.skip()] * 6, problem(error, language), place]
    place = (min(place[0], len(network.stages) - 1), 0)
    return [
        drawings.headline(language, network), drawings.ribbon(language, network, place[0]),
        drawings.opened_stage(language, network, *place), figures.stage_table(language, network),
        _chart(language, network, chart), drawings.stage_rows(language, network), no_problem(), place,
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
    model: str, classes: float | None, input_size: str, stem: str, language: str, event: gr.EventData
) -> list[Any]:
    """The stage that was chosen in the ribbon, at its first block."""
    return _opened(model, classes, input_size, stem, language, (int(event.index), 0))


def open_block(
    model: str,
    classes: float | None,
    input_size: str,
    stem: str,
    language: str,
    place: tuple[int, int],
    event: gr.EventData,
) -> list[Any]:
    """The block that was chosen in the opened stage."""
    return _opened(model, classes, input_size, stem, language, (place[0], int(event.index)))


def _opened(
    model: str, classes: float | None, input_size: str, stem: str, language: str, place: tuple[int, int]
) -> list[Any]:
    from demo import drawings

    try:
        network = take_apart(model, classes, input_size, stem)
    except ResNetAppError:  # its callout stands there already
        return [gr.skip(), gr.skip()]
    place = (min(max(place[0], 0), len(network.stages) - 1), max(place[1], 0))
    return [drawings.opened_stage(language, network, *place), place]


def answer_batch(
    choice: Any,
    files: list[str] | None,
    language: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> Iterator[list[Any]]:
    """The batch, as it grows."""
    try:
        for shown in batch_html(choice, files or [], language, progress):
            yield [shown, no_problem()]
    except Exception as error:  # noqa: BLE001
        yield [gr.skip(), problem(error, language)]
