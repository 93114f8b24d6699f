"""Records -> what the Classify tab shows of them, pure."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from demo.classify import two_classes_view
from demo.locales import text
from demo.ui.heatmaps import colour_bar, hottest
from demo.ui.html import data_uri, template
from demo.ui.labels import model_key, model_title
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import overlay
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, Timing

UNSURE_BELOW = 0.5
_show = template("classify.html")


def answer(
    language: str,
    model: LoadedModel,
    result: Answer,
    maps: list[Heatmap],
    *,
    cam_ms: float,
    colours: str,
    signed: SignedMap | None = None,
) -> Markup:
    """The stage (the crop, with one map over it) and the answers; choosing one is done in the page.

    With a signed map, which two classes have, the answers share one bar and the map is one more to choose.

    Args:
        language: of the words.
        model: what answered.
        result: its answer; as many classes of it are shown as there are maps.
        maps: of the best classes, best first.
        cam_ms: milliseconds that they took.
        colours: one of ``colours.COLOUR_MAPS``.
        signed: of the two classes, where there are two.
    """
    crop = data_uri(result.crop)
    headline, size = _headline(language, result)
    return _show(
        "answer", language, result=result, crop=crop, headline=headline, size=size,
        overlays=[_map_alt(language, result, maps, place) for place in range(len(maps))],
        pictures=[_picture(heatmap, colours) for heatmap in maps],
        warnings=_warnings(model, result),
        crop_note=text(language, "crop_note", resize=model.recipe.resize, crop=model.recipe.crop),
        colour_bar=colour_bar(text(language, "no_evidence"), text(language, "strongest"), colours),
        two=two_classes_view.of(language, result, crop, signed) if signed else None,
        times=times(language, replace(result.timing, cam=cam_ms)),
        key=model_key(model), title=model_title(language, model),
    )  # fmt: skip


def _picture(heatmap: Heatmap, colours: str) -> str:
    """A map to lie over the crop; empty where nothing speaks for its class."""
    return data_uri(overlay(heatmap, colours=colours), "WEBP") if heatmap.has_evidence else ""


def _headline(language: str, result: Answer) -> tuple[str, str]:
    """The best answer, or that none is sure, and how large it is set: long names smaller, so that no word breaks."""
    best = result.predictions[0]
    if best.probability < UNSURE_BELOW:
        return text(language, "unsure", label=best.label), "unsure"
    return best.label, "long" if len(best.label) > 18 else "medium" if len(best.label) > 9 else "short"


def _warnings(model: LoadedModel, result: Answer) -> list[str]:
    notes = (("random_note", model.is_random), ("out_of_distribution", result.is_ood))
    return [key for key, applies in notes if applies]


def _map_alt(language: str, result: Answer, maps: list[Heatmap], place: int) -> str:
    return text(language, "map_alt", label=result.predictions[place].label, where=hottest(language, maps[place]))


def times(language: str, timing: Timing) -> Markup:
    """The time of each step."""
    steps = [(name, getattr(timing, name)) for name in ("decode", "forward", "cam")]
    return _show("times", language, steps=steps, total=timing.total)
