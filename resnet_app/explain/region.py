"""A map -> a mask and a box: where it is above a threshold, which always stands beside them.

As Zhou et al. 2016 (1512.04150) locate an object: all of the map that is above a share of its peak (a fifth, in the
paper), and the box around the largest piece of it that hangs together. The share is a choice: another one gives another
box, and a box says no more than the map it is drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from resnet_app.choices import THRESHOLDS, USUAL_THRESHOLD
from resnet_app.errors import ResNetAppError
from resnet_app.explain.heatmap import Heatmap


@dataclass(frozen=True)
class Region:
    """What of a map is above a threshold.

    Attributes:
        threshold: per cent of the map's peak.
        mask: (H, W) bool, the square's size: the largest piece that hangs together.
        box: around it: left, top, right, bottom in px of the square; the right and bottom are the first ones outside.
    """

    threshold: int
    mask: NDArray[np.bool_] = field(repr=False)
    box: tuple[int, int, int, int]

    @property
    def share(self) -> float:
        """Of the square, that the mask covers."""
        return float(self.mask.mean())


def region(heatmap: Heatmap, threshold: int = USUAL_THRESHOLD) -> Region | None:
    """The largest piece of a map above a threshold, in per cent of its peak; None where the map has no evidence.

    Raises:
        ResNetAppError: the threshold is not one of ``THRESHOLDS``' range.
    """
    low, high = THRESHOLDS
    if not low <= threshold <= high:
        raise ResNetAppError(
            f"The threshold is {threshold} %; give {low} to {high}.",
            code="bad_threshold", given=str(threshold), low=str(low), high=str(high),
        )  # fmt: skip
    if not heatmap.has_evidence:
        return None
    from scipy.ndimage import find_objects, label

    pieces, _ = label(heatmap.on_scale(heatmap.peak) >= threshold / 100)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0  # what is below
    largest = int(sizes.argmax())
    down, across = find_objects(pieces)[largest - 1]
    return Region(threshold, pieces == largest, (across.start, down.start, across.stop, down.stop))
