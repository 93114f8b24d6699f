"""Folder names that say what is in their pictures -> how right the answers are, counted one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resnet_app.training.calibration import BINS, wilson


def true_class(file: Path, class_names: Sequence[str]) -> int | None:
    """The class that a picture's own folder is named as, whatever the letters' case; None where it is named otherwise.

    Args:
        file: the picture, in its folder.
        class_names: of the model, in the order of its outputs.
    """
    return class_index(class_names).get(file.parent.name.casefold())


def class_index(class_names: Sequence[str]) -> Mapping[str, int]:
    """Each class's number by its name in small letters; names that two classes share tell nothing, and are left out."""
    names = [name.casefold() for name in class_names]
    count = Counter(names)
    return {name: number for number, name in enumerate(names) if count[name] == 1}


@dataclass
class Tally:
    """Answers to pictures whose class is known, counted as they come; a million take the memory of one.

    Attributes:
        count, right, in_top: pictures, those whose best answer is their class, and those that have it among their
            answers.
        confusion: how often each pair (true class, answered class) came.
    """

    count: int = 0
    right: int = 0
    in_top: int = 0
    confusion: Counter[tuple[int, int]] = field(default_factory=Counter)
    _sure: list[float] = field(default_factory=lambda: [0.0] * BINS)  # sums of the best answers' probabilities, by bin
    _right: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, true: int, answers: Sequence[int], probability: float) -> None:
        """Count one picture.

        Args:
            true: its class.
            answers: the classes that were answered, best first.
            probability: of the best one, 0 to 1.
        """
        is_right = answers[0] == true
        place = min(BINS - 1, int(probability * BINS))
        self.count += 1
        self.right += is_right
        self.in_top += true in answers
        self.confusion[true, answers[0]] += 1
        self._sure[place] += probability
        self._right[place] += is_right

    @property
    def accuracy(self) -> float:
        """Share of the pictures whose best answer is their class; 0 where there are none."""
        return self.right / max(1, self.count)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy; there must be pictures."""
        return wilson(self.right, self.count)

    @property
    def mean_confidence(self) -> float:
        """Mean probability of the best answers; 0 where there are none."""
        return sum(self._sure) / max(1, self.count)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error (Guo et al. 2017) over ``BINS`` bins of confidence; 0 where there are none."""
        gaps = (abs(sure - right) for sure, right in zip(self._sure, self._right, strict=True))
        return sum(gaps) / max(1, self.count)

    def matrix(self, classes: Sequence[int]) -> list[list[int]]:
        """Counts of (true class, answered class) for some classes, in their order."""
        return [[self.confusion[true, answered] for answered in classes] for true in classes]

    @property
    def seen(self) -> list[int]:
        """The classes that are in the pictures or among the best answers, in the model's order."""
        return sorted({each for pair in self.confusion for each in pair})

    def as_dict(self, class_names: Sequence[str]) -> dict[str, Any]:
        """The figures, and the pairs that were mistaken, most often first."""
        wrong = [(*pair, number) for pair, number in self.confusion.most_common() if pair[0] != pair[1]]
        return {
            "pictures": self.count,
            "right": self.right,
            "in_top": self.in_top,
            "accuracy": self.accuracy,
            "interval": list(self.interval) if self.count else None,
            "mean_confidence": self.mean_confidence,
            "expected_calibration_error": self.calibration_error,
            "mistaken": [
                {"true": class_names[true], "answered": class_names[answered], "pictures": number}
                for true, answered, number in wrong
            ],
        }


class Counted:
    """The rows of a run: how many have no answer, and how right the others are where folders are named as classes.

    Attributes:
        failed: rows without an answer.
        tally: of the others whose folder names a class.
    """

    def __init__(self, folders: Sequence[str], class_names: Sequence[str]) -> None:
        """Nothing is counted yet.

        Args:
            folders: of each picture, the name of the folder that it lies in.
            class_names: of the model, in the order of its outputs.
        """
        self.failed, self.tally = 0, Tally()
        self._folders, self._classes = folders, class_index(class_names)
        self._index = {name: number for number, name in reversed(list(enumerate(class_names)))}

    def true_class(self, number: int) -> int | None:
        """The class that a picture's folder is named as; None where it is named otherwise."""
        return self._classes.get(self._folders[number].casefold())

    def add(self, number: int, labels: Sequence[str], probability: float) -> None:
        """Count one picture.

        Args:
            number: its place among the folders.
            labels: its answers, best first; none where it could not be read.
            probability: of the best one.
        """
        true = self.true_class(number)
        if not labels:
            self.failed += 1
        elif true is not None:
            self.tally.add(true, [self._index[label] for label in labels], probability)
