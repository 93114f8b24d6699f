"""Two classes -> one bar between them and one signed map of what speaks for which; pure."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from demo.locales import text
from demo.ui import heatmaps
from demo.ui.html import template
from resnet_app.colours import SIDES
from resnet_app.explain.heatmap import SignedMap
from resnet_app.inference.predict import Answer

PLACE = "signed"  # stands for the map among the answers' numbers
_show = template("classify.html")


class TwoClasses(NamedTuple):
    """What two classes have beside the answers: a bar, and the signed map with its button and its scale."""

    bar: Markup
    overlay: Markup
    row: Markup
    scale: Markup
    knows: str


def of(language: str, result: Answer, crop: str, signed: SignedMap) -> TwoClasses:
    """All of it. Each class keeps its end of the bar: they stand in the model's order, not in the answer's.

    Args:
        language: of the words.
        result: an answer of two classes.
        crop: the square that the model saw, as a data URI.
        signed: the map; its button and its scale are hidden until it is chosen.
    """
    ends = sorted(result.predictions, key=lambda prediction: prediction.index)
    first, second = names = [end.label for end in ends]
    layer = heatmaps.layer_of(signed)
    alt = text(language, "signed_alt", first=first, second=second)
    total = heatmaps.ahead(first, second, signed)
    caption = text(language, "signed_caption", first=first, second=second, total=total)
    return TwoClasses(
        bar=_show("two_bar", language, ends=ends, colours=SIDES),
        overlay=_show("overlay", language, answer=PLACE, picture=layer, alt=alt, is_hidden=True),
        row=_show("two_row", language, place=PLACE, crop=crop, picture=layer, first=first, second=second),
        scale=_show("two_scale", language, place=PLACE, sides=heatmaps.sides(language, *names), caption=caption),
        knows=text(language, "knows_two", first=first, second=second),
    )
