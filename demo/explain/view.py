"""Heat maps -> what the Explain tab shows of them, pure: every text from a file or a user is escaped."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from demo.locales import text
from demo.ui import heatmaps
from demo.ui.heatmaps import Look, colour_bar, hottest
from demo.ui.html import NNBSP, data_uri, figure, percent
from resnet_app.choices import METHODS, OWN_WAY, SAME_ON_LAST, SLOW
from resnet_app.explain.export import npy
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import signed_overlay
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.outputs import file_stem

NO_CLASS = "eigencam"  # the method whose map is the same for every class


def small_photo(answer: Answer) -> str:
    """The square that the model saw, small, beside the controls."""
    return f'<img src="{data_uri(answer.crop)}" alt="">'


def side_by_side(
    language: str, model: LoadedModel, answer: Answer, maps: Sequence[Heatmap], look: Look, *, seconds: float
) -> str:
    """A figure for each class, all on one scale, with what each map says in words."""
    peak = max(heatmap.peak for heatmap in maps)
    base = look.base()
    figures = "".join(_figure(language, model, answer, heatmap, look, base, peak) for heatmap in maps)
    first = maps[0]
    unit = text(language, "map_unit_logits", layer=first.layer) if first.in_logits else text(language, "map_unit_own")
    shared = f" {text(language, 'map_shared')}" if len(maps) > 1 else ""
    bar = "" if look.lines else colour_bar("0", figure(peak), look.colours)
    lines = f" {text(language, 'map_lines')}" if look.lines else ""
    caption = "map_pattern" if first.method == NO_CLASS else "map_highlights"
    said = f"{unit}{shared}{lines} {text(language, caption, layer=first.layer)}"
    took = f"{1000 * seconds:.0f}{NNBSP}ms" if seconds < 1 else f"{seconds:.1f}{NNBSP}s"
    return (
        f'<div class="maps count-{len(maps)}">{figures}</div><div class="scale">{bar}'
        f'<p class="caption">{escape(said)} {escape(text(language, "map_took", time=took))}</p></div>'
    )


def _figure(
    language: str, model: LoadedModel, answer: Answer, heatmap: Heatmap, look: Look, base: str, peak: float
) -> str:
    label = model.class_names[heatmap.index]
    words = in_words(language, heatmap)
    lines = " lines" if look.lines else ""
    layer = (
        f'<img class="overlay{lines}" src="{look.layer(heatmap, peak)}" alt="{escape(f"{label}: {words}")}">'
        if heatmap.has_evidence
        else f'<p class="overlay none">{escape(text(language, "no_evidence_long"))}</p>'
    )
    name = file_stem(answer.file.rpartition(".")[0] or answer.file, label, heatmap.layer, heatmap.method)
    raw = base64.b64encode(npy(heatmap)).decode()
    saves = (
        f'<button type="button" class="plain" data-save="{escape(name)}.png">{escape(text(language, "map_png"))}</button>'
        f'<a download="{escape(name)}.npy" href="data:application/octet-stream;base64,{raw}">'
        f"{escape(text(language, 'map_npy'))}</a>"
    )
    probability = percent(float(answer.logits.softmax(0)[heatmap.index]))
    crop_alt = escape(text(language, "crop_alt"))
    return (
        f'<figure><div class="picture{" whole" if look.whole else ""}"><img src="{base}" alt="{crop_alt}">{layer}</div>'
        f"<figcaption><p><b>{escape(label)}</b> <span>{probability}</span></p><p>{escape(words)}</p>"
        f'<p class="saves"><span>{escape(text(language, "map_peak", value=figure(heatmap.peak)))}</span>{saves}</p>'
        "</figcaption></figure>"
    )


def in_words(language: str, heatmap: Heatmap) -> str:
    """What a map shows, for those who do not see it and for those who do."""
    if not heatmap.has_evidence:
        return text(language, "no_evidence_long")
    if heatmap.is_flat:
        return text(language, "map_flat")
    share, area = (f"{100 * part:.0f}" for part in heatmap.concentration)
    key = "map_text_eigen" if heatmap.method == NO_CLASS else "map_text"
    return text(language, key, place=hottest(language, heatmap), share=share, area=area)


def notice(language: str, method: str, *, is_last: bool) -> str:
    """What the method does; that four of them coincide after the last block, with a button to where they part."""
    words = f"<b>{escape(METHODS[method])}.</b> {escape(text(language, f'method_{method}'))}"
    if method in OWN_WAY:
        words += f" {escape(text(language, f'own_way_{method}'))}"
    same = ""
    if is_last and method in SAME_ON_LAST:
        same = (
            f'<p class="note">{escape(text(language, "same_on_last"))} <button type="button" class="plain" '
            f'data-layer="layer3">{escape(text(language, "to_layer3"))}</button></p>'
        )
    return f'<div class="method"><p>{words}</p>{same}</div>'


def cost(language: str, model: LoadedModel, method: str, count: int, seconds: float) -> str:
    """What a slow method will take, before it is started."""
    assert method in SLOW
    words = text(
        language, "slow_note", method=METHODS[method], count=f"{count:,}", seconds=max(1, round(seconds)),
        device=model.device.title,
    )  # fmt: skip
    return f'<p class="note">{escape(words)}</p>'


def contrast(language: str, names: tuple[str, str], signed: SignedMap, look: Look) -> str:
    """What speaks for one class and what for another, on one scale."""
    first, second = names
    alt = escape(text(language, "signed_alt", first=first, second=second))
    if signed.exact:
        words = text(language, "contrast_exact", total=heatmaps.ahead(first, second, signed))
    else:
        words = text(language, "contrast_inner", layer=signed.layer)
    return (
        f'<div class="maps count-1"><figure><div class="picture{" whole" if look.whole else ""}">'
        f'<img src="{look.base()}" alt=""><img class="overlay" src="{look.placed(signed_overlay(signed))}" alt="{alt}"></div>'
        f'<figcaption>{heatmaps.sides(language, first, second)}<p class="caption">{escape(words)}</p></figcaption>'
        "</figure></div>"
    )
