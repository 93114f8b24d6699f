"""What glibc's allocator is asked to do, so that a server that runs for days stays as small as it was; without imports.

Elsewhere (another system, another C library) nothing is asked, and nothing fails.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from typing import Any

M_ARENA_MAX = -8  # of malloc.h


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
