"""Class names: from a checkpoint's metadata, or as a person typed them; checked before they are shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from resnet_app.errors import ClassNamesError

CLASS_NAME_KEYS = ("classes", "class_names", "class_to_idx")
MAX_CLASS_NAME = 100  # characters
MAX_NAMES_BYTES = 4 * 2**20  # of a file; ImageNet-21k's names have 0.5 MB
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")  # turn the direction of what stands around them


def class_names_in(metadata: dict[str, Any], classes: int) -> tuple[str, ...] | None:
    """The class names that a file states, in the order of its outputs; None where it has none that fit."""
    for key in CLASS_NAME_KEYS:
        names = metadata.get(key)
        if isinstance(names, dict) and all(type(index) is int for index in names.values()):
            if sorted(names.values()) != list(range(len(names))):  # two of one number, or a gap: no order is said
                continue
            names = sorted(names, key=lambda name: metadata[key][name])
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            try:
                return check_class_names(tuple(names), classes)
            except ClassNamesError:
                continue
    return None


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """Class names from a text file: one a line, separated by commas, or JSON.

    Raises:
        ClassNamesError: the file cannot be read, is too large, no text, or holds no class names.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_NAMES_BYTES:
            raise ClassNamesError(
                f"{path.name[:60]} is larger than 4 MB; give a text file with one class a line.",
                code="names_too_large",
                name=path.name[:60],
            )
        data = path.read_bytes()
    except OSError as error:
        raise ClassNamesError.unreadable(path.name[:60], error) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return parse_class_names(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise ClassNamesError(
            f"{path.name[:60]} is not a text file in UTF-8; save it as UTF-8, one class a line.",
            code="names_no_text",
            name=path.name[:60],
        ) from error


def parse_class_names(text: str) -> tuple[str, ...]:
    """Class names typed by a person: JSON, one a line (perhaps numbered from 0), or separated by commas."""
    text = text.strip().removeprefix("\ufeff")
    if text.startswith(("[", "{")) or text == "null":
        names = _from_json(text)
    else:
        names = _without_numbers(text.splitlines() if "\n" in text else re.split("[,\uff0c]", text))
    return tuple(name for name in (_BIDI.sub("", name).strip() for name in names) if name)


def _without_numbers(lines: list[str]) -> list[str]:
    """Lines such as ``0: cat`` by their number, where they are numbered from 0 without a gap."""
    found = [re.fullmatch(r"\s*(\d{1,6})\s*[:,\t]\s*(.+)", line) for line in lines if line.strip()]
    numbered = {int(match[1]): match[2] for match in found if match}
    if len(numbered) == len(found) > 0 and set(numbered) == set(range(len(found))):
        return [numbered[index] for index in range(len(found))]
    return lines


def _from_json(text: str) -> list[str]:
    """A list of names, or names by index, or indices by name; ImageNet's pairs of id and name count as the name."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict) and all(type(value) is int for value in given.values()):
        given = {str(index): name for name, index in given.items()}
    if isinstance(given, dict) and set(given) == {str(index) for index in range(len(given))}:
        given = [given[str(index)] for index in range(len(given))]
    if isinstance(given, list):
        given = [each[-1] if isinstance(each, list) and len(each) == 2 else each for each in given]
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise ClassNamesError(
            'Class names as JSON must be a list of texts, such as ["ants", "bees"], or texts by index, such as '
            '{"0": "ants", "1": "bees"}.',
            code="names_no_list",
            texts='["ants", "bees"]',
            by_index='{"0": "ants", "1": "bees"}',
        )
    return given


def check_class_names(names: tuple[str, ...], classes: int) -> tuple[str, ...]:
    """The names, where there are as many as outputs, all different and printable.

    Raises:
        ClassNamesError: they are not.
    """
    if len(names) != classes:
        raise ClassNamesError(
            f"Outputs of the model: {classes}; class names given: {len(names)}. Give one name for each output.",
            code="class_names_count",
            given=len(names),
            classes=classes,
        )
    for name in names:
        if not name or len(name) > MAX_CLASS_NAME or not name.isprintable():
            raise ClassNamesError(
                f"The class name {name[:30]!r} will not do; give 1 to {MAX_CLASS_NAME} printable characters.",
                code="bad_class_name",
                given=repr(name[:30]),
                most=MAX_CLASS_NAME,
            )
    if len(set(names)) != len(names):
        raise ClassNamesError("Two classes have the same name; give each its own.", code="same_class_name")
    return names
