"""A frame's answer -> the words and figures that the page writes into the live view; pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from demo.classify.view import headline, warnings
from demo.locales import text
from demo.ui.heatmaps import class_colours
from demo.ui.html import data_uri, percent
from resnet_app.explain.heatmap import Heatmap, enlarged
from resnet_app.explain.overlay import coloured
from resnet_app.inference.models import NONE_OF_THESE, LoadedModel
from resnet_app.inference.predict import Answer

MAP = 112  # px: the browser enlarges it as smoothly as we would, and it is packed in a fifth of the time


def answer(language: str, model: LoadedModel, result: Answer, heatmap: Heatmap, *, colours: str) -> dict[str, Any]:
    """What the page shows of a frame, for ``static/live/live.js``.

    Args:
        language: of the words.
        model: what answered.
        result: its answer.
        heatmap: of the best class.
        colours: one of ``colours.COLOUR_MAPS``.
    """
    best = result.predictions[0].probability
    doubt = model.doubt(best, result.is_ood)
    words, size = headline(language, result, doubt)
    rows = [
        {"index": each.index, "label": each.label, "value": percent(each.probability), "share": each.probability,
         "colour": colour}
        for each, colour in zip(result.predictions, class_colours(result), strict=True)
    ]  # fmt: skip
    return {
        "headline": words, "size": size, "value": "" if doubt == NONE_OF_THESE else percent(best), "answers": rows,
        "ends": sorted(rows, key=lambda row: row["index"]) if len(result.logits) == 2 == len(rows) else [],
        "notes": [text(language, key) for key in warnings(model, result, doubt)],
        "map": _picture(heatmap, colours), "seen": model.recipe.crop / model.recipe.resize,
    }  # fmt: skip


def _picture(heatmap: Heatmap, colours: str) -> str:
    """The map to lie over the square, from zero to its own peak; empty where nothing speaks for the class."""
    if not heatmap.has_evidence:
        return ""
    values = np.clip(enlarged(heatmap.raw, (MAP, MAP)) / heatmap.peak, 0, 1)
    return data_uri(coloured(values, colours=colours), "WEBP")
