"""Many pictures -> a row each with its time; one broken file is no obstacle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import clock
from resnet_app.errors import ResNetAppError
from resnet_app.export import sha256
from resnet_app.gradcam import check_choice, heatmaps
from resnet_app.mapfolder import MapFolder
from resnet_app.models import LoadedModel
from resnet_app.naming import shown
from resnet_app.predict import Answer, Prediction, Timing, check_top_k, classify, record

TILE = 224  # px, a thumbnail's side


@dataclass(frozen=True)
class Row:
    """One picture of a batch: its answers, or the sentence that says why there are none.

    Attributes:
        file: what the picture is called: its path as given, unless it was given a name.
        predictions: best first.
        error: the sentence.
        timing: of this picture.
        thumbnail: the square that the model saw, ``TILE`` pixels wide.
        record: the object of ``predict --json``.
        strange: whether it is unlike what the model was trained on.
    """

    file: str
    predictions: tuple[Prediction, ...]
    error: str | None
    timing: Timing
    thumbnail: Image.Image | None
    record: dict[str, Any]
    strange: bool = False


class Batch:
    """Answers pictures one after another and keeps what was answered.

    Attributes:
        model: what answers.
        done: a row for each picture so far.
    """

    def __init__(
        self,
        model: LoadedModel,
        *,
        top_k: int = DEFAULT_TOP_K,
        cam_dir: Path | None = None,
        layers: Sequence[str] = ("layer4",),
        method: str = "gradcam",
        keep_thumbnails: bool = False,
    ) -> None:
        """Check what is wanted.

        Args:
            model: what answers.
            top_k: answers a picture.
            cam_dir: where the best answer's maps go, if they are wanted.
            layers: of the maps.
            method: of the maps.
            keep_thumbnails: in ``done``; the rows that are given out have theirs in any case. 150 kB each.

        Raises:
            ResNetAppError: no such number of answers, layer or method.
        """
        check_top_k(top_k)
        paths = check_choice(model.network, layers, method)
        self.model = model
        self.done: list[Row] = []
        self._top_k = top_k
        self._maps = MapFolder(cam_dir) if cam_dir else None
        self._layers = layers
        self._method = method
        self._held = paths if cam_dir else ()
        self._keep_thumbnails = keep_thumbnails

    @property
    def answers(self) -> int:
        """Of each picture: as many as were asked for, or as there are classes."""
        return min(self._top_k, len(self.model.class_names))

    def rows(self, files: Sequence[Path], names: Sequence[str] | None = None) -> Iterator[Row]:
        """A row for each file, as it is answered; ``names`` are shown in place of the paths."""
        for file, name in zip(files, names or [shown(file) for file in files], strict=True):
            row = self._answer(file, name)
            self.done.append(row if self._keep_thumbnails else replace(row, thumbnail=None))
            yield row

    def _answer(self, file: Path, name: str) -> Row:
        try:
            answer = classify(self.model, file, top_k=self._top_k, name=name, keep=self._held)
            digest = sha256(file) if self._maps else ""
        except ResNetAppError as error:
            return Row(name, (), str(error), Timing(), None, record(self.model, name, error))
        timing = answer.timing
        if self._maps is not None:
            timing = replace(timing, cam=self._explain(self._maps, answer, stem=file.stem, digest=digest))
        thumbnail = answer.crop.resize((TILE, TILE)) if answer.crop.size != (TILE, TILE) else answer.crop
        entry = record(self.model, name, answer, timing)
        return Row(name, answer.predictions, None, timing, thumbnail, entry, answer.strange)

    def _explain(self, folder: MapFolder, answer: Answer, *, stem: str, digest: str) -> float:
        """Write the best answer's map; the milliseconds that it took to make."""
        started = clock(self.model.device)
        best = answer.predictions[0].index
        (heatmap,) = heatmaps(self.model, answer, [best], layers=self._layers, method=self._method)
        took = clock(self.model.device) - started
        folder.add(len(self.done) + 1, self.model, answer, heatmap, stem=stem, digest=digest)
        return took

    def write_manifest(self) -> None:
        """Put the table of all classes and the manifest beside the maps, for the pictures so far."""
        if self._maps is not None:
            self._maps.finish(self.model, self._layers, self._method)

    @property
    def total_ms(self) -> float:
        """Time of all answered pictures."""
        return sum(row.timing.total for row in self.done)

    @property
    def mean_ms(self) -> float:
        """Time of one picture, over those that were answered."""
        answered = sum(row.error is None for row in self.done)
        return self.total_ms / answered if answered else 0.0
