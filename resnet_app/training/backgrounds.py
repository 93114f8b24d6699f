"""Training pictures whose subject stands elsewhere: so that a network learns the subject, and not what it stands on.

Where a subject is outlined (see ``outlines``), it is put on the ground of any picture, whose own subject is filled in;
or its own ground is blurred; and random crops keep a good part of it, for a crop of nothing but ground under the
subject's name would teach the ground. What is done is drawn by torch's random numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms import RandomResizedCrop, v2

from resnet_app.fill import Mask, filled, grown

BLURRED = 0.08  # of the pictures
BLUR, REACH = 10.0, 20  # px: the standard deviation, and how far it looks; smaller pictures are not blurred
GROUND = (0.4, 1.0)  # of another picture's area, that becomes the ground
RIM = 0.02  # of the shorter side: so far out the subject fades
HOLE = 0.04  # of the shorter side: so far beyond its outline a subject is filled in
KEPT = 0.4  # of the subject, that a crop keeps
TRIES = 6
KEPT_BYTES = 2**30  # of backgrounds; what goes beyond is filled in each time
FEWEST_FREE = 0.05  # of a picture around its subject, to be a ground


def digest(outlines: Mapping[Path, Mask]) -> str:
    """Tells whether two sets of outlines are the same, by the pictures' names; empty where there are none."""
    told = hashlib.sha256()
    for path, mask in sorted(outlines.items()):
        told.update(f"{path.parent.name}/{path.name} {mask.shape}".encode("utf-8", "surrogateescape") + mask.tobytes())
    return told.hexdigest()[:16] if outlines else ""


class Backgrounds:
    """Exchanges the backgrounds of some pictures.

    Args:
        outlines: of the subjects, (h, w) of any size, by the pictures' numbers.
        read: a picture by its number, uint8 (3, H, W).
        share: of the outlined pictures that get another's ground.
    """

    def __init__(self, outlines: Mapping[int, Mask], read: Callable[[int], Tensor], share: float) -> None:
        self._outlines, self._read, self._share = outlines, read, share
        self._grounds = [
            number for number, mask in outlines.items()
            if grown(mask, HOLE * min(mask.shape)).mean() <= 1 - FEWEST_FREE
        ]  # fmt: skip
        self._filled: dict[int, Tensor] = {}
        self._bytes_left = KEPT_BYTES

    def changed(self, number: int) -> Tensor:
        """A picture, perhaps on another ground, uint8 (3, H, W)."""
        pixels = self._read(number)
        if not self._outlines:
            return pixels
        drawn = float(torch.rand(()))
        if number not in self._outlines or not self._grounds or drawn >= self._share + BLURRED:
            return pixels
        if drawn >= self._share and (number not in self._grounds or min(pixels.shape[1:]) <= REACH):
            return pixels
        if drawn < self._share:
            other = self._grounds[int(torch.randint(len(self._grounds), ()))]
            ground = v2.RandomResizedCrop(pixels.shape[1:], scale=GROUND, antialias=True)(self.ground(other))
        else:
            ground = v2.functional.gaussian_blur(self._without(number), [2 * REACH + 1] * 2, [BLUR] * 2)
        weight = self.weight(number, pixels)
        mixed: Tensor = pixels * weight + ground * (1 - weight)
        return mixed.round().to(torch.uint8)

    def crop(self, number: int, pixels: Tensor, scale: tuple[float, float]) -> tuple[int, int, int, int]:
        """A random crop (top, left, height, width) that keeps some of the subject, where that is found in some tries.

        Args:
            number: of the picture.
            pixels: it, (3, H, W).
            scale: of its area.
        """
        mask = self._outlines.get(number)
        for _ in range(TRIES):
            top, left, height, width = RandomResizedCrop.get_params(pixels, list(scale), [3 / 4, 4 / 3])
            if mask is None:
                break
            down, across = mask.shape[0] / pixels.shape[1], mask.shape[1] / pixels.shape[2]
            part = mask[
                round(top * down) : round((top + height) * down), round(left * across) : round((left + width) * across)
            ]
            if part.sum() >= KEPT * mask.sum():
                break
        return top, left, height, width

    def ground(self, number: int) -> Tensor:
        """A picture without its subject; as many are kept as may be."""
        found = self._filled.get(number)
        if found is None:
            found = self._without(number)
            if found.nbytes <= self._bytes_left:
                self._bytes_left -= found.nbytes
                self._filled[number] = found
        return found

    def _without(self, number: int) -> Tensor:
        """The picture with its subject filled in: computed small, for it is out of focus anyway."""
        pixels, mask = self._read(number), self._outlines[number]
        hole = grown(mask, HOLE * min(mask.shape))
        small = interpolate(pixels[None].float(), mask.shape, mode="bilinear", antialias=True)[0]
        fill = torch.from_numpy(filled(small.permute(1, 2, 0).numpy(), hole)).permute(2, 0, 1)
        large = interpolate(fill[None], pixels.shape[1:], mode="bilinear")[0].round().clamp(0, 255).to(torch.uint8)
        return torch.where(_enlarged(hole, pixels) > 0.5, large, pixels)

    def weight(self, number: int, pixels: Tensor) -> Tensor:
        """(1, H, W): 1 in the subject, 0 on the ground, in between at the rim."""
        from scipy.ndimage import distance_transform_edt

        mask = self._outlines[number]
        away = distance_transform_edt(~mask) / max(RIM * min(mask.shape), 1)
        return _enlarged(np.clip(1.5 - away, 0, 1), pixels)


def _enlarged(values: np.ndarray, pixels: Tensor) -> Tensor:
    """(h, w) -> (1, H, W) of a picture's size."""
    return interpolate(torch.from_numpy(values.astype(np.float32))[None, None], pixels.shape[1:], mode="bilinear")[0]
