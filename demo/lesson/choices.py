"""The eight steps of the lesson: what each asks, what can be set once it is answered, and where it leads on.

Which choice is right stands in ``resnet_app/lesson/experiments.py``, where it is computed: nothing here says it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KERNELS = ("upright", "level", "blur", "learned")  # ``resnet_app.lesson.kernels.NAMES``, without its imports
VOTE = "vote"  # in a class: the step that is no part of the lesson, about the teacher's photo


@dataclass(frozen=True)
class Step:
    """One step; its words are the texts whose keys begin with ``lesson_`` and its name.

    Attributes:
        name: in the address too.
        choices: the answers to choose from.
        visits: the tabs and settings where one goes on by oneself, as addresses.
        settings: what can be set in the experiment, by name: the accepted values, the first of which counts first.
    """

    name: str
    choices: tuple[str, ...]
    visits: tuple[str, ...]
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)


STEPS = (
    Step("picture", ("every", "square", "bright", "things"), ("?tab=explore&room=steps",)),
    Step(
        "kernel", ("upright", "level", "light", "alike"), ("?tab=explore&stage=conv1",),
        {"kernel": KERNELS, "stride": ("1", "2"), "padding": ("0", "1")},
    ),
    Step("parts", ("few", "share", "quarter", "all"), ("?tab=explore&stage=conv5_x",)),
    Step("deeper", ("shallow", "deep", "equal"), ("?tab=residual",)),
    Step(
        "shortcut", ("residual", "shortcut", "alike"), ("?tab=explore&stage=conv4_x&block=1",),
        {"stage": ("layer3", "layer1", "layer2", "layer4")},
    ),
    Step("cost", ("tenth", "half", "double", "four"), ("?tab=compare&left=resnet34&right=resnet50",)),
    Step("reason", ("other", "falls", "stays"), ("?tab=explain", "?tab=fool")),
    Step("fool", ("two", "four", "eight", "never"), ("?tab=fool", "?tab=teach")),
)  # fmt: skip
BY_NAME = {step.name: step for step in STEPS}
NAMES = (*BY_NAME, VOTE)
