"""What is asked of the system before the work: an allocator that stays small for days, threads that wait asleep.

Without imports of ours. glibc's allocator is meant; elsewhere (another system, another C library) nothing is asked, and
nothing fails.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from typing import Any

M_ARENA_MAX = -8  # of malloc.h


def wait_asleep() -> None:
    """Threads of OpenMP that wait asleep, unless the user chose a way: a little slower alone, many times as fast beside
    other work (benchmarks/README.md). Call it before torch is imported."""
    if not any(name.startswith(("OMP_", "GOMP_", "KMP_")) for name in os.environ):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"


def keep_together() -> None:
    """Two arenas in place of eight a core, unless the user chose a number: each thread's own fills up and stays so.

    Call it before there are other threads.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt and "MALLOC_ARENA_MAX" not in os.environ:
        mallopt(M_ARENA_MAX, 2)


def give_back() -> None:
    """Hand freed memory back to the system: glibc keeps it for later, up to a gigabyte after some large models."""
    trim = _of_glibc("malloc_trim")
    if trim:
        trim(0)


def give_back_every(seconds: float) -> None:
    """Hand freed memory back again and again, as long as the program runs; some milliseconds each time."""

    def work() -> None:
        while True:
            time.sleep(seconds)
            give_back()

    threading.Thread(target=work, name="memory", daemon=True).start()


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
