"""Heat maps -> what the Explain tab shows of them, pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from demo.locales import ENGLISH, text
from demo.locales.names import device_title
from demo.ui import heatmaps
from demo.ui.heatmaps import Look, colour_bar, hottest
from demo.ui.html import NNBSP, NOTHING, figure, template, warning
from demo.ui.labels import model_key, model_title
from resnet_app.choices import CAMS, LAYERS, METHODS, OWN_WAY, SAME_ON_LAST, SLOW
from resnet_app.explain.export import npy
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import signed_overlay
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.outputs import file_stem

_show = template("explain.html")


class _OneMap(NamedTuple):
    """A map as its figure shows it: as a layer (empty where nothing speaks for the class), in words, and to save."""

    label: str
    probability: float
    words: str
    layer: str
    peak: float
    name: str
    raw: str  # the map as .npy, in base64
    box: str  # where its box is, in words


def small_photo(answer: Answer) -> Markup:
    """The square that the model saw, small, beside the controls."""
    return _show("small_photo", ENGLISH, crop=answer.crop)


def side_by_side(
    language: str,
    model: LoadedModel,
    answer: Answer,
    maps: Sequence[Heatmap],
    look: Look,
    *,
    seconds: float,
    address: Sequence[tuple[str, str]],
) -> Markup:
    """A figure for each class, all on one scale, with what each map says in words.

    Args:
        language: of the words.
        model, answer: what the maps are about.
        maps: one a class, the first of the best class or of the first that was chosen.
        look: how they are shown.
        seconds: that they took.
        address: what the page's address says of them.
    """
    peak = max(heatmap.peak for heatmap in maps)
    return _show(
        "side_by_side", language, base=look.base(), look=look,
        figures=[_one_map(language, model, answer, heatmap, look, peak) for heatmap in maps],
        bar=NOTHING if look.lines else colour_bar("0", figure(peak), look.colours),
        caption=f"{_caption(language, maps, look, seconds)} {model_title(language, model)}.",
        key=model_key(model), title=model_title(language, model), is_random=model.is_random,
        address=address,
    )  # fmt: skip


def _caption(language: str, maps: Sequence[Heatmap], look: Look, seconds: float) -> str:
    """The scale's unit, what is shared and how it is drawn, what the maps mark, and the time they took."""
    first = maps[0]
    took = f"{1000 * seconds:.0f}{NNBSP}ms" if seconds < 1 else f"{seconds:.1f}{NNBSP}s"
    keys = [
        _unit(first),
        *(["map_shared"] if len(maps) > 1 and not look.threshold else []),
        *(["map_box" if look.threshold else "map_lines"] if look.lines else []),
        "map_highlights" if CAMS[first.method].knows_class else "map_pattern",
        "map_took",
    ]
    return " ".join(text(language, key, layer=first.layer, time=took, threshold=look.threshold) for key in keys)


def _unit(heatmap: Heatmap) -> str:
    """The key of what a map's numbers are: only after the last block do they add up to the score."""
    if not heatmap.in_logits:
        return "map_unit_own"
    adds_up = heatmap.method in SAME_ON_LAST and heatmap.layer == LAYERS[-1]
    return "map_unit_logits" if adds_up else "map_unit_estimate"


def _one_map(language: str, model: LoadedModel, answer: Answer, heatmap: Heatmap, look: Look, peak: float) -> _OneMap:
    label = model.class_names[heatmap.index]
    return _OneMap(
        label,
        probability=float(answer.logits.softmax(0)[heatmap.index]),
        words=in_words(language, heatmap),
        layer=look.layer(heatmap, peak) if heatmap.has_evidence else "",
        peak=heatmap.peak,
        name=file_stem(answer.file.rpartition(".")[0] or answer.file, label, heatmap.layer, heatmap.method),
        raw=base64.b64encode(npy(heatmap)).decode(),
        box=_box_in_words(language, heatmap, look),
    )


def _box_in_words(language: str, heatmap: Heatmap, look: Look) -> str:
    found = look.region(heatmap)
    if not found:
        return ""
    left, top, right, bottom = found.box
    height, width = found.mask.shape
    return text(
        language, "map_box_words", left=left, top=top, right=right, bottom=bottom, width=width, height=height,
        share=f"{100 * found.share:.0f}",
    )  # fmt: skip


def in_words(language: str, heatmap: Heatmap) -> str:
    """What a map shows, for those who do not see it and for those who do."""
    if not heatmap.has_evidence:
        return text(language, "no_evidence_long")
    if heatmap.is_flat:
        return text(language, "map_flat")
    share, area = (f"{100 * part:.0f}" for part in heatmap.concentration)
    key = "map_text" if CAMS[heatmap.method].knows_class else "map_text_eigen"
    return text(language, key, place=hottest(language, heatmap), share=share, area=area)


def notice(language: str, method: str, *, is_last: bool) -> Markup:
    """What the method does; that four of them coincide after the last block, with a button to where they part."""
    return _show(
        "notice", language, title=METHODS[method], method=method, own_way=method in OWN_WAY,
        is_same=is_last and method in SAME_ON_LAST,
    )  # fmt: skip


def cost(language: str, model: LoadedModel, method: str, count: int, seconds: float) -> Markup:
    """What a slow method will take, before it is started."""
    assert method in SLOW
    return warning(
        text(
            language, "slow_note", method=METHODS[method], count=f"{count:,}", seconds=max(1, round(seconds)),
            device=device_title(language, model.device),
        )
    )  # fmt: skip


def contrast(language: str, names: tuple[str, str], signed: SignedMap, look: Look) -> Markup:
    """What speaks for one class and what for another, on one scale."""
    first, second = names
    if signed.exact:
        words = text(language, "contrast_exact", total=heatmaps.ahead(first, second, signed))
    else:
        words = text(language, "contrast_inner", layer=signed.layer)
    return _show(
        "contrast", language, look=look, layer=look.placed(signed_overlay(signed)), caption=words,
        alt=text(language, "signed_alt", first=first, second=second), sides=heatmaps.sides(language, first, second),
    )  # fmt: skip
