"""Out-of-distribution pictures: what is unlike all that a model was trained on.

A trained model tells by its logits' energy (Liu et al. 2020, arXiv 2010.03759); one whose head was taught with a few
photos, by the distance to the nearest of them (Sun et al. 2022, arXiv 2204.06507).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

FEWEST_TO_FIT = 20  # pictures; with fewer, a threshold would be a guess
FALSE_ALARMS = 0.05  # share of the pictures of its own kind that the note may stand under


def energy(logits: Tensor) -> Tensor:
    """How little speaks for any class at all: minus the log of the summed exponentials, (N, K) -> (N,) on the CPU."""
    return -logits.cpu().double().logsumexp(-1)  # Apple's GPUs know no float64


@dataclass(frozen=True)
class OodThreshold:
    """Where a model's pictures end: above this energy, a picture is unlike what it was trained on.

    Attributes:
        threshold: of ``energy``, in the model's own logits.
        false_alarms: share of pictures of its own kind that lie above, by construction.
        pictures: how many it was fitted on, none of which that model had been trained on.
    """

    threshold: float
    false_alarms: float
    pictures: int

    @classmethod
    def fit(cls, logits: Tensor, *, false_alarms: float = FALSE_ALARMS) -> OodThreshold | None:
        """From the logits (N, K) of pictures of the model's own kind, held out of its training; None with too few."""
        if len(logits) < FEWEST_TO_FIT:
            return None
        threshold = float(torch.quantile(energy(logits), 1 - false_alarms))
        return cls(round(threshold, 4), false_alarms, len(logits))

    @classmethod
    def of_metadata(cls, values: Any) -> OodThreshold | None:
        """What a checkpoint states, or None where it states nothing that makes sense."""
        if not isinstance(values, dict) or values.get("score") != "energy":
            return None
        try:
            found = cls(float(values["threshold"]), float(values["false_alarms"]), int(values["pictures"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return found if isfinite(found.threshold) and isfinite(found.false_alarms) else None

    def as_dict(self) -> dict[str, Any]:
        """For a checkpoint's metadata."""
        return {"score": "energy", **asdict(self)}

    def is_exceeded_by(self, logits: Tensor) -> bool:
        """Whether one picture's logits (K,) say so."""
        return bool(energy(logits) > self.threshold)


def unit(features: Tensor) -> Tensor:
    """Features (..., C) at length 1, so that their products are cosines."""
    return torch.nn.functional.normalize(features, dim=-1)


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """What a head was taught with: a picture that is far from all of it is none of the classes.

    Attributes:
        known: (N, C), the photos' features at length 1, on the CPU.
        limit: the cosine distance beyond which a picture is far.
    """

    known: Tensor
    limit: float

    def is_left_by(self, features: Tensor) -> bool:
        """Whether one picture's features (C,) are far from all."""
        return bool(1 - (self.known @ unit(features.cpu().float())).max() > self.limit)
