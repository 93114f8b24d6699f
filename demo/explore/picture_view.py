"""The network at work on a picture: feature maps, the residual microscope, and answers without F(x); pure."""

from __future__ import annotations

from html import escape

from torch import Tensor

from demo.explore import view as explore_view
from demo.locales import text
from demo.ui import html
from demo.ui.heatmaps import colour_bar
from demo.ui.html import figure
from resnet_app.explain import residuals
from resnet_app.explain.overlay import solid
from resnet_app.explain.residuals import FeatureMaps, Reading
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.registry import RANDOM

SHOWN = 5  # classes before and after F(x) is left out
SMALLEST = 96  # px: a map is enlarged to this without smoothing, so that its positions can be counted


def of(language: str, model: LoadedModel) -> str:
    """Whose maps and readings these are."""
    return text(language, "inside_model", name=model.spec.title, weights=model.weights_name)


def loaded(language: str, model: LoadedModel) -> str:
    """That another network is drawn than the one that is loaded, which is what is looked at here."""
    words = text(
        language, "inside_other", name=model.spec.title, size=f"{model.recipe.crop}×{model.recipe.crop}",
        classes=f"{len(model.class_names):,}", stem=text(language, f"stem_{model.stem}"),
    )  # fmt: skip
    return f'<p class="note">{escape(words)}</p>'


def no_maps(language: str, stage: str) -> str:
    """That there are no maps behind the last ones."""
    return f'<p class="note">{escape(text(language, "maps_none", stage=stage))}</p>'


def crop(language: str, answer: Answer) -> str:
    """The square that the model saw."""
    return f'<img src="{html.data_uri(answer.crop)}" alt="{escape(text(language, "crop_alt"))}">'


def feature_maps_html(language: str, found: FeatureMaps, model_words: str, *, shared: bool) -> str:
    """A tile for each channel; the scale is one for all, or each map's own, and says so."""

    height, width = found.maps.shape[1:]
    peaks = found.maps.amax((1, 2)).tolist()
    top = max(peaks)
    tiles = []
    for channel, mean, peak, values in zip(found.channels, found.means, peaks, found.maps, strict=True):
        scaled = (values / ((top if shared else peak) or 1)).clamp(0, 1)
        picture = html.data_uri(solid(scaled.numpy()), encoding="PNG")
        words = text(language, "map_channel", channel=channel, mean=figure(mean), peak=figure(peak))
        tiles.append(
            f'<figure><img src="{picture}" alt="{escape(words)}" width="{SMALLEST}" height="{SMALLEST}">'
            f"<figcaption><b>{channel}</b> {figure(peak)}</figcaption></figure>"
        )
    scale = text(language, "maps_shared" if shared else "maps_own", peak=figure(top))
    said = text(
        language, "maps_note", path=found.path, count=len(found.channels), of=found.of, size=f"{height}×{width}",
        silent=found.silent,
    )  # fmt: skip
    bar = colour_bar("0", figure(top) if shared else text(language, "maps_peak"), "inferno")
    return (
        f'<p class="said">{escape(said)}</p><div class="channels">{"".join(tiles)}</div>'
        f'<div class="scale">{bar}<p class="convention">{escape(scale)} {escape(model_words)}</p></div>'
    )


def readings_html(language: str, model: LoadedModel, readings: list[Reading]) -> str:
    """The microscope's numbers, and that the sum is right."""

    keys = ("block", "kind", "shortcut", "residual", "ratio", "cosine", "error")
    heads = [text(language, f"scope_col_{key}") for key in keys]
    rows = [
        [
            f"<code>{each.path}</code>",
            escape(text(language, "legend_identity" if each.is_identity else "legend_projection")),
            figure(each.shortcut), figure(each.residual), figure(each.ratio), f"{each.cosine:+.3f}",
            f"{each.error:.0e}" if each.error else "0",
        ]
        for each in readings
    ]  # fmt: skip
    exact = [
        {
            "block": each.path, "shortcut": "identity" if each.is_identity else "projection",
            "norm_shortcut": each.shortcut, "norm_residual": each.residual,
            "ratio": each.ratio if each.shortcut else None, "cosine": each.cosine,
            "sum_error": each.error,
        }
        for each in readings
    ]  # fmt: skip
    worst = max(each.error for each in readings)
    key = "scope_checked" if worst <= residuals.TOLERANCE else "scope_off"
    checked = text(language, key, error=f"{worst:.0e}" if worst else "0")
    random = ""
    if model.choice.head is None and model.choice.weights == RANDOM:
        random = f'<p class="note">{escape(text(language, "scope_random"))}</p>'
    return (
        f'{random}<p class="said">{escape(checked)} {escape(of(language, model))}</p>'
        f"<details><summary>{escape(text(language, 'scope_table'))}</summary>{html.table(heads, rows, kind='scope')}"
        f"{explore_view.downloads(f'{model.spec.name}-residual', exact)}</details>"
    )


def without_html(language: str, model: LoadedModel, answer: Answer, left_out: list[str], after: Tensor | None) -> str:
    """The answers as they are and without F(x) of some blocks, whose logits (classes,) are ``after``; None for none."""

    if after is None:
        return f'<p class="convention">{escape(text(language, "without_none"))}</p>'
    before = answer.logits
    chances = before.softmax(0), after.softmax(0)
    indices = list(
        dict.fromkeys(
            [p.index for p in answer.predictions[:SHOWN]] + after.topk(min(SHOWN, len(after))).indices.tolist()
        )
    )
    heads = [text(language, f"without_{key}") for key in ("class", "before", "after", "logit")]
    rows = [
        [
            escape(model.class_names[i]), html.percent(float(chances[0][i])), html.percent(float(chances[1][i])),
            _change(float(after[i] - before[i])),
        ]
        for i in indices[: SHOWN + 2]
    ]  # fmt: skip
    best, now = int(before.argmax()), int(after.argmax())
    words = text(
        language, "without_same" if best == now else "without_other",
        blocks=", ".join(left_out) if len(left_out) < 4 else text(language, "without_blocks", count=len(left_out)),
        label=model.class_names[best], other=model.class_names[now], before=html.percent(float(chances[0][best])),
        after=html.percent(float(chances[1][best])),
    )  # fmt: skip
    return f'<p class="said" role="status">{escape(words)}</p>{html.table(heads, rows, kind="without")}'


def _change(value: float) -> str:
    return f"{value:+.2f}" if abs(value) < 1e4 else f"{value:+.1e}"
