"""On your picture: feature maps after a stage or block, and the residual microscope.

Nothing here imports torch when the module is imported (see ``demo.handlers``).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo import html
from demo.exploring import Plan
from demo.loading import current
from demo.locales import text
from demo.problems import no_problem, problem
from resnet_app.errors import ResNetAppError
from resnet_app.registry import BATCH, RANDOM

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_app.microscope import FeatureMaps, Reading
    from resnet_app.models import LoadedModel, ModelChoice
    from resnet_app.predict import Answer

SHOWN = 5  # classes before and after F(x) is left out
SMALLEST = 96  # px: a map is enlarged to this without smoothing, so that its positions can be counted


class Asked(NamedTuple):
    """What the room's controls say, and those above it."""

    choice: ModelChoice | None
    model: str
    weights: str
    device: str
    photo: str | None
    plan: Plan
    scale: str
    left_out: list[str] | None

    @classmethod
    def of(cls, *given: Any) -> Asked:
        """In the order of the inputs, the plan's one by one."""
        end = 5 + len(Plan._fields)
        return cls(*given[:5], Plan(*given[5:end]), *given[end:])

    @property
    def language(self) -> str:
        """The page's."""
        return self.plan.language


class Shown(NamedTuple):
    """What the room shows, in the order of its outputs; what is not given stays as it is."""

    photo: Any = gr.skip()
    maps: Any = gr.skip()
    more: Any = gr.skip()
    chart: Any = gr.skip()
    readings: Any = gr.skip()
    left_out: Any = gr.skip()
    cost: Any = gr.skip()
    problem: Any = gr.skip()


UNCHANGED = Shown()


def look(*given: Any) -> Shown:
    """All of it, for another picture or model."""
    asked = Asked.of(*given)
    if not asked.photo:
        empty = html.empty(asked.language, "inside_empty_title", "inside_empty_text")
        return Shown(photo="", maps=empty, more=gr.update(visible=False), problem=no_problem())
    # Of another photo or model nothing may stay: the rest of the page is already about this one.
    return _shown(_look, asked, failed=Shown(photo="", maps="", more=gr.update(visible=False)))


def maps(*given: Any) -> Shown:
    """The feature maps alone, for another stage, block or scale."""
    return _shown(_maps_alone, Asked.of(*given))


def leave_out(*given: Any) -> Shown:
    """Predict again without F(x) of the chosen blocks."""
    return _shown(_cost_alone, Asked.of(*given))


def _shown(work: Callable[[Asked], Shown], asked: Asked, *, failed: Shown = UNCHANGED) -> Shown:
    if not asked.photo:
        return UNCHANGED
    try:
        return work(asked)._replace(problem=no_problem())
    except Exception as error:  # noqa: BLE001 (shown as one sentence; the log has the rest)
        return failed._replace(problem=problem(error, asked.language))


def _look(asked: Asked) -> Shown:
    from demo import figures
    from resnet_app import microscope

    language = asked.language
    model, answer = _answered(asked)
    readings = microscope.readings(model.trunk, answer.pixels)
    known = microscope.identity_blocks(model.network)
    kept = [path for path in asked.left_out or [] if path in known]
    return Shown(
        photo=f'<img src="{html.data_uri(answer.crop)}" alt="{escape(text(language, "crop_alt"))}">',
        maps=_maps(asked, model, answer.pixels),
        more=gr.update(visible=True),
        chart=figures.residual_chart(language, readings),
        readings=_readings(language, model, readings),
        # a choice that still holds is not sent back: by then another one may stand there
        left_out=gr.update(choices=known) if kept == (asked.left_out or []) else gr.update(choices=known, value=kept),
        cost=_cost(language, model, answer, kept),
    )


def _maps_alone(asked: Asked) -> Shown:
    from resnet_app.images import read_crop, to_tensor

    assert asked.photo
    model = current(asked.choice, asked.model, asked.weights, asked.device)
    pixels = to_tensor(read_crop(asked.photo, model.recipe), model.recipe).to(model.device.torch)
    return Shown(maps=_maps(asked, model, pixels))


def _cost_alone(asked: Asked) -> Shown:
    return Shown(cost=_cost(asked.language, *_answered(asked), asked.left_out or []))


def _answered(asked: Asked) -> tuple[LoadedModel, Answer]:
    from resnet_app import predict

    assert asked.photo
    model = current(asked.choice, asked.model, asked.weights, asked.device)
    return model, predict.classify(model, asked.photo, top_k=SHOWN)


def _of(language: str, model: LoadedModel) -> str:
    return text(language, "inside_model", name=model.spec.title, weights=model.weights_name)


def _maps(asked: Asked, model: LoadedModel, pixels: Tensor) -> str:
    """The strongest channels at the opened stage and block, as pictures."""
    from resnet_app import microscope

    language = asked.language
    path = _path(asked.plan.place, model)
    if path is None:
        return f'<p class="note">{escape(text(language, "maps_none", stage=asked.plan.place[0]))}</p>'
    found = microscope.feature_maps(model, pixels, path)
    note = "" if _is_drawn(asked.plan, model) else f'<p class="note">{escape(_loaded(language, model))}</p>'
    return note + feature_maps_html(language, found, _of(language, model), shared=asked.scale == "shared")


def _is_drawn(plan: Plan, model: LoadedModel) -> bool:
    """Whether the network that is drawn above is the loaded one, at the size at which it looks at pictures."""
    try:
        drawn = plan.network()
    except ResNetAppError:  # its callout stands there already
        return False
    of_model = (model.spec, model.stem, len(model.class_names), (model.recipe.crop,) * 2)
    return (drawn.spec, drawn.stem, drawn.classes, drawn.input_size) == of_model and not (
        drawn.dilated or drawn.zero_init or drawn.norm != BATCH
    )


def _loaded(language: str, model: LoadedModel) -> str:
    return text(
        language, "inside_other", name=model.spec.title, size=f"{model.recipe.crop}×{model.recipe.crop}",
        classes=f"{len(model.class_names):,}", stem=text(language, f"stem_{model.stem}"),
    )  # fmt: skip


def _path(place: tuple[str, int], model: LoadedModel) -> str | None:
    """The place in the network that the opened stage and block stand for; None behind the last maps."""
    from resnet_app.explorer import LAYER_OF_STAGE

    stage, block = place
    if stage in LAYER_OF_STAGE:
        layer = LAYER_OF_STAGE[stage]
        return f"{layer}.{min(block, len(getattr(model.network, layer)) - 1)}"
    known = {"conv1": "conv1", "maxpool": "maxpool" if model.stem == "imagenet" else "conv1"}
    return known.get(stage)


def feature_maps_html(language: str, found: FeatureMaps, of: str, *, shared: bool) -> str:
    """A tile for each channel; the scale is one for all, or each map's own, and says so."""
    from demo.maps import figure
    from demo.results import colour_bar
    from resnet_app.overlays import solid

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
        f'<div class="scale">{bar}<p class="convention">{escape(scale)} {escape(of)}</p></div>'
    )


def _readings(language: str, model: LoadedModel, readings: list[Reading]) -> str:
    """The microscope's numbers, and that the sum is right."""
    from demo.maps import figure
    from demo.opened import downloads
    from resnet_app import microscope

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
    key = "scope_checked" if worst <= microscope.TOLERANCE else "scope_off"
    checked = text(language, key, error=f"{worst:.0e}" if worst else "0")
    random = ""
    if model.choice.head is None and model.choice.weights == RANDOM:
        random = f'<p class="note">{escape(text(language, "scope_random"))}</p>'
    return (
        f'{random}<p class="said">{escape(checked)} {escape(_of(language, model))}</p>'
        f"<details><summary>{escape(text(language, 'scope_table'))}</summary>{html.table(heads, rows, kind='scope')}"
        f"{downloads(f'{model.spec.name}-residual', exact)}</details>"
    )


def _cost(language: str, model: LoadedModel, answer: Answer, left_out: list[str]) -> str:
    """The answers as they are and without F(x) of some blocks."""
    from resnet_app import microscope

    if not left_out:
        return f'<p class="convention">{escape(text(language, "without_none"))}</p>'
    after = microscope.logits_without(model, answer.pixels, left_out)
    before = answer.logits
    chances = before.softmax(0), after.softmax(0)
    indices = list(
        dict.fromkeys([p.index for p in answer.predictions] + after.topk(min(SHOWN, len(after))).indices.tolist())
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


def choose_blocks(every: bool, *given: Any) -> Any:
    """All of the identity blocks, or none."""
    from resnet_app import microscope

    asked = Asked.of(*given)
    if not every:
        return []
    return microscope.identity_blocks(current(asked.choice, asked.model, asked.weights, asked.device).network)
