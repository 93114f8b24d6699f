"""What a checkpoint says beside its weights: plain values only, whole texts, nothing deep."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

MAX_METADATA = 2_000_000  # values and characters looked at, however the file nests or repeats them


def from_json(text: str) -> Any:
    """What a text says as JSON; the text itself where it is none."""
    try:
        return json.loads(text, parse_constant=str)  # NaN and Infinity are not JSON
    except (ValueError, RecursionError):
        return text


def plain_metadata(root: dict[Any, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The short plain values beside the weights (epoch, class names, metrics), as JSON can hold them."""
    left = [MAX_METADATA]
    return {
        _whole_text(key): _whole_text(value)
        for key, value in root.items()
        if isinstance(key, str) and key not in without and "optim" not in key and _is_plain(value, left, depth=5)
    }


def _whole_text(value: Any) -> Any:
    """A plain value whose texts every encoding takes: half of a surrogate pair, which no text is, becomes U+FFFD."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(each) for key, each in value.items()}
    return type(value)(map(_whole_text, value)) if isinstance(value, list | tuple) else value


def _is_plain(value: Any, left: list[int], *, depth: int) -> bool:
    left[0] -= 1
    if left[0] < 0:
        return False
    if isinstance(value, int):
        return value.bit_length() <= 64
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, str):
        left[0] -= len(value)  # the same text may be named again and again
        return len(value) <= 10_000 and left[0] >= 0
    if value is None:
        return True
    if depth == 0 or not isinstance(value, dict | list | tuple):
        return False
    parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(part, left, depth=depth - 1) for part in parts)
