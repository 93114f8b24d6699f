"""What a heat map is worth: does the score fall where the map is taken away, and does the map depend on the weights?

    deletion, insertion   Petsiuk et al. 2018 (1806.07421): the class's probability while the picture's pixels are taken
                          away, or brought in, hottest first; beside random maps and a blob in the middle
    ROAD                  Rong et al. 2022 (2202.00449), by pytorch-grad-cam: what is removed is filled in from its
                          neighbours, so that the hole itself says nothing
    randomisation         Adebayo et al. 2018 (1810.03292): the stages' weights are drawn anew from the top down; a map
                          that stays the same shows the picture, and not what the network learned

None of them proves that a map is right; each can show that it is not.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import ImageFilter
from torch import Tensor, nn

from resnet_app.explain.cam import CamChoice, choose, heatmaps_in_steps, passes
from resnet_app.explain.cam import cost as cam_cost
from resnet_app.explain.heatmap import Heatmap, enlarged
from resnet_app.images import to_tensor
from resnet_app.inference.backbone import Backbone
from resnet_app.inference.models import LoadedModel, seeded
from resnet_app.inference.predict import Answer
from resnet_app.progress import Steps, Watched
from resnet_app.resnet import ResNet

STEPS = 20  # of five per cent of the pixels each
RANDOM_MAPS = 3  # that the random curve is the mean of
SEED = 0
BLUR = 11 / 224  # of the crop's side: the blur that insertion starts from (Petsiuk et al. take 11 px)
ROAD_PERCENTILES = (20, 40, 60, 80)
FROM_THE_TOP = ("fc", "layer4", "layer3", "layer2", "layer1", "conv1")

Values = NDArray[np.float32]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Curve:
    """The class's probability while pixels go, or come, in the order of one map.

    Attributes:
        kind: ``deletion`` or ``insertion``.
        order: ``map``, ``random`` or ``centre``.
        probabilities: at 0, 1 / STEPS, ..., all of the pixels.
    """

    kind: str
    order: str
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve, 0 to 1: for deletion the lower the better, for insertion the higher."""
        return float(np.trapezoid(self.probabilities, dx=1 / (len(self.probabilities) - 1)))


def orders(heatmap: Heatmap) -> dict[str, list[Values]]:
    """The maps to compare: this one, random ones as coarse as layer4's are, and a blob in the middle."""
    height, width = heatmap.values.shape
    draw = np.random.default_rng(SEED)
    coarse = [draw.random((max(1, height // 32), max(1, width // 32))).astype(np.float32) for _ in range(RANDOM_MAPS)]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    blob = np.exp(-2 * (rows**2 + columns**2)).astype(np.float32)
    return {
        "map": [heatmap.on_scale(heatmap.peak)],
        "random": [enlarged(each, (height, width)) for each in coarse],
        "centre": [blob],
    }


def curves(model: LoadedModel, answer: Answer, heatmap: Heatmap, *, rivals: bool = True) -> Steps[list[Curve]]:
    """Deletion and insertion for a map, and for its rivals unless they are not wanted; yields (passes done, in all).

    What is taken away becomes the mean colour; what is not yet brought in is the picture, blurred.
    """
    grey = torch.zeros_like(answer.pixels)  # the mean colour, once normalised
    soft = answer.crop.filter(ImageFilter.GaussianBlur(BLUR * answer.crop.width))
    blurred = to_tensor(soft, model.recipe).to(answer.pixels.device)
    tested = orders(heatmap) if rivals else {"map": orders(heatmap)["map"]}
    total = 2 * (STEPS + 1) * sum(len(maps) for maps in tested.values())
    done, found = 0, []
    for kind, start, end in (("deletion", answer.pixels, grey), ("insertion", blurred, answer.pixels)):
        for name, maps in tested.items():
            runs = []
            for values in maps:
                rank = ranked(values).to(answer.pixels.device)
                run = []
                for step in range(STEPS + 1):
                    yield done, total
                    changed = torch.where(rank < step / STEPS, end, start)
                    run.append(probability(model, changed, heatmap.index))
                    done += 1
                runs.append(run)
            found.append(Curve(kind, name, tuple(float(mean) for mean in np.mean(runs, 0))))
    return found


@dataclass(frozen=True)
class Worth:
    """What a map's three tests gave: ``curves``, ``strip`` (of ``randomised``) and ``road``."""

    curves: list[Curve]
    strip: list[Randomised]
    road: float


def all_tests(model: LoadedModel, answer: Answer, heatmap: Heatmap, *, layers: Sequence[str]) -> Steps[Worth]:
    """The three tests of a map, one after another; yields (part, passes done in it, in all of it)."""
    found = yield from _part(1, curves(model, answer, heatmap))
    strip = yield from _part(2, randomised(model, answer, heatmap, layers=layers))
    yield 3, 0, 1
    return Worth(found, strip, road(model, answer, heatmap))


def _part(number: int, work: Steps[Found]) -> Steps[Found]:
    steps = Watched(work)
    for done, total in steps:
        yield number, done, total
    return steps.result


def cost(network: ResNet, heatmap: Heatmap, chosen: CamChoice) -> int:
    """About how many passes all of a map's tests are worth."""
    by_pixels = 2 * (STEPS + 1) * sum(len(maps) for maps in orders(heatmap).values())
    return by_pixels + len(FROM_THE_TOP) * (1 + cam_cost(network, chosen, 1)) + 2 * len(ROAD_PERCENTILES)


def ranked(values: Values) -> Tensor:
    """(H, W) -> each pixel's place from the hottest, in [0, 1); pixels of one value stay in reading order."""
    order = np.argsort(-values, axis=None, kind="stable")
    place = np.empty(order.size, np.float32)
    place[order] = np.arange(order.size) / order.size
    return torch.from_numpy(place.reshape(values.shape))


def probability(model: LoadedModel, pixels: Tensor, index: int) -> float:
    """One class's probability for one input, (1, 3, H, W)."""
    with torch.inference_mode():
        return float(model.network.forward_head(model.backbone(pixels))[0].softmax(0)[index])


def road(model: LoadedModel, answer: Answer, heatmap: Heatmap) -> float:
    """ROAD, combined: half of what is left without the least relevant less what is left without the most relevant.

    In probability, averaged over 20, 40, 60 and 80 % of the pixels; above 0 the map is better than its own reverse.
    """
    with warnings.catch_warnings(), torch.inference_mode(), seeded(SEED):  # the noise in what is filled in
        warnings.simplefilter("ignore")  # of the library's imports, and of what it asks of NumPy
        from pytorch_grad_cam.metrics.road import ROADCombined

        (score,) = ROADCombined(percentiles=list(ROAD_PERCENTILES))(
            answer.pixels.clone(),
            1 - ranked(heatmap.on_scale(heatmap.peak)).numpy()[None],  # no two alike: a fifth of them is a fifth
            [lambda logits: logits.softmax(-1)[heatmap.index]],
            lambda pixels: model.network.forward_head(model.backbone(pixels)),
        )
    return float(score)


@dataclass(frozen=True)
class Randomised:
    """The map of a network whose weights are random from the top down to a stage.

    Attributes:
        down_to: the lowest part that is random; empty for the network as it is.
        heatmap: its map for the same class, layer and method.
        likeness: Spearman's rank correlation with the map of the network as it is; None where either map is empty.
    """

    down_to: str
    heatmap: Heatmap = field(repr=False)
    likeness: float | None


def randomised(
    model: LoadedModel, answer: Answer, heatmap: Heatmap, *, layers: Sequence[str]
) -> Steps[list[Randomised]]:
    """The map again and again, with more and more of the weights drawn anew; the model itself is left as it is."""
    with seeded(SEED):
        drawn = model.spec.build(num_classes=model.network.fc.out_features, stem=model.stem)
    drawn.eval().requires_grad_(False).to(model.device.torch)
    strip = [Randomised("", heatmap, 1.0 if heatmap.has_evidence else None)]
    parts: dict[str, nn.Module] = {}
    chosen = choose(model.network, layers, heatmap.method)
    each = passes(model.network, chosen)
    for number, name in enumerate(FROM_THE_TOP):
        yield number * each, len(FROM_THE_TOP) * each
        parts[name] = getattr(drawn, name)
        if name == "conv1":
            parts["bn1"] = drawn.bn1
        network = copy.copy(model.network)
        network._modules = {**model.network._modules, **parts}
        other = replace(model, network=network, backbone=Backbone(network, model.device.torch, pack=False))
        with torch.inference_mode():
            held = other.backbone.outputs(answer.pixels, chosen.paths)
            logits = network.forward_head(held[other.backbone.last])[0].cpu()
        seen = replace(answer, held=held, logits=logits)
        maps = Watched(heatmaps_in_steps(other, seen, [heatmap.index], chosen))
        for done, _ in maps:
            yield number * each + done, len(FROM_THE_TOP) * each
        (changed,) = maps.result
        strip.append(Randomised(name, changed, likeness(heatmap, changed)))
    return strip


def likeness(one: Heatmap, other: Heatmap) -> float | None:
    """Spearman's rank correlation of two maps' own positions; None where one of them is empty or even everywhere."""
    from scipy.stats import spearmanr  # a third of a second to import

    a, b = one.raw.ravel(), other.raw.ravel()
    if not one.has_evidence or not other.has_evidence or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)
