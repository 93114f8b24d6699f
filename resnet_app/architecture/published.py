"""Published figures beside our own: the papers' Table 1, torchvision's metadata, and all of its classifiers.

Sources: He et al. 2015 (arXiv 1512.03385), Table 1; Xie et al. 2016 (arXiv 1611.05431), Table 1; torchvision's
``Weights.meta``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from resnet_app.architecture.records import Architecture, BlockRow
from resnet_app.registry import SPECS

HE, XIE = "He et al. 2015", "Xie et al. 2016"
# name -> (paper, GMACs in its Table 1, parameters in millions where it gives them)
TABLE_1 = {
    "resnet18": (HE, 1.8, None), "resnet34": (HE, 3.6, None), "resnet50": (HE, 3.8, None),
    "resnet101": (HE, 7.6, None), "resnet152": (HE, 11.3, None), "resnext50_32x4d": (XIE, 4.2, 25.0),
}  # fmt: skip
ROUNDING, NO_PROJECTION, STRIDE_FIRST = "rounding", "no_projection", "stride_first"
TOP_1 = ("ImageNet-1K", "acc@1")


@dataclass(frozen=True)
class PaperRow:
    """A network's line in its paper's Table 1, beside the same layout counted by us.

    Attributes:
        paper: the authors and the year.
        gmacs: as printed there.
        reason: why ours differ: ``no_projection`` (the paper's basic blocks have a shortcut without parameters, its
            option A), ``stride_first`` (the paper's bottlenecks stride in the first 1x1, ours, "v1.5", in the 3x3) or
            ``rounding`` only.
        counted: 10^9 multiply-adds of the paper's layout, counted as ours are.
        parameters: in millions as printed there, where they are.
    """

    paper: str
    gmacs: float
    reason: str
    counted: float
    parameters: float | None


def paper_row(architecture: Architecture) -> PaperRow | None:
    """What the paper's Table 1 says of it; None where it says nothing, or of another size, head, stem or dilation."""
    if not is_standard(architecture) or architecture.spec.name not in TABLE_1:
        return None
    paper, gmacs, parameters = TABLE_1[architecture.spec.name]
    blocks = [block for stage in architecture.stages for block in stage.blocks]
    if paper == XIE:
        reason, saved = ROUNDING, 0
    elif architecture.spec.block == "BasicBlock":
        reason, saved = NO_PROJECTION, sum(layer.macs for block in blocks for layer in block.shortcut)
    else:
        reason, saved = STRIDE_FIRST, sum(map(_saved_by_an_early_stride, blocks))
    return PaperRow(paper, gmacs, reason, (architecture.macs - saved) / 1e9, parameters)


def is_standard(architecture: Architecture) -> bool:
    """Whether published figures are of this very network: 1000 classes, 224 x 224, ImageNet's stem, no dilation,
    and groups, widths and norm as they were published."""
    shape = (architecture.classes, architecture.input_size, architecture.stem, architecture.dilated)
    return architecture.is_as_published and shape == (1000, (224, 224), "imagenet", ())


def _saved_by_an_early_stride(block: BlockRow) -> int:
    """MACs that a bottleneck saves where its first 1x1 strides, not its 3x3."""
    first = block.branch[0]
    weights = first.macs // prod(first.output_shape[1:])
    return first.macs - weights * prod(block.output_shape[1:])


@dataclass(frozen=True)
class Classifier:
    """One set of weights of one of torchvision's classifiers.

    Attributes:
        model: the builder's name.
        weights: e.g. ``IMAGENET1K_V2``.
        accuracy: ImageNet top-1 in %.
        gmacs: 10^9 multiply-adds at the weights' own picture size.
        parameters: learned numbers.
        side: the height of the picture that the weights want, in pixels.
        is_ours: whether it is one of the networks here.
    """

    model: str
    weights: str
    accuracy: float
    gmacs: float
    parameters: int
    side: int
    is_ours: bool


@lru_cache(maxsize=1)
def classifiers() -> tuple[Classifier, ...]:
    """All of torchvision's classifiers that were tested on ImageNet, in full precision, by model and weights."""
    from torchvision import models

    found = []
    for name in models.list_models(module=models):
        for weights in models.get_model_weights(name):
            metrics = weights.meta.get("_metrics", {}).get(TOP_1[0], {})
            if TOP_1[1] in metrics:
                side = weights.transforms().crop_size[0]
                found.append(
                    Classifier(
                        name, weights.name, metrics[TOP_1[1]], weights.meta["_ops"], weights.meta["num_params"], side,
                        name in SPECS,
                    )
                )  # fmt: skip
    return tuple(found)
