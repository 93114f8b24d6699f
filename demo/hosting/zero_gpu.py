"""Hugging Face's ZeroGPU: a GPU that is lent, for some seconds, to the work that gains by it.

There, a GPU is lent to what `spaces` has decorated. It runs in a process that is forked for it, and all that goes in or
comes out is pickled: the choice of a model goes in, never a model, with answers as arrays; records come out. In the
app's own process a GPU only seems to be there, so that everything else is done on the CPU.

Elsewhere work is done where it is asked for, and `spaces` is never imported.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.inference.cache import ModelCache
    from resnet_app.inference.models import LoadedModel, ModelChoice

log = logging.getLogger("resnet_explorer")
ON = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")  # as `spaces` reads it
if ON:
    import spaces  # before anybody touches torch, which it changes

    from resnet_app import device

    device.keep_to_cpu()

WORTH = 35.0  # multiply-adds, 10^9: a second of two cores, in which a GPU is hardly lent
START = 10.0  # seconds: a process, CUDA and the weights
EACH_PASS = 0.005  # seconds of a pass, whatever the network: steps that are begun one after another
EACH_GMAC = 0.001  # seconds of 10^9 multiply-adds on top
MOST_SECONDS = 120.0  # more is not lent to a visitor


@dataclass(frozen=True)
class Came:
    """The end of work on a GPU: what came of it, or the sentence that says why nothing did."""

    value: Any = None
    error: ResNetAppError | None = None


def carried_out(
    work: Callable[..., Any], model: LoadedModel, *given: Any, passes: int, **options: Any
) -> Generator[Any, None, Any]:
    """Do long work with a model: on a GPU where one is lent and the work gains by it, else here.

    Args:
        work: a generator function of a module: a model, ``given`` and ``options`` -> what it yields and returns.
        model: what it works with; on a GPU it is loaded again, from its choice.
        given: what can be pickled; an ``Answer`` goes to where the model is.
        passes: about how many times it goes through the network.

    Returns:
        What the work does, and what it yields on the way.

    Raises:
        ResNetAppError: of the work, or the GPU was taken back before its end.
    """
    if not (ON and passes * gmacs(model) > WORTH):
        return (yield from work(model, *given, **options))
    began = False
    try:
        for each in _lent(work, model.choice, given, options, seconds(model, passes)):
            if isinstance(each, Came):
                if each.error:
                    raise each.error
                return each.value
            began = True
            yield each
    except gr.Error as error:  # of `spaces`: no GPU is free, the visitor's minutes are used up, its time is over
        log.warning("no GPU: %s", error)
        if began:
            raise ResNetAppError(
                "The GPU was taken back before this was done; ask for less, or try again.", code="gpu_taken_back"
            ) from None
    return (yield from work(model, *given, **options))


def gmacs(model: LoadedModel) -> float:
    """One pass in 10^9 multiply-adds, at the size that the model looks at."""
    return model.spec.gmacs * (model.recipe.crop / 224) ** 2


def seconds(model: LoadedModel, passes: int) -> float:
    """How long a GPU is asked for: the less, the sooner it is lent, and what is left of it counts as used."""
    return min(MOST_SECONDS, START + passes * (EACH_PASS + EACH_GMAC * gmacs(model)))


def _duration(*asked: Any) -> int:
    """The last argument of ``_lent``, in whole seconds, as `spaces` wants it."""
    return round(float(asked[-1]))


def _on_a_gpu(
    work: Callable[..., Any], choice: ModelChoice, given: tuple[Any, ...], options: dict[str, Any], _seconds: float
) -> Generator[Any, None, None]:
    """What runs in the forked process; it ends with a ``Came``, since a generator's return does not travel."""
    from resnet_app import device
    from resnet_app.inference.predict import Answer

    device.keep_to_cpu(False)
    try:
        model = _models().get(replace(choice, device=device.resolve().name))
        at_hand = [each.on(model.device) if isinstance(each, Answer) else each for each in given]
        yield Came((yield from work(model, *at_hand, **options)))
    except ResNetAppError as error:
        yield Came(error=error.alone())  # `spaces` would tell no more than its class


@lru_cache(maxsize=1)
def _models() -> ModelCache:
    """The forked process's own: in the shared cache a model may be on its way, by a thread that is not here."""
    from resnet_app.inference.cache import ModelCache

    return ModelCache()


_lent = spaces.GPU(_on_a_gpu, duration=_duration) if ON else _on_a_gpu
