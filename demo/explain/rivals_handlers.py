"""The Explain tab's comparison of methods: every quick one on the same photo, class and layers, each with its figures.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from demo.explain.handlers import REPAINT_S, Asked
from demo.explain.worth_handlers import OFF, ON, first_map, looked_at
from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from resnet_app.progress import Watched


class Compared(NamedTuple):
    """What the comparison shows; what is not given stays as it is."""

    rivals: Any = ""
    problem: Any = no_problem()
    go: Any = ON
    stop: Any = OFF


NOT_COMPARED = Compared()


def waiting(language: str) -> list[Any]:
    """At once, until it is this visitor's turn: words in the place of the button, and Cancel."""
    return [html.note(text(language, "slow_waiting")), OFF, ON]


def stopped(language: str) -> list[Any]:
    """After Cancel: the button is back."""
    return [html.note(text(language, "worth_stopped")), ON, OFF]


def compare(asked: Asked) -> Iterator[Compared]:
    """Each quick method's map of the first map's class, with how far it is; and the two buttons."""
    from demo.explain import rivals_view
    from resnet_app.explain.worth import rivals

    kept, index, language = looked_at(asked), first_map(asked).index, asked.page.language
    model, layers = kept.looked.model, kept.chosen.layers
    passes = rivals.cost(len(model.class_names))
    steps = Watched(carried_out(rivals.compared, model, kept.answer, index, passes=passes, layers=layers))
    painted, last = 0.0, 0
    for part, done, total in steps:
        if time.perf_counter() - painted > REPAINT_S or part != last or not asked.turn():
            painted, last = time.perf_counter(), part
            words = text(language, f"rivals_progress_{part}", done=done, total=total)
            yield Compared(html.progress(words, done, total), go=OFF, stop=ON)
    yield Compared(rivals_view.side_by_side(language, model, kept.answer, steps.result, colours=asked.colours))
