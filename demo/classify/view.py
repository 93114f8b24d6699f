"""Records -> what the Classify tab shows of them, pure."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from demo.classify import two_classes_view
from demo.locales import text
from demo.ui.heatmaps import class_colours, colour_bar, hottest
from demo.ui.html import NOTHING, data_uri, figure, note, template
from demo.ui.labels import model_key, model_title
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import coloured
from resnet_app.inference.models import NONE_OF_THESE, LoadedModel
from resnet_app.inference.predict import Answer, Timing
from resnet_app.inference.rounding import Rounding

TINY_FROM = 4  # times: a picture that had to be enlarged so much has little to tell things apart by
_show = template("classify.html")


def answer(
    language: str,
    model: LoadedModel,
    result: Answer,
    maps: list[Heatmap],
    *,
    cam_ms: float,
    colours: str,
    shared: bool = True,
    is_start: bool = False,
    signed: SignedMap | None = None,
    rounding: Rounding | None = None,
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
        shared: whether all maps are on one scale, so that the better answer's map glows more, or each on its own.
        is_start: whether this is the example that every visit starts with: then it says so, and which ways lead on.
        signed: of the two classes, where there are two.
        rounding: what half the bits changed in this answer, where they were used.
    """
    crop = data_uri(result.crop)
    doubt = model.doubt(result.predictions[0].probability, result.is_ood)
    words, size = headline(language, result, doubt)
    peak = max(heatmap.peak for heatmap in maps)
    return _show(
        "answer", language, result=result, crop=crop, headline=words, size=size, is_none=doubt == NONE_OF_THESE,
        overlays=[_map_alt(language, result, maps, place) for place in range(len(maps))],
        places=[text(language, "map_where", where=hottest(language, heatmap)) for heatmap in maps],
        pictures=[_picture(heatmap, peak if shared else heatmap.peak, colours) for heatmap in maps],
        class_colours=class_colours(result),
        warnings=warnings(model, result, doubt),
        crop_note=text(language, "crop_note", resize=model.recipe.resize, crop=model.recipe.crop),
        colour_bar=colour_bar("0", figure(peak) if shared else text(language, "maps_peak"), colours),
        scale=text(language, "map_scale_shared" if shared else "map_scale_own", layer=maps[0].layer),
        two=two_classes_view.of(language, result, crop, signed) if signed else None,
        times=times(language, replace(result.timing, cam=cam_ms)) + _rounded(language, rounding),
        key=model_key(model), title=model_title(language, model),
        is_start=is_start,
    )  # fmt: skip


def _picture(heatmap: Heatmap, peak: float, colours: str) -> str:
    """A map to lie over the crop, on a scale that ends at ``peak``; empty where nothing speaks for its class."""
    return data_uri(coloured(heatmap.on_scale(peak), colours=colours), "WEBP") if heatmap.has_evidence else ""


def headline(language: str, result: Answer, doubt: str) -> tuple[str, str]:
    """What stands large, and how large: long names smaller, so that no word breaks.

    The best answer, or that it is none of the classes, or that none is sure.
    """
    best, *others = result.predictions
    if doubt == NONE_OF_THESE:
        return text(language, NONE_OF_THESE), "unsure"
    if doubt and len(result.logits) == 2:
        return text(language, "unsure_of_two", first=best.label, second=others[0].label), "unsure"
    if doubt:
        return text(language, "unsure", label=best.label), "unsure"
    return best.label, "long" if len(best.label) > 18 else "medium" if len(best.label) > 9 else "short"


def warnings(model: LoadedModel, result: Answer, doubt: str) -> list[str]:
    """The keys of what a reader must not miss beside the answer."""
    notes = (
        ("random_note", model.is_random), ("none_of_these_note", doubt == NONE_OF_THESE),
        ("out_of_distribution", result.is_ood and doubt != NONE_OF_THESE),
        ("tiny_picture", result.enlarged >= TINY_FROM),
    )  # fmt: skip
    return [key for key, applies in notes if applies]


def _map_alt(language: str, result: Answer, maps: list[Heatmap], place: int) -> str:
    return text(language, "map_alt", label=result.predictions[place].label, where=hottest(language, maps[place]))


def _rounded(language: str, rounding: Rounding | None) -> Markup:
    if rounding is None:
        return NOTHING
    key = "rounding_same" if rounding.same else "rounding_other"
    return note(text(language, key, difference=f"{rounding.difference:.3f}", share=f"{100 * rounding.share:.2f}"))


def times(language: str, timing: Timing) -> Markup:
    """The time of each step."""
    steps = [(name, getattr(timing, name)) for name in ("decode", "forward", "cam")]
    return _show("times", language, steps=steps, total=timing.total)
