"""Two classes -> one bar between them and one signed map of what speaks for which; every text is escaped."""

from __future__ import annotations

from html import escape

from demo.locales import text
from demo.ui.heatmaps import ahead, sides
from demo.ui.html import percent
from resnet_app.choices import SIDES
from resnet_app.explain.heatmap import SignedMap
from resnet_app.inference.predict import Answer, Prediction

PLACE = "signed"  # stands for the map among the answers' numbers


def _in_order(result: Answer) -> tuple[Prediction, Prediction]:
    """The two classes as the model has them, so that each keeps its end of the bar."""
    first, second = sorted(result.predictions, key=lambda prediction: prediction.index)
    return first, second


def bar(result: Answer) -> str:
    """One bar, a class at each end; where it is parted, the probability lies."""
    first, second = _in_order(result)
    ends = "".join(
        f'<span class="end"><b>{escape(end.label)}</b> {percent(end.probability)}</span>' for end in (first, second)
    )
    return (
        f'<div class="versus"><div class="ends">{ends}</div><div class="parts" aria-hidden="true">'
        f'<i style="width:{100 * first.probability:.2f}%;background:#{SIDES[0]}"></i>'
        f'<i style="width:{100 * second.probability:.2f}%;background:#{SIDES[1]}"></i></div></div>'
    )


def overlay(language: str, result: Answer, layer: str) -> str:
    """The map over the picture, hidden until it is chosen."""
    first, second = _in_order(result)
    alt = text(language, "signed_alt", first=first.label, second=second.label)
    return f'<img class="overlay" data-answer="{PLACE}" src="{layer}" alt="{escape(alt)}" hidden>'


def row(language: str, result: Answer, crop: str, layer: str) -> str:
    """The map's button among the answers."""
    first, second = _in_order(result)
    return (
        f'<button type="button" data-answer="{PLACE}" aria-pressed="false"><span class="thumb"><img src="{crop}" alt="">'
        f'<img src="{layer}" alt=""></span><span class="label">'
        f"<b>{escape(text(language, 'signed_row', first=first.label, second=second.label))}</b> "
        f"<small>{escape(text(language, 'signed_note'))}</small></span></button>"
    )


def scale(language: str, result: Answer, signed: SignedMap) -> str:
    """The map's colours with a class at each end, and what its parts add up to; hidden until it is chosen."""
    first, second = (end.label for end in _in_order(result))
    caption = text(language, "signed_caption", first=first, second=second, total=ahead(first, second, signed))
    return (
        f'<div class="scale" data-scale="{PLACE}" hidden>{sides(language, first, second)}'
        f'<p class="caption">{escape(caption)}</p></div>'
    )
