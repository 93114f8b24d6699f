"""Photos by the folder -> the same curves for each, and what they come to: answers kept, right where that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resnet_app.images import read_crop
from resnet_app.inference.models import LoadedModel
from resnet_app.outputs import inert, line_of
from resnet_app.progress import finish
from resnet_app.robustness.catalogue import Corruption, find
from resnet_app.robustness.curves import Curve, curve

HEAD = (
    "file", "truth", "corruption", "value", "imagenet_c", "severity", "answer", "probability", "clean_answer",
    "clean_answer_probability", "kept", "right",
)  # fmt: skip
LEGEND = (
    "kept: the same answer as without the change. left: the mean probability of that answer. right: the answer is the",
    "name of the photo's folder, where that is a class of the model (–: no such folder).",
)


@dataclass(frozen=True)
class Row:
    """One photo at one value of one corruption.

    Attributes:
        file: as it was given.
        truth: the class that its folder is named after; None where that is none of the model's.
        corruption, value: how it was changed.
        answer, probability: the best class, and how likely.
        clean: the best class of the photo as it is.
        clean_probability: what is left of that one's probability.
    """

    file: str
    truth: str | None
    corruption: Corruption
    value: float
    answer: str
    probability: float
    clean: str
    clean_probability: float

    @property
    def is_kept(self) -> bool:
        """Whether the answer is still the photo's own."""
        return self.answer == self.clean

    @property
    def is_right(self) -> bool | None:
        """Whether the answer is the truth; None where that is not known."""
        return None if self.truth is None else self.answer == self.truth


def measured(model: LoadedModel, file: Path, name: str, *, corruptions: Sequence[Corruption], points: int) -> list[Row]:
    """A photo's curves, row by row; errors are those of ``images.read_crop`` and ``curves.curve``."""
    crop = read_crop(file, model.recipe)
    folder = file.resolve().parent.name
    truth = folder if folder in model.class_names else None
    return [
        row
        for corruption in corruptions
        for row in _rows(
            model, finish(curve(model, crop, corruption.name, values=corruption.values(points))), name, truth
        )
    ]


def _rows(model: LoadedModel, found: Curve, name: str, truth: str | None) -> Iterator[Row]:
    clean = found.answers[found.clean]
    names = model.class_names
    left = found.probabilities(clean)
    for at, (value, index) in enumerate(zip(found.values, found.answers, strict=True)):
        yield Row(
            name, truth, find(found.name), value, names[index], found.probabilities(index)[at], names[clean], left[at]
        )


def as_csv(rows: Iterable[Row]) -> str:
    """All rows as a table."""
    return "".join(map(line_of, (HEAD, *map(_cells, rows))))


def _cells(row: Row) -> list[str]:
    severity = row.corruption.severity(row.value)
    return [
        inert(row.file), inert(row.truth or ""), row.corruption.name, f"{row.value:g}",
        row.corruption.published if severity else "", str(severity or ""), inert(row.answer), f"{row.probability:.6f}",
        inert(row.clean), f"{row.clean_probability:.6f}", str(int(row.is_kept)),
        "" if row.is_right is None else str(int(row.is_right)),
    ]  # fmt: skip


def as_text(rows: Sequence[Row]) -> str:
    """What they come to, for people: a line for each value of each corruption."""
    lines = [f"{'corruption':12} {'value':>6}  {'ImageNet-C':20} {'photos':>6} {'kept':>6} {'left':>6} {'right':>6}"]
    groups: dict[tuple[str, float], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.corruption.name, row.value), []).append(row)
    lines += [_line(group) for group in groups.values()]
    return "\n".join([*lines, *LEGEND])


def _line(rows: Sequence[Row]) -> str:
    corruption, value = rows[0].corruption, rows[0].value
    severity = corruption.severity(value)
    graded = f"{corruption.published} {severity}" if severity else "as it is" if value == corruption.neutral else ""
    known = [row.is_right for row in rows if row.is_right is not None]
    right = f"{sum(known) / len(known):.1%}" if known else "–"
    kept = sum(row.is_kept for row in rows) / len(rows)
    left = sum(row.clean_probability for row in rows) / len(rows)
    return f"{corruption.name:12} {value:>6g}  {graded:20} {len(rows):>6} {kept:>6.1%} {left:>6.1%} {right:>6}"
