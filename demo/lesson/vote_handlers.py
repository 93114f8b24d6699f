"""A photo that the teacher puts to the vote: what the class sees before and after the network's answer.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.classroom.room import VOTE, Classroom, Vote
from demo.lesson import view
from demo.locales import text
from demo.ui.errors import no_problem
from demo.ui.html import percent
from demo.ui.session import PageInputs, resolve
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from PIL import Image

    from resnet_app.explain.heatmap import Heatmap

MOST_CHOICES = 4


class Asked(NamedTuple):
    """The teacher's photo, and what proves that it is the teacher's."""

    page: PageInputs
    secret: Any


class Shown(NamedTuple):
    """What the teacher's page is told; what is not given stays as it is."""

    opened: Any = gr.skip()
    problem: Any = gr.skip()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the network says of the photo, made when the vote is opened and held back until it is shown.

    Attributes:
        crop: the square that the model sees.
        heatmap: of the answer.
        label, probability: of the answer.
        network: the probability of each choice.
    """

    crop: Image.Image
    heatmap: Heatmap
    label: str
    probability: float
    network: Mapping[str, float]


def open_vote(asked: Asked, classroom: Classroom | None) -> Shown:
    """Put the teacher's photo to the vote: the model's classes, or the likeliest few in the order of the alphabet."""
    if classroom is None or not classroom.is_teacher(asked.secret):
        raise ResNetAppError("This is the teacher's alone; open the teacher's address.", code="class_teacher")
    looked = resolve(asked.page).looked
    if looked is None:
        raise ResNetAppError("There is no photo to vote on; add one on Classify.", code="no_photo_to_vote")
    answer = looked.answer()
    likeliest = answer.predictions[:MOST_CHOICES]
    best = likeliest[0]
    heatmap = looked.maps([best.index])[0][0]
    network = {each.label: each.probability for each in sorted(likeliest, key=lambda each: each.label)}
    vote = classroom.open_vote(
        tuple(network), Outcome(answer.crop, heatmap, best.label, best.probability, network)
    )  # fmt: skip
    return Shown(vote.name, no_problem())


def panel(
    language: str, classroom: Classroom, vote: Vote, guesses: Mapping[str, str], *, is_teacher: bool = False
) -> view.Panel:
    """The vote as a step of the lesson."""
    from demo.lesson import figures_view as figures

    outcome: Outcome = vote.shown
    name, choices = vote.name, {label: label for label in vote.labels}
    guess = "" if is_teacher else guesses.get(name, "")
    if not classroom.is_revealed(name):
        figure = figures.photo(outcome.crop, text(language, "photo_label"))
        return view.Panel(
            VOTE, name, choices, {}, figure, guess, in_class=True, is_paused=classroom.is_paused,
            is_teacher=is_teacher, round=classroom.round(name),
        )  # fmt: skip
    shown = figures.voted(outcome.crop, outcome.heatmap, outcome.label)
    told = text(language, "lesson_vote_told", label=outcome.label, probability=percent(outcome.probability))
    return view.Panel(
        VOTE, name, choices, {}, shown, guess, right=outcome.label, told=told, counts=classroom.counts(name),
        network=outcome.network,
    )  # fmt: skip
