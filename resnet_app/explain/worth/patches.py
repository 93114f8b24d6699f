"""The picture without one of its parts: how much a class's logit falls, patch by patch, and whether a map says so.

Hesse, Schaub-Meyer and Roth 2024 (2407.11910): each patch of a grid is covered alone, never several at once, and the
map that is tested is held against the falls by their rank correlation. The falls keep their sign: where covering a
patch raises the logit, the patch spoke against the class. In the paper the networks were trained with covered patches
as well; one that was not may take the cover itself for something.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.progress import Steps

GRID = 7  # patches across, and down: as many as layer4 has positions of a square of 224 px


@dataclass(frozen=True)
class PatchFalls:
    """How much covering each patch takes from a class.

    Attributes:
        index: the class.
        falls: (GRID, GRID) float32, in logits: above 0 where the patch spoke for the class, below where against it.
        size: of the square, (height, width) in px.
    """

    index: int
    falls: NDArray[np.float32] = field(repr=False)
    size: tuple[int, int] = (224, 224)

    def as_map(self) -> SignedMap:
        """The falls as a map of the square, a patch all one value."""
        peak = max(float(np.abs(self.falls).max()), 1e-12)
        down, across = (patch_of(side) for side in self.size)
        values = (self.falls / peak)[down[:, None], across[None, :]]
        return SignedMap(values, self.falls, layer="", exact=False)

    def correlation(self, heatmap: Heatmap) -> float | None:
        """Spearman's rank correlation of a map's mean in each patch with the falls; None where either is even."""
        from scipy.stats import spearmanr  # a third of a second to import

        means = patch_means(heatmap.on_scale(heatmap.peak))
        if not np.ptp(means) or not np.ptp(self.falls):
            return None
        return float(spearmanr(means.ravel(), self.falls.ravel()).statistic)


def patch_falls(model: LoadedModel, answer: Answer, index: int) -> Steps[PatchFalls]:
    """Cover each patch alone, by the mean colour; yields (passes done, passes in all).

    Args:
        model: what answered; left as it is.
        answer: to the picture.
        index: the class.
    """
    size = (answer.pixels.shape[-2], answer.pixels.shape[-1])
    down, across = (torch.from_numpy(patch_of(side)).to(answer.pixels.device) for side in size)
    before = float(answer.logits[index])
    falls = np.zeros((GRID, GRID), np.float32)
    for row in range(GRID):
        for column in range(GRID):
            yield row * GRID + column, GRID * GRID
            is_covered = (down == row)[:, None] & (across == column)[None, :]
            with torch.inference_mode():
                maps = model.backbone(answer.pixels.masked_fill(is_covered, 0))  # once normalised, the mean is 0
                falls[row, column] = before - float(model.network.forward_head(maps)[0, index])
    return PatchFalls(index, falls, size)


def patch_of(side: int) -> NDArray[np.int64]:
    """(side,): for each row or column of a square in which patch it lies."""
    return np.arange(side) * GRID // side


def patch_means(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W) -> (GRID, GRID), the mean of each patch."""
    down, across = (patch_of(side) for side in values.shape)
    patches = (down[:, None] * GRID + across[None, :]).ravel()
    sums = np.bincount(patches, weights=values.ravel(), minlength=GRID * GRID)
    means: NDArray[np.float64] = (sums / np.bincount(patches, minlength=GRID * GRID)).reshape(GRID, GRID)
    return means
