"""Addresses of the app's own beside Gradio's, for what is asked many times a second or by everybody at once.

An event of Gradio's goes through its queue and costs some ten milliseconds; a plain address costs a fraction of one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Answer = Callable[[Request], Awaitable[Response]]


class Address(NamedTuple):
    """One address.

    Attributes:
        path: below the page's own, such as ``/class``; the page asks for it relatively, as it may lie below another.
        method: GET or POST.
        answer: what comes.
    """

    path: str
    method: str
    answer: Answer


def add(app: gr.Blocks, addresses: Sequence[Address]) -> None:
    """Let an app that is launched answer these, for who may see its page alone."""
    server: Any = app.app
    for each in addresses:  # before Gradio's own, the last of which takes every path for a page
        server.router.routes.insert(0, Route(each.path, _for_members(server, each.answer), methods=[each.method]))


def _for_members(server: Any, answer: Answer) -> Answer:
    """The same, refused to who has not logged in where the app was started with --auth."""

    async def asked(request: Request) -> Response:
        names = (f"access-token-{server.cookie_id}", f"access-token-unsecure-{server.cookie_id}")
        is_member = any(request.cookies.get(name) in server.tokens for name in names)
        if server.auth is not None and not is_member:
            return JSONResponse({"detail": "Not authenticated"}, 401)
        return await answer(request)

    return asked
