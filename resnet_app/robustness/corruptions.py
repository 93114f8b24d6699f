"""The square that the model sees -> the same square, changed by one number: the formulas of ``catalogue.CORRUPTIONS``.

What comes in at an edge when a picture is turned, made smaller or moved is the picture mirrored there: a black edge
would be a thing of its own to see.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resnet_app.robustness.catalogue import find

SEED = 0  # of the noise and of the patches' order: one draw, so that a curve is of the number alone

Values = NDArray[np.float32]


def corrupted(crop: Image.Image, name: str, value: float) -> Image.Image:
    """The picture (RGB) changed; itself at the neutral value.

    Raises:
        UnknownChoiceError: no corruption is called so.
        ResNetAppError: the value is out of its range.
    """
    corruption = find(name)
    value = corruption.checked(value)
    return crop if value == corruption.neutral else _FORMULAS[name](crop, value)


def numbers(picture: Image.Image) -> Values:
    """A picture -> (H, W, 3) in [0, 1]."""
    values: Values = np.asarray(picture, np.float32) / np.float32(255)
    return values


def as_picture(values: NDArray[np.floating]) -> Image.Image:
    """(H, W, 3) -> the nearest picture of 8 bits."""
    return Image.fromarray((values.clip(0, 1) * 255).round().astype(np.uint8))


def blurred(picture: Image.Image, sigma: float) -> Image.Image:
    """A Gaussian of that standard deviation, in pixels; the edge's own colours go on beyond it."""
    from scipy.ndimage import gaussian_filter  # a tenth of a second to import

    return as_picture(gaussian_filter(numbers(picture), (sigma, sigma, 0), mode="nearest"))


def _noise(crop: Image.Image, sigma: float) -> Image.Image:
    values = numbers(crop)
    return as_picture(values + sigma * np.random.default_rng(SEED).standard_normal(values.shape))


def _brightness(crop: Image.Image, more: float) -> Image.Image:
    """HSV's value, which is the largest of the three colours, raised; hue and saturation stay, so all three scale."""
    values = numbers(crop)
    peak = values.max(2, keepdims=True)
    raised = (peak + more).clip(0, 1)
    return as_picture(np.where(peak > 0, values * raised / np.maximum(peak, 1e-6), raised))


def _contrast(crop: Image.Image, factor: float) -> Image.Image:
    values = numbers(crop)
    mean = values.mean((0, 1), keepdims=True)
    return as_picture((values - mean) * factor + mean)


def _pixelate(crop: Image.Image, share: float) -> Image.Image:
    small = (max(1, int(crop.width * share)), max(1, int(crop.height * share)))
    return crop.resize(small, Image.Resampling.BOX).resize(crop.size, Image.Resampling.BOX)


def _jpeg(crop: Image.Image, quality: float) -> Image.Image:
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=round(quality))
    return Image.open(buffer).convert("RGB")


def _greyscale(crop: Image.Image, share: float) -> Image.Image:
    return Image.blend(crop, crop.convert("L").convert("RGB"), share)


def _mirrored(crop: Image.Image) -> Image.Image:
    """The picture with itself mirrored around it: three times as wide and as high."""
    return Image.fromarray(np.pad(np.asarray(crop), (*[(side, side) for side in crop.size[::-1]], (0, 0)), "symmetric"))


def _rotation(crop: Image.Image, degrees: float) -> Image.Image:
    width, height = crop.size
    turned = _mirrored(crop).rotate(-degrees, Image.Resampling.BICUBIC)  # clockwise, as people turn a picture
    return turned.crop((width, height, 2 * width, 2 * height))


def _scale(crop: Image.Image, factor: float) -> Image.Image:
    width, height = crop.size
    across, down = width / factor / 2, height / factor / 2
    box = (1.5 * width - across, 1.5 * height - down, 1.5 * width + across, 1.5 * height + down)
    return _mirrored(crop).resize(crop.size, Image.Resampling.BILINEAR, box)


def _shift(crop: Image.Image, right: float) -> Image.Image:
    width, height = crop.size
    left = width - round(right)
    return _mirrored(crop).crop((left, height, left + width, 2 * height))


def _shuffle(crop: Image.Image, count: float) -> Image.Image:
    """A grid of count x count patches in another order; the few pixels that are left over at an edge stay."""
    k = round(count)
    width, height = crop.width // k, crop.height // k
    corners = [(column * width, row * height) for row in range(k) for column in range(k)]
    changed = crop.copy()
    for corner, place in zip(corners, np.random.default_rng(SEED).permutation(k * k), strict=True):
        x, y = corners[place]
        changed.paste(crop.crop((x, y, x + width, y + height)), corner)
    return changed


def _frequencies(crop: Image.Image, keep: Callable[[Values], NDArray[np.bool_]]) -> Image.Image:
    """Keep frequencies by their size: 0 for the mean, which always stays, to 1 for the finest, in the diagonal."""
    values = numbers(crop)
    down, across = (np.fft.fftfreq(side) / 0.5 for side in values.shape[:2])
    size = np.hypot(down[:, None], across[None, :]) / np.sqrt(2)
    kept = (keep(size) | (size == 0))[..., None]
    return as_picture(np.fft.ifft2(np.fft.fft2(values, axes=(0, 1)) * kept, axes=(0, 1)).real)


def _lowpass(crop: Image.Image, percent: float) -> Image.Image:
    return _frequencies(crop, lambda size: size <= percent / 100)


def _highpass(crop: Image.Image, percent: float) -> Image.Image:
    return _frequencies(crop, lambda size: size >= percent / 100)


_FORMULAS: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "blur": blurred, "noise": _noise, "brightness": _brightness, "contrast": _contrast, "pixelate": _pixelate,
    "jpeg": _jpeg, "greyscale": _greyscale, "rotation": _rotation, "scale": _scale, "shift": _shift,
    "shuffle": _shuffle, "lowpass": _lowpass, "highpass": _highpass,
}  # fmt: skip
