"""What the Fool it tab's controls say and what it shows; and what every experiment shows of a changed picture.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.ui.errors import no_problem
from demo.ui.session import Looked, PageInputs, resolve
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.explain.heatmap import Heatmap
    from resnet_app.inference.models import LoadedModel
    from resnet_app.inference.predict import Answer
    from resnet_app.robustness.covering import Falls
    from resnet_app.robustness.trial import Trial

ON, OFF = gr.update(visible=True), gr.update(visible=False)


@dataclass(frozen=True, eq=False)
class Tried:
    """The experiment that is shown.

    Attributes:
        looked: the photo as the model sees it.
        trial: before and after.
        change: what was done, as the gallery's manifest has it.
        falls: where the map's important part was covered: that, and as much elsewhere.
    """

    looked: Looked = field(repr=False)
    trial: Trial = field(repr=False)
    change: dict[str, Any]
    falls: Falls | None = field(default=None, repr=False)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Tried:
        """It is never changed, so that a copy is as good as itself."""
        return self


class Asked(NamedTuple):
    """What the tab's controls say."""

    page: PageInputs
    experiment: Any
    cover: Any
    share: Any
    corruption: Any
    strength: Any
    method: Any
    epsilon: Any
    target: Any
    strokes: Any  # of the brush: (the photo's file, the strokes), or None
    tried: Any  # a ``Tried``, or None
    gallery: Any  # what was kept: ``Fooled``s
    turn: Any

    @property
    def looked(self) -> Looked:
        """The page's photo as the model sees it.

        Raises:
            ResNetAppError: there is none, or it cannot be answered.
        """
        found = resolve(self.page).looked
        if found is None:
            raise ResNetAppError("There is no photo to fool it with. Add one first.", code="no_photo_to_fool")
        return found


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    about: Any = gr.skip()
    painting: Any = gr.skip()
    sliding: Any = gr.skip()
    attacking: Any = gr.skip()
    strength: Any = gr.skip()
    target: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    canvas: Any = gr.skip()
    progress: Any = gr.skip()
    result: Any = gr.skip()
    curve: Any = gr.skip()
    curve_words: Any = gr.skip()
    keep: Any = gr.skip()
    gallery: Any = gr.skip()
    save: Any = gr.skip()
    strokes: Any = gr.skip()
    tried: Any = gr.skip()
    kept: Any = gr.skip()
    problem: Any = gr.skip()


def told(asked: Asked, tried: Tried) -> Shown:
    """The pictures side by side, and the button that keeps what fooled the model; computes maps alone."""
    from demo.fool import view

    language, model, trial = asked.page.language, tried.looked.model, tried.trial
    if tried.falls:
        answers = (trial.before, trial.after, tried.falls.elsewhere[0].after)
        result = view.falls(language, model, tried.falls, maps(model, answers), tried.change["share"])
    else:
        is_attack = tried.change["kind"] == "attack"
        result = view.compared(language, model, trial, maps(model, (trial.before, trial.after)), difference=is_attack)
    button = gr.update(visible=trial.is_fooled, interactive=True, value=text(language, "fool_keep"))
    return Shown(result=result, tried=tried, keep=button, problem=no_problem())


def maps(model: LoadedModel, answers: Sequence[Answer]) -> list[Heatmap]:
    """Each answer's map, for its own best class."""
    from resnet_app.explain import cam

    return [cam.heatmaps(model, each, [each.predictions[0].index])[0] for each in answers]
