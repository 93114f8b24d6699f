"""Many pictures -> a row each with its time; one broken file is no obstacle."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import CPU, take_cores
from resnet_app.errors import OutputError, ResNetAppError
from resnet_app.images import Recipe
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import (
    Answer,
    Prediction,
    Square,
    Timing,
    check_top_k,
    classify_squares,
    json_object,
    read_square,
)
from resnet_app.inference.rounding import Rounding, is_rounded
from resnet_app.many.ordered import in_order
from resnet_app.many.remote import Place, at_hand
from resnet_app.naming import shown

TILE = 224  # px, a thumbnail's side
AHEAD = 4  # squares that wait, for each thread that reads
MOST_PASSES = 8  # at once on a CPU of many cores, which they share: each takes memory for a group of its own
COMPARED = 20  # pictures that are answered in float32 too, where the pass takes half the bits


class Maps(Protocol):
    """What makes and keeps a heat map of each answer while the answer is at hand."""

    @property
    def keep(self) -> Sequence[str]:
        """The blocks whose output the answer must hold."""

    def explain(self, number: int, file: Path, answer: Answer, /) -> float:
        """Make the map of the picture with that number; the milliseconds that it took."""


@dataclass(frozen=True)
class Row:
    """One picture of a batch: its answers, or the sentence that says why there are none.

    Attributes:
        file: what the picture is called: its path as given, unless it was given a name.
        predictions: best first.
        error: the sentence.
        timing: of this picture.
        thumbnail: the square that the model saw, ``TILE`` pixels wide.
        json_object: the object of ``predict --json``.
        is_ood: whether it is unlike what the model was trained on.
        reason: the error whose sentence ``error`` is, for a page in another language.
    """

    file: str
    predictions: tuple[Prediction, ...]
    error: str | None
    timing: Timing
    thumbnail: Image.Image | None
    json_object: dict[str, Any]
    is_ood: bool = False
    reason: ResNetAppError | None = None


class Photos:
    """Picture files that are read one by one as they are gone through.

    Pickled, all of them are read, and what travels is their squares alone: to a process that may have no such files.
    """

    def __init__(self, files: Sequence[Place], recipe: Recipe, workers: int = 0) -> None:
        """Take note of the files.

        Args:
            files: of pictures, or of what should have been some.
            recipe: how they are made to squares.
            workers: threads that read ahead.
        """
        self._files, self._recipe, self._workers = tuple(files), recipe, workers

    def __iter__(self) -> Iterator[Square | ResNetAppError]:
        """Each file's square, or the error that says why there is none."""
        return read_ahead(self._files, self._recipe, self._workers)

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return list, (list(self),)


def read_ahead(files: Sequence[Place], recipe: Recipe, workers: int) -> Iterator[Square | ResNetAppError]:
    """Each file's square in order, or the error that says why there is none.

    Args:
        files: of pictures, or of what should have been some.
        recipe: how they are made to squares.
        workers: threads; each has at most ``AHEAD`` squares waiting, however many files there are; 0 reads none ahead.
    """
    if not workers:
        yield from (_square_or_error(file, recipe) for file in files)
        return
    yield from in_order(partial(_square_or_error, recipe=recipe), files, workers, most=workers * AHEAD)


def _square_or_error(file: Place, recipe: Recipe) -> Square | ResNetAppError:
    try:
        with at_hand(file) as path:
            return read_square(path, recipe)
    except ResNetAppError as error:
        return error.alone()


class Batch:
    """Answers pictures one after another and keeps what was answered.

    Attributes:
        model: what answers.
        done: a row for each picture so far.
        count, failed: pictures so far, and those of them that got no answer.
        total_ms: time of all answered pictures.
        rounding: what a pass in half the bits changed in the first pictures; of a float32 pass there is nothing.
    """

    def __init__(
        self,
        model: LoadedModel,
        *,
        top_k: int = DEFAULT_TOP_K,
        maps: Maps | None = None,
        keep_thumbnails: bool = False,
        keep_rows: bool = True,
    ) -> None:
        """Check what is wanted.

        Args:
            model: what answers.
            top_k: answers a picture.
            maps: what makes a map of each answer, where maps are wanted.
            keep_thumbnails: in ``done``; the rows that are given out have theirs in any case. 150 kB each.
            keep_rows: whether ``done`` has them at all; some kB each, which a million pictures have no room for.

        Raises:
            ResNetAppError: no such number of answers.
        """
        check_top_k(top_k)
        self.model = model
        self.done: list[Row] = []
        self._top_k = top_k
        self._maps = maps
        self._keep_thumbnails, self._keep_rows = keep_thumbnails, keep_rows
        self.count = self.failed = 0
        self.total_ms = 0.0
        self.rounding = Rounding()

    @property
    def answers(self) -> int:
        """Of each picture: as many as were asked for, or as there are classes."""
        return min(self._top_k, len(self.model.class_names))

    def rows(
        self, files: Sequence[Place], names: Sequence[str] | None = None, *, workers: int = 0
    ) -> Generator[Row, None, None]:
        """A row for each file, in order, as it is answered.

        Args:
            files: the pictures.
            names: shown in place of the paths.
            workers: threads that read pictures ahead while the network is at work on an earlier one.
        """
        squares = read_ahead(files, self.model.recipe, workers)
        names = names or [shown(str(file)) for file in files]
        keep = self._maps.keep if self._maps else ()
        results = in_groups(self.model, squares, names, top_k=self._top_k, keep=keep)
        for file, name, result in zip(files, names, results, strict=True):
            row = self._row(file, name, result)
            self.keep(row)
            yield row

    def keep(self, row: Row) -> None:
        """Take one row to what is done: of this batch's own, or answered elsewhere (``answered``)."""
        self.count += 1
        self.failed += row.error is not None
        self.total_ms += row.timing.total
        if self._keep_rows:
            self.done.append(row if self._keep_thumbnails else replace(row, thumbnail=None))

    def _row(self, file: Place, name: str, result: Answer | ResNetAppError) -> Row:
        if isinstance(result, ResNetAppError):
            return _failed(self.model, name, result)
        if is_rounded(self.model) and self.rounding.count < COMPARED:
            self.rounding.add(self.model, result)
        try:
            cam_ms = self._explain(self._maps, file, result) if self._maps else 0.0
        except OutputError:  # nothing more can be written: that ends the run
            raise
        except ResNetAppError as error:
            return _failed(self.model, name, error)
        return _row(self.model, name, result, cam_ms)

    def _explain(self, maps: Maps, file: Place, answer: Answer) -> float:
        with at_hand(file) as path:
            return maps.explain(self.count + 1, path, answer)

    @property
    def mean_ms(self) -> float:
        """Time of one picture, over those that were answered."""
        answered = self.count - self.failed
        return self.total_ms / answered if answered else 0.0


def answered(
    model: LoadedModel, photos: Iterable[Square | ResNetAppError], names: Sequence[str], *, top_k: int
) -> Iterator[Row]:
    """A row for each of ``Photos``, as it is answered.

    Raises:
        ResNetAppError: no such number of answers.
    """
    check_top_k(top_k)
    for name, result in zip(names, in_groups(model, photos, names, top_k=top_k), strict=True):
        yield _failed(model, name, result) if isinstance(result, ResNetAppError) else _row(model, name, result)


def in_groups(
    model: LoadedModel,
    photos: Iterable[Square | ResNetAppError],
    names: Sequence[str],
    *,
    top_k: int,
    keep: Collection[str] = (),
) -> Iterator[Answer | ResNetAppError]:
    """The answer to each of many pictures, or the error that says why there is none; as many at once as suits.

    Each one's time is its share of what goes through the network at once.

    Args:
        model: what answers.
        photos: each picture's square, or why it has none; taken as they are needed.
        names: of each.
        top_k, keep: as ``predict.classify``.
    """
    model = model.for_many(len(names))
    named = zip(names, photos, strict=True)
    groups = iter(lambda: list(islice(named, model.backbone.group)), [])
    passes = _passes(model)
    answer = partial(_answers, model, top_k=top_k, keep=keep, passes=passes)
    found: Iterable[list[Answer | ResNetAppError]] = map(answer, groups)
    if passes > 1:
        cores = partial(take_cores, model.device.threads // passes)
        found = in_order(answer, groups, passes, most=passes, begin=cores)
    for answers in found:
        yield from answers


def _passes(model: LoadedModel) -> int:
    """How many groups go through the network at once: on a CPU one on each core, since one pass on several cores waits
    at each of its layers for the slowest."""
    if model.device.name != CPU or model.backbone.group == 1:
        return 1
    return min(model.device.threads, MOST_PASSES)


def _answers(
    model: LoadedModel,
    group: Sequence[tuple[str, Square | ResNetAppError]],
    *,
    top_k: int,
    keep: Collection[str],
    passes: int,
) -> list[Answer | ResNetAppError]:
    readable = [(name, photo) for name, photo in group if isinstance(photo, Square)]
    if not readable:
        return [photo for _, photo in group if isinstance(photo, ResNetAppError)]
    names, squares = zip(*readable, strict=True)
    found = iter(classify_squares(model, squares, names=names, top_k=top_k, keep=keep))
    return [photo if isinstance(photo, ResNetAppError) else _shared(next(found), passes) for _, photo in group]


def _shared(answer: Answer | ResNetAppError, passes: int) -> Answer | ResNetAppError:
    """An answer whose time is its share of the passes that go on at once."""
    if isinstance(answer, ResNetAppError):
        return answer
    return replace(answer, timing=replace(answer.timing, forward=answer.timing.forward / passes))


def _row(model: LoadedModel, name: str, answer: Answer, cam_ms: float = 0.0) -> Row:
    timing = replace(answer.timing, cam=answer.timing.cam + cam_ms)
    thumbnail = answer.crop.resize((TILE, TILE)) if answer.crop.size != (TILE, TILE) else answer.crop
    entry = json_object(model, name, answer, timing)
    return Row(name, answer.predictions, None, timing, thumbnail, entry, answer.is_ood)


def _failed(model: LoadedModel, name: str, error: ResNetAppError) -> Row:
    entry = json_object(model, name, error)
    return Row(name, (), str(error), Timing(), None, entry, reason=error.alone())
