"""The terminal: text for any locale, JSON for any program, a reader that leaves early, and Ctrl-C."""

from __future__ import annotations

import codecs
import io
import json
import os
import signal
import sys
from types import FrameType
from typing import Any

EXIT_STOPPED, EXIT_NO_READER = 130, 141  # as shells count: 128 and the number of SIGINT, of SIGPIPE


def speak_any_locale() -> None:
    """Write what a locale has no letter for as its number, ``\\xb7``, and not as the end of the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def missing_package(missing: ModuleNotFoundError) -> str:
    """One sentence for who started this with a Python that lacks what it stands on: most often not the environment's.

    Raises:
        ModuleNotFoundError: what is missing is a part of our own.
    """
    package = (missing.name or "").partition(".")[0]
    if package in ("", "demo", "resnet_app"):
        raise missing
    return (
        f"This Python ({sys.executable}) has no '{package}'. Start it with the one that has the requirements "
        "(.venv/bin/python, on Windows .venv\\Scripts\\python), or install them: pip install -r requirements.txt."
    )


def print_json(value: Any) -> None:
    """Print JSON as people read it; in ASCII where the terminal takes no UTF-8, which programs read alike.

    What JSON does not have, as a checkpoint's metadata may hold, is put into words.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"  # there is no stdout where it was closed
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    print(json.dumps(value, ensure_ascii=not is_utf8, indent=1, default=str))


def flush() -> None:
    """Hand on what was printed; where it cannot be, drop it, so that Python does not complain of it at its end.

    Raises:
        OSError: nobody reads it any more, or there is no room for it.
    """
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


class Interrupts:
    """While it is entered, Ctrl-C asks the work to end after the step under way; a second one ends it at once.

    Attributes:
        asked: whether it was pressed.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
