"""Every word of the page, in each language: one JSON table a language, with the same keys."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

ENGLISH, CHINESE = "en", "zh-CN"
LANGUAGES = {ENGLISH: "English", CHINESE: "中文"}


@cache
def table(language: str) -> dict[str, str]:
    """All texts of one language, by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / f"{language}.json").read_text("utf-8"))
    return texts


def text(language: str, key: str, **values: object) -> str:
    """One text, with its blanks filled in."""
    return table(language)[key].format(**values)


def best_language(wanted: str | None) -> str:
    """The language for a code such as ``zh``, ``zh-TW`` or an Accept-Language header; English where none fits."""
    parts = [part.strip().lower() for part in (wanted or "").split(",")]
    for code in sorted(filter(_weight, parts), key=_weight, reverse=True):  # equal ones stay in order
        if code.startswith("zh"):
            return CHINESE
        if code.startswith("en"):
            return ENGLISH
    return ENGLISH


def _weight(part: str) -> float:
    """How much a language of Accept-Language is wanted: ``zh;q=0.8`` -> 0.8; 1 where nothing is said, 0 for never."""
    _, _, weight = part.partition(";q=")
    try:
        return float(weight or 1)
    except ValueError:
        return 0
