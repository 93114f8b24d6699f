"""One photo through many networks, one after the other: their answers, their cost, their maps, and how far these agree.

Nothing is downloaded for it: a network whose weights are not on this computer is told of, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import grid_sample

from resnet_app.architecture.counting import describe
from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import Device, clock
from resnet_app.errors import ResNetAppError
from resnet_app.explain.cam import heatmaps
from resnet_app.explain.heatmap import enlarged
from resnet_app.images import Recipe
from resnet_app.inference.cache import ModelCache
from resnet_app.inference.download import require_here
from resnet_app.inference.models import LoadedModel, ModelChoice
from resnet_app.inference.predict import Answer, Prediction, Square, classify_square, read_square
from resnet_app.outputs import inert, line_of
from resnet_app.registry import BUNDLED_FILES, RANDOM, ModelSpec, get_spec

PASSES = 5  # that are timed, after one that is not
HERE_ALWAYS = (*BUNDLED_FILES, RANDOM)
HEAD = ("network", "weights", "classes", "parameters", "macs", "class", "rank", "probability", "median_ms", "least_ms",
        "most_ms", "passes", "device", "error")  # fmt: skip


@dataclass(frozen=True)
class Absent:
    """A network that there is no answer of.

    Attributes:
        choice: of the network.
        reason: why; its text is the sentence for a person.
    """

    choice: ModelChoice
    reason: ResNetAppError


@dataclass(frozen=True)
class Look:
    """Where a network looked, small, as its last block has it.

    Attributes:
        index: the class whose score was raised there.
        values: (h, w) float32, 0 or more, in logits.
        reach: side of the square that the network saw, as a share of the photo's shorter side; its middle is the
            photo's.
    """

    index: int
    values: NDArray[np.float32] = field(repr=False)
    reach: float

    def on_own_scale(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """(H, W) in [0, 1], from true zero to its own peak; all 0 where it has no evidence."""
        peak = float(self.values.max())
        large = enlarged(self.values, size)
        values: NDArray[np.float32] = np.clip(large / peak, 0, 1) if peak > 0 else np.zeros_like(large)
        return values

    def within(self, reach: float, side: int) -> NDArray[np.float64]:
        """What it says of the middle of the photo, at ``side`` times ``side`` places; bilinear between its positions.

        Args:
            reach: side of that square, as a share of the photo's shorter side.
            side: places across, and down.
        """
        maps = torch.from_numpy(self.values.astype(np.float64))
        if reach == self.reach and maps.shape == (side, side):
            return maps.numpy()
        steps = (2 * torch.arange(side, dtype=torch.float64) + 1) / side - 1
        down, across = torch.meshgrid(steps * reach / self.reach, steps * reach / self.reach, indexing="ij")
        places = torch.stack((across, down), -1)[None]
        found = grid_sample(maps[None, None], places, padding_mode="border", align_corners=False)
        values: NDArray[np.float64] = found[0, 0].numpy()
        return values


@dataclass(frozen=True)
class Entry:
    """One network's answer to the photo. It holds no model: what is held in memory is the cache's to bound.

    Attributes:
        choice, spec: of the network.
        device: that it was measured on.
        classes: how many it knows.
        parameters: learned numbers.
        macs: multiply-adds of one pass over the square that it sees, counted.
        predictions: best first.
        label: the class that rank, probability and map are of: the chosen one, else its best answer.
        rank: of the chosen class among all, 1 for the best; None where the network has no class of that name.
        probability: of that class; None likewise.
        passes_ms: milliseconds of each timed pass, the network alone.
        look: the map of ``label``.
        crop: the square that it saw; networks that see the same one share it.
    """

    choice: ModelChoice
    spec: ModelSpec
    device: Device
    classes: int
    parameters: int
    macs: int
    predictions: tuple[Prediction, ...]
    label: str
    rank: int | None
    probability: float | None
    passes_ms: tuple[float, ...]
    look: Look
    crop: Image.Image = field(repr=False)

    @property
    def milliseconds(self) -> float:
        """Of one pass: the median."""
        return median(self.passes_ms)

    @property
    def is_random(self) -> bool:
        """Whether nothing of it has been trained."""
        return self.choice.head is None and self.choice.weights == RANDOM


def compared(
    choices: Sequence[ModelChoice], photo: str | Path, *, models: ModelCache, class_name: str = "", passes: int = PASSES
) -> Iterator[Entry | Absent]:
    """Each network's answer as it is there, in order. Between two of them no model is held here.

    Args:
        choices: of the networks.
        photo: the file.
        models: that hold what is loaded, within their bound.
        class_name: whose rank, probability and map are wanted, whatever its letters' case; where empty, each network's
            best answer.
        passes: that are timed of each.

    Raises:
        PictureError: the file is not a picture we read.
    """
    squares: dict[Recipe, Square] = {}
    for choice in choices:
        yield _one(choice, photo, squares, models=models, class_name=class_name, passes=passes)


def known_classes(choice: ModelChoice, models: ModelCache) -> tuple[str, ...]:
    """The names of a network's classes; published ones are known before there are weights.

    Raises:
        ResNetAppError: its file is not one we read.
    """
    if choice.head is not None:
        return choice.head.class_names
    if choice.checkpoint is None and choice.weights not in BUNDLED_FILES:
        return tuple(get_spec(choice.model).published(choice.weights).meta["categories"])
    return models.get(choice).class_names


def at_hand(choice: ModelChoice, models: ModelCache) -> LoadedModel:
    """The model for a choice, without a download.

    Raises:
        ResNetAppError: its weights are not on this computer, or its file is not one we read.
    """
    if choice.checkpoint is None and choice.weights not in HERE_ALWAYS:
        require_here(get_spec(choice.model), choice.weights)
    return models.get(choice)


def _one(
    choice: ModelChoice,
    photo: str | Path,
    squares: dict[Recipe, Square],
    *,
    models: ModelCache,
    class_name: str,
    passes: int,
) -> Entry | Absent:
    try:
        model = at_hand(choice, models)
    except ResNetAppError as error:
        return Absent(choice, error.alone())
    if model.recipe not in squares:
        squares[model.recipe] = read_square(photo, model.recipe)
    try:
        return looked_at(model, squares[model.recipe], class_name=class_name, passes=passes)
    except ResNetAppError as error:
        return Absent(choice, error.alone())


def looked_at(model: LoadedModel, square: Square, *, class_name: str = "", passes: int = PASSES) -> Entry:
    """One network's answer to a photo that has been read; arguments as ``compared``.

    Raises:
        ResNetAppError: the weights give no numbers.
    """
    answer = classify_square(model, square, top_k=DEFAULT_TOP_K)  # packs, and is the pass that is not timed
    index = named(model.class_names, answer.logits, class_name) if class_name else answer.predictions[0].index
    shown = answer.predictions[0].index if index is None else index
    (heatmap,) = heatmaps(model, answer, [shown])
    crop = model.recipe.crop
    counted = describe(model.spec.name, classes=len(model.class_names), input_size=(crop, crop), stem=model.stem)
    return Entry(
        choice=model.choice, spec=model.spec, device=model.device, classes=len(model.class_names),
        parameters=model.parameters, macs=counted.macs, predictions=answer.predictions,
        label=model.class_names[shown], rank=None if index is None else rank_of(answer.logits, index),
        probability=None if index is None else float(answer.logits.softmax(0)[index]),
        passes_ms=tuple(_timed(model, answer) for _ in range(passes)),
        look=Look(shown, heatmap.raw, crop / model.recipe.resize), crop=square.crop,
    )  # fmt: skip


def named(class_names: Sequence[str], logits: Tensor, name: str) -> int | None:
    """The class of that name, whatever its letters' case; of several the one that is answered first, None for none.

    Args:
        class_names: in the order of the logits.
        logits: (K,).
        name: of the class.
    """
    wanted = name.strip().casefold()
    found = [index for index, each in enumerate(class_names) if each.casefold() == wanted]
    return max(found, key=lambda index: float(logits[index]), default=None)


def rank_of(logits: Tensor, index: int) -> int:
    """A class's place among all by its logit, 1 for the best."""
    return 1 + int((logits > logits[index]).sum())


def _timed(model: LoadedModel, answer: Answer) -> float:
    """Milliseconds of the network alone, from the square as numbers to the logits."""
    started = clock(model.device)
    with torch.inference_mode():
        model.network.forward_head(model.backbone(answer.pixels))
    return clock(model.device) - started


def agreement(first: Look, second: Look) -> float | None:
    """Spearman's rank correlation of two maps over what both networks saw of the photo; None where one is even there.

    Two recipes may cut different squares: both maps are read off at the same places of the photo.
    """
    from scipy.stats import spearmanr  # a third of a second to import

    reach = min(first.reach, second.reach)
    side = max(*first.values.shape, *second.values.shape)
    maps = [look.within(reach, side).ravel() for look in (first, second)]
    if any(np.ptp(each) == 0 for each in maps):
        return None
    return float(spearmanr(*maps).statistic)


def as_csv(found: Sequence[Entry | Absent], titles: Sequence[tuple[str, str]]) -> str:
    """All figures as a table; a row for each network, and why one has none.

    Args:
        found: the networks.
        titles: what each network, and its weights, are called.
    """
    answers = [column for rank in range(1, DEFAULT_TOP_K + 1) for column in (f"label_{rank}", f"probability_{rank}")]
    lines = [line_of([*HEAD, *answers])]
    for each, title in zip(found, titles, strict=True):
        if isinstance(each, Absent):
            lines.append(line_of(map(inert, [*title, *[""] * (len(HEAD) - 3), str(each.reason), *[""] * len(answers)])))
            continue
        best = [cell for one in each.predictions for cell in (one.label, f"{one.probability:.6f}")]
        figures = (each.classes, each.parameters, each.macs, each.label, each.rank, each.probability,
                   each.milliseconds, min(each.passes_ms), max(each.passes_ms), len(each.passes_ms))  # fmt: skip
        rounded = [f"{value:.6g}" if isinstance(value, float) else value for value in figures]
        cells = ["" if value is None else str(value) for value in rounded]
        row = [*title, *cells, each.device.name, "", *best, *[""] * (len(answers) - len(best))]
        lines.append(line_of(map(inert, row)))
    return "".join(lines)
