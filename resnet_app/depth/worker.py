"""A process of its own that trains or samples, and tells of it: a task as JSON comes in, a line of JSON goes out each.

It ends with the process that started it: when nobody holds the other end of its input any more, it is over, whatever
it is doing; and after its time limit. Run by ``resnet_app.depth.process`` as ``python -m resnet_app.depth.worker``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from resnet_app.depth import pictures as sets
from resnet_app.depth.record import Run, StudySettings, weights_file
from resnet_app.depth.study import Training, build, study
from resnet_app.depth.surface import MOST_LOSS_PICTURES, evaluated, path_plane, random_plane
from resnet_app.errors import ResNetAppError

NICE = 10  # visitors' answers come first
TIMED_OUT = 3


def main() -> None:
    """Carry one task out."""
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    threading.Thread(target=_end_after, args=(task["limit_s"],), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    torch.set_num_threads(1)  # these networks are too small to share out
    try:
        for told in {"study": _study, "surface": _surface}[task["work"]](task):
            _tell(told)
    except ResNetAppError as error:
        _tell({"error": str(error), "code": error.code, "values": error.values})
    except OSError as error:
        _tell({"error": f"The weights cannot be kept ({error.strerror or error}); free some space and try again."})


def _tell(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


def _end_with_the_starter() -> None:
    sys.stdin.read()  # nothing comes; it ends when the other end is closed
    os._exit(0)


def _end_after(seconds: float) -> None:
    time.sleep(seconds)
    os._exit(TIMED_OUT)


def _study(task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train all runs side by side; the weights of each epoch, from before the first on, are kept in the folder."""
    settings = settings_of(task)
    pictures = sets.load(task["data"])
    trainings = [Training(run, settings, pictures) for run in settings.runs]
    for at, training in enumerate(trainings):
        _keep(task, at, training, 0)
        yield {"run": at, "parameters": training.parameters}
    for training, epoch in study(trainings, settings.epochs):
        at = trainings.index(training)
        _keep(task, at, training, epoch.number)
        yield {"run": at, "epoch": asdict(epoch)}
        if epoch.number == settings.epochs:
            yield {"run": at, "measures": asdict(training.measures)}


def _keep(task: dict[str, Any], at: int, training: Training, epoch: int) -> None:
    if task["folder"]:
        save_file(training.network.state_dict(), weights_file(Path(task["folder"]), at, epoch))


def _surface(task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The loss of one run on a plane, point by point."""
    settings, at = settings_of(task), task["run"]
    pictures = sets.load(task["data"])
    network = build(Run(**task["of"]), settings, pictures)
    files = [weights_file(Path(task["folder"]), at, epoch) for epoch in range(settings.epochs + 1)]
    if task["plane"] == "path":
        course = [load_file(file) for file in files]
        weights, plane = course[-1], path_plane(course, task["side"])
    else:
        weights = load_file(files[-1])
        plane = random_plane(weights, task["side"], task["seed"])
    yield {"across": plane.across, "up": plane.up, "path": plane.path, "explained": plane.explained}
    part = slice(MOST_LOSS_PICTURES)
    for row, column, loss in evaluated(network, weights, plane, pictures.train[part], pictures.train_labels[part]):
        yield {"row": row, "column": column, "loss": loss}


def settings_of(task: dict[str, Any]) -> StudySettings:
    """The settings as they were before they went through JSON."""
    given: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in task["settings"].items()
    }
    return StudySettings(**given)


if __name__ == "__main__":
    main()
