"""The picture attacked by the gradient, step by step.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from collections.abc import Iterator

from demo.fool.trial_handlers import OFF, ON, Asked, Shown, Tried, told
from demo.hosting.zero_gpu import carried_out
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.session import Looked
from resnet_app.progress import Watched

FAILED = Shown(progress="", go=ON, stop=OFF)


def waiting(language: str) -> list[object]:
    """At once, until it is this visitor's turn: words, and Cancel in the place of the button."""
    return list(Shown(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON))


def stopped(language: str) -> list[object]:
    """After Cancel: what was there stays, and the button is back."""
    return list(FAILED._replace(progress=html.note(text(language, "slow_stopped"))))


def unattacked(asked: Asked, looked: Looked) -> Shown:
    """The photo as it is, before anything is tried."""
    from resnet_app.robustness.trial import Trial

    before = looked.answer()
    return told(asked, Tried(looked, Trial(before, before), {"kind": "none"}))


def attack(asked: Asked) -> Iterator[Shown]:
    """The attack, showing how far it is, and what came of it."""
    from resnet_app.robustness import attacks
    from resnet_app.robustness.trial import tried

    looked = asked.looked
    model, before = looked.model, looked.answer()
    index = before.predictions[0].index
    target = int(asked.target) if str(asked.target).isdecimal() else None
    chosen = attacks.Attack(asked.method, asked.epsilon, target)
    attacks.check(model, chosen, index)
    passes = chosen.steps * attacks.PASSES_A_STEP
    steps = Watched(carried_out(attacks.attacked, model, before.crop, index, chosen, passes=passes))
    for done, total in steps:
        words = text(asked.page.language, "fool_progress", done=done, total=total)
        yield Shown(progress=html.progress(words, done, total), go=OFF, stop=ON, problem=no_problem())
    trial = tried(model, before, steps.result.picture)
    wanted = None if target is None else model.class_names[target]
    change = {"kind": "attack", "method": asked.method, "epsilon": int(chosen.epsilon), "target": wanted}
    yield told(asked, Tried(looked, trial, change))._replace(progress="", go=ON, stop=OFF)
