"""A picture before and after a change, each with its answer; and a changed one saved so that it is answered alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from resnet_app.images import Recipe
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer, Prediction, classify_crop


@dataclass(frozen=True)
class Trial:
    """What a change of the picture did to the answer; both answers are of the very pictures that are shown."""

    before: Answer
    after: Answer

    @property
    def first(self) -> Prediction:
        """The answer before."""
        return self.before.predictions[0]

    @property
    def last(self) -> Prediction:
        """The answer after."""
        return self.after.predictions[0]

    @property
    def is_fooled(self) -> bool:
        """Whether the answer is another one."""
        return self.first.index != self.last.index

    @property
    def logit_change(self) -> float:
        """How much the first answer's logit has gone up (down: negative)."""
        return float(self.after.logits[self.first.index] - self.before.logits[self.first.index])

    @property
    def probability_after(self) -> float:
        """What is left of the first answer's probability."""
        return float(self.after.logits.softmax(0)[self.first.index])


def tried(model: LoadedModel, before: Answer, changed: Image.Image) -> Trial:
    """Answer a changed picture, with as many predictions as before."""
    return Trial(before, classify_crop(model, changed, top_k=len(before.predictions), name=before.file))


def to_save(crop: Image.Image, recipe: Recipe) -> Image.Image:
    """The square with the margin that the recipe cuts off again, so that ``predict`` sees the very same square.

    A bare square would be enlarged to ``recipe.resize`` first. The margin is the square mirrored; nobody looks at it.
    """
    margin = recipe.resize - recipe.crop
    before = round(margin / 2)
    sides = (before, margin - before)
    return Image.fromarray(np.pad(np.asarray(crop), (sides, sides, (0, 0)), "symmetric"))
