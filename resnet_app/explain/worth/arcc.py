"""ARCC: one figure of what a map is worth, from three (Domeniconi et al. 2026, 2605.14641).

    coherency   the map of the picture seen through the map, beside the map: Pearson's correlation, put to 0 to 1
    simplicity  how little of the picture the map covers: 1 less its mean (the complexity of Poppi et al. 2021,
                2104.10252)
    ROAD        whether what the map calls relevant is (``faithfulness.road``): twice it, cut to 0 to 1

Their harmonic mean is the figure, so that none of them can make up for another. pytorch-grad-cam has the same, and its
ROAD is asked of the probability here, as ROAD's paper has it, with no two pixels alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from resnet_app.explain.cam import choose, heatmaps
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth.faithfulness import road
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer

SMALLEST = 1e-8  # that is divided by, as in pytorch-grad-cam


@dataclass(frozen=True)
class Arcc:
    """A map's three figures, each from 0 (poor) to 1.

    Attributes:
        coherency: whether the map stays where it is when only what it marks is to be seen.
        simplicity: how little of the picture it marks.
        road: whether what it marks is what the answer rests on.
    """

    coherency: float
    simplicity: float
    road: float

    @property
    def score(self) -> float:
        """Their harmonic mean, 0 to 1."""
        return float(3 / sum(1 / (part + SMALLEST) for part in (self.coherency, self.simplicity, self.road)))


def arcc(model: LoadedModel, answer: Answer, heatmap: Heatmap, *, layers: Sequence[str]) -> Arcc:
    """The three figures of a map.

    Args:
        model: what answered; left as it is.
        answer: to the picture.
        heatmap: with evidence; of a method that takes one pass, since it is made once more.
        layers: that it was made from.
    """
    return Arcc(
        coherency=coherency(model, answer, heatmap, layers=layers),
        simplicity=1 - float(heatmap.values.mean()),
        road=float(np.clip(2 * road(model, answer, heatmap), 0, 1)),
    )


def coherency(model: LoadedModel, answer: Answer, heatmap: Heatmap, *, layers: Sequence[str]) -> float:
    """The map of what is left of the picture where each pixel is multiplied by the map's value, beside the map.

    A pixel counts from the mean colour on, so what the map does not mark becomes the mean colour.
    """
    pixels = answer.pixels * torch.from_numpy(heatmap.values).to(answer.pixels.device)
    held = model.backbone.eager_outputs(pixels, choose(model.network, layers, heatmap.method).paths)
    with torch.inference_mode():
        logits = model.network.forward_head(held[model.backbone.last])[0].cpu()
    seen = replace(answer, pixels=pixels, held=held, logits=logits)
    (again,) = heatmaps(model, seen, [heatmap.index], layers=layers, method=heatmap.method)
    one, other = heatmap.values.ravel().astype(np.float64), again.values.ravel().astype(np.float64)
    if not np.ptp(one) or not np.ptp(other):
        return 0.5  # no correlation
    return float((np.corrcoef(one, other)[0, 1] + 1) / 2)
