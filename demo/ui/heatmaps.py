"""Heat maps as every tab shows them: colours with their scale, and where a map is hottest in words; pure."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from PIL import Image

from demo.locales import ENGLISH, text
from demo.ui.html import data_uri, template
from resnet_app.colours import SIDES
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import WholePhoto, coloured, contours, outlined, palette, signed_overlay
from resnet_app.explain.region import Region, region
from resnet_app.inference.predict import Answer

_show = template("page.html")


def hottest(language: str, heatmap: Heatmap) -> str:
    """Where a map is hottest, in words: upper left, centre."""
    across, down = heatmap.hottest
    vertical = "upper" if down < 1 / 3 else "lower" if down > 2 / 3 else ""
    horizontal = "left" if across < 1 / 3 else "right" if across > 2 / 3 else ""
    if vertical and horizontal:
        return text(language, "corner", vertical=text(language, vertical), horizontal=text(language, horizontal))
    if vertical or horizontal:
        return text(language, "side", where=text(language, vertical or horizontal))
    return text(language, "centre")


def colour_bar(low: str, high: str, colours: str) -> Markup:
    """The colour map, with what its ends mean."""
    stops = ",".join("#{:02x}{:02x}{:02x}".format(*palette(colours)[i]) for i in range(0, 256, 15))
    return _show("colour_bar", ENGLISH, low=low, high=high, stops=stops)


def ahead(first: str, second: str, signed: SignedMap) -> str:
    """Which class is ahead, by how many logits."""
    return f"{first if signed.total > 0 else second} +{abs(signed.total):.2f}"


def sides(language: str, first: str, second: str) -> Markup:
    """The two colours with the class that each speaks for."""
    low, high = (text(language, "signed_for", label=label) for label in (first, second))
    return _show("colour_bar", language, low=low, high=high, stops=f"{SIDES[0]},transparent 50%,{SIDES[1]}")


def class_colours(answer: Answer) -> list[str]:
    """For each prediction its class's own colour, where there are two classes; empty where bars are all one colour."""
    return [SIDES[each.index] if len(answer.logits) == 2 else "" for each in answer.predictions]


def layer_of(signed: SignedMap) -> str:
    """The map as a picture in the page."""
    return data_uri(signed_overlay(signed), "WEBP")


@dataclass(frozen=True)
class Look:
    """How maps are shown: over the crop or in the whole photo, as colours or as lines.

    Attributes:
        crop: the square that the model saw.
        whole: the whole photo, where that is what is shown.
        lines: lines in place of colours.
        colours: one of ``colours.COLOUR_MAPS``.
        threshold: where the lines are a mask and its box: per cent of each map's peak; 0 for contour lines.
    """

    crop: Image.Image
    whole: WholePhoto | None
    lines: bool
    colours: str
    threshold: int = 0

    def base(self) -> str:
        """The photo under the maps."""
        return data_uri(self.whole.picture if self.whole else self.crop)

    def placed(self, layer: Image.Image) -> str:
        """A layer over the crop, where the crop is shown."""
        return data_uri(self.whole.placed(layer) if self.whole else layer, "WEBP")

    def layer(self, heatmap: Heatmap, peak: float) -> str:
        """A map on a scale that ends at ``peak``."""
        found = self.region(heatmap)
        if found:
            return self.placed(outlined(found))
        values = heatmap.on_scale(peak)
        return self.placed(contours(values) if self.lines else coloured(values, colours=self.colours))

    def region(self, heatmap: Heatmap) -> Region | None:
        """The mask and box of a map, where they are shown and the map has evidence."""
        return region(heatmap, self.threshold) if self.threshold else None
