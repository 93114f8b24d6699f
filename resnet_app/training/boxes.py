"""The photos of a lesson as one zip, for another day: written, and read back from a stranger's hand.

A zip is a folder for each class with its photos in it, as ``train`` takes them too. Ours also has ``boxes.json``, which
has the names with all their letters, and their order. Any zip of folders of photos is read.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from resnet_app.checkpoints.class_names import check_class_names
from resnet_app.errors import DataError
from resnet_app.images import MAX_FILE_BYTES, SUFFIXES
from resnet_app.outputs import file_stem
from resnet_app.training.few_shot import MAX_CLASSES, MAX_PHOTOS, MIN_CLASSES, Box

LIST = "boxes.json"
MAX_BYTES = 512 * 2**20  # of all photos, unpacked
MAX_LIST_BYTES = 2**20


def pack(boxes: Sequence[Box]) -> bytes:
    """The photos of each box in a folder of its own, as they are.

    Raises:
        DataError: there is no photo, or one is gone.
    """
    if not any(box.files for box in boxes):
        raise DataError("The boxes are empty; put photos into them first.", code="boxes_empty")
    buffer, listed = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w") as archive:  # photos are packed already
        for number, box in enumerate(boxes, start=1):
            folder = file_stem(str(number), box.name)
            names = [f"{folder}/{place:03}{file.suffix.lower()}" for place, file in enumerate(box.files, start=1)]
            for name, file in zip(names, box.files, strict=True):
                try:
                    archive.write(file, name)
                except (OSError, ValueError):  # a date before 1980 is a ValueError
                    raise DataError(f"{file.name} cannot be read any more; add it again.", code="boxes_gone",
                                    name=file.name) from None  # fmt: skip
            listed.append({"name": box.name, "files": names})
        archive.writestr(LIST, json.dumps({"boxes": listed}, ensure_ascii=False, indent=1) + "\n")
    return buffer.getvalue()


def unpack(path: Path, folder: Path) -> list[Box]:
    """The boxes of a zip, their photos written below ``folder``; what is no picture by its name is left out.

    Whether a photo can be read is asked where it is looked at; nothing is written outside of ``folder``, whatever the
    names in the zip are.

    Raises:
        DataError: it is no zip, is damaged or locked, has fewer than two folders of photos or too many, or too many or
            too large photos.
        ClassNamesError: a name will not do.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = _listed(archive) or _by_folder(archive)
            _require_possible(archive, found)
            return [
                Box(name, tuple(_written(archive, names, folder / str(number))))
                for number, (name, names) in enumerate(found, start=1)
            ]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, KeyError):
        # RuntimeError where it is locked, or packed in a way that Python has no code for.
        raise DataError(
            "This is no zip that can be read; give one that was saved here, or of a folder of photos for each class.",
            code="boxes_no_zip",
        ) from None


Found = list[tuple[str, list[str]]]  # each box's name, and its photos' names in the zip


def _listed(archive: zipfile.ZipFile) -> Found | None:
    """What ``boxes.json`` says; None where there is none, or it says nothing that makes sense."""
    if LIST not in archive.namelist() or archive.getinfo(LIST).file_size > MAX_LIST_BYTES:
        return None
    try:
        boxes: Any = json.loads(archive.read(LIST))["boxes"]
        found = [(str(box["name"]), [str(name) for name in box["files"]]) for box in boxes]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    names = set(archive.namelist())
    return found if all(name in names and is_picture(name) for _, files in found for name in files) else None


def _by_folder(archive: zipfile.ZipFile) -> Found:
    """Each folder that has photos in it is a class, called as the folder is."""
    found: dict[PurePosixPath, list[str]] = {}
    for name in archive.namelist():
        folder = PurePosixPath(name).parent
        if folder.name and is_picture(name):
            found.setdefault(folder, []).append(name)
    return [(folder.name, sorted(names)) for folder, names in sorted(found.items())]


def is_picture(name: str) -> bool:
    """Whether an entry of a zip is a picture by its name, and not a system's own file."""
    path = PurePosixPath(name)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not is_hidden and path.suffix.lower() in SUFFIXES


def _require_possible(archive: zipfile.ZipFile, found: Found) -> None:
    if not MIN_CLASSES <= len(found) <= MAX_CLASSES:
        raise DataError(
            f"The zip has {len(found)} folders of photos; {MIN_CLASSES} to {MAX_CLASSES} are taken, one a class.",
            code="boxes_count", count=len(found), least=MIN_CLASSES, most=MAX_CLASSES,
        )  # fmt: skip
    check_class_names(tuple(name for name, _ in found), len(found))
    photos = [archive.getinfo(name) for _, names in found for name in names]
    if len(photos) > MAX_PHOTOS:
        raise DataError(
            f"These are {len(photos)} photos; at most {MAX_PHOTOS} are taken. Take fewer, or use "
            "python -m resnet_app train.",
            code="teach_too_many", count=len(photos), most=MAX_PHOTOS,
        )  # fmt: skip
    # What is read of an entry ends at the size that it declares: the declared sizes bound what comes out.
    if sum(each.file_size for each in photos) > MAX_BYTES or any(each.file_size > MAX_FILE_BYTES for each in photos):
        raise DataError(
            f"The photos in the zip are larger than {MAX_BYTES >> 20} MB in all, or one than "
            f"{MAX_FILE_BYTES >> 20} MB; take fewer or smaller ones.",
            code="boxes_too_large", most=MAX_BYTES >> 20, each=MAX_FILE_BYTES >> 20,
        )  # fmt: skip


def _written(archive: zipfile.ZipFile, names: Sequence[str], folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(names, start=1):
        target = folder / f"{place:03}{PurePosixPath(name).suffix.lower()}"
        target.write_bytes(archive.read(name))
        yield target
