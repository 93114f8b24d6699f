"""How long an uploaded ResNet-18 takes to be read, checked and built, over plain torch.load and load_state_dict.

A 45 MB file of the classic form, medians, both sides of the ratio taken in turn (A, B, A, B, ...).

Run: python -m benchmarks.load [repeats]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from torchvision.models import resnet18

from resnet_app.inference import models


def plain(path: Path) -> None:
    """What a script does."""
    network = resnet18(num_classes=2)
    network.load_state_dict(torch.load(path)["model_state_dict"])
    network.eval()


def ours(path: Path) -> None:
    """What the app does with an upload: nothing is unpickled, every number is looked at, one picture is answered."""
    models.load(models.choose(checkpoint=path, device="cpu"))


def main(repeats: int = 15) -> None:
    """Print one row for benchmarks/README.md."""
    sides = {"ours": ours, "plain": plain}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "epoch14.pth"
        torch.save({"model_state_dict": resnet18(num_classes=2).state_dict(), "epoch": 14}, path)
        for turn in range(repeats + 1):
            for name, run in sides.items():
                started = time.perf_counter()
                run(path)
                if turn:  # the first one warms up
                    seconds[name].append(time.perf_counter() - started)
    cells = [f"{statistics.median(s):.3f} ({min(s):.3f} to {max(s):.3f})" for s in (seconds["ours"], seconds["plain"])]
    ratio = statistics.median(seconds["ours"]) / statistics.median(seconds["plain"])
    print(f"| an upload of 45 MB | {cells[0]} | torch.load, load_state_dict | {cells[1]} | {ratio:.2f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
