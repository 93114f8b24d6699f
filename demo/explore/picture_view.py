"""The network at work on a picture: feature maps, the residual microscope, and answers without F(x); pure."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from torch import Tensor

from demo.explore import view as explore_view
from demo.locales import text
from demo.ui import html
from demo.ui.heatmaps import colour_bar
from demo.ui.html import figure, note, warning
from demo.ui.labels import model_title
from resnet_app.explain import residuals
from resnet_app.explain.overlay import solid
from resnet_app.explain.residuals import FeatureMaps, Reading
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer

SHOWN = 5  # classes before and after F(x) is left out
_show = html.template("explore/picture.html")
SMALLEST = 96  # px: a map is enlarged to this without smoothing, so that its positions can be counted


def of(language: str, model: LoadedModel) -> str:
    """Whose maps and readings these are."""
    return text(language, "inside_model", model=model_title(language, model))


def loaded(language: str, model: LoadedModel) -> Markup:
    """That another network is drawn than the one that is loaded, which is what is looked at here."""
    words = text(
        language, "inside_other", name=model.spec.title, size=f"{model.recipe.crop}×{model.recipe.crop}",
        classes=f"{len(model.class_names):,}", stem=text(language, f"stem_{model.stem}"),
    )  # fmt: skip
    return warning(words)


def no_maps(language: str, stage: str) -> Markup:
    """That there are no maps behind the last ones."""
    return warning(text(language, "maps_none", stage=stage))


def crop(language: str, answer: Answer) -> Markup:
    """The square that the model saw."""
    return _show("crop", language, crop=answer.crop)


def feature_maps_html(language: str, found: FeatureMaps, model_words: str, *, shared: bool) -> Markup:
    """A tile for each channel; the scale is one for all, or each map's own, and says so."""
    height, width = found.maps.shape[1:]
    peaks = found.maps.amax((1, 2)).tolist()
    top = max(peaks)
    tiles = []
    for channel, mean, peak, values in zip(found.channels, found.means, peaks, found.maps, strict=True):
        scaled = (values / ((top if shared else peak) or 1)).clamp(0, 1)
        words = text(language, "map_channel", channel=channel, mean=figure(mean), peak=figure(peak))
        tiles.append((channel, solid(scaled.numpy()), words, figure(peak)))
    said = text(
        language, "maps_note", path=found.path, count=len(found.channels), of=found.of, size=f"{height}×{width}",
        silent=found.silent,
    )  # fmt: skip
    scale = text(language, "maps_shared" if shared else "maps_own", peak=figure(top))
    bar = colour_bar("0", figure(top) if shared else text(language, "maps_peak"), "inferno")
    return _show(
        "feature_maps",
        language,
        tiles=tiles,
        size=(height, width),
        side=SMALLEST,
        said=said,
        bar=bar,
        scale=f"{scale} {model_words}",
    )


def readings_html(language: str, model: LoadedModel, readings: list[Reading]) -> Markup:
    """The microscope's numbers, and that the sum is right."""
    worst = max(each.error for each in readings)
    key = "scope_checked" if worst <= residuals.TOLERANCE else "scope_off"
    checked = text(language, key, error=html.proper(f"{worst:.0e}") if worst else "0")
    return _show(
        "readings", language, is_random=model.is_random,
        said=f"{checked} {of(language, model)}", table=_readings_table(language, readings),
        downloads=explore_view.downloads(f"{model.spec.name}-residual", [_exact(each) for each in readings]),
    )  # fmt: skip


def _readings_table(language: str, readings: list[Reading]) -> Markup:
    keys = ("block", "kind", "shortcut", "residual", "ratio", "cosine", "error")
    heads = [text(language, f"scope_col_{key}") for key in keys]
    rows = [
        [
            Markup("<code>{}</code>").format(each.path),
            text(language, "legend_identity" if each.is_identity else "legend_projection"),
            figure(each.shortcut), figure(each.residual), figure(each.ratio), html.proper(f"{each.cosine:+.3f}"),
            html.proper(f"{each.error:.0e}") if each.error else "0",
        ]
        for each in readings
    ]  # fmt: skip
    return html.table(heads, rows, kind="scope")


def _exact(reading: Reading) -> dict[str, Any]:
    """A reading to take along."""
    return {
        "block": reading.path, "shortcut": "identity" if reading.is_identity else "projection",
        "norm_shortcut": reading.shortcut, "norm_residual": reading.residual,
        "ratio": reading.ratio if reading.shortcut else None, "cosine": reading.cosine, "sum_error": reading.error,
    }  # fmt: skip


def without_html(
    language: str, model: LoadedModel, answer: Answer, left_out: list[str], after: Tensor | None
) -> Markup:
    """The answers as they are and without F(x) of some blocks, whose logits (classes,) are ``after``; None for none."""
    if after is None:
        return note(text(language, "without_none"))
    before = answer.logits
    chances = before.softmax(0), after.softmax(0)
    best, now = int(before.argmax()), int(after.argmax())
    said = text(
        language, "without_same" if best == now else "without_other",
        blocks=", ".join(left_out) if len(left_out) < 4 else text(language, "without_blocks", count=len(left_out)),
        label=model.class_names[best], other=model.class_names[now], before=html.percent(float(chances[0][best])),
        after=html.percent(float(chances[1][best])),
    )  # fmt: skip
    heads = [text(language, f"without_{key}") for key in ("class", "before", "after", "logit")]
    rows = [
        [
            model.class_names[i], html.percent(float(chances[0][i])), html.percent(float(chances[1][i])),
            _change(float(after[i] - before[i])),
        ]
        for i in _classes_shown(answer, after)
    ]  # fmt: skip
    return _show("without", language, said=said, table=html.table(heads, rows, kind="without"))


def _classes_shown(answer: Answer, after: Tensor) -> list[int]:
    """The best classes before, then those that became best."""
    best_after = after.topk(min(SHOWN, len(after))).indices.tolist()
    indices = [prediction.index for prediction in answer.predictions[:SHOWN]] + best_after
    return list(dict.fromkeys(indices))[: SHOWN + 2]


def _change(value: float) -> str:
    return html.proper(f"{value:+.2f}" if abs(value) < 1e4 else f"{value:+.1e}")
