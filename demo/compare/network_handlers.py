"""Which networks are compared on photos: what may be chosen, and what the choice stands for.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.compare.choices import REGISTERED, SESSION, UNTRAINED, VERSIONS, parts_of
from demo.locales import text
from demo.ui.errors import no_problem
from demo.ui.labels import weights_of_choice
from demo.ui.session import OWN, PageInputs, placed
from resnet_app.errors import ResNetAppError
from resnet_app.registry import BUNDLED_FILES, IMAGENET, IMAGENET_V1, IMAGENET_V2, RANDOM, SPECS, TAUGHT, get_spec

if TYPE_CHECKING:
    from resnet_app.inference.models import ModelChoice


class Asked(NamedTuple):
    """What the box of networks says."""

    page: PageInputs
    chosen: Any
    checkpoints: Any


class Shown(NamedTuple):
    """What becomes of it; what is not given stays as it is."""

    chosen: Any = gr.skip()
    problem: Any = gr.skip()


def offer(asked: Asked) -> Shown:
    """Every network with each of its weights, in words, and the session's own; what is chosen stays."""
    offered = _offered(asked.page)
    known = {value for _, value in offered}
    kept = [name for name in asked.chosen or () if name in known]
    return Shown(gr.update(choices=offered, value=kept), no_problem())


def choose_preset(preset: str, asked: Asked) -> Shown:
    """Several at once: what is here and trained, the first beside the second ImageNet weights, or all untrained."""
    here = [name for name in (*REGISTERED, SESSION) if parts_of(name)[1] != RANDOM and _is_here(name)]
    chosen = {"here": here, "versions": VERSIONS, "untrained": UNTRAINED}[preset]
    return Shown(gr.update(choices=_offered(asked.page), value=list(chosen)), no_problem())


def _offered(page: PageInputs) -> list[tuple[str, str]]:
    session = text(page.language, "compare_session", title=_title(page.language, _of_session(page)))
    return [(session, SESSION), *((_words(page.language, name), name) for name in REGISTERED)]


def _words(language: str, name: str) -> str:
    """A network and its weights; with their published accuracy, and a word where they are not on this computer."""
    model, weights = parts_of(name)
    spec = get_spec(model)
    accuracy = {f"{IMAGENET}-v{version}": top1 for version, top1 in enumerate(spec.accuracy, start=1)}
    words = f"{spec.title} · {text(language, f'weights_{weights}', accuracy=f'{accuracy.get(weights, 0):.1f}')}"
    return words if _is_here(name) else f"{words} · {text(language, 'compare_not_here')}"


def _is_here(name: str) -> bool:
    from resnet_app.inference.download import cached_file

    model, weights = parts_of(name)
    return weights in ("", RANDOM, *BUNDLED_FILES) or cached_file(get_spec(model), weights).is_file()


def _of_session(page: PageInputs) -> ModelChoice:
    """The choice of the sidebar's model; "ImageNet (best)" by the version that it is."""
    from resnet_app.inference import models

    weights = page.weights if page.weights not in (OWN, TAUGHT) else None
    device, precision = placed(page.device)
    found: ModelChoice = page.choice or models.choose(page.model or None, weights, device=device, precision=precision)
    if found.weights != IMAGENET or found.head is not None:
        return found
    versions = (IMAGENET_V1, IMAGENET_V2)[: len(get_spec(found.model).accuracy)]
    return replace(found, weights=versions[-1])


def _title(language: str, choice: ModelChoice) -> str:
    words = weights_of_choice(language, choice)
    return f"{SPECS[choice.model].title} · {words}" if choice.model else words


def choices_of(page: PageInputs, chosen: Sequence[str] | None, checkpoints: Sequence[str] | None) -> list[ModelChoice]:
    """What the box and the files stand for, each once, in their order.

    Raises:
        ResNetAppError: nothing is chosen.
    """
    from resnet_app.inference import models

    device, precision = placed(page.device)
    choose = partial(models.choose, device=device, precision=precision)
    found: list[ModelChoice] = []
    for name in chosen or ():
        if name == SESSION:
            found.append(_of_session(page))
        elif name in REGISTERED:
            found.append(choose(*parts_of(name)))
    found += [choose(checkpoint=file) for file in checkpoints or ()]
    if not found:
        raise ResNetAppError("No network is chosen. Choose one or more above.", code="no_networks")
    return list(dict.fromkeys(found))


def class_names(choices: Sequence[ModelChoice]) -> list[str]:
    """The classes that may be asked for: first those that all of the networks know, then the others.

    The shortest come first: who types "bees" and presses Enter gets the first that has it, and no hartebeest.
    """
    from resnet_app.inference.cache import shared_cache
    from resnet_app.many.side_by_side import known_classes

    each: list[tuple[str, ...]] = []
    for choice in choices:
        with suppress(ResNetAppError):  # a file that is not one we read is told of where it is asked
            each.append(known_classes(choice, shared_cache()))
    every = dict.fromkeys(name for names in dict.fromkeys(each) for name in names)
    common = set(every).intersection(*map(set, each))
    return sorted(every, key=lambda name: (name not in common, len(name)))
