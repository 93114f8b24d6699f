"""What a person picked in the sidebar -> a model for the session, and the sidebar as it is then.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo import html
from demo.locales import text
from demo.problems import no_problem, problem, sentence
from resnet_app.errors import ClassNamesError, ResNetAppError
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, SPECS, TAUGHT, get_spec

if TYPE_CHECKING:
    from resnet_app.models import LoadedModel, ModelChoice

OWN = "own"  # the choice of weights that stands for the uploaded checkpoint
IMAGENET_CLASSES = 1000
LOOK_S = 0.4  # between two looks at a download under way
LOADERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="load")


def obtain(
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    *,
    checkpoint: str | None = None,
    class_names: str | None = None,
    taught: ModelChoice | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LoadedModel:
    """The model for what was picked, from the shared cache or loaded into it."""
    from resnet_app import classnames, models
    from resnet_app.device import resolve

    if weights == TAUGHT and taught is not None:
        return models.shared_cache().get(replace(taught, device=resolve(device).name), progress=progress)
    names = classnames.parse_class_names(class_names or "") or None
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
        choice = models.choose(model or None, weights if weights not in (OWN, TAUGHT) else None, device=device)
    return models.shared_cache().get(choice)


def weight_choices(
    language: str, model: str, own: str | None = None, taught: ModelChoice | None = None
) -> list[tuple[str, str]]:
    """The weights that a network has, in words; the person's own file, and the model that they taught."""
    spec = get_spec(model)
    accuracy = {f"imagenet-v{version}": top1 for version, top1 in enumerate(spec.accuracy, start=1)}
    named = [
        (text(language, f"weights_{weights}", accuracy=f"{accuracy.get(weights, 0):.1f}"), weights)
        for weights in spec.weights
    ]
    if own:
        named.append((text(language, "weights_own", name=own), OWN))
    if taught is not None and taught.head is not None:
        named.append((text(language, "weights_taught", names=", ".join(taught.head.class_names)), TAUGHT))
    return named


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
    taught: ModelChoice | None,
    language: str,
    turn: Turn,
) -> Iterator[Shown]:
    """Load what the sidebar says; on failure the session keeps the model that it has, and the sidebar says so."""
    from demo import results

    turn.latest += 1
    mine = turn.latest
    cleared = changed == "checkpoint" and not checkpoint
    if changed != "checkpoint" and not checkpoint and choice is not None and choice.checkpoint is not None:
        checkpoint = str(choice.checkpoint)  # the box was emptied of a worse file; this one is still in use
    own = Path(checkpoint).name if checkpoint else None

    def weights_box(of_model: str, value: str, file: str | None) -> Any:
        return gr.update(choices=weight_choices(language, of_model, file, taught), value=value)

    note = ""
    try:
        model, weights = _fitting(changed, model, weights, checkpoint, choice, taught)
        title = own if weights == OWN and own else get_spec(model).title
        yield Shown(
            status=html.status_loading(language, title), problem=no_problem(), weights=weights_box(model, weights, own)
        )
        download = Download()
        work = partial(obtain, model, weights, device, checkpoint=checkpoint, taught=taught, progress=download)
        try:
            loading = LOADERS.submit(work, class_names=class_names)
            while not wait([loading], timeout=LOOK_S).done and turn.latest == mine:
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
        kept = _kept(choice)
        if changed == "checkpoint":  # a file that is no use leaves everything as it was
            own = kept.choice.checkpoint.name if kept.choice.checkpoint else None
            model, weights = kept.spec.name, _weights_of(kept.choice)
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


def load_names(file: str | None, *picked: Any) -> Iterator[Shown]:
    """The class names in an uploaded file, as if they had been typed; ``picked`` is what ``load`` takes."""
    from resnet_app.classnames import check_class_names, parse_class_names, read_class_names

    model, weights, checkpoint, _, *rest = picked
    try:
        found = read_class_names(file or "")
        names = "\n".join(check_class_names(found, len(found)))
        if names.startswith(("[", "{")) or parse_class_names(names) != found:  # it would not be read as it was
            names = json.dumps(found, ensure_ascii=False)
    except (ClassNamesError, OSError) as error:
        yield Shown(problem=problem(error, rest[-2]))
        return
    for shown in load("class_names", model, weights, checkpoint, names, *rest):
        yield shown._replace(class_names=names)


def _kept(choice: ModelChoice | None) -> LoadedModel:
    """The session's model; where its file has been removed meanwhile, what is always there."""
    try:
        return current(choice)
    except ResNetAppError:
        return current(None)


def _weights_of(choice: ModelChoice) -> str:
    """The choice of weights that stands for what is loaded."""
    return TAUGHT if choice.head else OWN if choice.checkpoint else choice.weights


def _fitting(
    changed: str,
    model: str,
    weights: str,
    checkpoint: str | None,
    choice: ModelChoice | None,
    taught: ModelChoice | None,
) -> tuple[str, str]:
    """The network and the weights that fit what was changed: the two depend on each other, and on the file."""
    new_file = changed == "checkpoint" and checkpoint
    if changed == "taught" or (weights == TAUGHT and changed != "model" and not new_file):
        if taught is None:  # the session was forgotten
            return BUNDLED_MODEL, BUNDLED
        return current(taught).spec.name, TAUGHT
    if changed == "checkpoint":
        if checkpoint:
            return model, OWN
        if weights == OWN:  # the file was taken away: back to what is always there
            return BUNDLED_MODEL, BUNDLED
    if weights == OWN and checkpoint and changed != "model":
        return model, OWN
    if changed == "model" and choice is not None and _kept(choice).spec.name == model:  # back to what is loaded still
        kept = _weights_of(choice)
        if kept != OWN or checkpoint:
            return model, kept
    spec = get_spec(model)
    return model, weights if weights in spec.weights else spec.default_weights
