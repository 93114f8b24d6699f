"""What an interrupted run has left of its table, so that the next one answers only the rest.

A row still holds where the picture has the same name and the same number of bytes, and the model is the same one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from resnet_app.errors import OutputError
from resnet_app.inference.models import LoadedModel
from resnet_app.many.formats import Format, Key, OtherTableError, Record
from resnet_app.outputs import put_in_place, writing

DIGITS = 12  # of a SHA-256, to know a model by


def fingerprint(model: LoadedModel) -> str:
    """What a model is known by: weights, classes, how it sees pictures and in how many bits; never its file's name."""
    told = [model.spec.name, model.class_names, model.recipe.as_dict(), model.choice.precision]
    found = hashlib.sha256(json.dumps(told).encode())
    for name, tensor in model.network.state_dict().items():
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:DIGITS]


def aside_path(path: Path) -> Path:
    """Where the rows lie that a run has put aside."""
    return path.with_name(f"{path.name}.earlier")


class Earlier:
    """The rows of earlier runs that a run may keep; they are safe on the disk until they stand in its table again.

    Attributes:
        kept: how many rows, from the first on, are those of the pictures to come, in order: they stay where they are.
        whole: how many bytes of the table those and its head are.
    """

    def __init__(self, path: Path, form: Format, keys: Iterable[Key]) -> None:
        """Read what there is; what stands in another order is put aside, on the disk too.

        Args:
            path: of the table.
            form: how it is written, and by which model.
            keys: of the pictures to come, as ``Record.key``.

        Raises:
            OutputError: the table is another model's, has other columns, or cannot be read or written.
        """
        self._path, self._rest, self._form = path, aside_path(path), form
        self._aside: defaultdict[Key, deque[bytes]] = defaultdict(deque)
        self.kept = self.whole = 0
        with writing(path):
            for row in self._rows(self._rest):
                self._aside[row.key].append(row.line)
            coming = iter(keys)
            for row in self._rows(path):
                if not self._aside and row.key == next(coming, None):
                    self.kept += 1
                    self.whole += len(row.line)
                else:
                    self._aside[row.key].append(row.line)
        if self.kept:
            self.whole += len(form.head)
        if self._aside:
            put_in_place(self._rest, self._write_aside)

    def _rows(self, file: Path) -> Iterator[Record]:
        """The rows of a table of ours; none where there is no table."""
        try:
            if file.is_file():
                yield from self._form.records(file)
        except OtherTableError:
            raise OutputError(
                f"{self._path} holds the answers of another model or of another --top-k; name another file, or leave "
                "out --resume to write it anew."
            ) from None

    def _write_aside(self, part: Path) -> None:
        with part.open("wb") as file:
            file.write(self._form.head)
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
