"""Rows of a batch -> CSV, whole or line by line as they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from resnet_app.errors import OutputError
from resnet_app.many.batch import Batch, Row
from resnet_app.many.earlier import Earlier, Key
from resnet_app.outputs import inert, line_of, writing

HEAD = ("file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error")
LAST = ("bytes", "model")  # of a file that can be gone on with


class TableFile:
    """A CSV file that has each row as soon as it is answered: what ends the run takes none of them away, and leaves no
    half one.

    Where the model is named, its last two columns say of which bytes and of which model a row is, so that a later run
    can go on with it.

    Attributes:
        kept: how many pictures, from the first on, an earlier run has answered: their rows stay where they are.
    """

    def __init__(self, path: Path, answers: int, *, model: str = "", resume: Iterable[Key] | None = None) -> None:
        """Open the file and write its head, or go on with the rows that an earlier run has left there.

        Args:
            path: what is there is written over, unless it is gone on with.
            answers: of each picture.
            model: what answers, as ``earlier.fingerprint`` knows it.
            resume: the pictures to come, by ``key_of``; None begins anew.

        Raises:
            OutputError: it cannot be written, or holds another model's answers.
        """
        self._path, self._answers, self._model = path, answers, model
        head = [*_head(answers), *(LAST if model else ())]
        self._earlier = Earlier(path, head, model, resume) if resume is not None else None
        self.kept = self._earlier.kept if self._earlier else 0
        self._whole = self._earlier.whole if self._earlier else 0
        with writing(path):
            self._file = path.open("r+b" if self._whole else "wb", buffering=0)
            if self._whole:
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
        if not self._whole:
            self._write(line_of(head).encode())

    def left(self, keys: Iterable[Key]) -> Iterator[bool]:
        """Of each picture behind the kept ones whether it has to be answered; nothing is written yet."""
        aside = self._earlier.aside() if self._earlier else Counter()
        for key in keys:
            aside[key] -= 1
            yield aside[key] < 0

    def keep(self, key: Key) -> bool:
        """Whether an earlier run has answered that picture; then its row is written again, where it belongs now.

        Raises:
            OutputError: it cannot be written.
        """
        line = self._earlier.take(key) if self._earlier else None
        if line:
            self._write(line)
        return line is not None

    def add(self, row: Row, size: int = 0) -> None:
        """Write one row, of a picture of so many bytes.

        Raises:
            OutputError: it cannot be written.
        """
        last = [str(size), self._model] if self._model else []
        self._write(line_of([*_cells(row, self._answers), *last]).encode())

    def _write(self, line: bytes) -> None:
        left = line
        try:
            with writing(self._path):
                while left:
                    left = left[self._file.write(left) :]
        except OutputError:
            with suppress(OSError):  # of a pipe nothing can be taken back
                self._file.truncate(self._whole)
            raise
        self._whole += len(line)

    def done(self) -> None:
        """Every picture has its row."""
        if self._earlier:
            self._earlier.done()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def key_of(file: Path, name: str) -> Key:
    """What a picture's row is known by: its name, as the table has it, and its bytes."""
    return inert(name), str(size_of(file))


def size_of(file: Path) -> int:
    """A file's bytes; 0 where it cannot be looked at."""
    with suppress(OSError):
        return file.stat().st_size
    return 0


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
