"""What came of the variants over many photographs, as it is kept and shown; light: nothing here needs torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
RECORDED, EXAMPLE_MASKS = _HERE / "reason_recorded.json", _HERE / "example_masks.json"
ROWS = (  # in the order of the table; the swaps by whose background it is
    "photo", "no_object", "no_box", "only_object", "swapped_same", "swapped_other", "shuffled",
)  # fmt: skip
SWAPS = ("swapped_same", "swapped_other")


@dataclass(frozen=True)
class Tally:
    """How a variant of one class's photographs was answered.

    Attributes:
        right: answers that are the photographs' class.
        of: answers.
        probability: of that class, the mean.
    """

    right: int
    of: int
    probability: float


@dataclass(frozen=True)
class Row:
    """One variant.

    Attributes:
        variant: one of ``ROWS``.
        classes: each class's tally.
        interval: Wilson's 95 % interval of the share that is right; None for swaps, where a photograph counts several
            times, so that the answers are not independent.
    """

    variant: str
    classes: Mapping[str, Tally]
    interval: tuple[float, float] | None = None

    @property
    def total(self) -> Tally:
        """All classes together."""
        parts = self.classes.values()
        of = sum(each.of for each in parts)
        return Tally(
            sum(each.right for each in parts), of, sum(each.probability * each.of for each in parts) / max(1, of)
        )


@dataclass(frozen=True)
class Reasons:
    """The whole measurement.

    Attributes:
        model: the checkpoint's SHA-256, its first 12 digits.
        date: of the measurement, as 2026-11-25.
        photos: how many.
        partners: other photographs that each was pasted into, of each class.
        rows: one for each of ``ROWS``.
    """

    model: str
    date: str
    photos: int
    partners: int
    rows: tuple[Row, ...]

    def row(self, variant: str) -> Row:
        """The row of a variant."""
        return next(each for each in self.rows if each.variant == variant)

    def as_json(self) -> dict[str, Any]:
        """As the file has it."""
        return asdict(self)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Reasons:
        """What ``as_json`` gave."""
        return cls(**{**found, "rows": tuple(map(_row, found["rows"]))})


def recorded() -> dict[str, Reasons]:
    """What was measured of each bundled model, by its weights (``python -m benchmarks.reason --record``)."""
    return {weights: Reasons.read(found) for weights, found in json.loads(RECORDED.read_text("utf-8")).items()}


def example_outlines() -> dict[str, list[list[list[float]]]]:
    """The outlines of the insects in the pictures that come with the app, by file name."""
    found: dict[str, list[list[list[float]]]] = json.loads(EXAMPLE_MASKS.read_text("utf-8"))
    return found


def _row(found: Mapping[str, Any]) -> Row:
    classes = {name: Tally(**each) for name, each in found["classes"].items()}
    return Row(found["variant"], classes, tuple(found["interval"]) if found["interval"] else None)
