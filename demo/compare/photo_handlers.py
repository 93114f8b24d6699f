"""The page's one photo through many networks, one after the other, as they are done.

All of it is done where the app runs, on a host that lends a GPU too: times on two devices would not compare. Nothing
here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.compare import network_handlers
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.session import PageInputs
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.many.side_by_side import Absent, Entry

ON, OFF = gr.update(visible=True), gr.update(visible=False)


@dataclass(frozen=True, eq=False)
class Kept:
    """What a session has compared on its photo, so that another look at it computes nothing anew. It holds no model.

    Attributes:
        photo: the file.
        class_name: that was asked for; empty for each network's best answer.
        found: the networks so far, in the order in which they were chosen.
    """

    photo: str
    class_name: str
    found: tuple[Entry | Absent, ...] = field(default=(), repr=False)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Kept:
        """It is never changed, so that a copy is as good as itself."""
        return self


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    chosen: Any
    checkpoints: Any
    class_name: Any
    axis: Any
    kept: Any  # a ``Kept``, or None
    turn: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    photo: Any = gr.skip()
    class_name: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    progress: Any = gr.skip()
    result: Any = gr.skip()
    axis: Any = gr.skip()
    scatter: Any = gr.skip()
    rest: Any = gr.skip()
    kept: Any = gr.skip()
    problem: Any = gr.skip()


FAILED = Shown(progress="", go=ON, stop=OFF)
SHOW_FAILED = Shown(photo="", result="", axis=OFF, scatter=OFF, rest="", kept=None)


def show(asked: Asked) -> Shown:
    """The photo, the classes that may be asked for, and what was compared on this photo, in the page's language."""
    from demo.compare import photo_view
    from resnet_app.images import Recipe, read_crop

    language, photo = asked.page.language, asked.page.photo
    kept: Kept | None = asked.kept
    small = photo_view.small_photo(read_crop(photo, Recipe())) if photo else ""
    shown = offer_classes(asked)._replace(photo=small, problem=no_problem())
    if kept is None or kept.photo != photo:
        asked.turn.take()  # what is under way is of another photo
        empty = html.empty(language, "compare_photo_empty_title", "compare_photo_empty_text")
        return shown._replace(result=empty, axis=OFF, scatter=OFF, rest="", progress="", kept=None, go=ON, stop=OFF)
    if not kept.found:
        return shown
    return _drawn(asked, kept)._replace(photo=shown.photo, class_name=shown.class_name)


def offer_classes(asked: Asked) -> Shown:
    """The classes of the networks that are chosen; what was typed stays."""
    try:
        choices = network_handlers.choices_of(asked.page, asked.chosen, asked.checkpoints)
    except ResNetAppError:
        choices = []
    names = network_handlers.class_names(choices)
    best = (text(asked.page.language, "compare_best"), "")
    return Shown(class_name=gr.update(choices=[best, *((name, name) for name in names)]))


def waiting(language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words, and Cancel in the place of the button."""
    return list(Shown(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON))


def stopped(language: str) -> list[Any]:
    """After Cancel: what was compared so far stays."""
    return list(FAILED._replace(progress=html.note(text(language, "compare_stopped"))))


def compare(asked: Asked) -> Iterator[Shown]:
    """Each network's row, picture and point as it is there, with how far it is."""
    from resnet_app.inference.cache import shared_cache
    from resnet_app.many import side_by_side

    page = asked.page
    choices = network_handlers.choices_of(page, asked.chosen, asked.checkpoints)
    if not page.photo:
        raise ResNetAppError("There is no photo to compare on. Add one first.", code="no_photo_to_compare")
    kept = Kept(page.photo, str(asked.class_name or "").strip())
    yield Shown(progress=_progress(page.language, 0, len(choices)), go=OFF, stop=ON, kept=kept, problem=no_problem())
    found = side_by_side.compared(
        choices, page.photo, models=shared_cache(), class_name=kept.class_name, passes=side_by_side.PASSES
    )
    for done, each in enumerate(found, start=1):
        kept = replace(kept, found=(*kept.found, each))
        yield _drawn(asked, kept)._replace(progress=_progress(page.language, done, len(choices)))
    yield FAILED


def _progress(language: str, done: int, total: int) -> Any:
    return html.progress(text(language, "compare_progress", done=done, total=total), done, total)


def redraw(asked: Asked) -> Shown:
    """The same points over another cost."""
    return Shown() if asked.kept is None else Shown(scatter=_chart(asked, asked.kept))


def _drawn(asked: Asked, kept: Kept) -> Shown:
    from demo.compare import photo_view

    language = asked.page.language
    return Shown(
        result=photo_view.table(language, kept.found, kept.class_name), rest=photo_view.rest(language, kept.found),
        axis=gr.update(visible=bool(photo_view.points(kept.found))), scatter=_chart(asked, kept), kept=kept,
        problem=no_problem(),
    )  # fmt: skip


def _chart(asked: Asked, kept: Kept) -> Any:
    from demo.compare import charts, photo_view

    points = photo_view.points(kept.found)
    figure = charts.cost_and_probability(asked.page.language, points, asked.axis, kept.class_name) if points else None
    return gr.update(value=figure, visible=bool(points))
