"""Rows of a batch -> CSV, whole or line by line as they are answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from resnet_app.inference.batch import Batch, Row
from resnet_app.outputs import inert, writing

HEAD = ("file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error")


class TableFile:
    """A CSV file that has each row as soon as it is answered: what ends the run takes none of them away."""

    def __init__(self, path: Path, answers: int) -> None:
        """Open the file and write its head.

        Args:
            path: what is there is written over.
            answers: of each picture.

        Raises:
            OutputError: it cannot be written.
        """
        self._path, self._answers = path, answers
        with writing(path):
            self._file = path.open("wb", buffering=0)
        self._write(_head(answers))

    def add(self, row: Row) -> None:
        """Write one row.

        Raises:
            OutputError: it cannot be written.
        """
        self._write(_cells(row, self._answers))

    def _write(self, cells: Iterable[str]) -> None:
        left = line_of(cells).encode()
        with writing(self._path):
            while left:
                left = left[self._file.write(left) :]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def as_csv(run: Batch) -> str:
    """The whole table: file, best answer, its probability, the times, the error, then the other answers."""
    return "".join(map(line_of, (_head(run.answers), *(_cells(row, run.answers) for row in run.done))))


def _head(answers: int) -> list[str]:
    return [*HEAD, *(f"{what}_{rank}" for rank in range(2, answers + 1) for what in ("label", "probability"))]


def _cells(row: Row, answers: int) -> list[str]:
    timing = row.timing
    times = [f"{ms:.3f}" for ms in (timing.decode, timing.forward, timing.cam, timing.total)]
    told = [cell for each in row.predictions for cell in (inert(each.label), f"{each.probability:.6f}")]
    told += [""] * (2 * answers - len(told))
    return [inert(row.file), *told[:2], *times, inert(row.error or ""), *told[2:]]


def line_of(cells: Iterable[str]) -> str:
    """A line of CSV; a cell that holds the end of a line, of any kind, is quoted."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # ended by both, it quotes cells with either
    return text.getvalue().removesuffix("\r\n") + "\n"
