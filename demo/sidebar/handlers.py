"""What a person picked in the sidebar -> a model for the session, and the sidebar as it is then.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.sidebar.choices import device_choices, weight_choices
from demo.ui import html
from demo.ui.errors import no_problem, sentence
from demo.ui.session import OWN, PageInputs, current, obtain
from resnet_app.errors import ClassNamesError, ResNetAppError
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, SPECS, TAUGHT, get_spec

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel, ModelChoice

IMAGENET_CLASSES = 1000
LOOK_S = 0.4  # between two looks at a download under way
LOADERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="load")


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


class Asked(NamedTuple):
    """What the sidebar says."""

    page: PageInputs
    checkpoint: Any
    class_names: Any
    taught: Any
    turn: Any


class AskedNames(NamedTuple):
    """The same, and a file of class names."""

    page: PageInputs
    checkpoint: Any
    class_names: Any
    taught: Any
    turn: Any
    names_file: Any


class Shown(NamedTuple):
    """What a load changes on the page; what is not given stays as it is."""

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


class Pick(NamedTuple):
    """What is to be loaded: the two boxes as they fit each other, and the file in use.

    Attributes:
        model, weights: as the boxes show them.
        checkpoint: the person's own file, if there is one.
    """

    model: str
    weights: str
    checkpoint: str | None

    @property
    def own(self) -> str | None:
        """What the person's own file is called."""
        return Path(self.checkpoint).name if self.checkpoint else None

    @property
    def title(self) -> str:
        """What is said to be loading."""
        return self.own if self.weights == OWN and self.own else get_spec(self.model).title


def load(changed: str, asked: Asked) -> Iterator[Shown]:
    """Load what the sidebar says.

    Args:
        changed: what brought it about: model, weights, device, checkpoint, class_names, taught, language, or start.
        asked: what the sidebar says.
    """
    language = asked.page.language
    pick = picked(changed, asked)
    yield Shown(
        status=html.status_loading(language, pick.title), problem=no_problem(),
        weights=_weights_box(asked, pick.model, pick.weights, pick.own),
    )  # fmt: skip
    download = Download()
    work = partial(
        obtain, pick.model, pick.weights, asked.page.device, checkpoint=pick.checkpoint, taught=asked.taught,
        progress=download,
    )  # fmt: skip
    loading = LOADERS.submit(work, class_names=asked.class_names)
    yield from _while_it_loads(loading, download, pick, asked)
    note = ""
    try:
        loaded = loading.result()
    except ClassNamesError as error:
        if changed != "checkpoint":
            raise
        note = sentence(error, language)  # the names were typed for another file: the new one is no worse for it
        loaded = work()
    yield _loaded(changed, asked, pick, loaded, note)


def _loaded(changed: str, asked: Asked, pick: Pick, loaded: LoadedModel, note: str) -> Shown:
    """The sidebar with the model that is there; a file may be of another network than the one that was picked."""
    from demo.sidebar import view

    language, name = asked.page.language, loaded.spec.name
    if name != pick.model:
        note = f"{text(language, 'corrected', name=loaded.spec.title)} {note}".strip()
    return Shown(
        choice=loaded.choice,
        status=view.status_ready(language, loaded, note=note),
        problem=no_problem(),
        model=name,
        weights=_weights_box(asked, name, pick.weights, pick.own),
        device=gr.update(choices=device_choices(language), value=asked.page.device),
        class_names="" if changed == "checkpoint" and not asked.checkpoint else gr.skip(),
        **_for_explore(changed, loaded),
    )


def _for_explore(changed: str, loaded: LoadedModel) -> dict[str, Any]:
    """The network that is drawn follows the one that is loaded; another language changes words alone."""
    return {} if changed == "language" else {"classes": len(loaded.class_names), "stem": loaded.stem}


def _while_it_loads(loading: Future[LoadedModel], download: Download, pick: Pick, asked: Asked) -> Iterator[Shown]:
    """How far the weights have come in, from time to time, until the model is there."""
    while not wait([loading], timeout=LOOK_S).done:
        if not asked.turn():  # it goes on into the cache; what it shows is no longer asked for
            yield Shown()
        if download.total:
            yield Shown(status=html.status_downloading(asked.page.language, pick.title, download))


def load_failed(changed: str, asked: Asked) -> Shown:
    """The session keeps the model that it has, and the sidebar says so; a file that is no use leaves all as it was."""
    from demo.sidebar import view

    kept = _kept(asked.page.choice)
    if changed == "checkpoint":
        own = kept.choice.checkpoint.name if kept.choice.checkpoint else None
        model, weights = kept.spec.name, _weights_of(kept.choice)
    else:
        model, weights, own = asked.page.model, asked.page.weights, None
        with suppress(ResNetAppError):
            pick = picked(changed, asked)
            model, weights, own = pick.model, pick.weights, pick.own
    return Shown(
        choice=kept.choice,
        status=view.status_ready(asked.page.language, kept, still=True),
        model=model,
        weights=_weights_box(asked, model, weights, own) if model in SPECS else gr.skip(),
        checkpoint=None if changed == "checkpoint" else gr.skip(),
        classes=len(kept.class_names) if kept.spec.name == model else IMAGENET_CLASSES,
    )


def _weights_box(asked: Asked, model: str, value: str, own: str | None) -> Any:
    return gr.update(choices=weight_choices(asked.page.language, model, own, asked.taught), value=value)


def load_names(asked: AskedNames) -> Iterator[Shown]:
    """The class names in an uploaded file, as if they had been typed."""
    from resnet_app.checkpoints.class_names import check_class_names, parse_class_names, read_class_names

    try:
        found = read_class_names(asked.names_file or "")
        names = "\n".join(check_class_names(found, len(found)))
        if names.startswith(("[", "{")) or parse_class_names(names) != found:  # it would not be read as it was
            names = json.dumps(found, ensure_ascii=False)
    except OSError as error:
        raise ClassNamesError(
            f"The file of names cannot be read ({error.strerror}); upload it again.",
            code="names_file_gone",
            why=str(error.strerror),
        ) from error
    for shown in load("class_names", Asked(*asked[:-1])._replace(class_names=names)):
        yield shown._replace(class_names=names)


def names_failed(asked: AskedNames) -> Shown:
    """A file of names that is no use changes nothing; names that do not fit leave the model that is there."""
    return load_failed("class_names", Asked(*asked[:-1]))


def _kept(choice: ModelChoice | None) -> LoadedModel:
    """The session's model; where its file has been removed meanwhile, what is always there."""
    try:
        return current(choice)
    except ResNetAppError:
        return current(None)


def _weights_of(choice: ModelChoice) -> str:
    """The choice of weights that stands for what is loaded."""
    return TAUGHT if choice.head else OWN if choice.checkpoint else choice.weights


def picked(changed: str, asked: Asked) -> Pick:
    """The network, the weights and the file that fit what was changed: each depends on the others."""
    page, checkpoint = asked.page, asked.checkpoint
    if changed != "checkpoint" and not checkpoint and page.choice is not None and page.choice.checkpoint is not None:
        checkpoint = str(page.choice.checkpoint)  # the box was emptied of a worse file; this one is still in use
    return Pick(*_fitting(changed, page, checkpoint, asked.taught), checkpoint)


def _fitting(changed: str, page: PageInputs, checkpoint: str | None, taught: ModelChoice | None) -> tuple[str, str]:
    model, weights = page.model, page.weights
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
    if changed == "model" and page.choice is not None and _kept(page.choice).spec.name == model:
        kept = _weights_of(page.choice)  # back to what is loaded still
        if kept != OWN or checkpoint:
            return model, kept
    spec = get_spec(model)
    return model, weights if weights in spec.weights else spec.default_weights
