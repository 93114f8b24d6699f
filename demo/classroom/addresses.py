"""The class over HTTP: one cheap question every two seconds, guesses, and what the teacher alone may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from demo.classroom.room import Classroom
from demo.hosting.routes import Address

SECRET = "x-class-teacher"  # the header of what the teacher's page asks
LONGEST = 4096  # bytes of what is sent here


def addresses(classroom: Classroom) -> list[Address]:
    """The addresses of a class."""

    async def state(request: Request) -> Response:
        given = request.query_params
        now = classroom.state(given.get("page", ""), is_alone=given.get("alone") == "yes")
        return JSONResponse(now, headers={"cache-control": "no-store"})

    async def guess(request: Request) -> Response:
        given = await _given(request)
        words = [given.get(key) for key in ("page", "question", "choice")]
        round_ = classroom.guess(*map(str, words)) if all(isinstance(word, str) for word in words) else 0
        return JSONResponse({"class": classroom.name, "round": round_}, 200 if round_ else 409)

    async def teach(request: Request) -> Response:
        if not classroom.is_teacher(request.headers.get(SECRET)):
            return JSONResponse({"detail": "This is the teacher's alone."}, 403)
        given = await _given(request)
        work = _TEACHER.get(str(given.get("do")))
        if work is None:
            return JSONResponse({"detail": f"do is one of {', '.join(_TEACHER)}."}, 400)
        work(classroom, given.get("value"))
        return JSONResponse(classroom.state())

    return [
        Address("/class/state", "GET", state), Address("/class/guess", "POST", guess),
        Address("/class/teach", "POST", teach),
    ]  # fmt: skip


_TEACHER: dict[str, Callable[[Classroom, Any], None]] = {
    "lead": lambda classroom, search: classroom.follow(str(search)),
    "new": lambda classroom, _: classroom.start_again(),
    "reveal": lambda classroom, _: classroom.reveal(),
    "again": lambda classroom, _: classroom.again(),
    "pause": lambda classroom, is_paused: classroom.pause(bool(is_paused)),
}


async def _given(request: Request) -> dict[str, Any]:
    """The object that was sent; an empty one where it is none, or too long to be one of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
