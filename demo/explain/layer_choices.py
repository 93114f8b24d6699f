"""The layers and methods that the Explain tab offers, in words."""

from __future__ import annotations

from resnet_app.choices import LAYERS, METHODS
from resnet_app.registry import SPECS, STAGE_OF_LAYER

METHOD_CHOICES = [(title, name) for name, title in METHODS.items()]


def layer_choices(model: str) -> list[tuple[str, str]]:
    """A stage's last block by the stage's name, then each other block by its path."""
    depths = SPECS[model].depths
    inside = [f"{layer}.{i}" for layer, count in zip(LAYERS, depths, strict=True) for i in range(count - 1)]
    stages = [(f"{layer} · {STAGE_OF_LAYER[layer]}", layer) for layer in reversed(LAYERS)]
    return [*stages, *((path, path) for path in inside)]
