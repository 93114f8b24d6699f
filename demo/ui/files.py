"""Files that a visitor brings, with the folders that they lay in; and files that the page makes for them to save.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradio.utils import get_upload_folder

from demo.locales import text
from resnet_app.errors import ResNetAppError
from resnet_app.naming import distinct, shown

if TYPE_CHECKING:
    from resnet_app.many.sources import Source

MAX_BATCH = 100 if os.environ.get("SPACE_ID") else 400  # pictures at once: one contact sheet; more are not looked at
MAX_BYTES = 2**30  # of a zip, unpacked
BETWEEN = "\u2215"  # a slash between a folder and what is in it: an upload keeps no real one (static/batch/batch.js)


def new_path(name: str) -> Path:
    """Where a file of that name is written: in Gradio's own folder, which serves it and removes what is a day old."""
    path = Path(get_upload_folder()) / uuid.uuid4().hex / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def brought(language: str, files: Sequence[str], unpacked: Path) -> list[Source]:
    """The pictures in the box, in their order; equal names are told apart by a number.

    Args:
        language: of the sentence where there are too many.
        files: the uploads: pictures and zips.
        unpacked: a folder for what is in zips.

    Raises:
        ResNetAppError: they are too many, or a zip will not do.
    """
    from resnet_app.many.sources import Source

    found = [each for number, file in enumerate(files) for each in _of(Path(file), unpacked / str(number))]
    if len(found) > MAX_BATCH:
        raise ResNetAppError(text(language, "batch_too_many", count=len(found), most=MAX_BATCH))
    names = distinct(each.name for each in found)
    return [Source(each.file, name, each.folder) for each, name in zip(found, names, strict=True)]


def _of(file: Path, unpacked: Path) -> Iterator[Source]:
    from resnet_app.many import sources

    *folders, name = file.name.split(BETWEEN)
    if sources.is_zip(file):
        yield from sources.unpack(file, unpacked, name=shown(name), most=MAX_BATCH, most_bytes=MAX_BYTES)
        return
    yield sources.Source(file, shown("/".join([*folders, name])), folders[-1] if folders else "")
