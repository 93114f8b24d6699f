"""What can be chosen on the Why residual? tab: data that is here, and networks by their names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from demo.locales import text
from resnet_app.depth.record import DIGITS, Run

NO_IDEA = "?"
EMPTY = ("depth_empty_title", "depth_empty_text")  # what stands there before an experiment
SIDES = ("11", "25")  # points along each side of a loss surface
DATA = "RESNET_EXPLORER_DATA"  # a folder with CIFAR-10 or a folder for each class, named by who starts the app


def data_sets() -> dict[str, str]:
    """Where each of the data that can be chosen is; nothing is ever downloaded."""
    folder = os.environ.get(DATA)
    return {DIGITS: DIGITS, **({Path(folder).name: folder} if folder and Path(folder).is_dir() else {})}


def run_name(language: str, run: Run, *, with_seed: bool = False) -> str:
    """A network as it is called on the page: residual, 56 layers."""
    name = text(language, "depth_run", kind=text(language, f"depth_kind_{run.kind}"), depth=run.depth)
    return f"{name} · {text(language, 'depth_seed', seed=run.seed)}" if with_seed else name


def guesses(language: str, depths: list[int], kinds: list[str]) -> list[tuple[str, str]]:
    """The networks that may end lowest, and that one has no idea."""
    runs = [Run(kind, depth, 0) for depth in depths for kind in kinds]
    return [*((run_name(language, run), key(run)) for run in runs), (text(language, "depth_no_idea"), NO_IDEA)]


def key(run: Run) -> str:
    """A network in a list of choices."""
    return f"{run.kind} {run.depth}"


def numbered(language: str, runs: list[Any], *, with_seed: bool) -> list[tuple[str, str]]:
    """The runs of an experiment by their places."""
    return [(run_name(language, each.run, with_seed=with_seed), str(at)) for at, each in enumerate(runs)]
