"""A visitor without a browser: what the page's inputs hold, and a handler carried out as the page does it."""

from collections.abc import Callable, Iterator
from typing import Any

from demo.ui.events import carried_out
from demo.ui.session import PageInputs, Session


def visit(**changes: Any) -> PageInputs:
    """The page's inputs of a visitor who has just come, with the changes."""
    usual = {
        "choice": None, "model": "resnet18", "weights": "ants-bees", "device": "cpu", "photo": None, "language": "en",
        "room": "picture", "session": Session(),
    }  # fmt: skip
    return PageInputs(**{**usual, **changes})


def split(changes: dict[str, Any]) -> tuple[PageInputs, dict[str, Any]]:
    """Changes of the page's inputs and of a tab's own, told apart by their names."""
    page = {name: changes.pop(name) for name in PageInputs._fields if name in changes}
    return visit(**page), changes


def carry_out(work: Callable[..., Any], asked: Any, shown: Any, *event: Any, **how: Any) -> Iterator[Any]:
    """All that a handler shows, in order; options as where it is wired."""
    return carried_out(work, asked, shown(), *event, **how)


def last(work: Callable[..., Any], asked: Any, shown: Any, *event: Any, **how: Any) -> Any:
    """What a handler shows in the end."""
    *_, shown_last = carry_out(work, asked, shown, *event, **how)
    return shown_last
