"""What an interrupted run has left of its table, so that the next one answers only the rest.

A row still holds where the picture has the same name and the same number of bytes, and the model is the same one.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from resnet_app.errors import OutputError
from resnet_app.inference.models import LoadedModel
from resnet_app.outputs import line_of, put_in_place, writing

Key = tuple[str, str]  # a picture's name as the table has it, and its bytes
DIGITS = 12  # of a SHA-256, to know a model by


def fingerprint(model: LoadedModel) -> str:
    """What a model is known by: of its weights, its classes and how it sees pictures; never of its file's name."""
    found = hashlib.sha256(json.dumps([model.spec.name, model.class_names, model.recipe.as_dict()]).encode())
    for name, tensor in model.network.state_dict().items():
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:DIGITS]


@dataclass(frozen=True)
class Record:
    """One whole row of a table, as it stands in the file.

    Attributes:
        cells: what it says; the last two are the picture's bytes and the model.
        line: its bytes, with the end of the line.
    """

    cells: list[str]
    line: bytes

    @property
    def key(self) -> Key:
        """The picture's name and its bytes."""
        return self.cells[0], self.cells[-2]


def records(path: Path) -> Iterator[Record]:
    """The whole rows of a table; what a run that was killed has left of its last one is none."""
    row = b""
    with path.open("rb") as file:
        for line in file:
            row += line
            if row.endswith(b"\n") and row.count(b'"') % 2 == 0:  # no cell goes on behind the end of the line
                yield Record(next(csv.reader([row.decode("utf-8", "replace")])), row)
                row = b""


class Earlier:
    """The rows of earlier runs that a run may keep; they are safe on the disk until they stand in its table again.

    Attributes:
        kept: how many rows, from the first on, are those of the pictures to come, in order: they stay where they are.
        whole: how many bytes of the table those and its head are.
    """

    def __init__(self, path: Path, head: list[str], model: str, keys: Iterable[Key]) -> None:
        """Read what there is; what stands in another order is put aside, on the disk too.

        Args:
            path: of the table.
            head: its first row.
            model: whose answers are wanted.
            keys: of the pictures to come, as ``Record.key``.

        Raises:
            OutputError: the table is another model's, has other columns, or cannot be read or written.
        """
        self._path, self._rest = path, path.with_name(f"{path.name}.earlier")
        self._aside: defaultdict[Key, deque[bytes]] = defaultdict(deque)
        self.kept = self.whole = 0
        with writing(path):
            for row in self._rows(self._rest, head, model):
                self._aside[row.key].append(row.line)
            coming = iter(keys)
            for row in self._rows(path, head, model):
                if not self._aside and row.key == next(coming, None):
                    self.kept += 1
                    self.whole += len(row.line)
                else:
                    self._aside[row.key].append(row.line)
        if self._aside:
            put_in_place(self._rest, partial(self._write_aside, head))

    def _rows(self, file: Path, head: list[str], model: str) -> Iterator[Record]:
        """The rows of a table of ours behind its head; none where there is no table."""
        found = records(file) if file.is_file() else iter(())
        first = next(found, None)
        if first is None:
            return
        if first.cells != head:
            raise OutputError(self._other())
        if file == self._path:
            self.whole = len(first.line)
        for row in found:
            if len(row.cells) != len(head) or row.cells[-1] != model:
                raise OutputError(self._other())
            yield row

    def _other(self) -> str:
        return (
            f"{self._path} holds the answers of another model or of another --top-k; name another file, or leave out "
            "--resume to write it anew."
        )

    def _write_aside(self, head: list[str], part: Path) -> None:
        with part.open("wb") as file:
            file.write(line_of(head).encode())
            for lines in self._aside.values():
                file.writelines(lines)

    def aside(self) -> Counter[Key]:
        """How many rows of each picture were put aside."""
        return Counter({key: len(lines) for key, lines in self._aside.items()})

    def take(self, key: Key) -> bytes | None:
        """The row of a picture, where there is one that was put aside; each is taken once."""
        found = self._aside.get(key)
        return found.popleft() if found else None

    def done(self) -> None:
        """All rows stand in the table: what was put aside is needed no more."""
        self._rest.unlink(missing_ok=True)
