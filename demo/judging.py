"""The Explain tab's long work and what is taken from it: waiting, Cancel, the tests of a map, the zip.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo import html
from demo.explaining import REPAINT_S, Asked, Explained, Shown
from demo.loading import current
from demo.locales import text
from demo.problems import no_problem, problem
from resnet_app.errors import ResNetAppError
from resnet_app.steps import Watched

if TYPE_CHECKING:
    from resnet_app.heatmap import Heatmap


def waiting(language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words in the place of the button, and Cancel."""
    return [html.note(text(language, "slow_waiting")), gr.update(visible=False), gr.update(visible=True)]


def comparing(language: str) -> list[Any]:
    """At once: words, and the button off until there is an answer."""
    return [html.note(text(language, "reference_waiting")), gr.update(interactive=False)]


def stopped(language: str) -> Shown:
    """After Cancel: what was there stays, and the button is back."""
    return Shown(
        cost=html.note(text(language, "slow_stopped")), go=gr.update(visible=True), stop=gr.update(visible=False)
    )


def test_stopped() -> list[Any]:
    """After Cancel: the button is back."""
    return ["", gr.update(visible=True), gr.update(visible=False)]


def test(*given: Any) -> Iterator[list[Any]]:
    """Deletion and insertion, ROAD and the strip for the first map, as they come; and the two buttons."""
    asked = Asked(*given)
    on, off = gr.update(visible=True), gr.update(visible=False)
    try:
        from demo import figures, maps, worth
        from resnet_app import faithfulness

        kept, language = _looked_at(asked), asked.language
        model, heatmap = current(kept.choice), _first_map(asked)
        if not heatmap.has_evidence:
            yield [html.note(text(language, "worth_empty")), off, "", gr.skip(), on, off]
            return
        mine = asked.turn.latest
        painted = 0.0
        parts = (
            faithfulness.curves(model, kept.answer, heatmap),
            faithfulness.randomised(model, kept.answer, heatmap, layers=kept.layers),
        )
        results: list[Any] = []
        for number, part in enumerate(parts, start=1):
            steps: Watched[Any] = Watched(part)
            for done, total in steps:
                if asked.turn.latest != mine:  # another map, or another look at it, has come meanwhile
                    yield ["", off, "", gr.skip(), on, off]
                    return
                if time.perf_counter() - painted > REPAINT_S:
                    painted = time.perf_counter()
                    words = text(language, "worth_progress", part=number, done=done, total=total)
                    yield [maps.progress(words, done, total), gr.skip(), gr.skip(), no_problem(), off, on]
            results.append(steps.result)
        curves, strip = results
        words = text(language, "worth_progress", part=3, done=0, total=1)
        yield [maps.progress(words, 0, 1), gr.skip(), gr.skip(), gr.skip(), off, on]
        road = faithfulness.road(model, kept.answer, heatmap)
        if asked.turn.latest != mine:
            yield ["", off, "", gr.skip(), on, off]
            return
        figure = figures.faithfulness_curves(language, curves, model.class_names[heatmap.index])
        yield [
            worth.verdict(language, curves, road), gr.update(value=figure, visible=True),
            worth.strip(language, kept.answer, strip, colours=asked.colours), no_problem(), on, off,
        ]  # fmt: skip
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        yield ["", off, "", problem(error, asked.language), on, off]


def _looked_at(asked: Asked) -> Explained:
    """What the tab shows.

    Raises:
        ResNetAppError: nothing, or the session was forgotten.
    """
    if asked.kept is None or not asked.kept.maps:
        raise ResNetAppError("Look at a map first.", code="explain_gone")
    return asked.kept


def _first_map(asked: Asked) -> Heatmap:
    """The map that stands first."""
    maps = _looked_at(asked).maps
    chosen = (maps[int(index)] for index in asked.classes or [] if int(index) in maps)
    return next(chosen, next(iter(maps.values())))


def compare(*given: Any) -> list[Any]:
    """The first map beside pytorch-grad-cam's of the same, the problem where there is one, and the button again."""
    asked = Asked(*given)
    ready = gr.update(interactive=True)
    try:
        from demo import worth
        from resnet_app import reference_cam

        kept, heatmap = _looked_at(asked), _first_map(asked)
        mine = asked.turn.latest
        found = reference_cam.reference(current(kept.choice), kept.answer, heatmap, layers=kept.layers)
        if asked.turn.latest != mine:  # another map has come meanwhile
            return ["", gr.skip(), ready]
        shown = worth.beside_reference(asked.language, kept.answer, heatmap, found, colours=asked.colours)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return ["", problem(error, asked.language), ready]
    return [shown, no_problem(), ready]


def write_zip(*given: Any) -> list[Any]:
    """All of the explanation as one file to save, and the problem where there is one."""
    asked = Asked(*given)
    try:
        from resnet_app import export

        kept = _looked_at(asked)
        model = current(kept.choice)
        chosen = [kept.maps[int(index)] for index in asked.classes or [] if int(index) in kept.maps]
        content = export.bundle(
            model, kept.answer, Path(kept.photo), chosen or list(kept.maps.values()), colours=asked.colours
        )
        # In Gradio's own folder: it serves from there, and removes what is older than a day.
        path = Path(get_upload_folder()) / uuid.uuid4().hex / f"{export.file_stem(Path(kept.photo).stem)}_maps.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return [None, problem(error, asked.language)]  # and not the last one's file
    return [str(path), no_problem()]
