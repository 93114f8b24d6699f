"""The lesson without a browser: nothing of an answer before a guess, or before the teacher shows it; then all of it."""

import json
import re
from html import unescape

import pytest

from demo import locales
from demo.classroom.room import Classroom
from demo.lesson import handlers, view, vote_handlers
from demo.lesson.choices import BY_NAME, NAMES, STEPS, VOTE
from demo.locales import LANGUAGES, text
from demo.ui.photo_input import START
from resnet_app.lesson import experiments, kernels
from tests.demo.helpers import ANT, BEE
from tests.page import last, visit


def shown(where: dict | str, classroom: Classroom | None = None, **page: object) -> handlers.Shown:
    said = where if isinstance(where, str) else json.dumps(where)
    asked = handlers.Asked(visit(**page), said)
    return last(lambda given: handlers.show(given, classroom), asked, handlers.Shown)


def a_class() -> Classroom:
    return Classroom({step.name: step.choices for step in STEPS})


def told_words(language: str, name: str) -> list[str]:
    """What only the answer says: the longest run of its words without a blank or a term, and its source."""
    runs = re.split(r"\{[^}]*\}|\[[^\]]*\]", locales.table(language)[f"lesson_{name}_told"])
    return [max(runs, key=len), text(language, f"lesson_{name}_source")]


def test_the_steps_have_an_experiment_and_their_words() -> None:
    assert list(BY_NAME) == list(experiments.EXPERIMENTS)
    assert BY_NAME["kernel"].settings["kernel"] == kernels.NAMES
    for language in LANGUAGES:
        for step in STEPS:
            for key in ("title", "tell", "ask", "told", "source", "try", *step.choices):
                assert locales.table(language)[f"lesson_{step.name}_{key}"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", BY_NAME)
def test_the_answer_comes_after_a_guess_and_not_before(name: str, language: str) -> None:
    question = shown({"step": name}, photo=str(BEE), language=language)
    assert question.problem["visible"] is False
    assert question.result.count("data-guess=") == len(BY_NAME[name].choices) + 1  # and one without a guess
    words = told_words(language, name)
    assert not any(word in unescape(question.result) for word in words)
    assert 'class="right"' not in question.result
    guessed = BY_NAME[name].choices[0]
    answered = shown({"step": name, "guesses": {name: guessed}}, photo=str(BEE), language=language)
    assert answered.problem["visible"] is False
    assert all(word in unescape(answered.result) for word in words)
    assert answered.result.count('class="right"') == 1
    assert answered.result.count('aria-pressed="true"') >= 1
    assert answered.result.count("data-visit") == len(BY_NAME[name].visits)


def test_who_does_not_guess_is_shown_the_answer_without_a_verdict() -> None:
    found = shown({"step": "cost", "guesses": {"cost": view.BY_HAND}}).result
    assert "The answer: About 1.1 times as many." in found
    assert "Right:" not in found
    right = shown({"step": "cost", "guesses": {"cost": "tenth"}}).result
    assert "Right: About 1.1 times as many." in right
    assert "No. The answer is:" in shown({"step": "cost", "guesses": {"cost": "four"}}).result


def test_what_is_set_changes_the_experiment_and_not_the_answer() -> None:
    base = {"step": "shortcut", "guesses": {"shortcut": "alike"}}
    usual = shown(base, photo=str(BEE)).result
    other = shown({**base, "settings": {"shortcut": {"stage": "layer2"}}}, photo=str(BEE)).result
    assert "<code>layer3.1</code>" in usual
    assert "<code>layer2.1</code>" in other
    assert usual.split('class="right"')[1][:60] == other.split('class="right"')[1][:60]


@pytest.mark.parametrize(
    "said",
    [
        "", "no json", "[]", "null", '{"step": "nowhere"}', '{"guesses": 3, "settings": [1]}', '{"step": ["a"]}',
        "9" * 9000, '{"step": "kernel", "guesses": {"kernel": "x"}, "settings": {"kernel": {"kernel": "../x"}}}',
    ],
)  # fmt: skip
def test_what_a_page_should_not_say_counts_as_not_said(said: str) -> None:
    found = shown(said)
    assert found.problem["visible"] is False
    assert "data-question=" in found.result


def test_without_a_photo_the_bundled_one_is_looked_at() -> None:
    assert "98.4" in shown({"step": "reason"}, photo=None).result


def test_names_from_a_file_stay_text(hostile_model) -> None:
    for name in ("shortcut", "reason", "fool"):
        found = shown({"step": name, "guesses": {name: "-"}}, choice=hostile_model.choice, photo=str(BEE))
        assert "<img src=x" not in found.result


def test_while_a_class_is_asked_nobody_is_shown_the_answer() -> None:
    classroom = a_class()
    classroom.follow("?tab=lesson&step=cost")
    guessed = {"step": "cost", "guesses": {"cost": "tenth"}}
    held = shown(guessed, classroom).result
    assert text("en", "lesson_held_guessed") in held
    assert not any(word in unescape(held) for word in told_words("en", "cost"))
    assert 'data-guess="-"' not in held
    classroom.pause(True)
    paused = shown(guessed, classroom).result
    assert text("en", "lesson_held_paused") in paused
    assert paused.count("disabled") > held.count("disabled")
    classroom.pause(False)
    classroom.state("a")
    assert classroom.guess("a", "cost", "half")
    classroom.reveal()
    revealed = shown({"step": "cost"}, classroom).result  # to who has not guessed as well
    assert all(word in unescape(revealed) for word in told_words("en", "cost"))
    assert revealed.count("lesson-bar") >= len(BY_NAME["cost"].choices)
    classroom.follow("?tab=lesson&step=fool")
    assert 'class="right"' in shown(guessed, classroom).result


def figure(result: str) -> str:
    """What a step is about, without its words."""
    return result.partition('class="lesson-figure"')[2].partition('class="lesson-words"')[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_teachers_page_shows_what_is_asked_and_does_not_take_part(language: str) -> None:
    classroom = a_class()
    classroom.follow("?tab=lesson&step=cost")
    where = {"step": "cost", "guesses": {"cost": "four"}, "secret": classroom.secret}
    held = unescape(shown(where, classroom, language=language).result)
    assert text(language, "lesson_held_teacher", reveal=text(language, "class_reveal")) in held
    assert text(language, "lesson_held_guessed") not in held
    assert len(re.findall(r"data-guess=[^>]* disabled", held)) == len(BY_NAME["cost"].choices)
    assert 'aria-pressed="true"' not in held
    classroom.pause(True)
    paused = unescape(shown(where, classroom, language=language).result)
    assert text(language, "lesson_held_teacher_paused", go_on=text(language, "class_continue")) in paused
    classroom.pause(False)
    classroom.reveal()
    assert text(language, "lesson_yours") not in shown(where, classroom, language=language).result


def test_a_second_round_is_told_until_the_answer_is_shown() -> None:
    classroom = a_class()
    opened(classroom, classroom.secret, photo=str(ANT))
    for name, address in (("cost", "cost"), ("vote-1", "vote")):
        classroom.follow(f"?tab=lesson&step={address}")
        pages = [{"step": address}, {"step": address, "secret": classroom.secret}]
        assert not any(text("en", "lesson_second") in shown(page, classroom).result for page in pages)
        classroom.again()
        assert classroom.round(name) == 2
        assert all(text("en", "lesson_second") in shown(page, classroom).result for page in pages)
        classroom.reveal()
        assert not any(text("en", "lesson_second") in shown(page, classroom).result for page in pages)


def test_the_teachers_page_knows_that_its_photo_is_the_example_of_all() -> None:
    classroom = a_class()
    teacher = {"step": "cost", "secret": classroom.secret}
    assert "data-example" in shown(teacher, classroom, photo=None).result
    assert "data-example" in shown(teacher, classroom, photo=str(START)).result
    assert "data-example" not in shown(teacher, classroom, photo=str(ANT)).result
    assert "data-example" not in shown({"step": "cost"}, classroom, photo=str(START)).result


def test_a_class_is_asked_about_the_teachers_photo() -> None:
    classroom = a_class()
    classroom.follow("?tab=lesson&step=reason")
    own = shown({"step": "reason"}, classroom, photo=str(BEE)).result
    teachers = shown({"step": "reason", "secret": classroom.secret}, classroom, photo=str(ANT)).result
    followed = shown({"step": "reason"}, classroom, photo=str(BEE)).result
    assert figure(own) != figure(teachers)
    assert figure(followed) == figure(teachers)
    alone = {"step": "parts", "guesses": {"parts": "few"}}  # what is not asked is about one's own
    assert shown(alone, classroom, photo=str(BEE)).result != shown(alone, classroom, photo=str(ANT)).result


def test_of_random_weights_nothing_is_claimed() -> None:
    found = shown({"step": "shortcut", "guesses": {"shortcut": "alike"}}, photo=str(BEE), weights="random").result
    assert text("en", "lesson_random") in found


def opened(classroom: Classroom, secret: str, **page: object) -> vote_handlers.Shown:
    asked = vote_handlers.Asked(visit(**page), secret)
    return last(lambda given: vote_handlers.open_vote(given, classroom), asked, vote_handlers.Shown)


def test_a_vote_shows_the_teachers_photo_and_then_the_network_beside_the_class() -> None:
    classroom = a_class()
    assert opened(classroom, classroom.secret, photo=str(ANT)).opened == "vote-1"
    classroom.follow("?tab=lesson&step=vote")
    before = shown({"step": VOTE}, classroom, photo=str(BEE)).result
    assert 'data-question="vote-1"' in before
    assert before.count("data-guess=") == 2
    assert "%" not in before.split("lesson-words")[1]
    classroom.state("a")
    assert classroom.guess("a", "vote-1", "bees")
    classroom.reveal()
    after = shown({"step": VOTE, "guesses": {"vote-1": "bees"}}, classroom).result
    assert "The network says ants" in after
    assert after.count("lesson-bar") == 4


def test_a_vote_is_the_teachers_and_needs_a_photo() -> None:
    classroom = a_class()
    for secret, photo, says in (("no", str(ANT), "teacher"), (classroom.secret, None, "no photo")):
        found = opened(classroom, secret, photo=photo)
        assert says in found.problem["value"]
    assert classroom.vote is None


def test_a_vote_that_is_over_says_so_and_leads_back_into_the_lesson() -> None:
    """A page remembers where it was: with the sentence alone it could never leave."""
    for classroom in (a_class(), None):
        found = shown({"step": VOTE}, classroom)
        assert "no vote just now" in found.problem["value"]
        assert 'data-question="picture"' in found.result
        assert found.result.count("data-step=") > len(STEPS)


def test_a_vote_waits_while_the_class_is_paused() -> None:
    classroom = a_class()
    opened(classroom, classroom.secret, photo=str(ANT))
    classroom.follow("?tab=lesson&step=vote")
    classroom.pause(True)
    assert text("en", "lesson_held_paused") in shown({"step": VOTE}, classroom).result


def test_a_thousand_classes_are_voted_on_by_the_likeliest_in_the_order_of_the_alphabet() -> None:
    classroom = a_class()
    opened(classroom, classroom.secret, photo=str(ANT), weights="random")
    labels = classroom.vote.labels
    assert len(labels) == vote_handlers.MOST_CHOICES
    assert list(labels) == sorted(labels)


def test_a_finding_is_made_once_for_all_visitors(monkeypatch) -> None:
    made = []
    real = experiments.EXPERIMENTS["reason"]
    monkeypatch.setitem(experiments.EXPERIMENTS, "reason", lambda *given: made.append(1) or real(*given))
    handlers._findings.clear()
    for _ in range(3):  # three visitors
        shown({"step": "reason", "guesses": {"reason": "stays"}}, photo=str(ANT))
    assert len(made) == 1
    assert NAMES[-1] == VOTE
