"""The Lesson tab's work: a step, and, where it has been guessed and may be shown, its experiment on the page's photo.

The server holds each answer back until a visitor has guessed; while a class is asked, until its teacher shows it.
Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from demo.classroom.room import Classroom
from demo.lesson import view, vote_handlers
from demo.lesson.choices import BY_NAME, STEPS, VOTE, Step
from demo.locales import text
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.photo_input import START
from demo.ui.session import Looked, PageInputs, resolve

if TYPE_CHECKING:
    from resnet_app.lesson.experiments import Finding, Settings

LONGEST = 4000  # characters of what the page says about itself
KEPT = 32  # findings, for all visitors: a class looks at the same photos with the same model


class Asked(NamedTuple):
    """Where the visitor is, and what was guessed: ``where`` is the page's JSON (``static/lesson/lesson.js``)."""

    page: PageInputs
    where: Any


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    result: Any = gr.skip()
    problem: Any = gr.skip()


class Where(NamedTuple):
    """The same, checked.

    Attributes:
        name: of the step.
        guesses: this visitor's choices, by question.
        settings: of the experiments, by step.
        secret: of a teacher's page.
    """

    name: str
    guesses: dict[str, str]
    settings: dict[str, dict[str, str]]
    secret: str


def read(said: Any) -> Where:
    """What the page says; whatever it should not, counts as not said."""
    try:
        found = json.loads(said) if isinstance(said, str) and len(said) <= LONGEST else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    name = found.get("step")
    guesses, settings = found.get("guesses"), found.get("settings")
    return Where(
        name if name in (*BY_NAME, VOTE) else STEPS[0].name,
        {str(key): str(value) for key, value in guesses.items()} if isinstance(guesses, dict) else {},
        {each.name: _checked(each, settings) for each in STEPS}, str(found.get("secret", "")),
    )  # fmt: skip


def _checked(step: Step, settings: Any) -> dict[str, str]:
    given = settings.get(step.name) if isinstance(settings, dict) else None
    given = given if isinstance(given, dict) else {}
    return {key: given[key] if given.get(key) in values else values[0] for key, values in step.settings.items()}


def show(asked: Asked, classroom: Classroom | None = None) -> Shown:
    """The step that is open; its answer and experiment where they may be shown."""
    where, language = read(asked.where), asked.page.language
    is_teacher = classroom is not None and classroom.is_teacher(where.secret)
    done = [name for name in BY_NAME if name in where.guesses]
    if where.name == VOTE and classroom and classroom.vote:
        panel = vote_handlers.panel(language, classroom, classroom.vote, where.guesses, is_teacher=is_teacher)
        return Shown(view.page(language, panel, None, done), no_problem())
    is_over = where.name == VOTE  # a page may remember one: it is told so, and shown where the lesson begins
    step = STEPS[0] if is_over else BY_NAME[where.name]
    own = asked.page.photo or str(START)
    page = asked.page._replace(photo=_photo(own, step, where, classroom))
    looked = resolve(page).looked
    assert looked is not None
    panel = _panel(language, step, where, classroom, looked)
    panel = replace(panel, is_teacher=is_teacher, is_example=is_teacher and Path(own).name == START.name)
    told = gr.update(value=html.callout(text(language, "lesson_vote_over")), visible=True) if is_over else no_problem()
    return Shown(view.page(language, panel, step, done), told)


def _photo(own: str, step: Step, where: Where, classroom: Classroom | None) -> str:
    """What the step is about: the visitor's own photo, or the teacher's where the class is asked."""
    if classroom is None:
        return own
    if classroom.is_teacher(where.secret):
        classroom.show_photo(own)
        return own
    return classroom.photo if classroom.photo and classroom.is_asked(step.name) else own


def _panel(language: str, step: Step, where: Where, classroom: Classroom | None, looked: Looked) -> view.Panel:
    from demo.lesson import figures_view as figures

    guess = "" if _is_led(step, where, classroom) else where.guesses.get(step.name, "")
    blanks = _blanks(step.name, looked)
    panel = view.Panel(
        step.name, step.name,
        {choice: text(language, f"lesson_{step.name}_{choice}", **blanks) for choice in step.choices},
        blanks, Markup(), guess, in_class=classroom is not None and classroom.is_held(step.name),
        is_paused=classroom is not None and classroom.is_paused, is_random=looked.model.is_random,
        round=classroom.round(step.name) if classroom else 0, number=STEPS.index(step) + 1,
    )  # fmt: skip
    if not _may_show(step.name, guess, classroom):
        answer = looked.answer()
        heatmap = looked.maps([answer.predictions[0].index])[0][0] if step.name == "reason" else None
        return replace(
            panel,
            figure=figures.before(
                language, step.name, answer.crop, heatmap=heatmap, bottleneck=looked.model.spec.block == "Bottleneck"
            ),
        )
    settings = where.settings[step.name]
    found = _found(step.name, looked, settings)
    drawn = figures.after(language, step.name, found, settings)
    right = found.right
    if where.settings[step.name] != _checked(step, None):  # what is right is the question's, whatever is set later
        right = _found(step.name, looked, _checked(step, None)).right
    counts = classroom.counts(step.name) if classroom else []
    return replace(panel, figure=drawn.figure, told=drawn.told, right=right, counts=counts)


def _is_led(step: Step, where: Where, classroom: Classroom | None) -> bool:
    """Whether this is the page of the teacher who asks the class this: it has no guess of its own."""
    return classroom is not None and classroom.is_teacher(where.secret) and classroom.is_asked(step.name)


def _may_show(name: str, guess: str, classroom: Classroom | None) -> bool:
    """After a guess, or once the teacher has shown it; never while a class is being asked."""
    if classroom is None:
        return bool(guess)
    return not classroom.is_held(name) and (bool(guess) or classroom.is_revealed(name))


def _blanks(name: str, looked: Looked) -> dict[str, Any]:
    """What the words of a question are filled in with."""
    side = looked.model.recipe.crop
    places = -(-side // 32)
    blanks: dict[str, Any] = {"count": f"{3 * side**2:,}", "places": places, "all": places**2}
    if name == "reason":
        blanks["probability"] = html.percent(looked.answer().predictions[0].probability)
    if name == "shortcut":
        from resnet_app.explain.residuals import identity_blocks

        blanks["path"] = [path for path in identity_blocks(looked.model.network) if path.startswith("layer3")][-1]
    return blanks


_findings: OrderedDict[Hashable, Finding] = OrderedDict()
_lock = threading.Lock()


def _found(name: str, looked: Looked, settings: Settings) -> Finding:
    """What a step finds out; once for all who look at the same photo with the same model."""
    from resnet_app.lesson.experiments import EXPERIMENTS, Sight

    key = (name, looked.choice, looked.photo, tuple(settings.items()))
    with _lock:
        if key in _findings:
            _findings.move_to_end(key)
            return _findings[key]
    found = EXPERIMENTS[name](Sight(looked.model, looked.photo, looked.answer()), settings)
    with _lock:
        _findings[key] = found
        while len(_findings) > KEPT:
            _findings.popitem(last=False)
    return found
