"""What may be chosen on the Compare tab; light, so that layout and handlers share it."""

from __future__ import annotations

from resnet_app.registry import BUNDLED_FILES, BUNDLED_MODEL, IMAGENET, RANDOM, SPECS

VIEWS = ("architectures", "photo", "many")
AXES = ("ms", "macs")  # of the chart, across
PRESETS = ("here", "versions", "untrained")
SESSION = "session"  # stands for the model that the sidebar has


def name_of(model: str, weights: str) -> str:
    """A network with its weights, as the box of networks has it."""
    return f"{model}/{weights}"


def parts_of(name: str) -> tuple[str, str]:
    """The network and the weights again."""
    model, _, weights = name.partition("/")
    return model, weights


# Every network with each of its weights; "imagenet" is another name for the best of them.
REGISTERED = tuple(
    name_of(spec.name, weights) for spec in SPECS.values() for weights in spec.weights if weights != IMAGENET
)
AT_FIRST = (*(name_of(BUNDLED_MODEL, weights) for weights in BUNDLED_FILES), SESSION)
UNTRAINED = tuple(name for name in REGISTERED if parts_of(name)[1] == RANDOM)
VERSIONS = tuple(
    name_of(spec.name, f"{IMAGENET}-v{version}") for spec in SPECS.values() if len(spec.accuracy) > 1
    for version in (1, 2)
)  # fmt: skip
