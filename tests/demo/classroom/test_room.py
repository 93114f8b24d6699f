"""The class without a page: who leads, what is asked, what is counted, and that nothing is told too early."""

import json

import pytest

from demo.classroom import room
from demo.classroom.room import Classroom

STEP = "?tab=lesson&step=cost"


@pytest.fixture
def classroom() -> Classroom:
    found = Classroom({"cost": ("tenth", "half"), "fool": ("two", "four")})
    for page in "abc":
        found.state(page)
    return found


def test_who_does_not_follow_is_here_and_told_apart(monkeypatch, classroom: Classroom) -> None:
    now = room.time.monotonic()
    monkeypatch.setattr(room.time, "monotonic", lambda: now)
    classroom.state("b", is_alone=True)
    classroom.state("d", is_alone=True)
    assert [classroom.state()[each] for each in ("here", "alone")] == [4, 2]
    assert classroom.state("b")["alone"] == 1  # who comes back
    now += room.GONE_AFTER + 1
    assert [classroom.state("a")[each] for each in ("here", "alone")] == [1, 0]  # and who has left
    classroom.state("", is_alone=True)  # the teacher's page
    assert classroom.state()["alone"] == 0


def asked(classroom: Classroom) -> Classroom:
    classroom.follow(STEP)
    return classroom


def test_pages_follow_and_are_asked_where_the_teacher_is(classroom: Classroom) -> None:
    first = classroom.state("a")
    assert (first["lead"], first["question"], first["here"]) == ("", None, 3)
    asked(classroom)
    state = classroom.state("d")
    assert (state["lead"], state["here"]) == (STEP, 4)
    assert state["question"] == {"name": "cost", "round": 1, "revealed": False, "answered": 0}
    assert state["revision"] > first["revision"]
    classroom.follow("?tab=explore")
    assert classroom.state("a")["question"] is None
    assert classroom.is_held("cost")  # what was asked stays unanswered until the teacher comes back to it
    assert not classroom.guess("a", "cost", "half")


def test_a_guess_counts_once_and_may_be_changed_until_the_answer_is_shown(classroom: Classroom) -> None:
    asked(classroom)
    assert classroom.guess("a", "cost", "half")
    assert classroom.guess("a", "cost", "tenth")
    assert classroom.guess("b", "cost", "half")
    assert classroom.state()["question"]["answered"] == 2
    classroom.reveal()
    assert not classroom.guess("c", "cost", "half")
    assert classroom.counts("cost") == [{"tenth": 1, "half": 1}]


def test_after_talking_it_over_the_first_guesses_stay_beside(classroom: Classroom) -> None:
    asked(classroom)
    classroom.guess("a", "cost", "half")
    classroom.again()
    assert classroom.state()["question"] == {"name": "cost", "round": 2, "revealed": False, "answered": 0}
    classroom.guess("a", "cost", "tenth")
    classroom.again()  # there are two rounds at most
    assert classroom.state()["question"]["round"] == 2
    classroom.reveal()
    assert classroom.counts("cost") == [{"tenth": 0, "half": 1}, {"tenth": 1, "half": 0}]


def test_no_count_and_no_answer_before_the_teacher_shows_them(classroom: Classroom) -> None:
    asked(classroom)
    classroom.guess("a", "cost", "half")
    assert classroom.counts("cost") == []
    assert classroom.is_held("cost")
    assert not classroom.is_held("fool")
    assert "half" not in json.dumps(classroom.state("a"))
    classroom.reveal()
    assert not classroom.is_held("cost")
    assert classroom.is_revealed("cost")


def test_a_paused_class_stays_and_guesses_wait(classroom: Classroom) -> None:
    asked(classroom)
    classroom.pause(True)
    classroom.follow("?tab=teach")
    assert (classroom.state()["lead"], classroom.state()["paused"]) == (STEP, True)
    assert not classroom.guess("a", "cost", "half")
    classroom.pause(False)
    classroom.follow("?tab=teach")
    assert classroom.state()["lead"] == "?tab=teach"


@pytest.mark.parametrize(
    ("page", "name", "choice"),
    [("a", "fool", "two"), ("a", "cost", "four"), ("", "cost", "half"), ("nobody", "cost", "half"), ("a", "?", "half")],
)
def test_what_is_no_guess_is_refused(classroom: Classroom, page: str, name: str, choice: str) -> None:
    assert not asked(classroom).guess(page, name, choice)


def test_pages_that_left_are_forgotten_and_their_number_is_bounded(monkeypatch) -> None:
    now = 100.0
    monkeypatch.setattr(room.time, "monotonic", lambda: now)
    classroom = asked(Classroom({"cost": ("tenth", "half")}))
    for number in range(room.MOST_PAGES + 20):
        classroom.state(f"page {number}")
        classroom.guess(f"page {number}", "cost", "half")
    classroom.state("one too many", is_alone=True)
    assert classroom.state()["alone"] == 0
    assert classroom.state()["here"] == room.MOST_PAGES  # and who was not counted cannot guess
    assert classroom.state()["question"]["answered"] == room.MOST_PAGES
    classroom.state("y" * 1000)
    now += room.GONE_AFTER + 1
    assert classroom.state("a")["here"] == 1


def test_each_vote_is_a_question_of_its_own(classroom: Classroom) -> None:
    classroom.open_vote(["ant", "bee"], "shown")
    classroom.follow("?tab=lesson&step=vote")
    assert classroom.guess("a", "vote-1", "ant")
    classroom.reveal()
    assert classroom.counts("vote-1") == [{"ant": 1, "bee": 0}]
    before = classroom.state()["revision"]
    classroom.open_vote(["ant", "bee"], "another")
    state = classroom.state()
    assert state["question"] == {"name": "vote-2", "round": 1, "revealed": False, "answered": 0}
    assert state["revision"] > before
    assert not classroom.guess("a", "vote-1", "bee")


def test_only_the_secret_makes_a_teacher(classroom: Classroom) -> None:
    assert classroom.is_teacher(classroom.secret)
    assert not any(map(classroom.is_teacher, (None, "", classroom.secret[:-1], "ü")))
    assert Classroom({}).secret != Classroom({}).secret


def test_another_class_begins_with_nothing(classroom: Classroom) -> None:
    asked(classroom)
    classroom.guess("a", "cost", "half")
    classroom.show_photo("teacher.jpg")
    classroom.reveal()
    before = classroom.state()
    classroom.start_again()
    after = classroom.state()
    assert before["class"] != after["class"]
    assert (after["question"], after["lead"], classroom.photo) == (None, "", None)
    assert not classroom.is_revealed("cost")
    classroom.follow(STEP)
    assert classroom.state()["question"]["answered"] == 0
