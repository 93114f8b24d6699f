"""The last layer of a state dict: where it is, and what is refused so that no answer is of another network.

Works on names and shapes alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from resnet_app.checkpoints.printed import printable
from resnet_app.errors import CheckpointError

# What the last layer is called in networks that took the ResNet's own off.
_HEADS = re.compile(r"(?:.*\.)?(?:head|classifier|last_linear|linear|fc)(?:\.\d{1,3}|\.fc)?\.weight")


def find_head(tensors: dict[str, Any]) -> str:
    """Where the last layer is, perhaps inside a Sequential (Dropout + Linear), whose rest does nothing in eval mode.

    Raises:
        CheckpointError: it has more than one layer, or there are two.
    """
    heads = sorted({match[1] for key in tensors if (match := re.match(r"fc\.(\d{1,3})\.", key))})
    if len(heads) > 1:
        layers = ", ".join(f"fc.{head}" for head in heads)
        raise CheckpointError(
            f"The classifier of these weights has {len(heads)} layers ({layers}); one Linear is read.",
            code="long_head",
            count=len(heads),
            layers=layers,
        )
    if heads and "fc.weight" in tensors:
        raise CheckpointError(
            f"This file holds two classifiers (fc and fc.{heads[0]}); save the weights with the one that you mean.",
            code="two_heads",
            other=f"fc.{heads[0]}",
        )
    return f"fc.{heads[0]}." if heads else "fc."


def require_one_head(network: dict[str, Any], others: Iterable[tuple[str, Any]], *, head: str, prefix: str) -> None:
    """Refuse a file with a layer beside the network that takes what the network gives: its answers would be others.

    Args:
        network: its tensors, without the prefix.
        others: names and tensors of what is not part of it.
        head: where the network's last layer is.
        prefix: of the network's names.

    Raises:
        CheckpointError: there is such a layer, beside the network's own last layer or in its place.
    """
    own = _shape(network.get(f"{head}weight"))
    features = 2048 if "layer4.0.conv3.weight" in network else 512
    widths = {features, *own[:1]} if len(own) == 2 else {features}
    takes = {
        key: shape[1]
        for key, tensor in others
        if "weight" in key.rpartition(".")[2] and len(shape := _shape(tensor)) == 2 and shape[1] in widths
    }
    if not takes:
        return
    wanted = printable(f"{prefix}{head}".rstrip("."))
    if own:
        key, width = next(iter(takes.items()))
        other = printable(key)
        raise CheckpointError(
            f"This file holds two classifiers ({wanted}, and {other}, which takes {width} numbers). Save a network "
            "whose fc is the one that you mean, with nothing after it.",
            code="second_head",
            first=wanted,
            other=other,
            width=width,
        )
    if len(takes) == 1 and _HEADS.fullmatch(key := next(iter(takes))):
        other = printable(key.removesuffix(".weight"))
        raise CheckpointError(
            f"These weights have no {wanted}, which is read here; their last layer seems to be {other}. In the state "
            f"dict, rename {other}.weight and {other}.bias to {wanted}.weight and {wanted}.bias, and save it again.",
            code="head_elsewhere",
            wanted=wanted,
            other=other,
        )


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(getattr(tensor, "shape", ()))


def require_classes(outputs: int) -> None:
    """Refuse a classifier of one output: the softmax of one number is 1 whatever the picture.

    Raises:
        CheckpointError: it is one.
    """
    if outputs == 1:
        raise CheckpointError(
            "These weights have one output, a yes or no for a sigmoid; this app compares classes, and would answer "
            "every picture alike. Train or save a head with two outputs, one for each class.",
            code="one_output",
        )
