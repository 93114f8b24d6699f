"""Long work that says how far it is after each step, and that may be left at any of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

Result = TypeVar("Result")
Steps = Generator[
    tuple[int, ...], None, Result
]  # yields (done, in all), of several parts the part first; returns what came of it


class Watched(Generic[Result]):
    """Steps to loop over.

    Attributes:
        result: what came of them, once the loop is through.
    """

    result: Result

    def __init__(self, steps: Steps[Result]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        self.result = yield from self._steps


def finish(steps: Steps[Result]) -> Result:
    """What comes of steps that nobody watches."""
    watched = Watched(steps)
    for _ in watched:
        pass
    return watched.result
