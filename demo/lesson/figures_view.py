"""What a step's experiment has found -> its picture and its words, pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.lesson.choices import BY_NAME
from demo.locales import text
from demo.ui.html import data_uri, figure, percent, template
from resnet_app.depth.record import colour_of
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import coloured, solid
from resnet_app.lesson.experiments import (
    Costs,
    Course,
    Finding,
    Fooled,
    LeftOut,
    Parts,
    Pixels,
    Reason,
    Settings,
    Slide,
)

DASHES = {"plain": "5 4", "residual": ""}  # as in the tab Why residual?
DIGITS_SHOWN = 100  # times: what weights below 1 are shown as
_show = template("lesson/figures.html")


class Drawn(NamedTuple):
    """What a finding looks like, and what there is to say about it."""

    figure: Markup
    told: str


class _Frame(NamedTuple):
    """A unit's window on the photo: where it begins and how wide it is drawn, on the photo's rim where it is wider, its
    true width, and how that is read aloud.
    """

    start: int
    drawn: int
    size: int
    words: str


def photo(picture: Image.Image, words: str) -> Markup:
    """A picture alone."""
    return _show("photo", "en", picture=data_uri(picture), words=words)


def voted(crop: Image.Image, heatmap: Heatmap, label: str) -> Markup:
    """A photo with the map of the network's answer over it."""
    return _show("photos", "en", pictures=[(data_uri(crop), _map(heatmap), label)])


def before(
    language: str, name: str, crop: Image.Image, *, heatmap: Heatmap | None = None, bottleneck: bool = False
) -> Markup:
    """What a question is about, before it is answered.

    Args:
        language: of the words.
        name: of the step.
        crop: the square that the model sees.
        heatmap: the answer's, for the step that asks about it.
        bottleneck: whether the network's blocks have three convolutions.
    """
    words = text(language, "photo_label")
    if name == "kernel":
        grey = crop.convert("L").resize((56, 56), Image.Resampling.BOX)
        return _show(
            "kernel", language, grey=data_uri(grey, "PNG"), rows=[["−1", "0", "1"], ["−2", "0", "2"], ["−1", "0", "1"]]
        )
    if name == "deeper":
        return _show("stacks", language, depths=(20, 56))
    if name == "shortcut":
        return _show("block", language, convs=("1×1", "3×3", "1×1") if bottleneck else ("3×3", "3×3"))
    if name == "cost":
        return _show("two_blocks", language)
    if heatmap is not None:
        return _show("photos", language, pictures=[(data_uri(crop), _map(heatmap), words)])
    return photo(crop, words)


def after(language: str, name: str, found: Finding, settings: Settings) -> Drawn:
    """What came of a step's experiment."""
    return _DRAW[name](language, found, settings)


def _map(heatmap: Heatmap) -> str:
    return data_uri(coloured(heatmap.on_scale(heatmap.peak)), "WEBP") if heatmap.has_evidence else ""


Options = list[tuple[str, str, bool]]  # what can be set, by which words, and whether it is


def _settings(language: str, name: str, settings: Mapping[str, str]) -> list[tuple[str, str, Options]]:
    """The buttons of a step."""
    return [
        (key, text(language, f"lesson_set_{key}"), _options(language, key, values, settings[key]))
        for key, values in BY_NAME[name].settings.items()
    ]


def _options(language: str, key: str, values: Sequence[str], now: str) -> Options:
    in_order = sorted(values, key=_natural)
    return [(value, _option(language, key, value), value == now) for value in in_order]


def _option(language: str, key: str, value: str) -> str:
    """What a value is called; stages and numbers are their own names."""
    return value if key in ("stage", "stride") else text(language, f"lesson_set_{key}_{value}")


def _natural(value: str) -> tuple[int, str]:
    """Stages and numbers in their order; names as they come."""
    return (0, value) if value[-1].isdigit() else (1, "")


def _picture(language: str, found: Pixels, _settings: Settings) -> Drawn:
    side = found.crop.width
    drawn = _show(
        "pixels", language, whole=data_uri(found.whole), crop=data_uri(found.crop, "PNG"),
        mean=json.dumps(found.mean), std=json.dumps(found.std),
    )  # fmt: skip
    told = text(
        language, "lesson_picture_told", resize=found.resize, side=side, count=f"{3 * side**2:,}",
        seen=f"{100 * found.seen:.0f} %",
    )  # fmt: skip
    return Drawn(drawn, told)


def _slide(language: str, found: Slide, settings: Settings) -> Drawn:
    is_learned = settings["kernel"] == "learned"
    kernel, sums = found.kernel, found.sums
    values = {
        "grey": found.grey.astype(int).tolist(), "kernel": kernel.tolist(), "sums": np.round(sums, 4).tolist(),
        "stride": found.stride, "padding": found.padding, "times": DIGITS_SHOWN if is_learned else 1,
    }  # fmt: skip
    ends = {"most": figure(float(max(0.0, sums.max()))), "least": figure(float(min(0.0, sums.min())))}
    drawn = _show(
        "slide", language, values=json.dumps(values), settings=_settings(language, "kernel", settings),
        range=text(language, "lesson_slide_sums", **ends),
        note=text(language, "lesson_slide_colours") if is_learned else "",
    )  # fmt: skip
    about = text(language, f"lesson_kernel_about_{found.name}")
    told = text(
        language, "lesson_kernel_told", about=about, side=len(found.grey), kernel=len(kernel), padding=found.padding,
        stride=found.stride, out=len(sums),
    )  # fmt: skip
    return Drawn(drawn, told)


def _parts(language: str, found: Parts, _settings: Settings) -> Drawn:
    frames = [
        _Frame(
            *_within(start, end, found.crop.width),
            end - start,
            text(language, "lesson_parts_frame", path=tile.path, size=end - start),
        )
        for tile, (start, end) in zip(found.tiles, found.spans, strict=True)
    ]
    tiles = [
        (
            tile.path, data_uri(solid(tile.values.numpy() / np.float32(tile.values.max() or 1)), "PNG"),
            text(language, "lesson_parts_tile", count=tile.channels, side=len(tile.values)),
        )
        for tile in found.tiles
    ]  # fmt: skip
    drawn = _show("parts", language, crop=data_uri(found.crop), side=found.crop.width, frames=frames, tiles=tiles)
    sizes = ", ".join(str(each.size) for each in frames)
    return Drawn(drawn, text(language, "lesson_parts_told", sizes=sizes, side=found.crop.width))


def _within(start: int, end: int, side: int) -> tuple[int, int]:
    """Where a window begins, and how wide it is, as far as it lies on the photo."""
    first = max(1, start)
    return first, min(side - 1, end) - first


def _deeper(language: str, found: Course, _settings: Settings) -> Drawn:
    most = max(loss or 0.0 for losses in found.losses.values() for loss in losses)
    lines = [
        (
            text(language, "lesson_deeper_line", kind=text(language, f"lesson_deeper_{kind}"), depth=depth),
            colour_of(depth), DASHES[kind], _points(losses, most),
        )
        for (kind, depth), losses in found.losses.items()
    ]  # fmt: skip
    errors = {
        key: f"{100 * error:.0f}" if error >= 0.01 or not error else f"{100 * error:.1f}"
        for key, error in found.train_errors.items()
    }
    told = text(
        language, "lesson_deeper_told", deep=errors["plain", 56], shallow=errors["plain", 20],
        residual=errors["residual", 56],
    )  # fmt: skip
    return Drawn(_show("curves", language, lines=lines, most=f"{most:.1f}"), told)


def _points(losses: list[float | None], most: float) -> str:
    """An epoch each from left to right; what is no number is left out."""
    step = 276 / max(1, len(losses) - 1)
    return " ".join(
        f"{32 + step * at:.1f},{180 - 168 * loss / most:.1f}" for at, loss in enumerate(losses) if loss is not None
    )


def _shortcut(language: str, found: LeftOut, settings: Settings) -> Drawn:
    names = ("as_is", "no_residual", "no_shortcut")
    rows = [
        (text(language, f"lesson_shortcut_{name}"), answer, found.label, probability, moved)
        for name, answer, probability, moved in zip(
            names, (found.label, *found.answers), found.probabilities, ("–", *map(figure, found.changes)), strict=True
        )
    ]
    drawn = _show(
        "left_out", language, settings=_settings(language, "shortcut", settings), path=found.path, rows=rows
    )  # fmt: skip
    said = text(language, f"lesson_shortcut_found_{found.right}", path=found.path)
    return Drawn(drawn, text(language, "lesson_shortcut_told", found=said))


def _cost(language: str, found: Costs, _settings: Settings) -> Drawn:
    most = max(each.macs for each in found.networks.values())
    rows = [(each, each.macs / most, name in ("resnet34", "resnet50")) for name, each in found.networks.items()]
    told = text(
        language, "lesson_cost_told", ratio=f"{found.ratio():.2f}", basic=f"{found.weights('resnet34'):,}",
        bottleneck=f"{found.weights('resnet50'):,}",
    )  # fmt: skip
    return Drawn(_show("costs", language, networks=rows), told)


def _reason(language: str, found: Reason, _settings: Settings) -> Drawn:
    important = found.falls.important
    pictures = [
        (data_uri(found.crop), _map(found.heatmap), f"{found.label} {percent(important.first.probability)}"),
        (
            data_uri(important.after.crop), "",
            f"{text(language, 'lesson_reason_blurred')}: {found.label} {percent(important.probability_after)}",
        ),
    ]  # fmt: skip
    elsewhere = sum(each.probability_after for each in found.falls.elsewhere) / len(found.falls.elsewhere)
    told = text(
        language, "lesson_reason_told", label=found.label, before=percent(important.first.probability),
        after=percent(important.probability_after), elsewhere=percent(elsewhere), same=found.same.right,
        right=found.other.right, of=found.other.of,
    )  # fmt: skip
    return Drawn(_show("photos", language, pictures=pictures), told)


def _fool(language: str, found: Fooled, _settings: Settings) -> Drawn:
    answers = (found.before, found.after, found.noise)
    first, then, noise = (f"{label} ({percent(probability)})" for label, probability in answers)
    most = found.epsilon or 8
    change = Image.fromarray(np.round(127.5 + 127.5 * found.difference).astype(np.uint8))
    pictures = [
        (data_uri(found.crop), "", first),
        (data_uri(found.picture, "PNG"), "", f"{text(language, 'lesson_fool_changed', epsilon=most)}: {then}"),
        (data_uri(change), "", text(language, "lesson_fool_difference")),
    ]
    key = "lesson_fool_told" if found.epsilon else "lesson_fool_told_never"
    told = text(language, key, before=first, after=then, epsilon=most, noise=noise)
    return Drawn(_show("photos", language, pictures=pictures), told)


_DRAW: dict[str, Callable[[str, Any, Settings], Drawn]] = {
    "picture": _picture, "kernel": _slide, "parts": _parts, "deeper": _deeper, "shortcut": _shortcut, "cost": _cost,
    "reason": _reason, "fool": _fool,
}  # fmt: skip
