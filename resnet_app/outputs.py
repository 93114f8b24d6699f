"""Places to write to: tried before the work, and one sentence where they fail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resnet_app.errors import OutputError

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
        if not path.resolve().parent.is_dir():
            raise OutputError(f"There is no folder {path.parent} to write {path.name} to; make it first.")
        if path.is_file():
            path.open("r+b").close()
        elif not path.exists():  # a pipe or a device is left alone: its other end would notice
            _try(path)


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
            _try(folder / f"{file_name}.{uuid.uuid4().hex[:8]}.partial")  # the name that ``saving.whole`` writes under
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
