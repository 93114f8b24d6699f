"""Who films now: passes that end by themselves, and how long each camera waits so that all get their share.

Nothing of a frame is kept here, and a frame is answered for who holds a pass alone.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from demo.hosting.limits import HOSTED
from resnet_app.errors import ResNetAppError

MOST = 100  # passes at once
FORGOTTEN_S = 60.0  # without a frame a pass ends
LIVE_S = 10.0  # who has sent no frame for so long does not count among those who share
MOST_MINUTES = 10 if HOSTED else 0  # of one go, where strangers share two cores; 0: as long as one likes
HEADROOM = 1.2  # more than the others' turns take: with a worker busy five sixths of the time the queue stays short
LONGEST_PAUSE_S = 10.0
LEARNING = 0.2  # how much the latest frame's time counts
Wanted = TypeVar("Wanted")


class Share(NamedTuple):
    """What a camera is told: how many share what there is, and the milliseconds to wait before its next frame."""

    cameras: int
    pause: int


@dataclass
class _Camera(Generic[Wanted]):
    wanted: Wanted
    began: float
    seen: float
    has_filmed: bool = False
    is_under_way: bool = False


class Cameras(Generic[Wanted]):
    """The passes: what each camera's page wants of its frames, under a name that nobody guesses. Safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cameras: dict[str, _Camera[Wanted]] = {}
        self._work_s = 0.0  # that a frame takes, of late

    def let_in(self, wanted: Wanted, token: str = "") -> str:
        """A pass; who has one already keeps it, with what is wanted from now on.

        Raises:
            ResNetAppError: there are as many as can be.
        """
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            if known := self._cameras.get(token):
                known.wanted = wanted
                return token
            if len(self._cameras) >= MOST:
                raise ResNetAppError("Too many cameras film here now; try again in a minute.", code="live_full")
            token = secrets.token_urlsafe(16)
            self._cameras[token] = _Camera(wanted, now, now)
            return token

    def wanted(self, token: str) -> Wanted:
        """What a pass was given for; errors as ``frame``."""
        with self._lock:
            return self._at(token).wanted

    @contextmanager
    def frame(self, token: str) -> Iterator[Wanted]:
        """A frame of that camera is under way; gives what is wanted of it.

        Raises:
            ResNetAppError: there is no such pass (any more), its time is up, or its last frame is still under way.
        """
        with self._lock:
            camera = self._at(token)
            if camera.is_under_way:
                raise ResNetAppError("The last frame is still under way; send one at a time.", code="live_busy")
            camera.is_under_way, camera.has_filmed = True, True
        try:
            yield camera.wanted
        finally:
            camera.is_under_way, camera.seen = False, time.monotonic()

    def leave(self, token: str) -> None:
        """Its camera is off."""
        with self._lock:
            self._cameras.pop(token, None)

    def took(self, seconds: float) -> None:
        """A frame was answered in so many seconds of work."""
        with self._lock:
            self._work_s += (seconds - self._work_s) * (LEARNING if self._work_s else 1)

    def share(self) -> Share:
        """What there is now for each. While one camera waits, every other one can have its turn."""
        with self._lock:
            since = time.monotonic() - LIVE_S
            each = self._cameras.values()
            live = sum(one.is_under_way or (one.has_filmed and one.seen > since) for one in each)
            pause = min(LONGEST_PAUSE_S, (live - 1) * self._work_s * HEADROOM)
            return Share(live, max(0, round(1000 * pause)))

    def _at(self, token: str) -> _Camera[Wanted]:
        now = time.monotonic()
        self._forget(now)
        camera = self._cameras.get(token)
        if camera is None:
            raise ResNetAppError("This page's camera is not expected any more; press Live again.", code="live_gone")
        if MOST_MINUTES and now - camera.began > 60 * MOST_MINUTES:
            del self._cameras[token]
            raise ResNetAppError(
                f"A camera films for {MOST_MINUTES} minutes here, so that all get their turn; press Live to go on.",
                code="live_over", minutes=MOST_MINUTES,
            )  # fmt: skip
        return camera

    def _forget(self, now: float) -> None:
        for token, camera in list(self._cameras.items()):
            if now - camera.seen > FORGOTTEN_S and not camera.is_under_way:
                del self._cameras[token]
