"""The features of taught photos -> the third answer, "none of these", and how often it would be wrong.

A photo is none of these where it lies farther from every taught photo than a share of them lies from all others (the
nearest neighbour's cosine distance, as in Sun et al. 2022, arXiv 2204.06507). The limit is judged by what it was not
set by: each photo by the limit of the others, and each class's photos as strangers to the other classes alone. Where
that comes out badly the answer is not given: a network trained on two kinds of things may tell no third.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from resnet_app.inference.ood import Neighbourhood, unit

WITHIN = 0.95  # of the taught photos, that are to lie within the limit
LEAST = 1e-4  # cosine distance: nearer photos are the same one, saved again
MOST, FEW = 0.5, 0.2  # of the strangers, and of the taught photos: how many are refused where it is of use
FEWEST = 6  # photos; with fewer a limit would be a guess


@dataclass(frozen=True)
class Strangers:
    """How often "none of these" was said.

    Attributes:
        own: of the taught photos, each judged without itself: this many were wrongly refused.
        of: taught photos.
        classes: for each class, as if it had not been taught: (photos rightly refused, its photos); None where too few
            photos would have been left.
    """

    own: int
    of: int
    classes: tuple[tuple[int, int] | None, ...]

    @property
    def refused(self) -> int:
        """Strangers that were refused."""
        return sum(each[0] for each in self.classes if each)

    @property
    def among(self) -> int:
        """Photos that were taken as strangers."""
        return sum(each[1] for each in self.classes if each)

    @property
    def is_of_use(self) -> bool:
        """Whether the answer is worth giving: most strangers are refused, and few of the photos that were taught."""
        return self.refused >= MOST * self.among > 0 and self.own <= FEW * self.of


def neighbourhood(features: Tensor) -> Neighbourhood | None:
    """From the features (N, C) of taught photos; None with too few of them."""
    if len(features) < FEWEST:
        return None
    known = unit(features.float())
    return Neighbourhood(known, _limit(_nearest(known)))


def judged(features: Tensor, labels: Tensor) -> Strangers:
    """The error rates of ``neighbourhood``.

    Args:
        features: (N, C) of at least ``FEWEST`` photos.
        labels: (N,), their classes.
    """
    known = unit(features.float())
    own = _refused_of_its_own(known)
    classes = tuple(_refused(known[labels == label], known[labels != label]) for label in sorted(set(labels.tolist())))
    return Strangers(own, len(known), classes)


def _refused(strangers: Tensor, known: Tensor) -> tuple[int, int] | None:
    if len(known) < FEWEST:
        return None
    near = Neighbourhood(known, _limit(_nearest(known)))
    return sum(near.is_left_by(each) for each in strangers), len(strangers)


def _refused_of_its_own(known: Tensor) -> int:
    """How many lie beyond the limit of the others, among which nobody's nearest is the one that is judged."""
    (first, second), (nearest, _) = (each.T for each in _distances(known).topk(2, dim=1, largest=False))
    refused = 0
    for i in range(len(known)):
        of_others = torch.where(nearest == i, second, first)
        refused += bool(first[i] > _limit(torch.cat([of_others[:i], of_others[i + 1 :]])))
    return refused


def _distances(known: Tensor) -> Tensor:
    """Cosine distances (N, N), of each to itself infinite."""
    return (1 - known @ known.T).fill_diagonal_(torch.inf)


def _nearest(known: Tensor) -> Tensor:
    """Each one's distance to the nearest other, (N,)."""
    return _distances(known).amin(1)


def _limit(distances: Tensor) -> float:
    return max(LEAST, float(torch.quantile(distances, WITHIN)))
