"""What a visitor may ask for: less on a Space, where strangers share two cores and 16 GB, than on one's own computer.

The largest upload is ``resnet_app.checkpoints.MAX_BYTES``, the most pictures of a batch
``demo.ui.files.MAX_BATCH``.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Any

from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from demo.hosting.compressed import CompressedPage

HOSTED = bool(os.environ.get("SPACE_ID"))
MOST_WAITING = 24 if HOSTED else 64  # events in the queue; who comes then is told that the app is busy
MOST_SESSIONS = 1000  # what Gradio remembers of visitors; the longest unused give way
# Seconds: how often visitors' files are looked through, and how old one may be. On a Space none lives for an hour.
DELETE_CACHE = (600, 2900) if HOSTED else (3600, 86400)
MOST_A_MINUTE = 600  # what one address may send on a Space: a class behind one address does, a script goes on for more
MINUTE = 60.0
MOST_ADDRESSES = 10_000  # that are remembered at once
TOO_MANY = f"More than {MOST_A_MINUTE} requests in a minute came from your address; wait a minute."


LIVE = "/live/"  # frames of a camera: each waits for the one before it, and all share one worker (``cameras``)


class Rate:
    """Lets each address send so many requests a minute that make the app work, and answers others with 429.

    A live camera's frames do not count. An ASGI middleware. On a Space the visitor's address is the last one that its
    own proxy has written down.
    """

    def __init__(self, app: Any, most: int = MOST_A_MINUTE) -> None:
        self._app = app
        self._most = most
        self._sent: dict[str, deque[float]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on, or refuse it."""
        if _counts(scope) and not self._may(_address(scope), time.monotonic()):
            refusal = JSONResponse({"detail": TOO_MANY}, 429, {"Retry-After": str(round(MINUTE))})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may(self, address: str, now: float) -> bool:
        if address not in self._sent and len(self._sent) >= MOST_ADDRESSES:
            self._sent.pop(next(iter(self._sent)))  # who came first of all
        sent = self._sent.setdefault(address, deque())
        while sent and now - sent[0] > MINUTE:
            sent.popleft()
        if len(sent) >= self._most:
            return False
        sent.append(now)
        return True


def _counts(scope: Any) -> bool:
    return scope["type"] == "http" and scope["method"] == "POST" and not scope["path"].startswith(LIVE)


def _address(scope: Any) -> str:
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return forwarded.rpartition(",")[2].strip() or (scope["client"] or ("",))[0]


def middleware() -> list[Middleware]:
    """What Gradio's server gets: nobody is counted on one's own computer."""
    return [*([Middleware(Rate)] if HOSTED else []), Middleware(CompressedPage)]
