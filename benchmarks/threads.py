"""How OpenMP's threads should wait and where they should run: our ResNet-18 pass under settings, idle and beside work.

Each setting in a process of its own, all of them in turn: passes one after another, passes after half a second of quiet
(as a visitor's photo comes), and both beside a process that keeps one core busy.

Run: python -m benchmarks.threads [repeats]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

SETTINGS: dict[str, dict[str, str]] = {
    "as torch comes": {},
    "OMP_WAIT_POLICY=PASSIVE (the app)": {"OMP_WAIT_POLICY": "PASSIVE"},
    "GOMP_SPINCOUNT=20000": {"GOMP_SPINCOUNT": "20000"},
    "bound to cores": {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"},
    "bound to cores, GOMP_SPINCOUNT=20000": {
        "OMP_PROC_BIND": "true", "OMP_PLACES": "cores", "GOMP_SPINCOUNT": "20000",
    },
}  # fmt: skip
QUIET_S = 0.5


def passes(repeats: int) -> None:
    """Print the median milliseconds of a pass: one after another, and after a quiet time."""
    import torch

    from resnet_app.inference import models

    model = models.load(models.choose("resnet18", "random", device="cpu"))
    pixels = torch.randn(1, 3, 224, 224)
    model.backbone(pixels)
    for pause, count in ((0.0, 4 * repeats), (QUIET_S, repeats)):
        took = []
        for _ in range(count):
            time.sleep(pause)
            started = time.perf_counter()
            model.backbone(pixels)
            took.append(1000 * (time.perf_counter() - started))
        print(statistics.median(took))


def measure(settings: dict[str, str], repeats: int) -> list[float]:
    """The two medians under one set of settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.threads", "--passes", str(repeats)], env={**kept, **settings},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [float(line) for line in done.stdout.split()]


def main(repeats: int = 8, rounds: int = 3) -> None:
    """Print a table for benchmarks/README.md: medians of the rounds' medians."""
    found: dict[str, list[list[float]]] = {name: [] for name in SETTINGS}
    for _ in range(rounds):
        for name, settings in SETTINGS.items():
            idle = measure(settings, repeats)
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                found[name].append([*idle, *measure(settings, repeats)])
            finally:
                busy.kill()
                busy.wait()
    print("| settings | one after another | after quiet | beside work, one after another | beside work, after quiet |")
    print("|---|---|---|---|---|")
    for name, rounds_of in found.items():
        middle = [statistics.median(each) for each in zip(*rounds_of, strict=True)]
        print(f"| {name} | " + " | ".join(f"{ms:.1f}" for ms in middle) + " |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--passes"]:
        passes(int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:2]))
