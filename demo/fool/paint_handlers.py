"""Parts covered: by the brush, and what the map calls important beside as much elsewhere.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.fool.trial_handlers import Asked, Shown, Tried, maps, told
from demo.ui.inputs import count
from demo.ui.session import Looked
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.robustness.covering import Stroke

MOST_STROKES, MOST_POINTS = 400, 20_000
MOST_RADIUS = 0.5  # of the square's side


def paint(asked: Asked, event: gr.EventData) -> Shown:
    """The picture with what the brush has covered so far."""
    looked = asked.looked
    strokes = (looked.photo, read_strokes(getattr(event, "value", None)))
    return painted(asked._replace(strokes=strokes), looked)._replace(strokes=strokes)


def repaint(asked: Asked) -> Shown:
    """The same strokes, covered with something else."""
    return painted(asked, asked.looked)


def painted(asked: Asked, looked: Looked) -> Shown:
    """The picture with the strokes that are on it; those on another photo are gone."""
    from resnet_app.robustness import covering
    from resnet_app.robustness.trial import tried

    before = looked.answer()
    of, strokes = asked.strokes or ("", ())
    is_same = of == looked.photo
    mask = covering.painted(strokes if is_same else (), before.crop.width)
    trial = tried(looked.model, before, covering.covered(before.crop, mask, asked.cover))
    change = {"kind": "paint", "cover": asked.cover, "covered_share": round(float(mask.mean()), 4)}
    return told(asked, Tried(looked, trial, change))._replace(strokes=asked.strokes if is_same else None)


def cover(asked: Asked) -> Shown:
    """What the map calls important covered, and as much elsewhere, with both falls."""
    from resnet_app.robustness import covering

    looked, share = asked.looked, count(asked.share) / 100
    model, before = looked.model, looked.answer()
    (heatmap,) = maps(model, [before])
    found = covering.falls(model, before, heatmap, share=share, cover=asked.cover)
    change = {"kind": "cover", "cover": asked.cover, "share": share}
    return told(asked, Tried(looked, found.important, change, found))


def read_strokes(given: Any) -> tuple[Stroke, ...]:
    """The page's strokes: ``[{"radius": 0.05, "points": [[0.1, 0.2], ...]}, ...]``, lengths in sides of the square.

    Raises:
        ResNetAppError: they are none, or more than a hand paints.
    """
    from resnet_app.robustness.covering import Stroke

    refused = ResNetAppError("These strokes cannot be read. Clear them and paint again.", code="bad_strokes")
    if not isinstance(given, str) or len(given) > 40 * MOST_POINTS:
        raise refused
    try:
        strokes = [
            Stroke(float(each["radius"]), tuple((float(x), float(y)) for x, y in each["points"]))
            for each in json.loads(given)
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise refused from error
    points = [point for stroke in strokes for point in stroke.points]
    are_few = len(strokes) <= MOST_STROKES and len(points) <= MOST_POINTS
    if not are_few or not all(0 < stroke.radius <= MOST_RADIUS for stroke in strokes):
        raise refused
    if not all(-1 <= x <= 2 and -1 <= y <= 2 for x, y in points):  # a hand may leave the square
        raise refused
    return tuple(strokes)
