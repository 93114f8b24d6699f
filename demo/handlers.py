"""Library results -> component values: answers and batches.

Nothing here imports torch when the module is imported: the page is up before the heavy libraries are
(``demo.__main__`` brings them in behind it), and the first call waits for them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import html
from demo.loading import current
from demo.locales import text
from demo.problems import no_problem, problem
from resnet_app.errors import ResNetAppError
from resnet_app.naming import distinct, shown

if TYPE_CHECKING:
    from resnet_app.models import LoadedModel, ModelChoice

MAX_BATCH = 50 if os.environ.get("SPACE_ID") else 200  # files at once: a grid of more is not looked at
REPAINT_S = 0.5  # between two looks at a batch under way


def whole(value: Any) -> int:
    """A count that came from a slider or a program, where it is none: 0, which every check refuses."""
    return int(value) if isinstance(value, int | float) and abs(value) < 1e9 else 0


def answer_html(model: LoadedModel, photo: str, top_k: int, colours: str, language: str) -> str:
    """The photo's answers with their maps."""
    from demo import results
    from resnet_app import gradcam, predict
    from resnet_app.device import clock
    from resnet_app.registry import RANDOM

    result = predict.classify(model, photo, top_k=whole(top_k))
    started = clock(model.device)
    indices = [prediction.index for prediction in result.predictions]
    maps = gradcam.heatmaps(model, result, indices)
    timing = replace(result.timing, cam=clock(model.device) - started)
    random = model.choice.head is None and model.choice.weights == RANDOM
    signed = None
    if len(model.class_names) == len(maps) == 2:
        signed = gradcam.signed_map(model, result, 0, 1)
    return results.answer(language, result, maps, timing, model.recipe, colours=colours, random=random, signed=signed)


def upload_names(paths: Sequence[Path]) -> list[str]:
    """What uploads are called: they have lost their folders, so equal names are told apart by a number."""
    return distinct(shown(path.name) for path in paths)


def batch_html(model: LoadedModel, files: list[str], language: str) -> Iterator[str]:
    """The grid and the table as they grow, repainted at most every half second."""
    from demo import results
    from resnet_app.batch import Batch

    if len(files) > MAX_BATCH:
        raise ResNetAppError(text(language, "batch_too_many", count=len(files), most=MAX_BATCH))
    paths = [Path(file) for file in files]
    run = Batch(model, top_k=1, keep_thumbnails=True)
    painted = 0.0
    for done, _ in enumerate(run.rows(paths, upload_names(paths)), start=1):
        if time.monotonic() - painted > REPAINT_S and done < len(files):
            painted = time.monotonic()
            yield results.batch(language, run, len(files))
    yield results.batch(language, run, len(files))


def answer(
    choice: ModelChoice | None,
    model: str,
    weights: str,
    device: str,
    photo: str | None,
    top_k: int,
    colours: str,
    language: str,
) -> list[Any]:
    """The photo's answers; a bad photo leaves the last good answer and says why."""
    if not photo:
        empty = html.empty(language, "empty_title", "empty_text", "empty_text_phone")
        return [empty, no_problem(), gr.update(visible=False)]
    try:
        shown = answer_html(current(choice, model, weights, device), photo, top_k, colours, language)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return [gr.skip(), problem(error, language), gr.skip()]
    return [shown, no_problem(), gr.update(visible=True)]


def answer_batch(
    choice: ModelChoice | None, model: str, weights: str, device: str, files: list[str] | None, language: str
) -> Iterator[list[Any]]:
    """The batch, as it grows."""
    try:
        for shown in batch_html(current(choice, model, weights, device), files or [], language):
            yield [shown, no_problem()]
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        yield [gr.skip(), problem(error, language)]
