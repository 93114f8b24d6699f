"""The page goes out compressed: settings, styles and scripts are near a megabyte of text, a seventh of that packed."""

from __future__ import annotations

from typing import Any

from starlette.middleware.gzip import GZipMiddleware

LEVEL = 5  # a fortieth of a second of one core; the last levels double that for a fiftieth of the size


class CompressedPage:
    """Packs the page itself for browsers that unpack it, and nothing else: answers stream, photos are packed already.

    An ASGI middleware.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._packed = GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request on."""
        await (self._packed if _is_page(scope) else self._app)(scope, receive, send)


def _is_page(scope: Any) -> bool:
    if scope["type"] != "http":
        return False
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return scope["method"] == "GET" and path in ("", "/")
