"""One picture's pass as a CUDA graph: recorded once, then started as a whole.

A GPU is done with one picture's layer before Python has asked for the next one; a recorded pass is asked for once.
It reads and writes at fixed places, so one picture at a time goes through it, and what comes out is copied. It is kept
only where its numbers are the plain pass's and it is quicker; else the plain pass it is.

It was run on no GPU yet, so it is used only where it is asked for: ``RESNET_EXPLORER_CUDA_GRAPHS=1``.
"""

from __future__ import annotations

import logging
import os
import statistics
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor

WARM_UPS = 3  # torch wants some on a stream of their own: libraries choose their kernels in them
ROUNDS = 5
LEAST_GAIN = 1.1
WANTED = "RESNET_EXPLORER_CUDA_GRAPHS"
_RECORDING = threading.Lock()  # CUDA takes one recording at a time, whatever the network
log = logging.getLogger("resnet_explorer")

Pass = Callable[[Tensor], dict[str, Tensor]]


def is_wanted() -> bool:
    """Whether recorded passes are asked for."""
    return os.environ.get(WANTED, "") not in ("", "0")


class Replay:
    """A recorded pass for one shape of input; safe to be shared between threads."""

    def __init__(self, work: Pass, given: Tensor) -> None:
        self._lock = threading.Lock()
        self._given = given.clone()
        self._graph: Any = torch.cuda.CUDAGraph()
        with torch.cuda.device(given.device):
            beside: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has not typed it
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                for _ in range(WARM_UPS):
                    work(self._given)
            torch.cuda.current_stream().wait_stream(beside)
            # Whatever becomes of the recording, the outer block gives this thread its own stream back.
            with (
                torch.cuda.stream(beside),
                torch.cuda.graph(self._graph, stream=beside, capture_error_mode="thread_local"),
            ):
                self._outputs = work(self._given)
            torch.cuda.current_stream().wait_stream(beside)

    @property
    def memory_bytes(self) -> int:
        """Bytes of all that the pass puts out; what it needs in between is the GPU's to know."""
        return sum(maps.nbytes for maps in self._outputs.values())

    def takes(self, given: Tensor) -> bool:
        """Whether it was recorded for an input of this shape."""
        return given.shape == self._given.shape

    def __call__(self, given: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """The named outputs in float32, in the order of the pass: copies, which the next picture does not change."""
        with self._lock:
            self._given.copy_(given)
            self._graph.replay()
            return {name: maps.to(torch.float32, copy=True) for name, maps in self._outputs.items() if name in names}


def recorded(work: Pass, given: Tensor, tolerance: float) -> Replay | None:
    """Record a pass.

    Args:
        work: an input -> its named outputs; nothing in it may wait for the GPU.
        given: an input on the GPU, of the shape that is to come.
        tolerance: how much an output may differ, in parts of its largest number.

    Returns:
        None where this GPU or this torch cannot, the numbers are others, or it is not 1.1 times as quick.
    """
    try:
        with _RECORDING, torch.inference_mode():
            replay = Replay(work, given)
            other = 0.5 * given.flip(-1) + 1  # not what it was recorded with
            expected = work(other)
            for name, maps in replay(other, expected).items():
                plain = expected[name].float()
                if not bool((maps - plain).abs().max() <= tolerance * plain.abs().max().clamp(min=1)):
                    raise ArithmeticError(f"other numbers than the plain pass after {name}")
            last = list(expected)[-1:]
            plain_s, replay_s = _seconds(given.device, lambda: work(given), lambda: replay(given, last))
            if plain_s < LEAST_GAIN * replay_s:
                raise ArithmeticError(f"no quicker: {1000 * replay_s:.2f} ms, {1000 * plain_s:.2f} without")
    except Exception as error:  # noqa: BLE001 (drivers may fail in any way; the plain pass is always right)
        log.info("no CUDA graph: %s", error)
        return None
    return replay


def _seconds(device: torch.device, *sides: Callable[[], object]) -> list[float]:
    """The median of each side's times, taken in turn."""
    stream = torch.cuda.current_stream(device)
    took: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for side, times in zip(sides, took, strict=True):
            stream.synchronize()
            started = time.perf_counter()
            side()
            stream.synchronize()
            times.append(time.perf_counter() - started)
    return [statistics.median(times) for times in took]
