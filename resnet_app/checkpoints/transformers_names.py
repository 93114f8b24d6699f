"""A ResNet's names in Hugging Face's ``transformers`` -> torchvision's: the same network, its parts called otherwise.

Source: ``ResNetForImageClassification``, whose weights ``save_pretrained`` writes. What stands in its ``config.json``
alone is taken to be as usual: ``downsample_in_bottleneck`` and ``downsample_in_first_stage`` off, ``hidden_act`` ReLU.
"""

from __future__ import annotations

import re
from typing import Any

_BODY = r"(?:(?P<before>(?:.{1,100}\.)?)resnet\.)?"  # none where the network was saved without its head
_STEM = re.compile(_BODY + r"embedder\.embedder\.(?P<kind>convolution|normalization)\.(?P<what>\w+)")
_BLOCK = re.compile(_BODY + r"encoder\.stages\.(?P<stage>[0-3])\.layers\.(?P<number>\d{1,3})\.(?P<rest>.+)")
_STEP = re.compile(r"(?:shortcut|layer\.(?P<place>[0-2]))\.(?P<kind>convolution|normalization)\.(?P<what>\w+)")
_INSIDE = re.compile(_BODY + r"(?:embedder|encoder)\..+")
_HEAD = re.compile(r"(?P<before>(?:.{1,100}\.)?)classifier\.1\.(?P<what>weight|bias)")
_MAX_KEY = 300  # characters; patterns are not tried on more


def torchvision_names(tensors: dict[str, Any]) -> dict[str, Any] | None:
    """The same tensors under torchvision's names; None where these are not the names of a ResNet in transformers, or
    something in it has no place in ours, such as a fifth stage."""
    if any(len(key) > _MAX_KEY for key in tensors) or not any(map(_STEM.fullmatch, tensors)):
        return None
    named = {_name(key): each for key, each in tensors.items()}
    has_more = any(key in tensors and _INSIDE.fullmatch(key) for key in named)
    return None if has_more or len(named) != len(tensors) else named  # two under one name: which is meant?


def _name(key: str) -> str:
    if found := _STEM.fullmatch(key):
        return f"{found['before'] or ''}{_part(found['kind'], 1)}.{found['what']}"
    if found := _HEAD.fullmatch(key):
        return f"{found['before']}fc.{found['what']}"
    if found := _BLOCK.fullmatch(key):
        block = f"{found['before'] or ''}layer{int(found['stage']) + 1}.{found['number']}"
        return f"{block}.{_within(found['rest'])}"
    return key


def _within(block: str) -> str:
    """The name of a step of a block; one that no ResNet has stays, and is in the block as it was."""
    found = _STEP.fullmatch(block)
    if found is None:
        return block
    if found["place"] is None:
        return f"downsample.{0 if found['kind'] == 'convolution' else 1}.{found['what']}"
    return f"{_part(found['kind'], int(found['place']) + 1)}.{found['what']}"


def _part(kind: str, number: int) -> str:
    return f"{'conv' if kind == 'convolution' else 'bn'}{number}"
