"""Every quick method on the same photo, class and layers, each map with its figures: none has to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from resnet_app.choices import METHODS, SLOW
from resnet_app.device import clock
from resnet_app.explain.cam import choose, heatmaps
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth.arcc import Arcc, arcc
from resnet_app.explain.worth.patches import GRID, PatchFalls, patch_falls
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, hold
from resnet_app.progress import Steps, Watched

EACH = 10  # passes that a method's figures are worth: its map twice, and ROAD's eight


@dataclass(frozen=True)
class Rival:
    """One method's map and its figures.

    Attributes:
        heatmap: the map.
        milliseconds: that it took.
        correlation: with the falls of the patches; None where the map is even.
        arcc: None where the map has no evidence.
    """

    heatmap: Heatmap = field(repr=False)
    milliseconds: float
    correlation: float | None
    arcc: Arcc | None


@dataclass(frozen=True)
class Rivals:
    """The falls of the patches, and the methods in the order in which they are offered."""

    patches: PatchFalls
    rivals: tuple[Rival, ...]


def methods(classes: int) -> list[str]:
    """What is compared: every method that takes a moment; FinerCAM where there are classes to compare."""
    return [method for method in METHODS if method not in SLOW and (method != "finercam" or classes > 1)]


def cost(classes: int) -> int:
    """About how many passes the comparison is worth."""
    return GRID * GRID + EACH * len(methods(classes))


def compared(model: LoadedModel, answer: Answer, index: int, *, layers: Sequence[str]) -> Steps[Rivals]:
    """Each method's map of a class with its figures; yields (part, done, in all): first the patches, then the methods.

    Args:
        model: what answered; left as it is.
        answer: to the picture.
        index: the class.
        layers: that the maps are made from.

    Raises:
        UnknownChoiceError: this network has no such block.
    """
    covering = Watched(patch_falls(model, answer, index))
    for done, total in covering:
        yield 1, done, total
    patches = covering.result
    names = methods(len(answer.logits))
    found: list[Rival] = []
    for number, method in enumerate(names):
        yield 2, number, len(names)
        found.append(_rival(model, answer, patches, method, layers, found))
    return Rivals(patches, tuple(found))


def _rival(
    model: LoadedModel, answer: Answer, patches: PatchFalls, method: str, layers: Sequence[str], before: list[Rival]
) -> Rival:
    """One method; a map that another method has given already (``SAME_ON_LAST``) has that one's figures."""
    seen = hold(model, answer, choose(model.network, layers, method).paths)
    started = clock(model.device)
    (heatmap,) = heatmaps(model, seen, [patches.index], layers=layers, method=method)
    took = clock(model.device) - started
    for other in before:
        if (heatmap.values == other.heatmap.values).all():
            return Rival(heatmap, took, other.correlation, other.arcc)
    figures = arcc(model, seen, heatmap, layers=layers) if heatmap.has_evidence else None
    return Rival(heatmap, took, patches.correlation(heatmap), figures)
