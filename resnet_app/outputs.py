"""Places to write to: tried before the work, and one sentence where they fail."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resnet_app.errors import OutputError, ResNetAppError

TRIAL_BYTES = 4096  # a full disk takes an empty file


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write there into a sentence.

    Raises:
        OutputError: it cannot be written.
        BrokenPipeError: it is a pipe that nobody reads any more, which is no failure of the place.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); free some space, or name another place."
        ) from error


def require_file(path: Path) -> None:
    """Try to write a file, and leave all as it was.

    Raises:
        OutputError: it is a folder, in no folder, or cannot be written.
    """
    with writing(path):
        if path.is_dir():
            raise OutputError(f"{path} is a folder; name a file to write.")
        target = Path(os.path.realpath(path))  # resolve() raises where links go round in a circle
        if not target.parent.is_dir():
            raise OutputError(f"There is no folder {path.parent} to write {path.name} to; make it first.")
        if path.is_file():
            path.open("r+b").close()
        elif not path.exists():  # a pipe or a device is left alone: its other end would notice
            _try(target)


def require_folder(folder: Path, file_name: str = "trial") -> None:
    """Try to make a folder and to write a file of about that name into it, and leave all as it was.

    Raises:
        OutputError: it is a file, or nothing can be written there.
    """
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; name a folder.")
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _try(folder / f"{file_name}.{uuid.uuid4().hex[:8]}.partial")  # the name that ``put_in_place`` writes under
        finally:
            for each in made:
                with suppress(OSError):
                    each.rmdir()


def _try(path: Path) -> None:
    """Write a new file and take it away."""
    file = path.open("xb")
    try:
        with file:
            file.write(bytes(TRIAL_BYTES))
    finally:
        path.unlink()


def save_text(path: Path, text: str) -> None:
    """Text, as UTF-8."""

    def write(part: Path) -> None:
        part.write_text(text, "utf-8")

    put_in_place(path, write)


def put_in_place(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file and move it there at the end: at its path there is never half a file.

    Raises:
        OutputError: it cannot be written there.
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(part)
            part.chmod(0o644)  # safetensors writes for its owner alone
            os.replace(part, path)  # noqa: PTH105 (the same on Windows, over a file that is there)
        finally:
            part.unlink(missing_ok=True)


def file_stem(*parts: str) -> str:
    """A file name from words of any kind, as far as file systems take them."""
    return "_".join(filter(None, (re.sub(r"[^\w.+]+", "-", part).strip("-.")[:40] for part in parts)))


def inert(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def sha256(path: Path) -> str:
    """A file's SHA-256, in hexadecimal.

    Raises:
        ResNetAppError: it cannot be read, or no longer.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(2**20):  # hashlib.file_digest wants Python 3.11
                digest.update(piece)
    except OSError as error:
        raise ResNetAppError.unreadable(path.name, error) from error
    return digest.hexdigest()


def line_of(cells: Iterable[str]) -> str:
    """A line of CSV; a cell that holds the end of a line, of any kind, is quoted."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # ended by both, it quotes cells with either
    return text.getvalue().removesuffix("\r\n") + "\n"
