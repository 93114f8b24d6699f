"""Score-CAM and Ablation-CAM: a weight for each channel, from a pass of its own; sources stand in cam.py."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.progress import Steps

CHUNK = 16  # passes between two looks
SMALLEST = 1e-6  # of a logit, that a drop is divided by


def by_channel(
    model: LoadedModel, answer: Answer, classes: Sequence[int], held: dict[str, Tensor], method: str
) -> Steps[list[Tensor]]:
    """Score-CAM and Ablation-CAM: a channel's weight from the scores with nothing but what it sees, or without it."""
    total = sum(maps.shape[1] for maps in held.values())
    done, raw = 0, []
    for path, maps in held.items():
        scores = []
        for start in range(0, maps.shape[1], CHUNK):
            yield done, total
            with torch.inference_mode():
                channels = range(start, min(start + CHUNK, maps.shape[1]))
                changed = (
                    _masked(model, answer, maps, channels)
                    if method == "scorecam"
                    else _ablated(model, path, maps, channels)
                )
                scores.append(model.network.forward_head(changed)[:, list(classes)])
            done += len(channels)
        with torch.inference_mode():
            found = torch.cat(scores)  # (C, K)
            if method == "scorecam":
                weights = found.softmax(0)
            else:
                before = model.network.forward_head(answer.features)[0, list(classes)]
                # The drop, over the score's size: over a negative score itself, as the paper has it, the map would
                # show what speaks against the class.
                weights = (before - found) / before.abs().clamp(min=SMALLEST)
            raw.append(torch.einsum("ck,chw->khw", weights, maps[0]))
    return raw


def _masked(model: LoadedModel, answer: Answer, maps: Tensor, channels: range) -> Tensor:
    """Layer4's maps of the picture seen through each channel; what a channel does not see becomes the mean colour."""
    masks = interpolate(
        maps[0, channels.start : channels.stop, None], answer.pixels.shape[-2:], mode="bilinear", align_corners=True
    )
    low, high = masks.amin((2, 3), keepdim=True), masks.amax((2, 3), keepdim=True)
    return model.backbone(answer.pixels * ((masks - low) / (high - low + 1e-8)))


def _ablated(model: LoadedModel, path: str, maps: Tensor, channels: range) -> Tensor:
    """Layer4's maps where each channel in turn is put to zero, which is where ReLU's outputs start."""
    many = maps.repeat(len(channels), 1, 1, 1)
    many[range(len(channels)), list(channels)] = 0
    return model.backbone.after(path, many)
