"""Class names: from a checkpoint's metadata, or as a person typed them; checked before they are shown."""

from __future__ import annotations

import json
import re
from typing import Any

from resnet_app.errors import ClassNamesError

CLASS_NAME_KEYS = ("classes", "class_names", "class_to_idx")
MAX_CLASS_NAME = 100  # characters


def class_names_in(metadata: dict[str, Any], classes: int) -> tuple[str, ...] | None:
    """The class names that a file states, in the order of its outputs; None where it has none that fit."""
    for key in CLASS_NAME_KEYS:
        names = metadata.get(key)
        if isinstance(names, dict) and all(type(index) is int for index in names.values()):
            names = sorted(names, key=lambda name: metadata[key][name])
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            try:
                return check_class_names(tuple(names), classes)
            except ClassNamesError:
                continue
    return None


def parse_class_names(text: str) -> tuple[str, ...]:
    """Class names typed by a person: JSON, one a line, or separated by commas."""
    text = text.strip().removeprefix("\ufeff")
    if text.startswith("["):
        names = _json_list(text)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ClassNamesError('Class names as JSON must be a list of texts, such as ["ants", "bees"].')
    else:
        names = text.splitlines() if "\n" in text else re.split("[,\uff0c]", text)
    return tuple(name.strip() for name in names if name.strip())


def check_class_names(names: tuple[str, ...], classes: int) -> tuple[str, ...]:
    """The names, where there are as many as outputs, all different and printable.

    Raises:
        ClassNamesError: they are not.
    """
    if len(names) != classes:
        raise ClassNamesError(
            f"The model has {classes} outputs, and {len(names)} class names were given. Give {classes}.",
            code="class_names_count",
            given=len(names),
            classes=classes,
        )
    for name in names:
        if not name or len(name) > MAX_CLASS_NAME or not name.isprintable():
            raise ClassNamesError(
                f"The class name {name[:30]!r} will not do; give 1 to {MAX_CLASS_NAME} printable characters."
            )
    if len(set(names)) != len(names):
        raise ClassNamesError("Two classes have the same name; give each its own.")
    return names


def _json_list(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
