"""What a map of the Explain tab is worth, and what is taken from it: its tests, the library's map beside it, the zip.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.explain.handlers import REPAINT_S, Asked, Explained, Shown, look_of
from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.files import new_path
from resnet_app.errors import ResNetAppError
from resnet_app.progress import Steps, Watched

if TYPE_CHECKING:
    from resnet_app.explain.heatmap import Heatmap
    from resnet_app.explain.worth.faithfulness import Worth

ON, OFF = gr.update(visible=True), gr.update(visible=False)


class Tested(NamedTuple):
    """What the tests of a map show; what is not given stays as it is."""

    worth: Any = gr.skip()
    curves: Any = gr.skip()
    strip: Any = gr.skip()
    problem: Any = gr.skip()
    test: Any = gr.skip()
    stop: Any = gr.skip()


class Referred(NamedTuple):
    """The library's map beside ours; what is not given stays as it is."""

    reference: Any = gr.skip()
    problem: Any = gr.skip()
    button: Any = gr.skip()


class Saved(NamedTuple):
    """The zip, for the page to save."""

    file: Any = gr.skip()
    problem: Any = gr.skip()


NOT_TESTED = Tested(worth="", curves=OFF, strip="", test=ON, stop=OFF)
NOT_REFERRED = Referred(reference="", button=gr.update(interactive=True))
NOT_SAVED = Saved(file=None)  # and not the last one's file


def waiting(language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words in the place of the button, and Cancel."""
    return [html.note(text(language, "slow_waiting")), OFF, ON]


def referring(language: str) -> list[Any]:
    """At once: words, and the button off until there is an answer."""
    return [html.note(text(language, "reference_waiting")), gr.update(interactive=False)]


def stopped(language: str) -> list[Any]:
    """After Cancel: what was there stays, and the button is back."""
    return list(Shown(cost=html.note(text(language, "slow_stopped")), go=ON, stop=OFF))


def test_stopped(language: str) -> list[Any]:
    """After Cancel: the button is back."""
    return [html.note(text(language, "worth_stopped")), ON, OFF]


def test(asked: Asked) -> Iterator[Tested]:
    """Deletion and insertion, ROAD and the strip for the first map, as they come; and the two buttons."""
    from demo.explain import charts, worth_view
    from resnet_app.explain.worth import faithfulness

    kept, heatmap, language = looked_at(asked), first_map(asked), asked.page.language
    model, chosen = kept.looked.model, kept.chosen
    if not heatmap.has_evidence:
        yield NOT_TESTED._replace(worth=html.note(text(language, "worth_empty")))
        return
    passes = faithfulness.cost(model.network, heatmap, chosen)
    work = carried_out(faithfulness.all_tests, model, kept.answer, heatmap, passes=passes, layers=chosen.layers)
    found = yield from _watched(asked, work)
    figure = charts.faithfulness_curves(language, found.curves, model.class_names[heatmap.index])
    yield Tested(
        worth_view.verdict(language, found.curves, found.road), gr.update(value=figure, visible=True),
        worth_view.strip(language, kept.answer, found.strip, colours=asked.colours), no_problem(), ON, OFF,
    )  # fmt: skip


def _watched(asked: Asked, work: Steps[Worth]) -> Generator[Tested, None, Worth]:
    """Carry the tests out, showing how far they are; gives what came of them."""
    steps = Watched(work)
    painted, last = 0.0, 0
    for part, done, total in steps:
        if time.perf_counter() - painted > REPAINT_S or part != last or not asked.turn():
            last = part
            painted = time.perf_counter()
            words = text(asked.page.language, "worth_progress", part=part, done=done, total=total)
            yield Tested(worth=html.progress(words, done, total), problem=no_problem(), test=OFF, stop=ON)
    return steps.result


def looked_at(asked: Asked) -> Explained:
    """What the tab shows.

    Raises:
        ResNetAppError: nothing, or the session was forgotten.
    """
    kept: Explained | None = asked.kept
    if kept is None or not kept.maps:
        raise ResNetAppError("Look at a map first.", code="explain_gone")
    return kept


def first_map(asked: Asked) -> Heatmap:
    """The map that stands first."""
    maps = looked_at(asked).maps
    chosen = (maps[int(index)] for index in asked.classes or [] if int(index) in maps)
    return next(chosen, next(iter(maps.values())))


def refer(asked: Asked) -> Referred:
    """The first map beside pytorch-grad-cam's of the same, and the button again."""
    from demo.explain import worth_view
    from resnet_app.explain.worth import reference

    kept, heatmap = looked_at(asked), first_map(asked)
    found = reference.reference(kept.looked.model, kept.answer, heatmap, layers=kept.chosen.layers)
    shown = worth_view.beside_reference(asked.page.language, kept.answer, heatmap, found, colours=asked.colours)
    return Referred(shown, no_problem(), gr.update(interactive=True))


def write_zip(asked: Asked) -> Saved:
    """All of the explanation as one file to save."""
    from resnet_app import outputs
    from resnet_app.explain import export

    kept = looked_at(asked)
    photo = Path(kept.looked.photo)
    chosen = [kept.maps[int(index)] for index in asked.classes or [] if int(index) in kept.maps]
    maps = chosen or list(kept.maps.values())
    threshold = look_of(asked, kept).threshold
    content = export.bundle(
        kept.looked.model, kept.answer, photo, maps, colours=asked.colours, threshold=threshold
    )  # fmt: skip
    path = new_path(f"{outputs.file_stem(photo.stem)}_maps.zip")
    path.write_bytes(content)
    return Saved(str(path), no_problem())
