"""How far probabilities can be believed: confusion, calibration, temperature, and what is unlike the training pictures.

Guo et al. 2017 (arXiv 1706.04599) for temperature and expected calibration error; Liu et al. 2020 (arXiv 2010.03759)
for the energy score.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

BINS = 15  # of confidence, equally wide, as in Guo et al.
MIN_TO_FIT = 20  # pictures; with fewer, a temperature and a threshold would be guesses


@dataclass(frozen=True)
class Scores:
    """A model's logits (N, K) for pictures whose classes, labels (N,), are known."""

    logits: Tensor
    labels: Tensor

    def part(self, chosen: Tensor | list[int]) -> Scores:
        """Some of the pictures."""
        return Scores(self.logits[chosen], self.labels[chosen])

    def divided(self, temperature: float) -> Scores:
        """The same answers, more (temperature < 1) or less sure."""
        return Scores(self.logits / temperature, self.labels)

    @property
    def probabilities(self) -> Tensor:
        """(N, K)."""
        return self.logits.double().softmax(1)

    @property
    def confusion(self) -> Tensor:
        """Counts of (true class, answered class)."""
        classes = self.logits.shape[1]
        pairs = self.labels * classes + self.logits.argmax(1)
        return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    @property
    def right(self) -> int:
        """How many are answered rightly."""
        return int((self.logits.argmax(1) == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Share answered rightly."""
        return self.right / max(1, len(self.labels))

    @property
    def loss(self) -> float:
        """Mean cross-entropy."""
        return float(torch.nn.functional.cross_entropy(self.logits.double(), self.labels))


def expected_calibration_error(scores: Scores, *, bins: int = BINS) -> float:
    """Mean distance between how sure the answers are and how often they are right, over bins of confidence."""
    confidence, answered = scores.probabilities.max(1)
    right = (answered == scores.labels).double()
    place = (confidence * bins).long().clamp(max=bins - 1)
    gaps = torch.zeros(bins, dtype=torch.double).index_add_(0, place, right - confidence)
    return float(gaps.abs().sum() / len(confidence))


def fit_temperature(
    scores: Scores, *, smoothing: Tensor | float = 0.0, sharpest: float = 10.0, fewest: int = MIN_TO_FIT
) -> float:
    """The temperature that makes the true classes most probable; 1 with too few pictures.

    The loss is convex in 1 / temperature, so the zero of its slope is found by bisection.

    Args:
        scores: of pictures that the model was not trained on.
        smoothing: share of each target, one for all or (N,), that is spread over the other classes.
        sharpest: the largest 1 / temperature; the smallest is 0.1.
        fewest: pictures to fit to.
    """
    logits = scores.logits.double()
    count, classes = logits.shape
    if count < fewest:
        return 1.0
    true = logits.gather(1, scores.labels[:, None])[:, 0]
    others = (logits.sum(1) - true) / max(1, classes - 1)
    wanted = (true + smoothing * (others - true)).mean()
    low, high = 0.1, sharpest
    for _ in range(60):
        middle = sqrt(low * high)
        slope = ((logits * middle).softmax(1) * logits).sum(1).mean() - wanted
        low, high = (low, middle) if slope > 0 else (middle, high)
    return 1 / sqrt(low * high)


def wilson(right: int, count: int, *, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, spread = right / count, z * z / count
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / count + spread / (4 * count))
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)
