"""A hole in a picture -> the same picture with the hole filled from around it, smoothly; all in numpy and scipy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resnet_app.errors import ResNetAppError

SCALES = (1 / 6, 1 / 12, 1 / 24, 1 / 56, 1 / 112, 1 / 224)  # of the width: the blurs of a fill, widest first
LEAST_SIGMA = 0.5  # pixels: a narrower blur would change nothing

Mask = NDArray[np.bool_]


def grown(mask: Mask, pixels: float) -> Mask:
    """The mask and what is within so many pixels of it."""
    from scipy.ndimage import distance_transform_edt  # a tenth of a second to import

    return np.asarray(distance_transform_edt(~mask) <= pixels)


def filled(values: NDArray[np.float32], hole: Mask) -> NDArray[np.float32]:
    """A picture (H, W, 3) whose hole (H, W) is filled from around it: no edge and no pixel of it is left.

    Blurs of the free pixels alone are laid over each other, the widest first, each as strong as free pixels are near:
    beside the edge the fill goes on with the colour there, deep inside it is the wide mean. A flat colour would leave
    a clean silhouette, by which its shape could still be told; what this leaves is a place out of focus.

    Raises:
        ResNetAppError: the hole is all of the picture.
    """
    from scipy.ndimage import gaussian_filter

    if hole.all():
        raise ResNetAppError("Nothing is left around the hole to fill it from.")
    free = (~hole).astype(np.float32)
    kept = values * free[..., None]
    inside = np.broadcast_to(kept.sum((0, 1)) / free.sum(), values.shape)
    for scale in SCALES:
        sigma = scale * values.shape[1]
        if sigma < LEAST_SIGMA:
            break
        near = gaussian_filter(free, sigma, mode="nearest")[..., None]
        inside = gaussian_filter(kept, (sigma, sigma, 0), mode="nearest") + (1 - near) * inside
    return np.where(hole[..., None], inside, values).astype(np.float32)
