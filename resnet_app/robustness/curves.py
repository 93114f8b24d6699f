"""One picture and one corruption -> the answer over the corruption's whole range, and where it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from resnet_app.images import to_tensor
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import require_numbers
from resnet_app.progress import Steps
from resnet_app.robustness.catalogue import find
from resnet_app.robustness.corruptions import corrupted

BATCH = 8  # pictures that go through the network at once


@dataclass(frozen=True)
class Curve:
    """The answers over a range.

    Attributes:
        name: of the corruption.
        values: ascending, with the neutral one.
        logits: (values, classes) float32.
    """

    name: str
    values: tuple[float, ...]
    logits: NDArray[np.float32] = field(repr=False)

    @property
    def answers(self) -> list[int]:
        """The best class at each value."""
        best: list[int] = self.logits.argmax(1).tolist()
        return best

    @property
    def clean(self) -> int:
        """Where the neutral value stands."""
        return self.values.index(find(self.name).neutral)

    def probabilities(self, index: int) -> list[float]:
        """One class's probability at each value."""
        shares: list[float] = torch.from_numpy(self.logits).softmax(1)[:, index].tolist()
        return shares

    @property
    def changes(self) -> list[tuple[float, int]]:
        """Going out from the neutral value, down and up: the first value with another answer, and that answer."""
        answers, clean = self.answers, self.clean
        ways = (range(clean - 1, -1, -1), range(clean + 1, len(answers)))
        first = (next((at for at in way if answers[at] != answers[clean]), None) for way in ways)
        return [(self.values[at], answers[at]) for at in first if at is not None]


def curve(model: LoadedModel, crop: Image.Image, name: str, *, values: Sequence[float] | None = None) -> Steps[Curve]:
    """Answer a picture over a corruption's range; yields (pictures done, in all).

    Args:
        model: what answers.
        crop: the square that it sees.
        name: of the corruption.
        values: ascending, the neutral one among them; ``Corruption.values`` where not given.

    Raises:
        ResNetAppError: there is no such corruption, or the weights give no numbers.
    """
    chosen = tuple(values or find(name).values())
    found: list[NDArray[np.float32]] = []
    for first in range(0, len(chosen), BATCH):
        yield first, len(chosen)
        pictures = [corrupted(crop, name, value) for value in chosen[first : first + BATCH]]
        pixels = torch.cat([to_tensor(picture, model.recipe) for picture in pictures]).to(model.device.torch)
        with torch.inference_mode():
            logits = model.network.forward_head(model.backbone(pixels))
        require_numbers(logits)
        found.append(logits.cpu().numpy())
    return Curve(name, chosen, np.concatenate(found))
