"""One class's heat map, and one of two classes against each other: what they hold, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from resnet_app.choices import IN_LOGITS

FLAT_ABOVE = 0.8  # of the peak: a map that is nowhere lower points at nothing


@dataclass(frozen=True)
class Heatmap:
    """Where one class's score was raised.

    Attributes:
        index: the class.
        values: (H, W) float32 in [0, 1], the crop's size; from its lowest to its peak, as pytorch-grad-cam has it.
        raw: (h, w) float32, 0 or more: the block's own positions; (H, W) where several blocks are fused.
        layer: the block or blocks, as they were asked for.
        method: one of ``choices.METHODS``.
    """

    index: int
    values: NDArray[np.float32] = field(repr=False)
    raw: NDArray[np.float32] = field(repr=False)
    layer: str = "layer4"
    method: str = "gradcam"

    @property
    def peak(self) -> float:
        """The raw map's largest value."""
        return float(self.raw.max())

    @property
    def in_logits(self) -> bool:
        """Whether the raw values are logits per position (to first order), and not a scale of the method's own."""
        return self.method in IN_LOGITS and "+" not in self.layer

    @property
    def has_evidence(self) -> bool:
        """Whether anything in the picture raised this class's score."""
        return self.peak > 0  # what is no more than noise was put to zero

    @property
    def is_flat(self) -> bool:
        """Whether the map is about the same everywhere, so that its colours point at nothing."""
        return self.has_evidence and float(self.raw.min()) > FLAT_ABOVE * self.peak

    @property
    def hottest(self) -> tuple[float, float]:
        """Where the map is hottest: (x, y), each from 0 (left, top) to 1."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        height, width = self.values.shape
        return (float(column) + 0.5) / width, (float(row) + 0.5) / height

    def on_scale(self, peak: float) -> NDArray[np.float32]:
        """(H, W) in [0, 1] from true zero to a peak that several maps may share."""
        if not self.has_evidence or peak <= 0:
            return np.zeros_like(self.values)
        values: NDArray[np.float32] = np.clip(enlarged(self.raw, self.values.shape) / peak, 0, 1)
        return values

    @property
    def concentration(self) -> tuple[float, float]:
        """The share of the evidence where the map is above half of its peak, and the share of the picture there."""
        values = self.on_scale(self.peak)
        hot = values > 0.5
        return float(values[hot].sum() / max(values.sum(), 1e-12)), float(hot.mean())


def enlarged(raw: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    """A small map at the crop's size, bilinear."""
    large: NDArray[np.float32] = interpolate(torch.from_numpy(raw)[None, None], size, mode="bilinear")[0, 0].numpy()
    return large


@dataclass(frozen=True)
class SignedMap:
    """What speaks for one of two classes and what for the other, on one scale.

    Attributes:
        values: (H, W) float32 in [-1, 1], the crop's size; positive is for the first class.
        raw: (h, w) float32, in logits per position (to first order, before the last block).
        layer: the block.
        exact: whether the parts add up to the logits' difference less the biases': after the last block they do.
    """

    values: NDArray[np.float32] = field(repr=False)
    raw: NDArray[np.float32] = field(repr=False)
    layer: str = "layer4"
    exact: bool = True

    @property
    def total(self) -> float:
        """The sum over the block's positions, in logits."""
        return float(self.raw.sum())

    @property
    def peak(self) -> float:
        """The largest magnitude of a position, in logits."""
        return float(np.abs(self.raw).max())
