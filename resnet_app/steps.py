"""Long work that says how far it is after each step, and that may be left at any of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[tuple[int, int], None, Result]  # yields (done, in all) and returns what came of it


def finish(steps: Steps[Result]) -> Result:
    """What comes of steps that nobody watches."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
