"""Starts the process that trains, listens to it, and sees that it ends: without torch in the process that asks."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resnet_app.depth.record import Epoch, Measures, RunRecord, StudyRecord, StudySettings, weights_file
from resnet_app.errors import ResNetAppError

if TYPE_CHECKING:
    from resnet_app.depth.pictures import Pictures

LIMIT_S = 600  # of one task; what takes longer is for the command line
LOOK_S = 0.5  # between two looks at a process that says nothing: that long a cancel may wait
TIMED_OUT = 3
ROOT = Path(__file__).parents[2]


class DepthProcessError(ResNetAppError):
    """The process ended before its task."""


class Study:
    """An experiment under way, or done, with the weights of each epoch in a folder that goes when it goes.

    Attributes:
        record: what is known so far.
        is_done: every run has had its last epoch here, and its weights are there.
        is_recorded: it is no experiment of this session.
    """

    def __init__(self, settings: StudySettings, data: str, *, limit_s: float = LIMIT_S) -> None:
        settings.require_possible()
        self.record = StudyRecord(Path(data).name, settings, [RunRecord(run, 0) for run in settings.runs])
        self.is_done = False
        self.is_recorded = False
        self._data, self._limit_s = data, limit_s
        self._pictures: Pictures | None = None
        self._kept = tempfile.TemporaryDirectory(prefix="resnet-explorer-depth-")

    @classmethod
    def of(cls, record: StudyRecord) -> Study:
        """An experiment that was made elsewhere, of which the figures are there, and no weights."""
        study = cls(record.settings, record.data)
        study.record, study.is_recorded = record, True
        return study

    def __deepcopy__(self, _memo: dict[int, Any]) -> Study:
        """A session's one experiment is never copied."""
        return self

    @property
    def folder(self) -> Path:
        """Where the weights are."""
        return Path(self._kept.name)

    def weights_file(self, at: int, epoch: int) -> Path:
        """The weights of run number ``at`` after an epoch; 0 is before the first."""
        return weights_file(self.folder, at, epoch)

    def pictures(self) -> Pictures:
        """What it was trained on; imports torch."""
        from resnet_app.depth import pictures

        if self._pictures is None:
            self._pictures = pictures.load(self._data)
        return self._pictures

    def run(self) -> Iterator[None]:
        """Train in a process; gives back at each epoch, and twice a second, so that it can be left.

        Raises:
            ResNetAppError: what the process says, or that it ended early.
        """
        for told in told_by({"work": "study", **self._task}, limit_s=self._limit_s):
            if told is not None:
                self._note(told)
            yield
        self.is_done = True

    def _note(self, told: dict[str, Any]) -> None:
        run = self.record.runs[told["run"]]
        if "parameters" in told:
            run.parameters = told["parameters"]
        elif "epoch" in told:
            run.epochs.append(Epoch(**{**told["epoch"], "shares": tuple(told["epoch"]["shares"])}))
        else:
            run.measures = Measures(**told["measures"])

    def surface(self, at: int, *, plane: str, side: int, seed: int = 0) -> Iterator[dict[str, Any] | None]:
        """The loss around run number ``at``: first the plane, then point by point; None while there is nothing new.

        Args:
            at: its place in ``record.runs``.
            plane: ``random`` or ``path``.
            side: points along each direction.
            seed: of the random directions.
        """
        of = asdict(self.record.runs[at].run)
        task = {"work": "surface", **self._task, "run": at, "of": of, "plane": plane, "side": side, "seed": seed}
        return told_by(task, limit_s=self._limit_s)

    @property
    def _task(self) -> dict[str, Any]:
        return {"data": self._data, "settings": asdict(self.record.settings), "folder": self._kept.name}


def told_by(task: dict[str, Any], *, limit_s: float) -> Iterator[dict[str, Any] | None]:
    """What a process says of its task, line by line; None twice a second while it says nothing.

    However this generator ends, left half-way too, the process has ended with it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "resnet_app.depth.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({**task, "limit_s": limit_s}) + "\n")
        process.stdin.flush()
        listener = threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True)
        listener.start()
        yield from _lines(lines)
        _require_end(process.wait(), limit_s)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def _listen(stream: IO[str], lines: queue.Queue[str]) -> None:
    """Pass lines on; an empty one is the end."""
    with stream:
        for line in stream:
            lines.put(line)
    lines.put("")


def _lines(lines: queue.Queue[str]) -> Iterator[dict[str, Any] | None]:
    while True:
        try:
            line = lines.get(timeout=LOOK_S)
        except queue.Empty:
            yield None
            continue
        if not line:
            return
        told = json.loads(line)
        if "error" in told:
            raise ResNetAppError(told["error"], code=told.get("code", ""), **told.get("values", {}))
        yield told


def _require_end(code: int, limit_s: float) -> None:
    if code == TIMED_OUT:
        message = f"After {limit_s:.0f} seconds it was stopped; choose fewer networks or epochs."
        raise DepthProcessError(message, code="depth_too_long", seconds=f"{limit_s:.0f}")
    if code:
        message = f"The training process ended early (code {code}); try again with fewer networks."
        raise DepthProcessError(message, code="depth_ended", exit=code)
