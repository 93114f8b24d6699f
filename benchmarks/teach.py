"""How long a lesson takes, over what it cannot do without: reading the photos and one forward pass each.

Two classes of twenty photos, ResNet-18 on the CPU; medians, both sides of the ratio taken in turn (A, B, A, B, ...).

Run: python -m benchmarks.teach [repeats]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torchvision.models import ResNet18_Weights, resnet18

from resnet_app.inference import models
from resnet_app.training.few_shot import Lesson, named_boxes

EXAMPLES = sorted((Path(__file__).parent.parent / "assets" / "examples").glob("*.jpg"))
PHOTOS = 20  # a class; the drawn examples over and over


def lesson() -> Callable[[], None]:
    """Teach as the tab does it."""
    model = models.load(models.choose("resnet18", "random", device="cpu"))
    files = [[EXAMPLES[i % 3] for i in range(PHOTOS)], [EXAMPLES[3 + i % 3] for i in range(PHOTOS)]]

    def run() -> None:
        work = Lesson(model, named_boxes(["ants", "bees"], files, "class"))
        for _ in work.look():
            pass
        work.fit()

    return run


def plain() -> Callable[[], None]:
    """torchvision's own transforms and network, photo by photo."""
    network, transform = resnet18().eval(), ResNet18_Weights.DEFAULT.transforms()

    def run() -> None:
        for i in range(2 * PHOTOS):
            with Image.open(EXAMPLES[i % 6]) as picture, torch.inference_mode():
                network(transform(picture.convert("RGB"))[None])

    return run


def main(repeats: int = 9) -> None:
    """Print one row for benchmarks/README.md."""
    sides = {"lesson": lesson(), "plain": plain()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats + 1):
        for name, run in sides.items():
            started = time.perf_counter()
            run()
            if turn:  # the first one warms up
                seconds[name].append(time.perf_counter() - started)
    cells = []
    for name in sides:
        taken = seconds[name]
        cells.append(f"{statistics.median(taken):.2f} ({min(taken):.2f} to {max(taken):.2f})")
    ratio = statistics.median(seconds["lesson"]) / statistics.median(seconds["plain"])
    print(f"| a lesson of 2 × {PHOTOS} photos | {cells[0]} | reading and forward passes | {cells[1]} | {ratio:.2f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
