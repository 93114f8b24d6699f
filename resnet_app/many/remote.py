"""Pictures that lie elsewhere, at an address such as ``s3://bucket/photos/bee.jpg``: found and fetched by fsspec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from resnet_app.errors import DataError, PictureError
from resnet_app.images import MAX_FILE_BYTES, SUFFIXES

CHUNK = 1 << 20


@dataclass(frozen=True)
class RemoteFile:
    """A picture at an address.

    Attributes:
        url: with fsspec's protocol before ``://``.
        size: bytes; 0 where it was named by itself: a million of them cannot be asked one by one.
    """

    url: str
    size: int = 0

    def __str__(self) -> str:
        return self.url


Place = Path | RemoteFile


def is_remote(given: str) -> bool:
    """Whether what was given is an address, and no path."""
    return re.match(r"[a-z][a-z0-9+.-]+://", given) is not None


def find_files(url: str) -> list[RemoteFile]:
    """The picture at an address or, where it ends with a slash, those in that folder and below, by name.

    Folders that are hidden are left out, as on a disk.

    Raises:
        DataError: the folder cannot be listed, or holds no pictures.
    """
    if not url.endswith("/"):
        return [RemoteFile(url)]
    import fsspec

    try:
        store, root = fsspec.core.url_to_fs(url)
        found = store.find(root, detail=True)
        files = [
            RemoteFile(url + str(PurePosixPath(path).relative_to(root)), int(about.get("size") or 0))
            for path, about in sorted(found.items())
        ]
    except Exception as error:  # each store's library has errors of its own
        raise DataError(
            f"The folder {url} cannot be listed ({_why(error)}); check its name and who may read it."
        ) from error
    pictures = [each for each in files if _is_picture(PurePosixPath(each.url.removeprefix(url)))]
    if not pictures:
        raise DataError(f"The folder {url} holds no pictures; accepted are {', '.join(SUFFIXES)}.")
    return pictures


def _is_picture(below: PurePosixPath) -> bool:
    return below.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in below.parts[:-1])


def at_hand(file: Place) -> AbstractContextManager[Path]:
    """A file on this machine: itself, or a copy for as long as it is looked at; errors are those of ``fetched``."""
    return fetched(file.url) if isinstance(file, RemoteFile) else nullcontext(file)


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """A copy of the picture on this machine, under its own name, for as long as it is looked at.

    Of a file that is too large to be a picture of ours no more is fetched than shows that.

    Raises:
        PictureError: it cannot be fetched.
    """
    import fsspec

    name = PurePosixPath(re.split("[?#]", url)[0]).name[-60:]
    with TemporaryDirectory() as folder:
        copy = Path(folder, name)
        try:
            with fsspec.open(url, "rb") as source, copy.open("wb") as target:
                while target.tell() <= MAX_FILE_BYTES and (part := source.read(CHUNK)):
                    target.write(part)
        except FileNotFoundError as error:
            raise PictureError(f"There is no file {name}; check its name.", code="no_file", name=name) from error
        except Exception as error:  # each store's library has errors of its own
            raise PictureError(f"{name} cannot be fetched ({_why(error)}); check who may read it.") from error
        yield copy


def _why(error: Exception) -> str:
    """What a library says of it, as a part of a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
