"""The folder of a run's maps: overlays, raw maps, the table of all classes, and the manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from resnet_app.choices import LAYERS
from resnet_app.device import clock
from resnet_app.errors import OutputError
from resnet_app.explain.cam import choose, heatmaps_in_steps
from resnet_app.explain.export import MADE_BY, as_json, manifest, npy, picture_record, predictions_csv
from resnet_app.explain.overlay import draw
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.outputs import file_stem, require_folder, save_text, sha256, writing
from resnet_app.progress import finish

MANIFEST, TABLE = "manifest.json", "predictions.csv"
_OWN_FILE = re.compile(r"\d{4,}_[\w.+-]*_cam\.(png|npy)")


def require_free(folder: Path, *, overwrite: bool = False) -> None:
    """Refuse a folder that maps cannot be written to, or that holds those of another run.

    Args:
        folder: need not be there yet.
        overwrite: an earlier run's files may go.

    Raises:
        OutputError: it is no such folder, or holds a manifest: an earlier run's, or one that is not ours.
    """
    require_folder(folder)
    if not (folder / MANIFEST).exists():
        return
    if not overwrite:
        raise OutputError(
            f"{folder} holds an earlier run's maps; give another folder, or add --overwrite to replace them."
        )
    _files_of(folder)


def clear(folder: Path) -> None:
    """Remove what an earlier run wrote there: the maps that its manifest lists, the manifest and the table.

    Raises:
        OutputError: the manifest is not ours, or the files cannot be removed.
    """
    if not (folder / MANIFEST).exists():
        return
    with writing(folder):
        for name in (*_files_of(folder), TABLE, MANIFEST):
            (folder / name).unlink(missing_ok=True)


def _files_of(folder: Path) -> list[str]:
    """The maps in an earlier run's manifest; names that we would not have given are not believed."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        if not told["made_by"].startswith(MADE_BY):
            raise ValueError("another program's")
        names = [name for picture in told["pictures"] for each in picture["maps"] for name in each["files"]]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"{folder / MANIFEST} is not of an earlier run, and stays; give another folder.") from error
    return [name for name in names if isinstance(name, str) and _OWN_FILE.fullmatch(name)]


class MapFolder:
    """Writes the maps of one run into a folder, and at the end what they are of.

    Attributes:
        keep: the blocks whose output an answer must hold, for its map to be made.
    """

    def __init__(
        self, path: Path, model: LoadedModel, *, layers: Sequence[str] = (LAYERS[-1],), method: str = "gradcam"
    ) -> None:
        """Check what is wanted.

        Raises:
            ResNetAppError: no such layer or method.
        """
        self._chosen = choose(model.network, layers, method)
        self.keep = self._chosen.paths
        self._path = path
        self._model = model
        self._explained: list[tuple[str, Tensor, dict[str, Any]]] = []  # name, logits, the manifest's entry

    def explain(self, number: int, file: Path, answer: Answer) -> float:
        """Make the map of the best answer and write it over the crop and raw.

        Args:
            number: of the picture in the run.
            file: of the picture.
            answer: to it, with the maps of the blocks that the method needs.

        Returns:
            The milliseconds that the map took, without writing it.

        Raises:
            ResNetAppError: the picture's file can no longer be read.
            OutputError: the map cannot be written.
        """
        digest = sha256(file)
        started = clock(self._model.device)
        best = answer.predictions[0].index
        (heatmap,) = finish(heatmaps_in_steps(self._model, answer, [best], self._chosen))
        took = clock(self._model.device) - started
        name = f"{number:04}_{file_stem(file.stem)}_cam"
        with writing(self._path):
            self._path.mkdir(parents=True, exist_ok=True)
            draw(answer.crop, heatmap).save(self._path / f"{name}.png")
            (self._path / f"{name}.npy").write_bytes(npy(heatmap))
        entry = picture_record(self._model, answer, digest, [(heatmap, [f"{name}.png", f"{name}.npy"], None)])
        self._explained.append((answer.file, answer.logits, entry))
        return took

    def finish(self) -> None:
        """Put the table of all classes and the manifest beside the maps, where there are any.

        Raises:
            OutputError: they cannot be written.
        """
        if not self._explained:
            return
        table = predictions_csv(self._model, [(file, logits) for file, logits, _ in self._explained])
        entries = [entry for *_, entry in self._explained]
        told = manifest(self._model, entries, layer=self._chosen.name, method=self._chosen.method)
        save_text(self._path / TABLE, table)
        save_text(self._path / MANIFEST, as_json(told))
