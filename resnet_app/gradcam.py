"""Grad-CAM on layer4, for every class from one forward pass, and its drawing over the picture.

Selvaraju et al. 2017 (arXiv 1610.02391), Eq. 1 and 2: weigh each channel A_k by the mean gradient of the class score,
add up, keep what is positive. After layer4 a ResNet has only global average pooling and one linear layer, so the
gradient of logit c by A_k is ``fc.weight[c, k] / (h * w)`` at every position: the map needs no backward pass, and it
is the same one that CAM (Zhou et al. 2016), HiResCAM and XGradCAM give there. tests/test_gradcam.py compares it with
``pytorch_grad_cam.GradCAM`` for all ten networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from resnet_app.choices import COLOURS, LAYERS, METHODS, SIDES
from resnet_app.errors import UnknownChoiceError
from resnet_app.resnet import ResNet

MIN_PEAK = 1e-6  # of a logit; below it a map is rounding noise, and stretching it would show a pattern that is none
FULL_ALPHA_AT = 0.45  # of the peak; below it the overlay fades, so that the photo stays untouched without evidence


@dataclass(frozen=True)
class Heatmap:
    """Where one class's score was raised.

    Attributes:
        index: the class.
        values: (H, W) float32 in [0, 1], the crop's size; 1 is the peak.
        peak: the raw map's largest value, in logits per position of layer4.
    """

    index: int
    values: NDArray[np.float32] = field(repr=False)
    peak: float

    @property
    def has_evidence(self) -> bool:
        """Whether anything in the picture raised this class's score."""
        return self.peak > MIN_PEAK

    @property
    def hottest(self) -> tuple[float, float]:
        """Where the map is hottest: (x, y), each from 0 (left, top) to 1."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        height, width = self.values.shape
        return (float(column) + 0.5) / width, (float(row) + 0.5) / height


def check_method(layer: str = "layer4", method: str = "gradcam") -> None:
    """Check a choice of layer and method.

    Raises:
        UnknownChoiceError: it is not offered.
    """
    if layer not in LAYERS:
        raise UnknownChoiceError("layer", layer, list(LAYERS))
    if method not in METHODS:
        raise UnknownChoiceError("method", method, list(METHODS))


def heatmaps(network: ResNet, features: Tensor, classes: Sequence[int], *, size: tuple[int, int]) -> list[Heatmap]:
    """The maps of several classes, in their order.

    Args:
        network: only its ``fc`` is looked at.
        features: layer4's output for one picture, (1, C, h, w).
        classes: indices of outputs.
        size: (H, W) of the maps: the crop's.
    """
    with torch.inference_mode():
        weights = network.fc.weight[list(classes)] / features[0, 0].numel()  # (K, C): d logit / d A_k
        raw = torch.einsum("kc,chw->khw", weights, features[0]).relu_()  # (K, h, w)
        peaks = raw.amax((1, 2)).tolist()
        maps = _stretch(torch.nn.functional.interpolate(_stretch(raw)[None], size, mode="bilinear")[0])
        values = maps.cpu().numpy().astype(np.float32)
    return [
        Heatmap(index, values[i] if peaks[i] > MIN_PEAK else np.zeros(size, np.float32), peaks[i])
        for i, index in enumerate(classes)
    ]


@dataclass(frozen=True)
class SignedMap:
    """What speaks for one of two classes and what for the other, on one scale.

    Attributes:
        values: (H, W) float32 in [-1, 1], the crop's size; positive is for the first class.
        total: the sum over layer4's positions, in logits: the logits' difference less the biases' difference.
        peak: the largest magnitude of a position, in logits.
    """

    values: NDArray[np.float32] = field(repr=False)
    total: float
    peak: float


def signed_map(network: ResNet, features: Tensor, first: int, second: int, *, size: tuple[int, int]) -> SignedMap:
    """How each position of layer4 moves the difference of two logits: nothing is cut off, and the parts add up to it.

    After layer4 come a mean over the positions and one linear layer, so the difference is a sum over positions of
    ``(fc.weight[first] - fc.weight[second]) . A / (h * w)``, plus the biases' difference (CAM, Zhou et al. 2016).

    Args:
        network: only its ``fc`` is looked at.
        features: layer4's output for one picture, (1, C, h, w).
        first: the class that positive values speak for.
        second: the class that negative values speak for.
        size: (H, W) of the map: the crop's.
    """
    with torch.inference_mode():
        difference = (network.fc.weight[first] - network.fc.weight[second]) / features[0, 0].numel()
        raw = torch.einsum("c,chw->hw", difference, features[0])
        peak = float(raw.abs().max())
        large = torch.nn.functional.interpolate(raw[None, None], size, mode="bilinear")[0, 0]
        values = (large / max(peak, MIN_PEAK)).clamp(-1, 1).cpu().numpy().astype(np.float32)
    return SignedMap(values, float(raw.sum()), peak)


def signed_overlay(signed: SignedMap) -> Image.Image:
    """A signed map as a transparent picture (RGBA): one colour for each side, untouched where nothing speaks."""
    strength = np.minimum(1.0, np.abs(signed.values) / FULL_ALPHA_AT)
    sides = np.array([list(bytes.fromhex(colour)) for colour in SIDES], dtype=np.uint8)
    colours = sides[(signed.values < 0).astype(int)]
    return Image.fromarray(np.dstack([colours, (strength * 255).round().astype(np.uint8)]))


def _stretch(maps: Tensor) -> Tensor:
    """Each map to [0, 1]. Done before and after enlarging, as pytorch-grad-cam does."""
    low = maps.amin((1, 2), keepdim=True)
    maps = maps - low
    return maps / (maps.amax((1, 2), keepdim=True) + 1e-7)


@lru_cache(maxsize=len(COLOURS))
def palette(colours: str) -> NDArray[np.uint8]:
    """A colour map as (256, 3) values.

    Raises:
        UnknownChoiceError: there is no such map.
    """
    if colours not in COLOURS:
        raise UnknownChoiceError("colour map", colours, list(COLOURS))
    stops = np.array([list(bytes.fromhex(stop)) for stop in COLOURS[colours].split()], dtype=float)
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, range(len(stops)), stops[:, c]) for c in range(3)], 1).round().astype(np.uint8)


def overlay(heatmap: Heatmap, *, colours: str = "inferno") -> Image.Image:
    """A map as a transparent picture (RGBA) to lay over the crop; wholly transparent without evidence."""
    levels = (heatmap.values * 255).round().astype(np.uint8)
    alpha = np.minimum(1.0, heatmap.values / FULL_ALPHA_AT) * 255
    return Image.fromarray(np.dstack([palette(colours)[levels], alpha.round().astype(np.uint8)]))


def draw(crop: Image.Image, heatmap: Heatmap, *, colours: str = "inferno", opacity: float = 0.6) -> Image.Image:
    """The crop with the map over it, as one RGB picture."""
    layer = overlay(heatmap, colours=colours)
    layer.putalpha(layer.getchannel("A").point(lambda value: round(value * opacity)))
    return Image.alpha_composite(crop.convert("RGBA"), layer).convert("RGB")
