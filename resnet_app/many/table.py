"""A table's file, which has each row as soon as it is answered."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from resnet_app.errors import OutputError
from resnet_app.many import parquet
from resnet_app.many.batch import Batch, Row
from resnet_app.many.earlier import Earlier, aside_path
from resnet_app.many.formats import Csv, Format, JsonLines, Key
from resnet_app.many.remote import Place, RemoteFile
from resnet_app.many.sources import Source
from resnet_app.many.truth import Counted
from resnet_app.outputs import writing

CSV, JSONL, PARQUET = KINDS = ("csv", "jsonl", "parquet")


class TableFile:
    """A file that has each row as soon as it is answered: what ends the run takes none of them away, and leaves no half
    one.

    Attributes:
        kept: how many pictures, from the first on, an earlier run has answered: their rows stay where they are.
    """

    def __init__(self, path: Path, form: Format, *, resume: Iterable[Key] | None = None) -> None:
        """Open the file and write its head, or go on with the rows that an earlier run has left there.

        Args:
            path: what is there is written over, unless it is gone on with.
            form: how rows are written.
            resume: the pictures to come, by ``key_of``; None begins anew.

        Raises:
            OutputError: it cannot be written, or holds another model's answers.
        """
        self._path, self._form = path, form
        self._earlier = Earlier(path, form, resume) if resume is not None else None
        self.kept = self._earlier.kept if self._earlier else 0
        self._whole = self._earlier.whole if self._earlier else 0
        with writing(path):
            self._file = path.open("r+b" if self._whole else "wb", buffering=0)
            if self._earlier is None:
                with suppress(OSError):  # of a run that nobody goes on with
                    aside_path(path).unlink()
            if self._whole:
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
        if not self._whole:
            self._write(form.head)

    def left(self, keys: Iterable[Key]) -> Iterator[bool]:
        """Of each picture after the kept ones whether it has to be answered; nothing is written yet."""
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
        self._write(self._form.line(row, size))

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


class Table:
    """A table of the pictures that are meant, in their order.

    A Parquet file can be written at the end alone: until then its rows are JSON lines beside it.
    """

    def __init__(
        self, path: Path, kind: str, run: Batch, pictures: Sequence[Source], *, model: str, resume: bool = False
    ) -> None:
        """Open the file, and read what an earlier run has left where that is gone on with.

        Args:
            path: of the table.
            kind: one of ``KINDS``.
            run: what answers.
            pictures: that will have a row.
            model: what answers, as ``earlier.fingerprint`` knows it.
            resume: whether to go on with what there is.

        Raises:
            OutputError: it cannot be written, or holds another model's answers.
        """
        self._path, self._pictures, self._answers = path, pictures, run.answers
        self._rows_path = rows_path(path, kind)
        self._form: Format = Csv(run.answers, model) if kind == CSV else JsonLines(run.answers, model)
        if resume and kind == PARQUET and path.is_file() and not self._has_rows():
            parquet.read_back(path, self._rows_path, JsonLines(run.answers, model))
        coming = map(self._key, pictures) if resume and self._has_rows() else None
        self._file = TableFile(self._rows_path, self._form, resume=coming)
        self.kept = self._file.kept

    def _has_rows(self) -> bool:
        return self._rows_path.is_file() or aside_path(self._rows_path).is_file()

    def _key(self, picture: Source) -> Key:
        return self._form.label(picture.name), str(size_of(picture.file))

    def left(self) -> list[Source]:
        """The pictures that have to be answered."""
        rest = self._pictures[self.kept :]
        return list(itertools.compress(rest, self._file.left(map(self._key, rest))))

    def keep(self, picture: Source) -> bool:
        """Whether an earlier run has answered the next picture; its row is in the table then."""
        return self._file.keep(self._key(picture))

    def add(self, row: Row, picture: Source) -> None:
        """Write the next picture's row.

        Raises:
            OutputError: it cannot be written.
        """
        self._file.add(row, size_of(picture.file))

    def count(self, class_names: Sequence[str]) -> Counted:
        """What all its rows say together, those of earlier runs too."""
        found = Counted([picture.folder for picture in self._pictures], class_names)
        as_told = {self._form.label(name): name for name in class_names}
        for number, record in enumerate(self._form.records(self._rows_path)):
            found.add(number, [as_told[label] for label in record.labels], record.probability)
        return found

    def done(self) -> None:
        """Every picture has its row.

        Raises:
            OutputError: the Parquet file cannot be written.
        """
        self._file.done()
        if self._rows_path != self._path:
            parquet.write(self._path, self._rows_path, self._answers)
            self._rows_path.unlink()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def rows_path(path: Path, kind: str) -> Path:
    """Where the rows of a table are written as they come."""
    return path.with_name(f"{path.name}.jsonl") if kind == PARQUET else path


def size_of(file: Place) -> int:
    """A file's bytes; 0 where it cannot be looked at."""
    if isinstance(file, RemoteFile):
        return file.size
    with suppress(OSError):
        return file.stat().st_size
    return 0


def as_csv(run: Batch) -> str:
    """The whole table of what is done."""
    form = Csv(run.answers)
    return (form.head + b"".join(map(form.line, run.done))).decode()
