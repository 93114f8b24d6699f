"""What each step of the lesson finds out, on the live network and the photo at hand; it says which choice is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resnet_app.architecture.counting import describe
from resnet_app.architecture.records import Architecture
from resnet_app.depth.record import recorded as recorded_depths
from resnet_app.explain import cam, residuals
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import WholePhoto
from resnet_app.explain.overview import Tile, overview
from resnet_app.images import crop_box
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, classify_crop
from resnet_app.lesson import kernels
from resnet_app.registry import BUNDLED
from resnet_app.robustness import covering
from resnet_app.robustness.attacks import smallest
from resnet_app.robustness.catalogue import MAX_EPSILON as MOST
from resnet_app.robustness.covering import Falls
from resnet_app.robustness.reason_record import SWAPS, Tally
from resnet_app.robustness.reason_record import recorded as recorded_reasons

Values = kernels.Values
Settings = Mapping[str, str]
GREY_SIDE = 56  # px: small enough that one sees each of them
COVERED = 0.2  # of the square
POINTS = 0.05  # a probability that falls by less has not fallen, for what the question is about
CLEAR = 1.1  # times: two changes that differ by less are called alike
COMPARED = ("resnet18", "resnet34", "resnet50", "resnet101", "resnext50_32x4d", "wide_resnet50_2")


@dataclass(frozen=True)
class Sight:
    """What an experiment works with.

    Attributes:
        model: the network; it is left as it is.
        photo: the file.
        answer: the model's, to that photo.
    """

    model: LoadedModel
    photo: str | Path
    answer: Answer


@dataclass(frozen=True, eq=False)
class Pixels:
    """Step 1: the photo, and the square of it that becomes numbers.

    Attributes:
        right: the choice that is right; likewise in the records below.
        crop: the square.
        whole: the photo with the square marked.
        seen: the square's share of the photo's area.
        resize: how long the shorter side is made, in pixels.
        mean, std: of the recipe, red, green and blue.
    """

    right: str
    crop: Image.Image
    whole: Image.Image
    seen: float
    resize: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Slide:
    """Step 2: a kernel on the grey photo.

    Attributes:
        grey: (side, side), whole numbers.
        kernel: (k, k).
        sums: what it gives.
    """

    right: str
    name: str
    grey: Values
    kernel: Values
    stride: int
    padding: int
    sums: Values


@dataclass(frozen=True, eq=False)
class Parts:
    """Step 3: how far units see, and what the strongest map after each stage shows.

    Attributes:
        tiles: after conv1 and the last block of each stage.
        spans: of the middle unit of each: its first pixel, and the first after its last, in rows as in columns.
    """

    right: str
    crop: Image.Image
    tiles: tuple[Tile, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Course:
    """Step 4: the training losses, an epoch each, of plain and residual networks.

    Attributes:
        losses: by kind and depth.
        train_errors: after the last epoch, shares of 1.
        data: what they were trained on.
    """

    right: str
    losses: dict[tuple[str, int], list[float | None]]
    train_errors: dict[tuple[str, int], float]
    data: str


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Step 5: one block without F(x), and without its shortcut.

    Attributes:
        path: the block.
        label: the answer of the whole network.
        probabilities: of that class: as it is, without F(x), without the shortcut.
        changes: how far the logits moved, as a length: without F(x), without the shortcut.
        answers: the classes that are answered then.
    """

    right: str
    path: str
    label: str
    probabilities: tuple[float, float, float]
    changes: tuple[float, float]
    answers: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Costs:
    """Step 6: networks with their parameters and multiply-adds for a square of 224 x 224."""

    right: str
    networks: dict[str, Architecture]

    def ratio(self) -> float:
        """ResNet-50's multiply-adds over ResNet-34's."""
        return self.networks["resnet50"].macs / self.networks["resnet34"].macs

    def weights(self, name: str) -> int:
        """Those of the convolutions in the second block of a network's first stage."""
        stage = next(each for each in self.networks[name].stages if each.name == "conv2_x")
        return sum(layer.parameters for layer in stage.blocks[1].layers if layer.kind == "conv")


@dataclass(frozen=True, eq=False)
class Reason:
    """Step 7: the hottest part of the map covered, and as much elsewhere.

    Attributes:
        same, other: how often the bundled model recognised the 50 outlined insects on their own class's background, and
            on the other class's.
    """

    right: str
    label: str
    crop: Image.Image
    heatmap: Heatmap
    falls: Falls
    same: Tally
    other: Tally


@dataclass(frozen=True, eq=False)
class Fooled:
    """Step 8: the smallest change of each pixel that turns the answer.

    Attributes:
        epsilon: in 255ths; None where 8 do not do it.
        before, after: the answers, each with its probability.
        noise: the answer where each number is moved by as much, up or down at random.
        difference: the change, (H, W, 3) from -1 to 1 at the largest.
    """

    right: str
    epsilon: int | None
    crop: Image.Image
    picture: Image.Image
    before: tuple[str, float]
    after: tuple[str, float]
    noise: tuple[str, float]
    difference: NDArray[np.float32]


def picture(sight: Sight, _settings: Settings) -> Pixels:
    """What of the photo becomes numbers."""
    recipe = sight.model.recipe
    whole = WholePhoto(sight.photo, recipe).picture
    left, top, right, bottom = crop_box(whole.size, recipe)
    seen = (right - left) * (bottom - top) / (whole.width * whole.height)
    return Pixels("square", sight.answer.crop, whole, seen, recipe.resize, recipe.mean, recipe.std)


def kernel(sight: Sight, settings: Settings) -> Slide:
    """A kernel slides over the photo."""
    values = kernels.grey(sight.answer.crop, GREY_SIDE)
    weights = kernels.kernel(settings["kernel"], sight.model.network)
    stride, padding = int(settings["stride"]), int(settings["padding"]) * (len(weights) // 2)
    sums = kernels.slid(values, weights, stride=stride, padding=padding)
    return Slide("upright", settings["kernel"], values, weights, stride, padding, sums)


def parts(sight: Sight, _settings: Settings) -> Parts:
    """What the units after each stage see of the photo."""
    model, pixels = sight.model, sight.answer.pixels
    tiles = overview(model, pixels, residuals.readings(model.backbone, pixels))
    last = {tile.path.split(".")[0]: tile for tile in tiles if tile.path != residuals.MAXPOOL}
    shown = tuple(last.values())
    spans = tuple(tile.field.span(tile.values.shape[0] // 2) for tile in shown)
    return Parts(_how_much(shown[-1].field.size, pixels.shape[-1]), sight.answer.crop, shown, spans)


def _how_much(field: int, side: int) -> str:
    """Which choice says best how much of the square a unit sees whose window is so many pixels wide."""
    shares = {"few": (3 / side) ** 2, "share": 1 / 49, "quarter": 1 / 4, "all": 1.0}
    seen = min(1.0, (field / side) ** 2)
    return min(shares, key=lambda choice: abs(shares[choice] - seen))


def deeper(_sight: Sight, _settings: Settings) -> Course:
    """The recorded experiment with depth; the tab Why residual? makes it again, live."""
    found = recorded_depths()
    runs = {(each.run.kind, each.run.depth): each for each in found.runs if each.run.depth in (20, 56)}
    losses = {run: each.losses() for run, each in runs.items()}
    errors = {run: each.errors("train")[-1] for run, each in runs.items()}
    shallow, deep = errors["plain", 20], errors["plain", 56]
    right = "shallow" if shallow < deep else "deep" if deep < shallow else "equal"
    return Course(right, losses, errors, found.data)


def shortcut(sight: Sight, settings: Settings) -> LeftOut:
    """The last block of a stage without its F(x), and without its shortcut."""
    model, answer = sight.model, sight.answer
    path = [each for each in residuals.identity_blocks(model.network) if each.startswith(settings["stage"])][-1]
    without = (
        residuals.logits_without(model, answer.pixels, [path]),
        residuals.logits_without_shortcut(model, answer.pixels, path),
    )
    best = answer.predictions[0].index
    probabilities = [float(logits.softmax(0)[best]) for logits in (answer.logits, *without)]
    changes = [float((logits - answer.logits).norm()) for logits in without]
    return LeftOut(
        _larger(*changes), path, answer.predictions[0].label,
        (probabilities[0], probabilities[1], probabilities[2]), (changes[0], changes[1]),
        (model.class_names[int(without[0].argmax())], model.class_names[int(without[1].argmax())]),
    )  # fmt: skip


def _larger(residual: float, shortcut: float) -> str:
    if max(residual, shortcut) < CLEAR * min(residual, shortcut):
        return "alike"
    return "residual" if residual > shortcut else "shortcut"


def cost(_sight: Sight, _settings: Settings) -> Costs:
    """What networks cost, counted."""
    found = Costs("", {name: describe(name) for name in COMPARED})
    factors = {"tenth": 1.1, "half": 1.5, "double": 2.0, "four": 4.0}
    right = min(factors, key=lambda choice: abs(factors[choice] - found.ratio()))
    return Costs(right, found.networks)


def reason(sight: Sight, _settings: Settings) -> Reason:
    """What is left of the answer where the map's hottest fifth is blurred."""
    answer = sight.answer
    best = answer.predictions[0]
    heatmap = cam.heatmaps(sight.model, answer, [best.index])[0]
    falls = covering.falls(sight.model, answer, heatmap, share=COVERED, cover="blurred")
    fell = best.probability - falls.important.probability_after
    right = "other" if falls.important.is_fooled else "falls" if fell >= POINTS else "stays"
    rows = recorded_reasons()[BUNDLED]
    same, other = (rows.row(name).total for name in SWAPS)
    return Reason(right, best.label, answer.crop, heatmap, falls, same, other)


def fool(sight: Sight, _settings: Settings) -> Fooled:
    """How little has to be changed for another answer."""
    answer = sight.answer
    best = answer.predictions[0]
    turned = smallest(sight.model, answer.crop, best.index)
    moved = np.random.default_rng(0).choice([-1, 1], (*answer.crop.size, 3)) * (turned.epsilon or MOST)
    noisy = Image.fromarray(np.clip(np.asarray(answer.crop) + moved, 0, 255).astype(np.uint8))
    after, noise = (classify_crop(sight.model, picture, top_k=1).predictions[0] for picture in (turned.picture, noisy))
    difference = np.asarray(turned.picture, np.float32) - np.asarray(answer.crop, np.float32)
    right = {1: "two", 2: "two", 4: "four", 8: "eight"}.get(turned.epsilon or 0, "never")
    return Fooled(
        right, turned.epsilon, answer.crop, turned.picture, (best.label, best.probability),
        (after.label, after.probability), (noise.label, noise.probability),
        difference / max(1.0, float(np.abs(difference).max())),
    )  # fmt: skip


Finding = Pixels | Slide | Parts | Course | LeftOut | Costs | Reason | Fooled
EXPERIMENTS: dict[str, Callable[[Sight, Settings], Finding]] = {
    "picture": picture, "kernel": kernel, "parts": parts, "deeper": deeper, "shortcut": shortcut, "cost": cost,
    "reason": reason, "fool": fool,
}  # fmt: skip
