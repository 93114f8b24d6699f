"""A picture changed a little, by the gradient, until the answer is another one.

    FGSM  one step of epsilon along the sign of the loss's gradient     Goodfellow et al. 2015 (1412.6572), section 4
    PGD   ten steps of a quarter of epsilon from a random start, each   Madry et al. 2018 (1706.06083), section 2.1
          brought back into the box of epsilon around the picture

The loss is the cross-entropy of the answer that the picture gets (which grows), or of a class that is wanted (which
shrinks). All is done in pixels in [0, 1], before they are normalised. Steps, step size and start are those that
torchattacks has by default; the start is one draw, so that the same picture gives the same attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import cross_entropy

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.images import normalised, unit_values
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import classify_crop
from resnet_app.progress import Steps, finish
from resnet_app.robustness.catalogue import ATTACKS, MAX_EPSILON
from resnet_app.robustness.corruptions import as_picture

PGD_STEPS = 10
PGD_STEP = 0.25  # of epsilon
SEED = 0
PASSES_A_STEP = 3  # what a step costs: there, and back through every block


@dataclass(frozen=True)
class Attack:
    """What is tried.

    Attributes:
        method: one of ``catalogue.ATTACKS``.
        epsilon: how far a pixel's colour may go, in 255ths.
        target: the class that is wanted; None for any other than the answer.
    """

    method: str
    epsilon: int
    target: int | None = None

    @property
    def steps(self) -> int:
        """Gradients taken."""
        return PGD_STEPS if self.method == "pgd" else 1


@dataclass(frozen=True)
class Attacked:
    """What an attack made.

    Attributes:
        values: (H, W, 3) float32 in [0, 1], as the steps left them.
    """

    values: NDArray[np.float32]

    @property
    def picture(self) -> Image.Image:
        """The nearest picture of 8 bits; still in the box, whose sides are whole 255ths away."""
        return as_picture(self.values)


def check(model: LoadedModel, chosen: Attack, index: int) -> None:
    """Refuse what cannot be tried on a picture whose answer is ``index``.

    Raises:
        UnknownChoiceError: there is no such attack.
        ResNetAppError: epsilon is out of range, there is no other class, or the target is the answer or no class.
    """
    if chosen.method not in ATTACKS:
        raise UnknownChoiceError("attack", chosen.method, list(ATTACKS))
    if chosen.epsilon not in range(MAX_EPSILON + 1):
        raise ResNetAppError(
            f"Epsilon is {chosen.epsilon}; give 0 to {MAX_EPSILON} (255ths).",
            code="bad_epsilon", given=chosen.epsilon, most=MAX_EPSILON,
        )  # fmt: skip
    classes = len(model.class_names)
    if classes < 2:
        raise ResNetAppError("This model has one class: there is no other answer to be had.", code="one_class")
    if chosen.target is not None and (chosen.target == index or not 0 <= chosen.target < classes):
        raise ResNetAppError("The target is the answer already; choose another class.", code="target_is_answer")


def attacked(model: LoadedModel, crop: Image.Image, index: int, chosen: Attack) -> Steps[Attacked]:
    """Attack a picture; yields (steps done, in all).

    Args:
        model: left as it is: the gradient is taken by the pixels alone.
        crop: the square that the model sees.
        index: the answer to it.
        chosen: checked by ``check``.
    """
    clean = unit_values(crop).to(model.device.torch)
    radius = chosen.epsilon / 255
    is_iterated = chosen.method == "pgd"
    step = radius * PGD_STEP if is_iterated else radius
    values = _kept(clean + _start(clean, radius), clean, radius) if is_iterated else clean
    for number in range(chosen.steps):
        yield number, chosen.steps
        values = _kept(values + step * _upwards(model, values, index, chosen.target).sign(), clean, radius)
    return Attacked(values.permute(1, 2, 0).cpu().numpy())


@dataclass(frozen=True)
class Turned:
    """The smallest of some epsilons at which the answer turns.

    Attributes:
        epsilon: in 255ths; None where the largest does not do it either.
        picture: the attacked square at that epsilon, or at the largest.
    """

    epsilon: int | None
    picture: Image.Image


def smallest(model: LoadedModel, crop: Image.Image, index: int, epsilons: Sequence[int] = (1, 2, 4, 8)) -> Turned:
    """Try PGD with more and more of epsilon until the answer to the 8-bit picture is another one.

    Args:
        model: left as it is.
        crop: the square that the model sees.
        index: the answer to it.
        epsilons: rising.

    Raises:
        ResNetAppError: the model has one class.
    """
    for epsilon in epsilons:
        chosen = Attack("pgd", epsilon)
        check(model, chosen, index)
        picture = finish(attacked(model, crop, index, chosen)).picture
        if classify_crop(model, picture, top_k=1).predictions[0].index != index:
            return Turned(epsilon, picture)
    return Turned(None, picture)


def _start(clean: Tensor, radius: float) -> Tensor:
    draw = torch.rand(clean.shape, generator=torch.Generator().manual_seed(SEED))
    return ((2 * draw - 1) * radius).to(clean.device)


def _kept(values: Tensor, clean: Tensor, radius: float) -> Tensor:
    """Back into the box around the picture, and among the colours that there are."""
    return (clean + (values - clean).clamp(-radius, radius)).clamp(0, 1)


def _upwards(model: LoadedModel, values: Tensor, index: int, target: int | None) -> Tensor:
    """The gradient by the pixels, (3, H, W), along which the answer gets less likely, or the target more likely."""
    with torch.inference_mode(False), torch.enable_grad():
        pixels = values.clone().requires_grad_()
        logits = model.network(normalised(pixels, model.recipe)[None])
        loss = cross_entropy(logits, torch.tensor([index if target is None else target], device=logits.device))
        (gradient,) = torch.autograd.grad(loss, pixels)
    return gradient if target is None else -gradient
