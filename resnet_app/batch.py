"""Many pictures -> a row each with its time, a contact sheet, a CSV; one broken file is no obstacle."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import clock
from resnet_app.errors import DataError, ResNetAppError
from resnet_app.gradcam import check_method, draw, heatmaps
from resnet_app.images import SUFFIXES
from resnet_app.models import LoadedModel
from resnet_app.predict import Prediction, Timing, check_top_k, classify, record

COLUMNS = 4
TILE = 224  # px
CAPTION = 44  # px under each tile
SHEET_PAGE = 400  # tiles; a contact sheet of more would not be looked at, and would take a gigabyte
INK, PAPER, FAILED = (22, 25, 29), (255, 255, 255), (164, 35, 27)


@dataclass(frozen=True)
class Row:
    """One picture of a batch: its answers, or the sentence that says why there are none."""

    file: str
    predictions: tuple[Prediction, ...]
    error: str | None
    timing: Timing
    thumbnail: Image.Image | None
    record: dict[str, Any]
    strange: bool = False  # unlike what the model was trained on


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Pictures named one by one, and those in the folders named, by name.

    A path with nothing there is passed on: it becomes that file's error.

    Raises:
        DataError: a folder without pictures.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES and entry.is_file())
            if not inside:
                raise DataError(f"The folder {path} holds no pictures; accepted are {', '.join(SUFFIXES)}.")
            files += inside
        else:
            files.append(path)
    return files


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
        layer: str = "layer4",
        method: str = "gradcam",
    ) -> None:
        check_top_k(top_k)
        check_method(layer, method)
        self.model = model
        self.done: list[Row] = []
        self._top_k = top_k
        self._cam_dir = cam_dir

    def rows(self, files: Sequence[Path], names: Sequence[str] | None = None) -> Iterator[Row]:
        """A row for each file, as it is answered; ``names`` are shown in place of the files' own."""
        for file, name in zip(files, names or [file.name for file in files], strict=True):
            row = self._answer(file, name)
            self.done.append(row)
            yield row

    def _answer(self, file: Path, name: str) -> Row:
        try:
            answer = classify(self.model, file, top_k=self._top_k, name=name)
        except ResNetAppError as error:
            return Row(name, (), str(error), Timing(), None, record(self.model, name, error))
        timing = answer.timing
        if self._cam_dir is not None:
            started = clock(self.model.device)
            best = answer.predictions[0].index
            (heatmap,) = heatmaps(self.model.network, answer.features, [best], size=answer.crop.size[::-1])
            timing = replace(timing, cam=clock(self.model.device) - started)
            overlaid = draw(answer.crop, heatmap)
            self._cam_dir.mkdir(parents=True, exist_ok=True)
            overlaid.save(self._cam_dir / f"{len(self.done) + 1:04}_{Path(name).stem}_cam.png")
        thumbnail = answer.crop.resize((TILE, TILE)) if answer.crop.size != (TILE, TILE) else answer.crop
        entry = record(self.model, name, answer, timing)
        return Row(name, answer.predictions, None, timing, thumbnail, entry, answer.strange)

    @property
    def total_ms(self) -> float:
        """Time of all answered pictures."""
        return sum(row.timing.total for row in self.done)

    @property
    def mean_ms(self) -> float:
        """Time of one picture, over those that were answered."""
        answered = sum(row.error is None for row in self.done)
        return self.total_ms / answered if answered else 0.0

    def csv(self) -> str:
        """A table: file, answer, probability, the times, and the error of a file that has none."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error"])
        for row in self.done:
            best = (row.predictions[0].label, f"{row.predictions[0].probability:.6f}") if row.predictions else ("", "")
            timing = row.timing
            times = (f"{ms:.3f}" for ms in (timing.decode, timing.forward, timing.cam, timing.total))
            writer.writerow([_inert(row.file), *map(_inert, best), *times, row.error or ""])
        return text.getvalue()

    def contact_sheet(self) -> Image.Image:
        """The pictures with their labels, four columns, on white; a file without an answer gets an empty frame."""
        shown = self.done[:SHEET_PAGE]
        lines = max(1, -(-len(shown) // COLUMNS))
        sheet = Image.new("RGB", (COLUMNS * (TILE + 16) + 16, lines * (TILE + CAPTION) + 16), PAPER)
        pen = ImageDraw.Draw(sheet)
        for place, row in enumerate(shown):
            x = 16 + place % COLUMNS * (TILE + 16)
            y = 16 + place // COLUMNS * (TILE + CAPTION)
            if row.thumbnail is None:
                pen.rectangle((x, y, x + TILE - 1, y + TILE - 1), outline=FAILED)
                _caption(pen, (x, y + TILE + 4), f"? {row.file}", FAILED)
            else:
                sheet.paste(row.thumbnail, (x, y))
                best = row.predictions[0]
                _caption(pen, (x, y + TILE + 4), f"{best.label}  {best.probability:.1%}", INK)
        return sheet


def _inert(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _caption(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, colour: tuple[int, int, int]) -> None:
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    font = _font(text.isascii())
    while len(text) > 2 and pen.textlength(text, font=font) > TILE:
        text = text[:-2].rstrip() + "…"
    pen.text(at, text, fill=colour, font=font)


@lru_cache(maxsize=2)
def _font(latin: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, or one of the system's for scripts that it lacks."""
    for name in () if latin else ("NotoSansCJK-Regular.ttc", "PingFang.ttc", "msyh.ttc", "DejaVuSans.ttf"):
        try:
            return ImageFont.truetype(name, 18)
        except OSError:
            continue
    return ImageFont.load_default(18)
