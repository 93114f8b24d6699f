"""One photograph, its insect outlined -> variants that part the insect from what it stands on.

    no_object    the insect painted out: is the answer in the surroundings?
    no_box       its whole rectangle painted out: the same, with nothing of its shape left either
    only_object  all but the insect grey: is the answer in the insect?
    swapped      the insect in another photograph, whose own is painted out first: which of the two wins?
    shuffled     the square cut into 4 x 4 patches in another order: are shapes needed at all?

An insect is outlined by polygons of (right, down), each from 0 to 1 of the square that the model sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from resnet_app import fill
from resnet_app.errors import ResNetAppError
from resnet_app.fill import Mask
from resnet_app.images import Recipe
from resnet_app.robustness.corruptions import as_picture, corrupted, numbers

GROW = 6 / 224  # of the side: so far beyond its outline the insect is painted out, for hairs and a drawn line's error
PATCHES = 4  # a side
GREY = 128  # around an insect alone: a mean of its surroundings would still tell a flower's colour
VARIANTS = ("no_object", "only_object", "swapped", "shuffled")  # those that are shown of one picture

Polygons = Sequence[Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Outlined:
    """A photograph as the model sees it, with its insect.

    Attributes:
        name: of the file.
        truth: the class that it is of.
        crop: the square, RGB.
        mask: (side, side), where the insect is.
    """

    name: str
    truth: str
    crop: Image.Image = field(repr=False)
    mask: Mask = field(repr=False)


def outlined(polygons: Polygons, side: int) -> Mask:
    """Where the polygons are, (side, side).

    Raises:
        ResNetAppError: there is none, or one is none: fewer than three corners, or a corner outside of 0 to 1.
    """
    sheet = Image.new("1", (side, side))
    pen = ImageDraw.Draw(sheet)
    for corners in polygons:
        if len(corners) < 3 or not all(len(each) == 2 and 0 <= min(each) <= max(each) <= 1 for each in corners):
            raise ResNetAppError("An outline wants three corners or more, each of two numbers from 0 to 1.")
        pen.polygon([(x * side - 0.5, y * side - 0.5) for x, y in corners], fill=1, outline=1)
    mask: Mask = np.array(sheet)
    if not mask.any() or mask.all():
        raise ResNetAppError("The outlines cover nothing, or all; give those of the insect.")
    return mask


def as_seen(polygons: Polygons, recipe: Recipe) -> list[list[tuple[float, float]]]:
    """Outlines of a square picture, drawn in the default recipe's crop -> the same in another recipe's."""
    usual = Recipe()
    scale = (usual.crop / usual.resize) / (recipe.crop / recipe.resize)
    return [
        [(_within(0.5 + (x - 0.5) * scale), _within(0.5 + (y - 0.5) * scale)) for x, y in each] for each in polygons
    ]


def _within(place: float) -> float:
    return min(1.0, max(0.0, place))


def grown(mask: Mask) -> Mask:
    """The mask and what is within ``GROW`` of it."""
    return fill.grown(mask, GROW * mask.shape[0])


def boxed(mask: Mask) -> Mask:
    """The rectangle around all of the mask."""
    down, across = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    box = np.zeros_like(mask)
    box[down[0] : down[-1] + 1, across[0] : across[-1] + 1] = True
    return box


def filled(crop: Image.Image, hole: Mask) -> Image.Image:
    """The picture with a hole (H, W) filled from around it; as ``fill.filled``, errors too."""
    return as_picture(fill.filled(numbers(crop), hole))


def no_object(photo: Outlined) -> Image.Image:
    """The photograph without its insect; errors are those of ``filled``."""
    return filled(photo.crop, grown(photo.mask))


def no_box(photo: Outlined) -> Image.Image:
    """The photograph without the insect's rectangle; errors are those of ``filled``."""
    return filled(photo.crop, boxed(grown(photo.mask)))


def only_object(photo: Outlined) -> Image.Image:
    """The insect on grey."""
    return Image.composite(photo.crop, Image.new("RGB", photo.crop.size, (GREY,) * 3), _as_image(photo.mask))


def swapped(photo: Outlined, background: Image.Image) -> Image.Image:
    """The insect where it was, in another photograph of the same size (its own insect painted out before)."""
    return Image.composite(photo.crop, background, _as_image(photo.mask))


def shuffled(photo: Outlined) -> Image.Image:
    """The square in patches, in another order."""
    return corrupted(photo.crop, "shuffle", PATCHES)


def variants(photo: Outlined, background: Image.Image) -> Mapping[str, Image.Image]:
    """``VARIANTS`` of a photograph; arguments as ``swapped``, errors as ``filled``."""
    pictures = (no_object(photo), only_object(photo), swapped(photo, background), shuffled(photo))
    return dict(zip(VARIANTS, pictures, strict=True))


def _as_image(mask: Mask) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)
