"""Records -> what the page shows of them, pure: every text from a file or a user is escaped."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from demo.classify import two_classes_view
from demo.locales import text
from demo.ui import heatmaps
from demo.ui.heatmaps import colour_bar, hottest
from demo.ui.html import data_uri, milliseconds, percent
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import overlay
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, Timing
from resnet_app.registry import RANDOM

UNSURE_BELOW = 0.5


def answer(
    language: str,
    model: LoadedModel,
    result: Answer,
    maps: list[Heatmap],
    *,
    cam_ms: float,
    colours: str,
    signed: SignedMap | None = None,
) -> str:
    """The stage (the crop, with one map over it) and the answers; choosing one is done in the page.

    With a signed map, which two classes have, the answers share one bar and the map is one more to choose.

    Args:
        language: of the words.
        model: what answered.
        result: its answer; as many classes of it are shown as there are maps.
        maps: of the best classes, best first.
        cam_ms: milliseconds that they took.
        colours: one of ``choices.COLOURS``.
        signed: of the two classes, where there are two.
    """
    recipe, timing = model.recipe, replace(result.timing, cam=cam_ms)
    random = model.choice.head is None and model.choice.weights == RANDOM
    crop = data_uri(result.crop)
    layers = [
        data_uri(overlay(heatmap, colours=colours), encoding="WEBP") if heatmap.has_evidence else "" for heatmap in maps
    ]
    overlays = "".join(
        f'<img class="overlay" data-answer="{i}" src="{layer}" alt="{escape(_map_alt(language, result, maps, i))}"'
        f"{'' if i == 0 else ' hidden'}>"
        if layer
        else f'<p class="overlay none" data-answer="{i}"{"" if i == 0 else " hidden"}>'
        f"{escape(text(language, 'no_evidence_long'))}</p>"
        for i, layer in enumerate(layers)
    )
    few = " few" if len(maps) <= 3 else ""
    rows = "".join(_answer_row(language, result, i, crop, layer) for i, layer in enumerate(layers))
    bar = scale = ""
    if signed is not None:
        layer = heatmaps.layer_of(signed)
        overlays += two_classes_view.overlay(language, result, layer)
        rows += two_classes_view.row(language, result, crop, layer)
        bar, scale = two_classes_view.bar(result), two_classes_view.scale(language, result, signed)
    best = result.predictions[0]
    sure = best.probability >= UNSURE_BELOW
    headline = (
        f'<strong class="{_size(best.label)}">{escape(best.label)}</strong>'
        if sure
        else f'<strong class="unsure">{escape(text(language, "unsure", label=best.label))}</strong>'
    )
    warnings = [key for key, applies in (("random_note", random), ("out_of_distribution", result.is_ood)) if applies]
    warning = "".join(f'<p class="note {key}">{escape(text(language, key))}</p>' for key in warnings)
    crop_note = text(language, "crop_note", resize=recipe.resize, crop=recipe.crop)
    return (
        f'<div class="result"><div class="headline" aria-live="polite"><h2 class="small">{escape(text(language, "answer"))}</h2>'
        f'<p class="best">{headline}<span>{percent(best.probability)}</span></p>{bar}{warning}</div>'
        f'<div class="stage"><div class="picture"><img src="{crop}" alt="{escape(text(language, "crop_alt"))}">{overlays}</div>'
        f'<div class="scale" data-scale="">{colour_bar(text(language, "no_evidence"), text(language, "strongest"), colours)}<p class="caption">{escape(text(language, "map_note"))}</p></div>'
        f'{scale}<p class="caption">{escape(crop_note)}</p></div>'
        f'<div class="answers{few}{" two" if signed else ""}"><div role="group" aria-label="{escape(text(language, "answer"))}">{rows}</div>'
        f"{times(language, timing)}</div></div>"
    )


def _size(label: str) -> str:
    """Long class names are set smaller, so that no word breaks."""
    return "long" if len(label) > 18 else "medium" if len(label) > 9 else "short"


def _answer_row(language: str, result: Answer, place: int, crop: str, layer: str) -> str:
    prediction = result.predictions[place]
    small = f'<img src="{layer}" alt="">' if layer else ""
    note = "" if layer else f" <small>{escape(text(language, 'no_evidence'))}</small>"
    return (
        f'<button type="button" data-answer="{place}" aria-pressed="{"true" if place == 0 else "false"}">'
        f'<span class="thumb"><img src="{crop}" alt="">{small}</span><span class="label"><b>{escape(prediction.label)}</b>{note}'
        f'</span><span class="value">{percent(prediction.probability)}</span>'
        f'<span class="bar"><i style="width:{100 * prediction.probability:.2f}%"></i></span></button>'
    )


def _map_alt(language: str, result: Answer, maps: list[Heatmap], place: int) -> str:
    return text(language, "map_alt", label=result.predictions[place].label, where=hottest(language, maps[place]))


def times(language: str, timing: Timing) -> str:
    """The time of each step."""
    parts = [(name, getattr(timing, name)) for name in ("decode", "forward", "cam")]
    listed = "".join(
        f"<span>{escape(text(language, f'time_{name}'))} <b>{milliseconds(ms)}</b></span>" for name, ms in parts
    )
    total = f'<span class="sum">{escape(text(language, "time_total"))} <b>{milliseconds(timing.total)}</b></span>'
    return f'<p class="times">{listed}{total}</p>'
