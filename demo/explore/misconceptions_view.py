"""What is often said of ResNets and is not so, each beside what is true and a figure of this app that shows it; pure.

Every number is worked out here from the networks themselves; the words only say what to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import torch
from markupsafe import Markup

from demo.explore.drawings import block_drawing
from demo.locales import ENGLISH, text
from demo.locales.names import operator
from demo.ui.html import shape, table, template
from resnet_app.architecture import formulas
from resnet_app.architecture.counting import describe, slid
from resnet_app.architecture.records import Architecture, BlockRow
from resnet_app.registry import SPECS

BASIC, DEEP = "resnet18", "resnet50"
OLD_POOL, SMALL = 7, 32  # the fixed average pool of older code, and the side of CIFAR's pictures, in pixels
_show = template("explore/steps.html")


def _block(name: str, path: str) -> BlockRow:
    return next(block for stage in describe(name).stages for block in stage.blocks if block.path == path)


def _drawn(name: str, path: str) -> Callable[[str], Markup]:
    return lambda language: block_drawing(language, _block(name, path))


def _formulas(*lines: str) -> Markup:
    return _show("formulas", ENGLISH, lines=lines)


def _planes(_language: str) -> Markup:
    architecture = describe(DEEP)
    paths = ("layer1.0", "layer2.0", "layer3.0", "layer4.0")
    return _formulas(*(f"{path}: {formulas.output_channels(architecture, _block(DEEP, path))}" for path in paths))


def _expansion(_language: str) -> Markup:
    block = _block(DEEP, "layer2.1")
    formula = formulas.output_channels(describe(DEEP), block)
    return _formulas(f"{block.path}: {block.input_shape[0]} → {block.output_shape[0]}, {formula}")


def _projections(language: str) -> Markup:
    heads = [text(language, f"col_{key}") for key in ("layer", "operator", "input", "output")]
    rows = [
        [
            Markup("<code>{}</code>").format(layer.path),
            operator(language, layer.operator),
            shape(layer.input_shape),
            shape(layer.output_shape),
        ]
        for stage in describe(DEEP).stages
        for block in stage.blocks
        for layer in block.shortcut[:1]
    ]
    return table(heads, rows, kind="facts")


def _convolutions(architecture: Architecture) -> list[int]:
    """The side of each convolution's kernel."""
    return [layer.kernel for stage in architecture.stages for layer in stage.every_layer if layer.kind == "conv"]


def _kernels(language: str) -> Markup:
    counted = sorted(Counter(_convolutions(describe(DEEP))).items(), reverse=True)
    heads = [text(language, "said_kernel"), text(language, "said_count")]
    return table(heads, [[f"{side}×{side}", str(count)] for side, count in counted], kind="facts")


def _depth(language: str) -> Markup:
    architecture = describe(DEEP)
    words = text(language, "said_all_convolutions", count=len(_convolutions(architecture)))
    return _formulas(formulas.depth(architecture.spec)) + Markup("<p>{}</p>").format(words)


def _zero_init(_language: str) -> Markup:
    lines = []
    for asked in (False, True):
        network = SPECS[BASIC].build(num_classes=2, zero_init_residual=asked)
        weight = network.get_parameter("layer1.0.bn2.weight")
        lines.append(f"zero_init_residual={asked}: layer1.0.bn2.weight = {weight[0].item():.0f}")
    return _formulas(*lines)


def _old_pool(_language: str) -> Markup:
    """The size that a fixed 7x7 pool would give, and what PyTorch says to it."""
    last = next(stage for stage in describe(BASIC, input_size=(SMALL, SMALL)).stages if stage.name == "conv5_x")
    side = last.output_shape[1]
    formula = f"floor(({side} + 2×0 - {OLD_POOL})/1) + 1 = {slid(side, OLD_POOL, 1, 0, 1)}"
    try:
        torch.nn.AvgPool2d(OLD_POOL, stride=1)(torch.zeros(1, *last.output_shape))
    except RuntimeError as error:
        return _formulas(formula, str(error).partition("\n")[0])
    return _formulas(formula)


FIGURES: dict[str, Callable[[str], Markup]] = {  # in the order of the page
    "basic_block": _drawn(BASIC, "layer2.1"),
    "last_1x1": _drawn(DEEP, "layer1.1"),
    "planes": _planes,
    "expansion": _expansion,
    "projection": _projections,
    "kernels": _kernels,
    "depth": _depth,
    "zero_init": _zero_init,
    "any_size": _old_pool,
}


@lru_cache(maxsize=4)
def listed(language: str) -> Markup:
    """All of them."""
    return _show("misconceptions", language, figures={key: figure(language) for key, figure in FIGURES.items()})
