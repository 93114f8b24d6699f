"""Is it the bee or the flower?: what was measured, and one of the example pictures taken apart.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.fool.trial_handlers import maps
from demo.ui.errors import no_problem
from demo.ui.session import PageInputs, resolve
from resnet_app.registry import BUNDLED, BUNDLED_V1, EXAMPLES

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel
    from resnet_app.robustness.reason import Outlined

STAND_IN, OTHER = "bee-daisy.jpg", "ant-leaf.jpg"  # the bee for a photo without an outline; whose place it is put into


class AskedReason(NamedTuple):
    """What the section's work begins with."""

    page: PageInputs


class ShownReason(NamedTuple):
    """What the section shows; what is not given stays as it is."""

    told: Any = gr.skip()
    result: Any = gr.skip()
    problem: Any = gr.skip()


FAILED = ShownReason(result="")


def tell(asked: AskedReason) -> ShownReason:
    """What was measured, in the reader's language."""
    from demo.fool import reason_view
    from resnet_app.robustness.reason_record import recorded

    found = recorded()
    return ShownReason(told=reason_view.finding(asked.page.language, found[BUNDLED_V1], found[BUNDLED]))


def take_apart(asked: AskedReason) -> ShownReason:
    """The example in sight, or else the example bee: the picture and its variants, answered by the session's model."""
    from demo.fool import reason_view
    from resnet_app.inference.predict import classify_crop
    from resnet_app.robustness import reason

    page = asked.page
    model = resolve(page._replace(photo=None)).model
    own = _example(page.photo)
    photo = _outlined(model, own or STAND_IN)
    other = _outlined(model, STAND_IN if photo.truth == "ants" else OTHER)
    pictures = {"photo": photo.crop, **reason.variants(photo, reason.no_object(other))}
    answers = {name: classify_crop(model, picture, name=photo.name) for name, picture in pictures.items()}
    shown = reason_view.parted(
        page.language, model, answers, maps(model, list(answers.values())), is_own=own is not None
    )
    return ShownReason(result=shown, problem=no_problem())


def _example(photo: str | None) -> str | None:
    """Which of the example pictures the page's photo is, byte by byte; None where it is none of them."""
    if not photo:
        return None
    given = Path(photo)
    if not given.is_file():
        return None
    found = (each for each in EXAMPLES if each.stat().st_size == given.stat().st_size)
    return next((each.name for each in found if each.read_bytes() == given.read_bytes()), None)


def _outlined(model: LoadedModel, name: str) -> Outlined:
    from resnet_app.images import read_crop
    from resnet_app.robustness import reason
    from resnet_app.robustness.reason_record import example_outlines

    file = next(each for each in EXAMPLES if each.name == name)
    crop = read_crop(file, model.recipe)
    outline = reason.as_seen(example_outlines()[name], model.recipe)
    truth = "bees" if name.startswith("bee") else "ants"
    return reason.Outlined(name, truth, crop, reason.outlined(outline, crop.width))
