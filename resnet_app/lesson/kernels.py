"""One convolution by hand: a kernel slides over a grey picture, and each place gets a weighted sum.

Source: Dumoulin and Visin 2016 (arXiv 1603.07285) for stride and padding; the two kernels for edges are Sobel's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resnet_app.resnet import ResNet

Values = NDArray[np.float64]
LEARNED = "learned"  # the network's own; the others are written here
KERNELS: dict[str, tuple[tuple[float, ...], ...]] = {
    "upright": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "level": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "blur": ((1 / 9,) * 3,) * 3,
}
NAMES = (*KERNELS, LEARNED)


def grey(picture: Image.Image, side: int) -> Values:
    """The picture as (side, side) whole numbers from 0 (black) to 255 (white)."""
    return np.asarray(picture.convert("L").resize((side, side), Image.Resampling.BOX), np.float64)


def kernel(name: str, network: ResNet) -> Values:
    """A kernel by its name, (k, k).

    The learned one is the filter of conv1 whose weights differ most, its red, green and blue weights added: in a grey
    picture the three colours are equal.
    """
    if name != LEARNED:
        return np.array(KERNELS[name], np.float64)
    filters = network.conv1.weight.detach().sum(1).cpu().double()
    strongest = filters.flatten(1).std(1).argmax()
    found: Values = filters[strongest].numpy()
    return found


def slid(values: Values, weights: Values, *, stride: int, padding: int) -> Values:
    """What the sliding kernel gives, as PyTorch's ``conv2d`` without bias.

    Args:
        values: (H, W).
        weights: (k, k).
        stride, padding: as PyTorch has them.

    Returns:
        (h, w), where h is (H - k + 2 padding) / stride + 1, rounded down, and w likewise.
    """
    padded = np.pad(values, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape)[::stride, ::stride]
    found: Values = (windows * weights).sum((2, 3))
    return found
