"""Trials -> what the Fool it tab shows of them, pure."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.ui.heatmaps import colour_bar, hottest
from demo.ui.html import data_uri, figure, percent, proper, template
from demo.ui.labels import model_key, model_title
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import coloured
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.robustness.catalogue import Corruption
from resnet_app.robustness.covering import Falls
from resnet_app.robustness.curves import Curve
from resnet_app.robustness.gallery import MOST, Fooled
from resnet_app.robustness.trial import Trial

COLOURS = "inferno"
TIMES = 10  # the difference is shown so much larger
THUMBNAIL = 160  # px
_show = template("fool.html")


class Picture(NamedTuple):
    """A picture as its figure shows it: with a map over it, unless it is empty, and words."""

    title: str
    base: str
    layer: str
    label: str
    probability: float | None
    words: str


def canvas(language: str, answer: Answer, photo: str) -> Markup:
    """The square to paint on; what is painted stays as long as the photo is the same."""
    return _show("canvas", language, crop=answer.crop, photo=f"{hash(photo):x}")


def compared(
    language: str, model: LoadedModel, trial: Trial, maps: Sequence[Heatmap], *, difference: bool = False
) -> Markup:
    """Before and after, each with its own answer's map; between them what was changed, ten times as strong."""
    peak = max(heatmap.peak for heatmap in maps)
    titles = ("fool_before", "fool_after")
    pictures = [
        pictured(language, title, answer, heatmap, peak)
        for title, answer, heatmap in zip(titles, (trial.before, trial.after), maps, strict=True)
    ]
    if difference:
        pictures.insert(1, _difference(language, trial))
    is_same = trial.before is trial.after or trial.before.crop.tobytes() == trial.after.crop.tobytes()
    verdict = "fool_unchanged" if is_same else "fool_yes" if trial.is_fooled else "fool_no"
    return outcome(
        language, model, pictures, peak, verdict=_verdict(language, verdict, trial), is_fooled=trial.is_fooled,
        lines=[] if is_same else [_change(language, trial)],
    )  # fmt: skip


def falls(language: str, model: LoadedModel, found: Falls, maps: Sequence[Heatmap], share: float) -> Markup:
    """The photo, its important part covered, and as much elsewhere, with both falls."""
    first = found.important
    peak = max(heatmap.peak for heatmap in maps)
    answers = {
        "fool_before": first.before, "fool_important": first.after, "fool_elsewhere": found.elsewhere[0].after,
    }  # fmt: skip
    changes = [each.logit_change for each in found.elsewhere]
    lines = [
        text(language, "fool_falls_important", share=f"{100 * share:.0f}", change=_change(language, first)),
        text(
            language, "fool_falls_elsewhere", mean=_signed(found.mean_elsewhere), count=len(changes),
            least=_signed(min(changes)), most=_signed(max(changes)),
        ),
        text(language, "fool_falls_more" if first.logit_change < min(changes) else "fool_falls_less"),
    ]  # fmt: skip
    return outcome(
        language, model,
        [pictured(language, *each, heatmap, peak) for each, heatmap in zip(answers.items(), maps, strict=True)], peak,
        verdict=_verdict(language, "fool_yes" if first.is_fooled else "fool_no", first),
        is_fooled=first.is_fooled, lines=lines,
    )  # fmt: skip


def outcome(language: str, model: LoadedModel, pictures: Sequence[Picture], peak: float, **said: Any) -> Markup:
    """Pictures side by side under what is said of them; the peak, in the logit's units, is the scale's end."""
    return _show(
        "outcome", language, pictures=pictures, bar=colour_bar("0", figure(peak), COLOURS), key=model_key(model),
        title=model_title(language, model), **said,
    )  # fmt: skip


def _verdict(language: str, key: str, trial: Trial) -> str:
    values = {"first": trial.first.label, **({"last": trial.last.label} if key == "fool_yes" else {})}
    return text(language, key, **values)


def _change(language: str, trial: Trial) -> str:
    return text(
        language, "fool_change", label=trial.first.label, before=percent(trial.first.probability),
        after=percent(trial.probability_after), logit=_signed(trial.logit_change),
    )  # fmt: skip


def _signed(value: float) -> str:
    return proper(f"{value:+.2f}")


def pictured(language: str, title: str, answer: Answer, heatmap: Heatmap, peak: float) -> Picture:
    """An answer's picture under its title (a key), with its map on the scale up to the peak."""
    best = answer.predictions[0]
    words = text(language, "no_evidence_long")
    layer = ""
    if heatmap.has_evidence:
        words = text(language, "map_where", where=hottest(language, heatmap))
        layer = data_uri(coloured(heatmap.on_scale(peak), colours=COLOURS), "WEBP")
    said = text(language, "fool_map_of", label=best.label, words=words)
    return Picture(text(language, title), data_uri(answer.crop), layer, best.label, best.probability, said)


def _difference(language: str, trial: Trial) -> Picture:
    before, after = (np.asarray(each.crop).astype(int) for each in (trial.before, trial.after))
    change = after - before
    shown = Image.fromarray((128 + TIMES * change).clip(0, 255).astype(np.uint8))
    words = text(language, "fool_difference_note", most=int(np.abs(change).max()))
    return Picture(text(language, "fool_difference"), data_uri(shown), "", "", None, words)


def curve_words(language: str, found: Curve, corruption: Corruption, names: Sequence[str]) -> Markup:
    """Where the answer changes, what the number means, and what of it is ImageNet-C's."""
    places = [
        text(language, "fool_turn_at", value=_value(corruption, value), label=names[index])
        for value, index in found.changes
    ]
    if places:
        turns = text(language, "fool_curve_turns", places=", ".join(places))
    else:
        turns = text(language, "fool_curve_none", label=names[found.answers[found.clean]])
    graded = ""
    if corruption.graded:
        values = ", ".join(f"{value:g}" for value in corruption.graded)
        graded = text(language, "fool_graded", name=corruption.published, values=values)
    return _show("curve_words", language, turns=turns, name=corruption.name, graded=graded)


def _value(corruption: Corruption, value: float) -> str:
    return proper(f"{value:g}") + corruption.unit


def gallery(language: str, kept: Iterable[Fooled]) -> Markup:
    """What was kept, newest first."""
    tiles = [(_thumbnail(each), did(language, each.change), each) for each in reversed(list(kept))]
    return _show("gallery", language, tiles=tiles, most=MOST)


def _thumbnail(kept: Fooled) -> Image.Image:
    with Image.open(io.BytesIO(kept.png)) as picture:
        margin = round((kept.resize - kept.crop) / 2)
        return picture.crop((margin, margin, margin + kept.crop, margin + kept.crop)).resize((THUMBNAIL, THUMBNAIL))


def did(language: str, change: dict[str, Any]) -> str:
    """What was done to a picture, in words."""
    kind = change["kind"]
    values: dict[str, object] = dict(change)
    if "cover" in change:
        values["cover"] = text(language, f"fool_cover_{change['cover']}")
    if kind == "cover":
        values["share"] = f"{100 * change['share']:.0f}"
    if kind == "slide":
        values |= {
            "change": text(language, f"fool_change_{change['corruption']}"), "value": proper(f"{change['value']:g}"),
        }  # fmt: skip
    if kind == "attack":
        values["method"] = change["method"].upper()
    return text(language, f"fool_did_{kind}", **values)
