"""The Teach tab's work: photos in boxes -> a taught model for the session, and its checkpoint as a file.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.files import new_path
from demo.ui.session import PageInputs, current, resolve
from resnet_app.errors import ResNetAppError

REPAINT_S = 0.3  # between two looks at a lesson under way


class Asked(NamedTuple):
    """What the tab's controls say; ``names`` and ``photos`` have a place for each box, shown or not."""

    page: PageInputs
    how_many: Any
    names: tuple[Any, ...]
    photos: tuple[Any, ...]

    @property
    def content(self) -> list[tuple[str, list[str]]]:
        """What a lesson would be taught from, box by box."""
        boxes = list(zip(self.names, self.photos, strict=True))[: int(self.how_many)]
        return [(name or "", list(files or [])) for name, files in boxes]


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    result: Any = gr.skip()
    problem: Any = gr.skip()
    taught: Any = gr.skip()
    after: Any = gr.skip()
    lesson: Any = gr.skip()
    outdated: Any = gr.skip()


class AskedBoxes(NamedTuple):
    """What lies in the boxes, and what lay there when the lesson was taught (None: none was)."""

    page: PageInputs
    boxes: Asked
    lesson: Any


class ShownBoxes(NamedTuple):
    """The note over a lesson that is no longer of what lies in the boxes."""

    outdated: Any = gr.skip()


class AskedFile(NamedTuple):
    """What a lesson is saved of."""

    page: PageInputs
    taught: Any


class ShownFile(NamedTuple):
    """The file, for the page to save."""

    file: Any = gr.skip()
    problem: Any = gr.skip()


class AskedZip(NamedTuple):
    """A zip of photos, and the boxes that they are for."""

    page: PageInputs
    file: Any
    boxes: Asked


class ShownLoaded(NamedTuple):
    """The boxes, filled anew."""

    how_many: Any = gr.skip()
    columns: Any = (gr.skip(),) * 6
    names: Any = (gr.skip(),) * 6
    photos: Any = (gr.skip(),) * 6
    problem: Any = gr.skip()


def teach(asked: Asked) -> Iterator[Shown]:
    """Fit a head to the photos in the boxes, and judge each photo by a head that never saw it."""
    from demo.teach import view
    from resnet_app.training.few_shot import Lesson, named_boxes

    language, shown = asked.page.language, int(asked.how_many)
    boxes = named_boxes(asked.names[:shown], asked.photos[:shown], text(language, "teach_unnamed"))
    work = Lesson(resolve(asked.page).model, boxes)
    painted = 0.0
    for done in work.look():
        if time.monotonic() - painted > REPAINT_S:
            painted = time.monotonic()
            yield Shown(view.progress(language, done, work.count), no_problem())
    taught = work.fit()
    yield Shown(
        view.outcome(language, work.model, taught), no_problem(), taught.choice, gr.update(visible=True),
        asked.content, gr.update(value="", visible=False),
    )  # fmt: skip


def compare(asked: AskedBoxes) -> ShownBoxes:
    """Whether the lesson that is shown is still of what lies in the boxes."""
    is_outdated = asked.lesson is not None and asked.lesson != asked.boxes.content
    note = html.warning(text(asked.page.language, "lesson_outdated")) if is_outdated else ""
    return ShownBoxes(gr.update(value=note, visible=is_outdated))


def teach_failed(asked: Asked) -> Shown:
    """Nothing of a lesson that came to nothing stays."""
    empty = html.empty(asked.page.language, "teach_empty_title", "teach_empty_text")
    return Shown(result=empty, after=gr.update(visible=False), lesson=None, outdated=gr.update(value="", visible=False))


def write_checkpoint(asked: AskedFile) -> ShownFile:
    """The taught model as a file to save."""
    from demo.teach import view
    from resnet_app.training import few_shot

    if asked.taught is None:
        raise ResNetAppError("What was taught is gone; press Teach again.", code="teach_gone")
    model = current(asked.taught)
    path = new_path(view.file_name(model.class_names))
    few_shot.save(path, model)
    return ShownFile(str(path), no_problem())


def save_boxes(asked: Asked) -> ShownFile:
    """The photos in the boxes, and their names, as a file for another day."""
    from resnet_app.training.boxes import pack
    from resnet_app.training.few_shot import Box

    unnamed = text(asked.page.language, "teach_unnamed")
    boxes = [
        Box(name.strip() or f"{unnamed} {number}", tuple(map(Path, files)))
        for number, (name, files) in enumerate(asked.content, start=1)
        if name.strip() or files
    ]
    path = new_path("photos.zip")
    path.write_bytes(pack(boxes))
    return ShownFile(str(path), no_problem())


def load_boxes(asked: AskedZip) -> ShownLoaded:
    """The boxes as they were saved, in the place of what lies there; a zip that will not do changes nothing."""
    from resnet_app.training.boxes import unpack

    boxes = unpack(Path(asked.file), new_path("boxes"))
    most = len(asked.boxes.names)
    shown = [(box.name, [str(file) for file in box.files]) for box in boxes] + [("", [])] * (most - len(boxes))
    return ShownLoaded(
        str(len(boxes)), tuple(gr.update(visible=number <= len(boxes)) for number in range(1, most + 1)),
        tuple(name for name, _ in shown), tuple(files or None for _, files in shown), no_problem(),
    )  # fmt: skip
