"""What a pass in half the bits costs: its answers beside those of the float32 pass, on the same pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from resnet_app.choices import FLOAT32
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer


@dataclass
class Rounding:
    """Answers compared so far.

    Attributes:
        count: pictures.
        same: of these, those with the same best answer.
        difference: the largest difference of a logit.
        share: the same, as a share of that picture's largest logit.
    """

    count: int = 0
    same: int = 0
    difference: float = 0.0
    share: float = 0.0

    def add(self, model: LoadedModel, answer: Answer) -> None:
        """Answer one picture in float32 too, by another pass, and compare."""
        exact = float32_logits(model, answer)
        difference = float((answer.logits - exact).abs().max())
        self.count += 1
        self.same += int(answer.logits.argmax()) == int(exact.argmax())
        self.difference = max(self.difference, difference)
        self.share = max(self.share, difference / max(float(exact.abs().max()), 1e-12))


def float32_logits(model: LoadedModel, answer: Answer) -> torch.Tensor:
    """(classes,) on the CPU, by plain PyTorch in float32."""
    with torch.inference_mode():
        maps = model.backbone.eager_outputs(answer.pixels, ())[model.backbone.last]
        logits: torch.Tensor = model.network.forward_head(maps)[0].cpu()
    return logits


def is_rounded(model: LoadedModel) -> bool:
    """Whether its pass takes fewer bits than float32."""
    return model.choice.precision != FLOAT32
