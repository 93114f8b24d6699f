"""Parts of the square that the model sees, covered: where a person painted, or where a map is highest, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain.heatmap import Heatmap, enlarged
from resnet_app.explain.worth.faithfulness import ranked
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.robustness.catalogue import COVERS
from resnet_app.robustness.corruptions import blurred, numbers
from resnet_app.robustness.trial import Trial, tried

BLUR = 1 / 12  # of the square's side: what is so blurred has no shape left
GREY = (128, 128, 128)
ELSEWHERE = 5  # draws of other places
COARSE = 32  # px: the other places are drawn as coarse as layer4's maps are
MOST_SHARE = 0.5  # of the pixels: elsewhere there must be as many again

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Stroke:
    """One stroke of a brush; lengths in sides of the square.

    Attributes:
        radius: of the brush.
        points: that it went through: (right, down), each from 0 to 1.
    """

    radius: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Falls:
    """What covering the important part does, and covering as much elsewhere.

    Attributes:
        important: with the map's highest pixels covered.
        elsewhere: with as many others covered, in ``ELSEWHERE`` places drawn at random.
    """

    important: Trial
    elsewhere: tuple[Trial, ...]

    @property
    def mean_elsewhere(self) -> float:
        """The mean change in the class's logit over the other places."""
        return float(np.mean([each.logit_change for each in self.elsewhere]))


def covered(crop: Image.Image, mask: Mask, cover: str) -> Image.Image:
    """The picture with what the mask (H, W) names covered: by middle grey, by its own blur, by its mean colour.

    Raises:
        UnknownChoiceError: there is no such cover.
    """
    if cover not in COVERS:
        raise UnknownChoiceError("cover", cover, list(COVERS))
    if cover == "blurred":
        above = blurred(crop, BLUR * crop.width)
    else:
        mean = tuple((numbers(crop).mean((0, 1)) * 255).round().astype(int).tolist())
        above = Image.new("RGB", crop.size, GREY if cover == "grey" else mean)
    return Image.composite(above, crop, Image.fromarray(mask.astype(np.uint8) * 255))


def painted(strokes: Sequence[Stroke], side: int) -> Mask:
    """Where the strokes went, (side, side)."""
    sheet = Image.new("1", (side, side))
    pen = ImageDraw.Draw(sheet)
    for stroke in strokes:
        radius = stroke.radius * side
        points = [(x * side - 0.5, y * side - 0.5) for x, y in stroke.points]
        pen.line(points, fill=1, width=max(1, round(2 * radius)))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.array(sheet)


def important(heatmap: Heatmap, share: float) -> Mask:
    """The pixels where a map is highest.

    Raises:
        ResNetAppError: the share is not above 0 and at most a half, or the map has nothing to show.
    """
    if not 0 < share <= MOST_SHARE:
        raise ResNetAppError(
            f"The share to cover is {share:.0%}; give 1 % to {MOST_SHARE:.0%}.",
            code="bad_share", given=f"{100 * share:.0f}", most=f"{100 * MOST_SHARE:.0f}",
        )  # fmt: skip
    if not heatmap.has_evidence:
        raise ResNetAppError("The map is empty: it calls nothing important.", code="empty_map")
    return np.asarray(ranked(heatmap.on_scale(heatmap.peak)).numpy() < share)


def elsewhere(taken: Mask, seed: int) -> Mask:
    """As many pixels as a mask has, in coarse patches at random, and none that it has."""
    height, width = taken.shape
    draw = np.random.default_rng(seed).random((max(2, height // COARSE), max(2, width // COARSE)))
    free = np.where(taken, -1, enlarged(draw.astype(np.float32), (height, width))).astype(np.float32)
    return np.asarray(ranked(free).numpy() * taken.size < taken.sum())


def falls(model: LoadedModel, before: Answer, heatmap: Heatmap, *, share: float, cover: str) -> Falls:
    """Cover what a map calls important, and the same amount elsewhere; errors as ``important`` and ``covered``."""
    mask = important(heatmap, share)
    places = [mask, *(elsewhere(mask, seed) for seed in range(ELSEWHERE))]
    first, *others = (tried(model, before, covered(before.crop, place, cover)) for place in places)
    return Falls(first, tuple(others))
