"""The Batch tab's work: many photos -> a grid and a table that grow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui.errors import no_problem
from demo.ui.session import PageInputs, resolve
from resnet_app.errors import ResNetAppError
from resnet_app.naming import distinct, shown

MAX_BATCH = 50 if os.environ.get("SPACE_ID") else 200  # files at once: a grid of more is not looked at
REPAINT_S = 0.5  # between two looks at a batch under way


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    files: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    result: Any = gr.skip()
    problem: Any = gr.skip()


def answer(asked: Asked) -> Iterator[Shown]:
    """The grid and the table as they grow, repainted at most every half second."""
    from demo.batch import view
    from resnet_app.many.batch import Batch, Photos, answered

    files, language = asked.files or [], asked.page.language
    if len(files) > MAX_BATCH:
        raise ResNetAppError(text(language, "batch_too_many", count=len(files), most=MAX_BATCH))
    paths = [Path(file) for file in files]
    run = Batch(resolve(asked.page).model, top_k=1, keep_thumbnails=True)
    painted = 0.0
    photos = Photos(paths, run.model.recipe)
    rows = carried_out(answered, run.model, photos, upload_names(paths), passes=len(paths), top_k=1)
    for done, row in enumerate(rows, start=1):
        run.keep(row)
        if time.monotonic() - painted > REPAINT_S and done < len(files):
            painted = time.monotonic()
            yield Shown(view.batch(language, run, len(files)), no_problem())
    yield Shown(view.batch(language, run, len(files)), no_problem())


def upload_names(paths: Sequence[Path]) -> list[str]:
    """What uploads are called: they have lost their folders, so equal names are told apart by a number."""
    return distinct(shown(path.name) for path in paths)
