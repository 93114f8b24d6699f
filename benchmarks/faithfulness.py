"""Deletion and insertion over the validation photographs with a bundled model: each method beside its rivals.

Run: python -m benchmarks.faithfulness PHOTOS/hymenoptera/val [ants-bees|ants-bees-v1 [count]]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from resnet_app.explain.cam import heatmaps
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth import faithfulness
from resnet_app.images import find_files
from resnet_app.inference import models, predict
from resnet_app.progress import finish
from resnet_app.registry import BUNDLED

CHOICES = (
    ("gradcam", ("layer4",)), ("gradcam", ("layer3",)), ("gradcam++", ("layer4",)), ("layercam", ("layer3",)),
    ("eigencam", ("layer4",)), ("ablationcam", ("layer4",)), ("gradcam", ("layer3", "layer4")),
)  # fmt: skip


def areas(
    model: models.LoadedModel, answer: predict.Answer, heatmap: Heatmap, *, rivals: bool
) -> dict[str, tuple[float, float]]:
    """The two areas of each order."""
    found: dict[str, dict[str, float]] = {}
    for curve in finish(faithfulness.curves(model, answer, heatmap, rivals=rivals)):
        found.setdefault(curve.order, {})[curve.kind] = curve.area
    return {order: (kinds["deletion"], kinds["insertion"]) for order, kinds in found.items()}


def main(folder: str, weights: str = BUNDLED, count: str | None = None) -> None:
    """Print a table for benchmarks/README.md."""
    model = models.load(models.choose(None, weights, device="cpu"))
    photos = [path for each in sorted(Path(folder).iterdir()) for path in find_files([each])]
    photos = photos[: int(count)] if count else photos
    rows: dict[str, list[tuple[float, float]]] = {}
    for photo in photos:
        answer = predict.classify(model, photo)
        for method, layers in CHOICES:
            (heatmap,) = heatmaps(model, answer, [answer.predictions[0].index], layers=layers, method=method)
            is_first = (method, layers) == CHOICES[0]  # the rivals are the same for every method
            for order, pair in areas(model, answer, heatmap, rivals=is_first).items():
                name = f"{method}, {'+'.join(layers)}" if order == "map" else order
                rows.setdefault(name, []).append(pair)
    print(f"{len(photos)} photographs\n\n| map | deletion | insertion | better than random on: deletion | insertion |")
    print("|---|---|---|---|---|")
    random = np.array(rows["random"])
    for name, pairs in rows.items():
        values = np.array(pairs)
        deletion, insertion = values.mean(0)
        won = (values[:, 0] < random[:, 0]).sum(), (values[:, 1] > random[:, 1]).sum()
        counts = "– | –" if name == "random" else f"{won[0]} | {won[1]}"
        print(f"| {name} | {deletion:.3f} | {insertion:.3f} | {counts} |")


if __name__ == "__main__":
    main(*sys.argv[1:4])
