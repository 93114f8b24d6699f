"""How a row of a table is written to a file, and read back by a run that goes on with it: CSV, and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from resnet_app.many.batch import Row
from resnet_app.outputs import inert, line_of

HEAD = ("file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error")
LAST = ("bytes", "model")  # of a file that can be gone on with

Key = tuple[str, str]  # a picture's name as the table has it, and its bytes


@dataclass(frozen=True)
class Record:
    """One whole row of a table, as it stands in the file.

    Attributes:
        key: what the picture is known by.
        line: the row's bytes, with the end of the line.
        labels: its answers, best first, as the table has them; none where it could not be read.
        probability: of the best one.
    """

    key: Key
    line: bytes
    labels: tuple[str, ...] = ()
    probability: float = 0.0


class OtherTableError(ValueError):
    """The file is no table of ours, or another model's."""


class Format(Protocol):
    """A way to write rows.

    Attributes:
        answers: of each picture.
        head: what stands before the first row.
    """

    answers: int
    head: bytes

    def label(self, text: str) -> str:
        """A name as the table has it."""

    def line(self, row: Row, size: int) -> bytes:
        """One row, of a picture of so many bytes, with the end of the line."""

    def records(self, path: Path) -> Iterator[Record]:
        """The whole rows of a table; what a run that was killed has left of its last one is none.

        Raises:
            OtherTableError: it is no such table of this model.
        """


class Csv:
    """File, best answer, its probability, the times, the error, then the other answers.

    Where the model is named, the last two columns say of which bytes and of which model a row is, so that a later run
    can go on with it.
    """

    def __init__(self, answers: int, model: str = "") -> None:
        """Take note of what the rows hold.

        Args:
            answers: of each picture.
            model: what answers, as ``earlier.fingerprint`` knows it.
        """
        self.answers, self._model = answers, model
        others = (f"{what}_{rank}" for rank in range(2, answers + 1) for what in ("label", "probability"))
        self._columns = [*HEAD, *others, *(LAST if model else ())]
        self.head = line_of(self._columns).encode()

    def label(self, text: str) -> str:
        """A name as the table has it: no formula for a spreadsheet."""
        return inert(text)

    def line(self, row: Row, size: int = 0) -> bytes:
        """One row, of a picture of so many bytes, with the end of the line."""
        last = [str(size), self._model] if self._model else []
        return line_of([*self._cells(row), *last]).encode()

    def _cells(self, row: Row) -> list[str]:
        timing = row.timing
        times = [f"{ms:.3f}" for ms in (timing.decode, timing.forward, timing.cam, timing.total)]
        told = [cell for each in row.predictions for cell in (inert(each.label), f"{each.probability:.6f}")]
        told += [""] * (2 * self.answers - len(told))
        return [inert(row.file), *told[:2], *times, inert(row.error or ""), *told[2:]]

    def records(self, path: Path) -> Iterator[Record]:
        """The whole rows of a table, as ``Format.records``."""
        found = _csv_rows(path)
        cells, _ = next(found, (self._columns, b""))
        if cells != self._columns:
            raise OtherTableError
        for cells, line in found:
            if len(cells) != len(self._columns) or cells[-1] != self._model:
                raise OtherTableError
            labels = [cells[1], *cells[len(HEAD) : -len(LAST) : 2]]
            probability = float(cells[2] or 0)
            yield Record((cells[0], cells[-2]), line, tuple(filter(None, labels)), probability)


def _csv_rows(path: Path) -> Iterator[tuple[list[str], bytes]]:
    row = b""
    with path.open("rb") as file:
        for line in file:
            row += line
            if row.endswith(b"\n") and row.count(b'"') % 2 == 0:  # no cell goes on behind the end of the line
                yield next(csv.reader([row.decode("utf-8", "replace")])), row
                row = b""


class JsonLines:
    """An object of ``predict --json`` in each line, with the picture's bytes and the model's SHA-256."""

    head = b""

    def __init__(self, answers: int, model: str) -> None:
        """Take note of what the rows hold.

        Args:
            answers: of each picture.
            model: what answers, as ``earlier.fingerprint`` knows it.
        """
        self.answers, self._model = answers, model

    def label(self, text: str) -> str:
        """A name as the table has it."""
        return text

    def line(self, row: Row, size: int) -> bytes:
        """One row, of a picture of so many bytes, with the end of the line."""
        told = {**row.json_object, "answers": self.answers, "bytes": size}
        told["model"] = {**told["model"], "sha256": self._model}
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"

    def records(self, path: Path) -> Iterator[Record]:
        """The whole rows of a table, as ``Format.records``."""
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield self.record(line)

    def record(self, line: bytes) -> Record:
        """What one whole line says.

        Raises:
            OtherTableError: it is no row of this model.
        """
        try:
            told = json.loads(line)
            if (told["model"]["sha256"], told["answers"]) != (self._model, self.answers):
                raise OtherTableError
            answers = [(str(each["label"]), float(each["probability"])) for each in told["predictions"]]
            key = (str(told["file"]), str(told["bytes"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise OtherTableError from None
        return Record(key, line, tuple(label for label, _ in answers), answers[0][1] if answers else 0.0)
