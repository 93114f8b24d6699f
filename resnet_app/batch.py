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
from torch import Tensor

from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import clock
from resnet_app.errors import ResNetAppError
from resnet_app.export import as_json, file_stem, inert, manifest, npy, picture_record, predictions_csv
from resnet_app.gradcam import check_choice, heatmaps
from resnet_app.models import LoadedModel
from resnet_app.overlays import draw
from resnet_app.predict import Answer, Prediction, Timing, check_top_k, classify, record

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
    ) -> None:
        check_top_k(top_k)
        paths = check_choice(model.network, layers, method)
        self.model = model
        self.done: list[Row] = []
        self._top_k = top_k
        self._cam_dir = cam_dir
        self._layers = layers
        self._method = method
        self._keep = paths if cam_dir else ()
        self._explained: list[tuple[str, Tensor, dict[str, Any]]] = []  # name, logits, the manifest's entry

    def rows(self, files: Sequence[Path], names: Sequence[str] | None = None) -> Iterator[Row]:
        """A row for each file, as it is answered; ``names`` are shown in place of the files' own."""
        for file, name in zip(files, names or [file.name for file in files], strict=True):
            row = self._answer(file, name)
            self.done.append(row)
            yield row

    def _answer(self, file: Path, name: str) -> Row:
        try:
            answer = classify(self.model, file, top_k=self._top_k, name=name, keep=self._keep)
        except ResNetAppError as error:
            return Row(name, (), str(error), Timing(), None, record(self.model, name, error))
        timing = answer.timing
        if self._cam_dir is not None:
            timing = replace(timing, cam=self._explain(self._cam_dir, answer, file))
        thumbnail = answer.crop.resize((TILE, TILE)) if answer.crop.size != (TILE, TILE) else answer.crop
        entry = record(self.model, name, answer, timing)
        return Row(name, answer.predictions, None, timing, thumbnail, entry, answer.strange)

    def _explain(self, folder: Path, answer: Answer, file: Path) -> float:
        """Write the best answer's map, over the crop and raw; the milliseconds that the map took."""
        started = clock(self.model.device)
        best = answer.predictions[0].index
        (heatmap,) = heatmaps(self.model, answer, [best], layers=self._layers, method=self._method)
        took = clock(self.model.device) - started
        stem = f"{len(self.done) + 1:04}_{file_stem(Path(answer.file).stem)}_cam"
        folder.mkdir(parents=True, exist_ok=True)
        draw(answer.crop, heatmap).save(folder / f"{stem}.png")
        (folder / f"{stem}.npy").write_bytes(npy(heatmap))
        entry = picture_record(self.model, answer, file, [(heatmap, [f"{stem}.png", f"{stem}.npy"])])
        self._explained.append((answer.file, answer.logits, entry))
        return took

    def write_manifest(self) -> None:
        """Put the table of all classes and the manifest beside the maps, once all pictures are done."""
        if self._cam_dir is None or not self._explained:
            return
        table = predictions_csv(self.model, [(file, logits) for file, logits, _ in self._explained])
        entries = [entry for _, _, entry in self._explained]
        (self._cam_dir / "predictions.csv").write_text(table, "utf-8")
        told = manifest(self.model, entries, layer="+".join(self._layers), method=self._method)
        (self._cam_dir / "manifest.json").write_text(as_json(told), "utf-8")

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
            writer.writerow([inert(row.file), *map(inert, best), *times, row.error or ""])
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
