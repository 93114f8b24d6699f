"""What a person names -> the pictures that are meant: files, folders, and zips, which are unpacked."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from resnet_app.errors import DataError
from resnet_app.images import MAX_FILE_BYTES, SUFFIXES, find_files
from resnet_app.many import remote
from resnet_app.many.remote import Place
from resnet_app.naming import as_given, shown
from resnet_app.training.boxes import is_picture

SPARE_BYTES = 2**30  # that unpacking leaves free on the disk
IN_A_FOLDER = 1000  # files; more make some file systems slow


@dataclass(frozen=True, slots=True)
class Source:
    """One picture that is meant, or what should have been one.

    Attributes:
        file: where it is.
        name: as it was given, or as it lies below the folder or in the zip that was given.
        folder: the name of the folder that it lies in.
    """

    file: Place
    name: str
    folder: str


def find(given: Sequence[str], unpacked: Path) -> list[Source]:
    """The pictures that some paths mean, in the order of the paths.

    Args:
        given: pictures, folders, zips, and addresses of pictures and folders.
        unpacked: a folder that the pictures of zips are written to.

    Raises:
        DataError: a path with nothing there, an address that cannot be listed, a folder or a zip without pictures, or a
            zip that will not do.
    """
    return [source for number, path in enumerate(given) for source in _find(path, unpacked / str(number))]


def _find(given: str, unpacked: Path) -> Iterator[Source]:
    if remote.is_remote(given):
        for there in remote.find_files(given):
            yield Source(there, shown(there.url), PurePosixPath(there.url).parent.name)
        return
    path = Path(given)
    if is_zip(path):
        yield from unpack(path, unpacked, name=given)
        return
    for file in find_files([path]):
        folder = file.parent if file.parent != Path() else file.resolve().parent
        yield Source(file, as_given(given, file), folder.name)


def is_zip(path: Path) -> bool:
    """Whether a file is to be unpacked, by its name."""
    return path.suffix.lower() == ".zip" and path.is_file()


def unpack(
    path: Path, folder: Path, *, name: str = "", most: int | None = None, most_bytes: int | None = None
) -> list[Source]:
    """The pictures of a zip, written below a folder; what is no picture by its name is left out.

    Nothing is written outside of ``folder``, whatever the names in the zip are, and nothing that was not declared.

    Args:
        path: the zip.
        folder: to write to.
        name: what it is called, before each picture's name; its file name where nothing is given.
        most: pictures.
        most_bytes: of all of them, unpacked; what is free on the disk where nothing is given.

    Raises:
        DataError: it cannot be read or is locked, has no pictures or too many, or they are too large.
    """
    name = name or path.name
    try:
        with zipfile.ZipFile(path) as archive:
            entries = (each for each in archive.infolist() if is_picture(each.filename) and not each.is_dir())
            inside = sorted(entries, key=lambda each: each.filename)
            _require_possible(name, inside, most, _room(folder) if most_bytes is None else most_bytes)
            return [
                Source(_written(archive, each, folder / str(number // IN_A_FOLDER) / str(number)),
                       shown(f"{name}/{each.filename}"), PurePosixPath(each.filename).parent.name)
                for number, each in enumerate(inside)
            ]  # fmt: skip
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, KeyError):
        # RuntimeError where it is locked, or packed in a way that Python has no code for.
        raise DataError(
            f"{shown(name)} is no zip that can be read; pack the pictures anew, without a password.",
            code="zip_unreadable", name=shown(name),
        ) from None  # fmt: skip


def _room(folder: Path) -> int:
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    return max(0, shutil.disk_usage(there).free - SPARE_BYTES)


def _require_possible(name: str, inside: Sequence[zipfile.ZipInfo], most: int | None, most_bytes: int) -> None:
    if not inside:
        raise DataError(
            f"The zip {shown(name)} holds no pictures; accepted are {', '.join(SUFFIXES)}.",
            code="zip_empty", name=shown(name), accepted=", ".join(SUFFIXES),
        )  # fmt: skip
    if most is not None and len(inside) > most:
        raise DataError(
            f"The zip {shown(name)} holds {len(inside)} pictures; at most {most} are taken.",
            code="zip_too_many", name=shown(name), count=len(inside), most=most,
        )  # fmt: skip
    # What is read of an entry ends at the size that it declares: the declared sizes bound what comes out.
    if sum(each.file_size for each in inside) > most_bytes:
        raise DataError(
            f"The pictures in {shown(name)} are larger than the {most_bytes >> 20} MB that there is room for; "
            "take fewer or smaller ones.",
            code="zip_too_large", name=shown(name), most=most_bytes >> 20,
        )  # fmt: skip


def _written(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, stem: Path) -> Path:
    """One picture on the disk; of one that is too large to be looked at as much as shows that it is."""
    target = stem.with_suffix(PurePosixPath(entry.filename).suffix.lower())
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as packed, target.open("wb") as file:
        left = MAX_FILE_BYTES + 1
        while left and (piece := packed.read(min(left, 2**20))):
            file.write(piece)
            left -= len(piece)
    return target
