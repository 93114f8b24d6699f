"""A step of the lesson -> its HTML, pure: the question, and what came of it where that may be shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from demo.lesson.choices import STEPS, Step
from demo.locales import text
from demo.ui.html import template

VOTE_BACK = "@"  # from a vote to the step where one was; the page knows which
BY_HAND = "-"  # in the place of a guess: the hands of a class were counted, or nobody wanted to guess
ROUNDS = ((), ("round_one",), ("round_first", "round_second"))  # what each round is called, by how many there are
_show = template("lesson/lesson.html")


@dataclass(frozen=True)
class Panel:
    """A step as it stands.

    Attributes:
        name: of the step, as in the address.
        question: its name for guesses; a vote's has its number.
        choices: the names and words of what can be guessed.
        blanks: what its question's words are filled in with.
        figure: the picture that it is about, or what came of it.
        guess: what this visitor has chosen; empty before.
        right: the choice that is right; empty as long as that may not be shown.
        told: what there is to say about it, likewise.
        counts: the class's guesses, a round each, likewise.
        network: for a vote the network's probabilities, likewise.
        in_class: whether the class was asked this and waits for the answer.
        is_paused: whether its teacher has paused.
        is_teacher: whether this is the teacher's page, which shows what is asked and does not take part.
        round: of the class's guesses, where it is asked.
        is_example: whether the page's photo is the one that every visit begins with, and has the answer to.
        is_random: whether the weights are.
        number: of the lesson's steps; 0 for a vote.
    """

    name: str
    question: str
    choices: Mapping[str, str]
    blanks: Mapping[str, Any]
    figure: Markup
    guess: str = ""
    right: str = ""
    told: str = ""
    counts: Sequence[Mapping[str, int]] = ()
    network: Mapping[str, float] | None = None
    in_class: bool = False
    is_paused: bool = False
    is_teacher: bool = False
    round: int = 0
    is_example: bool = False
    is_random: bool = False
    number: int = 0


@dataclass(frozen=True)
class _Choice:
    """A choice as it is drawn; each bar has its label, its length from 0 to 1, and its number."""

    name: str
    words: str
    is_mine: bool
    is_right: bool
    bars: list[tuple[str, float, str]]


def page(language: str, panel: Panel, step: Step | None, done: Collection[str]) -> Markup:
    """The whole tab: the steps, the one that is open, and the ways on."""
    names = [each.name for each in STEPS]
    at = names.index(step.name) if step else len(names)
    before = VOTE_BACK if step is None else names[at - 1] if at else None
    after = names[at + 1] if at + 1 < len(names) else None
    return _show("nav", language, steps=names, now=panel.name, done=done) + _step(language, panel, step) + _show(
        "turn", language, before=before, after=after
    )  # fmt: skip


def _step(language: str, panel: Panel, step: Step | None) -> Markup:
    name = panel.name
    words = {key: text(language, f"lesson_{name}_{key}", **panel.blanks) for key in ("title", "tell", "ask")}
    words["verdict"] = _verdict(language, panel)
    is_held = panel.in_class and not panel.right
    return _show(
        "step", language, name=name, question=panel.question, number=panel.number, count=len(STEPS), words=words,
        choices=_choices(language, panel), figure=panel.figure, told=panel.told,
        source=text(language, f"lesson_{name}_source") if step else "", links=_links(language, step),
        is_open=not panel.right and not (panel.in_class and (panel.is_paused or panel.is_teacher)),
        is_random=panel.is_random, is_shown=bool(panel.right), held=_held(language, panel) if is_held else "",
        is_again=is_held and panel.round > 1, is_teacher=panel.is_teacher, is_example=panel.is_example,
        is_classless=not panel.in_class,
    )  # fmt: skip


def _held(language: str, panel: Panel) -> str:
    """Why there is no answer yet, and what to do."""
    if panel.is_teacher and panel.is_paused:
        return text(language, "lesson_held_teacher_paused", go_on=text(language, "class_continue"))
    if panel.is_teacher:
        return text(language, "lesson_held_teacher", reveal=text(language, "class_reveal"))
    key = "_paused" if panel.is_paused else "_guessed" if panel.guess in panel.choices else ""
    return text(language, f"lesson_held{key}")


def _verdict(language: str, panel: Panel) -> str:
    if not panel.right:
        return ""
    answer = panel.choices[panel.right].rstrip(".。")
    if panel.guess not in panel.choices:
        return text(language, "lesson_answer", answer=answer)
    return text(language, "lesson_right" if panel.guess == panel.right else "lesson_wrong", answer=answer)


def _choices(language: str, panel: Panel) -> list[_Choice]:
    return [
        _Choice(name, words, name == panel.guess, name == panel.right, _bars(language, panel, name))
        for name, words in panel.choices.items()
    ]


def _bars(language: str, panel: Panel, choice: str) -> list[tuple[str, float, str]]:
    """How many of the class guessed it, in each round, and of a vote what the network says."""
    bars = []
    for label, counts in zip(ROUNDS[len(panel.counts)], panel.counts, strict=True):
        share = counts[choice] / max(1, sum(counts.values()))
        bars.append((text(language, f"lesson_{label}"), share, str(counts[choice])))
    if panel.network is not None:
        probability = panel.network[choice]
        bars.append((text(language, "lesson_vote_network"), probability, f"{100 * probability:.0f}%"))
    return bars


def _links(language: str, step: Step | None) -> list[tuple[str, str]]:
    """Where one goes on by oneself."""
    if step is None:
        return []
    keys = ("try", "more")[: len(step.visits)]
    return [(visit, text(language, f"lesson_{step.name}_{key}")) for visit, key in zip(step.visits, keys, strict=True)]
