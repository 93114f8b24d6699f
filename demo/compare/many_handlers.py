"""Many photos through many networks, one network after the other.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.compare import network_handlers
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.files import brought, new_path
from demo.ui.session import PageInputs
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from PIL import Image

    from resnet_app.many.across import Across
    from resnet_app.many.remote import Place

ON, OFF = gr.update(visible=True), gr.update(visible=False)
REPAINT_S = 0.5  # between two looks at work under way
MOST_CONTESTED = 12  # pictures that are shown


@dataclass(frozen=True, eq=False)
class Kept:
    """What a session has compared on many photos, so that another language computes nothing anew. It holds no model.

    Attributes:
        run: all answers.
        pictures: of the most contested ones, small, by their numbers.
    """

    run: Across = field(repr=False)
    pictures: dict[int, Image.Image] = field(default_factory=dict, repr=False)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Kept:
        """It is never changed, so that a copy is as good as itself."""
        return self


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    chosen: Any
    checkpoints: Any
    files: Any
    kept: Any  # a ``Kept``, or None
    turn: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    go: Any = gr.skip()
    stop: Any = gr.skip()
    progress: Any = gr.skip()
    result: Any = gr.skip()
    kept: Any = gr.skip()
    problem: Any = gr.skip()


FAILED = Shown(progress="", go=ON, stop=OFF)


def show(asked: Asked) -> Shown:
    """What was compared, in the page's language."""
    from demo.compare import many_view

    language, kept = asked.page.language, asked.kept
    if kept is None:
        return Shown(result=html.empty(language, "compare_many_empty_title", "compare_many_empty_text"))
    return Shown(result=many_view.result(language, kept.run, kept.pictures))


def waiting(language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words, and Cancel in the place of the button."""
    return list(Shown(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON))


def stopped(language: str) -> list[Any]:
    """After Cancel: what was compared so far stays."""
    return list(FAILED._replace(progress=html.note(text(language, "compare_stopped"))))


def compare(asked: Asked) -> Iterator[Shown]:
    """Each network's row as it is there, with how far it is, and in the end where their answers differ."""
    from demo.compare import many_view
    from resnet_app.inference.cache import shared_cache
    from resnet_app.many.across import Across

    page, language = asked.page, asked.page.language
    choices = network_handlers.choices_of(page, asked.chosen, asked.checkpoints)
    pictures = brought(language, asked.files or [], new_path("unpacked"))
    if not pictures:
        raise ResNetAppError("There are no photos to compare on. Add some first.", code="no_photos_to_compare")
    files, names = [each.file for each in pictures], [each.name for each in pictures]
    run = Across(choices, files, names, models=shared_cache())
    painted, begun = 0.0, 0
    for number, done in run.steps():
        if time.monotonic() - painted > REPAINT_S or number != begun:
            words = text(
                language, "compare_many_progress", done=done, total=len(files), number=number, count=len(choices)
            )
            bar = html.progress(words, (number - 1) * len(files) + done, len(choices) * len(files))
            rows = many_view.result(language, run, {}) if number != begun else gr.skip()
            painted, begun = time.monotonic(), number
            yield Shown(go=OFF, stop=ON, progress=bar, result=rows, kept=Kept(run), problem=no_problem())
    kept = Kept(run, _pictures(run, files))
    yield FAILED._replace(result=many_view.result(language, run, kept.pictures), kept=kept, problem=no_problem())


def _pictures(run: Across, files: Sequence[Place]) -> dict[int, Image.Image]:
    """The most contested pictures, small; each was read before, since it was answered."""
    from resnet_app.images import Recipe, read_crop
    from resnet_app.many.remote import at_hand

    found = {}
    for each in run.contested()[:MOST_CONTESTED]:
        with at_hand(files[each.number]) as path:
            found[each.number] = read_crop(path, Recipe())
        found[each.number].thumbnail((168, 168))
    return found
