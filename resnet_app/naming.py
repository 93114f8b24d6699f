"""What a file is called in all that is shown and written: lines, JSON, tables, manifests, sentences."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def shown(name: str | Path) -> str:
    """A path, or words with one in them, as text that every encoding of Unicode takes.

    A file name is bytes, and need not be text. What of it is none is written as ``\\udcXX``, so that two such names
    still differ.
    """
    return str(name).encode("utf-8", "backslashreplace").decode()


def as_given(given: str, path: Path) -> str:
    """A file's path as it was given, or as it lies below the folder that was given.

    A ``Path`` would make ``photos/bee.jpg`` of ``./photos//bee.jpg``, and who gave that would not find it again.
    """
    below = path.relative_to(given)
    return shown(os.path.join(given, below) if below.parts else given)  # noqa: PTH118 (the text stays as it is)


def distinct(names: Iterable[str]) -> list[str]:
    """The names, where equal ones are told apart by a number: bee.jpg, bee.jpg (2)."""
    given = list(names)
    told: dict[str, None] = {}
    for name in given:
        number, own = 1, name
        while own in told or (number > 1 and own in given):
            number += 1
            own = f"{name} ({number})"
        told[own] = None
    return list(told)
