"""Heat maps -> pictures: colours that fade in, contour lines, two-sided maps; on the crop or the whole photo."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from resnet_app.colours import COLOUR_MAPS, SIDES
from resnet_app.errors import UnknownChoiceError
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.region import Region
from resnet_app.images import Recipe, crop_box, open_picture

FULL_ALPHA_AT = 0.45  # of the peak; below it the overlay fades, so that the photo stays untouched without evidence
CONTOURS = (0.25, 0.5, 0.75)  # of the peak
SHARPER = 2  # times the crop's size at which lines are drawn
VEIL = 0.55  # how much white lies over what the model does not see
WHOLE = 720  # px, the longer side of the whole photo as it is shown

Values = NDArray[np.float32]


@lru_cache(maxsize=len(COLOUR_MAPS))
def palette(colours: str) -> NDArray[np.uint8]:
    """A colour map as (256, 3) values.

    Raises:
        UnknownChoiceError: there is no such map.
    """
    if colours not in COLOUR_MAPS:
        raise UnknownChoiceError("colour map", colours, list(COLOUR_MAPS))
    stops = np.array([list(bytes.fromhex(stop)) for stop in COLOUR_MAPS[colours].split()], dtype=float)
    at = np.linspace(0, len(stops) - 1, 256)
    mixed: NDArray[np.float64] = np.stack([np.interp(at, range(len(stops)), stops[:, c]) for c in range(3)], 1)
    rounded: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return rounded


def coloured(values: Values, *, colours: str = "inferno") -> Image.Image:
    """Values (H, W) in [0, 1] as a transparent picture (RGBA); wholly transparent where there is no evidence."""
    levels = (values * 255).round().astype(np.uint8)
    alpha = np.minimum(1.0, values / FULL_ALPHA_AT) * 255
    return Image.fromarray(np.dstack([palette(colours)[levels], alpha.round().astype(np.uint8)]))


def solid(values: Values, *, colours: str = "inferno") -> Image.Image:
    """Values (H, W) in [0, 1] as a picture (RGB), a pixel for each."""
    return Image.fromarray(palette(colours)[(values * 255).round().astype(np.uint8)])


def contours(values: Values) -> Image.Image:
    """Lines (RGBA) where values (H, W) in [0, 1] pass a quarter, a half and three quarters: the thicker, the more.

    White with a dark edge, so that they show on any photo; at ``SHARPER`` times the size.
    """
    height, width = values.shape
    image = Image.new("RGBA", (width * SHARPER, height * SHARPER))
    pen = ImageDraw.Draw(image)
    lines = contour_generator(z=values)
    for strength, level in enumerate(CONTOURS, start=1):
        for line in lines.lines(level):
            _line(pen, np.asarray(line), 2 * strength - 1)
    return image


def outlined(region: Region) -> Image.Image:
    """A region as lines (RGBA): around its mask, and the box, thicker; as ``contours`` draws them."""
    height, width = region.mask.shape
    image = Image.new("RGBA", (width * SHARPER, height * SHARPER))
    pen = ImageDraw.Draw(image)
    framed = np.pad(region.mask.astype(np.float32), 1)  # a mask at the edge is closed there
    for line in contour_generator(z=framed).lines(0.5):
        _line(pen, np.clip(np.asarray(line) - 1, 0, (width - 1, height - 1)), 1)
    left, top, right, bottom = region.box
    corners = [(left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1), (left, top)]
    _line(pen, np.array(corners), 3)
    return image


def _line(pen: ImageDraw.ImageDraw, points: NDArray[Any], width: int) -> None:
    """A white line with a dark edge through points (x, y) in px of the square."""
    at = [((x + 0.5) * SHARPER, (y + 0.5) * SHARPER) for x, y in points]
    pen.line(at, fill=(0, 0, 0, 200), width=width + 4, joint="curve")
    pen.line(at, fill=(255, 255, 255, 255), width=width, joint="curve")


def overlay(heatmap: Heatmap, *, colours: str = "inferno") -> Image.Image:
    """A map as a transparent picture (RGBA) to lay over the crop; wholly transparent without evidence."""
    return coloured(heatmap.values, colours=colours)


def signed_overlay(signed: SignedMap) -> Image.Image:
    """A signed map as a transparent picture (RGBA): one colour for each side, untouched where nothing speaks."""
    strength = np.minimum(1.0, np.abs(signed.values) / FULL_ALPHA_AT)
    sides = np.array([list(bytes.fromhex(colour[1:])) for colour in SIDES], dtype=np.uint8)
    colours = sides[(signed.values < 0).astype(int)]
    return Image.fromarray(np.dstack([colours, (strength * 255).round().astype(np.uint8)]))


def over(picture: Image.Image, layer: Image.Image, *, opacity: float = 0.6) -> Image.Image:
    """The picture with a layer over it, as one RGB picture of the layer's size."""
    faded = layer.copy()
    faded.putalpha(layer.getchannel("A").point(lambda value: round(value * opacity)))
    below = picture if picture.size == layer.size else picture.resize(layer.size, Image.Resampling.BICUBIC)
    return Image.alpha_composite(below.convert("RGBA"), faded).convert("RGB")


def draw(crop: Image.Image, heatmap: Heatmap, *, colours: str = "inferno", opacity: float = 0.6) -> Image.Image:
    """The crop with the map over it, as one RGB picture."""
    return over(crop, overlay(heatmap, colours=colours), opacity=opacity)


class WholePhoto:
    """The whole upright photo at display size, and where in it the model's crop lies.

    Attributes:
        picture: RGB, its longer side at most ``WHOLE`` pixels; what the model does not see of it is veiled.

    Raises:
        PictureError: the file is not a picture we read.
    """

    def __init__(self, path: str | Path, recipe: Recipe) -> None:
        picture = open_picture(path, shortest=WHOLE)
        picture.thumbnail((WHOLE, WHOLE))
        self._box = left, top, right, bottom = [round(edge) for edge in crop_box(picture.size, recipe)]
        seen = picture.crop((left, top, right, bottom))
        self.picture = Image.blend(picture, Image.new("RGB", picture.size, (255, 255, 255)), VEIL)
        self.picture.paste(seen, (left, top))
        ImageDraw.Draw(self.picture).rectangle((left, top, right - 1, bottom - 1), outline=(255, 255, 255), width=2)

    def placed(self, layer: Image.Image) -> Image.Image:
        """A layer over the crop as one over the whole photo (RGBA)."""
        left, top, right, bottom = self._box
        whole = Image.new("RGBA", self.picture.size)
        whole.paste(layer.resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BILINEAR), (left, top))
        return whole
