"""The tests of a map -> what the Explain tab says of its worth, pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.ui.html import table, template
from resnet_app.choices import OWN_WAY
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import coloured, draw, over
from resnet_app.explain.worth.faithfulness import Curve, Randomised
from resnet_app.explain.worth.reference import SAME, Reference
from resnet_app.inference.predict import Answer

STAYS_FROM = 0.5  # rank correlation with all weights lost; a map that depends on them has none left
ORDERS = ("map", "random", "centre")
KINDS = ("deletion", "insertion")
_show = template("explain.html")


def areas(curves: Sequence[Curve]) -> dict[tuple[str, str], float]:
    """The area under each curve, by kind and order."""
    return {(curve.kind, curve.order): curve.area for curve in curves}


def verdict(language: str, curves: Sequence[Curve], road: float) -> Markup:
    """Areas in a table, and in words what they come to: poor results as plainly as good ones."""
    area = areas(curves)
    rows = [[text(language, f"worth_{order}"), *(f"{area[kind, order]:.3f}" for kind in KINDS)] for order in ORDERS]
    heads = [text(language, key) for key in ("worth_order", "worth_deletion", "worth_insertion")]
    words = [text(language, ("worth_worse", "worth_mixed", "worth_better")[_won(area, "random")])]
    lost_to_centre = 2 - _won(area, "centre")
    if lost_to_centre:
        words.append(text(language, "worth_centre_better", count=lost_to_centre))
    return _show(
        "verdict", language, words=" ".join(words), table=table(heads, rows, kind="areas"), kinds=KINDS,
        road=text(language, "worth_road_note", value=f"{road:+.3f}".replace("-", "−")),
    )  # fmt: skip


def _won(area: dict[tuple[str, str], float], rival: str) -> int:
    return (area["deletion", "map"] < area["deletion", rival]) + (area["insertion", "map"] > area["insertion", rival])


def beside_reference(language: str, answer: Answer, heatmap: Heatmap, found: Reference, *, colours: str) -> Markup:
    """Our map, pytorch-grad-cam's of the same, and where they differ, with the largest difference in words."""
    difference = np.abs(found.values - heatmap.values)
    shown = [
        ("reference_ours", heatmap.values), ("reference_theirs", found.values),
        ("reference_difference", difference / max(found.difference, SAME)),
    ]  # fmt: skip
    figures = [(over(answer.crop, coloured(values, colours=colours)), text(language, key), "") for key, values in shown]
    key = "reference_same" if found.agrees else "reference_other"
    words = text(language, key, version=found.version, difference=f"{found.difference:.0e}")
    scale = text(language, "reference_scale", peak=f"{max(found.difference, SAME):.0e}", time=f"{found.seconds:.2f}")
    why = f" {text(language, f'own_way_{heatmap.method}')}" if heatmap.method in OWN_WAY else ""
    return _show("reference", language, words=words + why, figures=figures, scale=scale)


def strip(language: str, answer: Answer, maps: Sequence[Randomised], *, colours: str) -> Markup:
    """The map with more and more of the weights lost, from left to right."""
    figures = [_step(language, answer, each, colours) for each in maps]
    last = maps[-1].likeness
    words = text(language, "worth_stays" if last is not None and last >= STAYS_FROM else "worth_changes")
    return _show("randomised", language, figures=figures, words=words)


def _step(language: str, answer: Answer, each: Randomised, colours: str) -> tuple[Image.Image, str, str]:
    """The map over the photo, how far the weights are lost, and how much it is like the map of all weights."""
    name = text(language, "worth_down_to", part=each.down_to) if each.down_to else text(language, "worth_as_is")
    likeness = "–" if each.likeness is None else f"{each.likeness:.2f}".replace("-", "−")
    return draw(answer.crop, each.heatmap, colours=colours), name, likeness
