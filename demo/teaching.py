"""The Teach tab's work: photos in boxes -> a taught model for the session, and its checkpoint as a file.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo import html
from demo.loading import current
from demo.locales import text
from demo.problems import no_problem, problem
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.models import ModelChoice

MAX_CLASSES = 6
REPAINT_S = 0.3  # between two looks at a lesson under way


def box_name(number: int, language: str) -> str:
    """What a box is called above its name."""
    return text(language, "teach_name", number=number)


def show_boxes(count: str) -> list[Any]:
    """As many boxes as there are classes."""
    return [gr.update(visible=number <= int(count)) for number in range(1, MAX_CLASSES + 1)]


def teach(
    choice: ModelChoice | None, model: str, weights: str, device: str, count: str, language: str, *boxes: Any
) -> Iterator[list[Any]]:
    """Fit a head to the photos; ``boxes`` are all the names, then all the files.

    Yields what the result, its problem, the session's taught model and the row beneath become.
    """
    try:
        from demo import lesson
        from resnet_app.teach import Lesson, named_boxes

        shown = int(count)
        names, files = boxes[:shown], boxes[MAX_CLASSES : MAX_CLASSES + shown]
        work = Lesson(
            current(choice, model, weights, device), named_boxes(names, files, text(language, "teach_unnamed"))
        )
        painted = 0.0
        for done in work.look():
            if time.monotonic() - painted > REPAINT_S:
                painted = time.monotonic()
                yield [lesson.progress(language, done, work.count), no_problem(), gr.skip(), gr.skip()]
        taught = work.fit()
        yield [lesson.outcome(language, work.model, taught), no_problem(), taught.choice, gr.update(visible=True)]
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        yield [_before(language), problem(error, language), gr.skip(), gr.update(visible=False)]


def _before(language: str) -> str:
    return html.empty(language, "teach_empty_title", "teach_empty_text")


def write_checkpoint(taught: ModelChoice | None, language: str) -> list[Any]:
    """The taught model as a file to save, and the problem where there is one."""
    try:
        from resnet_app import teach as lessons

        if taught is None:
            raise ResNetAppError("The lesson is gone; press Teach again.", code="teach_gone")
        model = current(taught)
        # In Gradio's own folder: it serves from there, and removes what is older than a day.
        path = Path(get_upload_folder()) / uuid.uuid4().hex / file_name(model.class_names)
        lessons.save(path, model)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return [gr.skip(), problem(error, language)]
    return [str(path), no_problem()]


def file_name(class_names: tuple[str, ...]) -> str:
    """A file name for a taught model: its classes, as far as file systems take them."""
    parts = [re.sub(r"[^\w]+", "_", name).strip("_")[:20] for name in class_names]
    return "-".join(part for part in parts if part)[:80].lower() + ".pth" if any(parts) else "taught.pth"
