"""The class: one teacher, who leads, and pages that follow and guess. Nothing is stored, and nothing names anyone.

A page is known by a random word that it has made up itself, which is forgotten a few seconds after its last question.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

GONE_AFTER = 8.0  # seconds: a page that has asked nothing for so long has left; it asks every two
MOST_PAGES = 500  # that are counted, and whose guesses are; more than a lecture hall has
LONGEST = 2000  # characters of an address, and
LONGEST_NAME = 64  # of a page's own word
ROUNDS = 2  # a guess, and another one after talking it over
LESSON, VOTE = "lesson", "vote"


@dataclass
class Question:
    """What the class is asked, and what it has guessed so far.

    Attributes:
        name: of the step; a vote's has its number.
        choices: what can be guessed.
        rounds: for each round every page's guess.
        is_revealed: whether the teacher has shown the answer.
    """

    name: str
    choices: tuple[str, ...]
    rounds: list[dict[str, str]] = field(default_factory=lambda: [{}])
    is_revealed: bool = False

    def counts(self) -> list[dict[str, int]]:
        """For each round how many guessed each choice; rounds that nobody took part in are left out."""
        counted = [Counter(each.values()) for each in self.rounds if each]
        return [{choice: found[choice] for choice in self.choices} for found in counted]


@dataclass(frozen=True)
class Vote:
    """A photo that the teacher puts to the vote, before the network's answer is shown.

    Attributes:
        name: ``vote-1``, ``vote-2``, ...
        labels: the classes to choose from.
        shown: what the page shows before and after, made when the vote is opened; the room does not look into it.
    """

    name: str
    labels: tuple[str, ...]
    shown: Any


class Classroom:
    """The state of one class; every method may be called from any thread.

    Attributes:
        name: of this class, made up at random; another one has another.
        secret: what the teacher's address has and the students' has not.
        photo: the teacher's, a file; the class is asked about it.
        vote: the photo that is or was put to the vote last.
    """

    def __init__(self, questions: Mapping[str, Sequence[str]], secret: str | None = None) -> None:
        self.secret = secret or secrets.token_urlsafe(12)
        self.name = secrets.token_urlsafe(6)
        self.vote: Vote | None = None
        self.photo: str | None = None
        self._choices = {name: tuple(choices) for name, choices in questions.items()}
        self._lock = threading.Lock()
        self._asked: dict[str, Question] = {}
        self._seen: dict[str, float] = {}
        self._alone: set[str] = set()
        self._lead = ""
        self._is_paused = False
        self._revision = 0
        self._votes = 0

    def is_teacher(self, secret: str | None) -> bool:
        """Whether that is the secret of the teacher's address."""
        return hmac.compare_digest((secret or "").encode(), self.secret.encode())

    def state(self, page: str = "", *, is_alone: bool = False) -> dict[str, Any]:
        """What a page asks for every two seconds; asking is also how it is counted.

        Args:
            page: its own word; the teacher's has none, and is not counted.
            is_alone: whether it does not follow just now.

        Returns:
            class: its name; revision: goes up whenever a page has to look again; lead: the address that the teacher
            is at; paused; here: how many pages there are; alone: how many of them do not follow; question: None, or
            the step that is asked with its round, whether it is revealed, and how many have guessed in this round.
            No guess, and nothing of the answer.
        """
        with self._lock:
            self._note(page, is_alone=is_alone)
            question = self._current()
            return {
                "class": self.name, "revision": self._revision, "lead": self._lead, "paused": self._is_paused,
                "here": len(self._seen), "alone": len(self._alone),
                "question": question and {
                    "name": question.name, "round": len(question.rounds), "revealed": question.is_revealed,
                    "answered": len(question.rounds[-1]),
                },
            }  # fmt: skip

    def _note(self, page: str, *, is_alone: bool) -> None:
        now = time.monotonic()
        for gone in [name for name, at in self._seen.items() if now - at > GONE_AFTER]:
            del self._seen[gone]
        self._alone.discard(page)
        if page and len(page) <= LONGEST_NAME and (page in self._seen or len(self._seen) < MOST_PAGES):
            self._seen[page] = now
            if is_alone:
                self._alone.add(page)
        self._alone &= self._seen.keys()

    def follow(self, search: str) -> None:
        """The teacher is at another address now; where that is a step of the lesson, the class is asked."""
        with self._lock:
            if self._is_paused or len(search) > LONGEST or search == self._lead:
                return
            self._lead = search
            self._ask()

    def _ask(self) -> None:
        """The pages look again; where the teacher is at a question that is new, it is asked."""
        self._revision += 1
        name = self._step()
        choices = self.vote.labels if self.vote and name == self.vote.name else self._choices.get(name)
        if choices and name not in self._asked:
            self._asked[name] = Question(name, choices)

    def _step(self) -> str:
        """The question that the teacher's address is at; none elsewhere."""
        values = parse_qs(self._lead.lstrip("?"))
        if values.get("tab") != [LESSON]:
            return ""
        step = values.get("step", [""])[0]
        return self.vote.name if step == VOTE and self.vote else step

    def _current(self) -> Question | None:
        return self._asked.get(self._step())

    def guess(self, page: str, name: str, choice: str) -> int:
        """Count a page's guess, in the place of an earlier one.

        Returns:
            The round in which it counts; 0 where that is not, or no longer, asked.
        """
        with self._lock:
            question = self._current()
            if question is None or question.name != name or question.is_revealed or self._is_paused:
                return 0
            round_ = question.rounds[-1]
            if choice not in question.choices or page not in self._seen or len(round_) > MOST_PAGES:
                return 0
            round_[page] = choice
            return len(question.rounds)

    def again(self) -> None:
        """Ask the same again, after the class has talked it over; the first guesses are kept beside."""
        with self._lock:
            question = self._current()
            if question and not question.is_revealed and len(question.rounds) < ROUNDS:
                question.rounds.append({})
                self._revision += 1

    def reveal(self) -> None:
        """Show the answer of what is asked."""
        with self._lock:
            question = self._current()
            if question and not question.is_revealed:
                question.is_revealed = True
                self._revision += 1

    def pause(self, is_paused: bool) -> None:
        """Leave the class where it is, and take no guess, while the teacher looks at something else; or go on."""
        with self._lock:
            self._is_paused = is_paused
            self._revision += 1

    def open_vote(self, labels: Sequence[str], shown: Any) -> Vote:
        """Put a photo to the vote; the class sees it once the teacher's page is there."""
        with self._lock:
            self._votes += 1
            if self.vote:
                self._asked.pop(self.vote.name, None)
            self.vote = Vote(f"{VOTE}-{self._votes}", tuple(labels), shown)
            self._ask()
            return self.vote

    def start_again(self) -> None:
        """Another class: no guess and no answer of this one is kept."""
        with self._lock:
            self.name = secrets.token_urlsafe(6)
            self.vote, self.photo, self._lead, self._is_paused = None, None, "", False
            self._asked.clear()
            self._revision += 1

    def show_photo(self, photo: str) -> None:
        """The class is asked about the teacher's photo, so that all guess about the same."""
        with self._lock:
            if photo != self.photo:
                self.photo = photo
                self._revision += 1

    @property
    def is_paused(self) -> bool:
        """Whether the teacher has paused."""
        return self._is_paused

    def round(self, name: str) -> int:
        """In which round this is asked: 1, or 2 after talking it over; 0 where it is not."""
        with self._lock:
            return len(self._asked[name].rounds) if name in self._asked else 0

    def is_asked(self, name: str) -> bool:
        """Whether the class is or was asked this."""
        with self._lock:
            return name in self._asked

    def is_held(self, name: str) -> bool:
        """Whether the class was asked this and the teacher has not shown the answer, so that nobody is shown it."""
        with self._lock:
            return name in self._asked and not self._asked[name].is_revealed

    def is_revealed(self, name: str) -> bool:
        """Whether the teacher has shown the answer."""
        with self._lock:
            return name in self._asked and self._asked[name].is_revealed

    def counts(self, name: str) -> list[dict[str, int]]:
        """The class's guesses, once they are revealed; nothing before."""
        with self._lock:
            question = self._asked.get(name)
            return question.counts() if question and question.is_revealed else []
