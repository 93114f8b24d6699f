"""pytorch-grad-cam's map of the same question, worked out then and there, to hold ours against.

The library is asked as its own README does, on a copy of the network, since it registers hooks and needs gradients.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resnet_app.choices import CAMS, SLOW
from resnet_app.errors import ResNetAppError
from resnet_app.explain.cam import choose
from resnet_app.explain.heatmap import Heatmap
from resnet_app.inference.backbone import blocks
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer

SAME = 1e-4  # of the peak: rounding alone explains no more


@dataclass(frozen=True)
class Reference:
    """The library's map beside ours.

    Attributes:
        version: the library's.
        values: (H, W) float32 in [0, 1], the crop's size, as the library gives it.
        difference: the largest, at any pixel, of the peak.
        seconds: that the library took.
    """

    version: str
    values: NDArray[np.float32] = field(repr=False)
    difference: float
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether the two maps are the same to ``SAME``."""
        return self.difference <= SAME


def reference(model: LoadedModel, answer: Answer, heatmap: Heatmap, *, layers: Sequence[str]) -> Reference:
    """Ask pytorch-grad-cam for a map that we have, and compare.

    Args:
        model: what answered; left as it is.
        answer: to the picture.
        heatmap: ours.
        layers: that it was made from.

    Raises:
        ResNetAppError: the method takes the library one pass a channel, minutes that nobody could end.
    """
    if heatmap.method in SLOW:
        raise ResNetAppError(
            "pytorch-grad-cam takes minutes for this method, and cannot be stopped. Choose another method to compare.",
            code="no_reference",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    network = copy.deepcopy(model.network).requires_grad_(True)
    found = blocks(network)
    targets = [found[path] for path in choose(network, layers, heatmap.method).paths]
    asked: dict[str, Any] = {"targets": [ClassifierOutputTarget(heatmap.index)]}
    if heatmap.method == "finercam":
        asked = {"target_idx": heatmap.index}
    started = perf_counter()
    cam = getattr(pytorch_grad_cam, CAMS[heatmap.method].library)(network, targets)  # its hooks go with the copy
    values = cam(answer.pixels.clone(), **asked)[0].astype(np.float32)
    took = perf_counter() - started
    return Reference(version("grad-cam"), values, float(np.abs(values - heatmap.values).max()), took)
