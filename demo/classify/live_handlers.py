"""The live camera's work: a pass for the page, then frame after frame -> its answer and where the score was raised.

The passes are asked for by an event; frames come to an address of their own, which costs a fraction of one.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from demo.classify.handlers import answers_of
from demo.hosting.cameras import Cameras
from demo.hosting.routes import Address
from demo.locales import best_language
from demo.ui.errors import as_json, no_problem
from demo.ui.session import PageInputs, current
from resnet_app.colours import COLOUR_MAPS
from resnet_app.errors import PictureError, ResNetAppError, UnknownChoiceError

if TYPE_CHECKING:
    from resnet_app.inference.models import ModelChoice

MOST_BYTES = 2 * 10**6  # of a frame
SENT_WITHIN_S = 20  # a page that takes longer to send a frame is gone; what it holds up is its own pass alone
STATUS = {"live_gone": 404, "live_over": 410, "live_busy": 429, "bad_frame": 415, "large_frame": 413}
TURNS = ThreadPoolExecutor(1, "live")  # one frame at a time, first come, first served


@dataclass(frozen=True)
class Wanted:
    """What a page wants of its camera's frames."""

    choice: ModelChoice
    language: str
    colours: str
    top_k: int


CAMERAS: Cameras[Wanted] = Cameras()


class Asked(NamedTuple):
    """What the tab's controls say, and the pass that the page has already, if any."""

    page: PageInputs
    top_k: Any
    colours: Any
    classes: Any  # as in ``handlers.Asked``
    token: Any


class Shown(NamedTuple):
    """The pass; none where the page may not film."""

    token: Any = gr.skip()
    top_k: Any = gr.skip()
    classes: Any = gr.skip()
    problem: Any = gr.skip()


def start(asked: Asked) -> Shown:
    """A pass for the session's model as it is now; another model, language or look is asked for in the same way."""
    page = asked.page
    if asked.colours not in COLOUR_MAPS:
        raise UnknownChoiceError("colour map", asked.colours, list(COLOUR_MAPS))
    model = current(page.choice, page.model, page.weights, page.device)
    classes = len(model.class_names)
    top_k, slider = answers_of(classes, asked.top_k, asked.classes)
    wanted = Wanted(model.choice, page.language, asked.colours, top_k)
    return Shown(CAMERAS.let_in(wanted, str(asked.token or "")), slider, classes, no_problem())


async def answer(request: Request) -> Response:
    """A frame's answer as JSON; with ``?off`` the camera is off, and nobody waits for it."""
    token = request.path_params["token"]
    language = best_language(request.headers.get("accept-language"))
    if "off" in request.query_params:
        CAMERAS.leave(token)
        return Response(status_code=204)
    with suppress(ResNetAppError):
        language = CAMERAS.wanted(token).language
    return await as_json(_answered(token, request), language, STATUS)


ADDRESS = Address("/live/{token}", "POST", answer)


async def _answered(token: str, request: Request) -> dict[str, Any]:
    with CAMERAS.frame(token) as wanted:
        try:
            frame = await asyncio.wait_for(_body(request), SENT_WITHIN_S)
        except (ClientDisconnect, asyncio.TimeoutError):
            raise ResNetAppError("The page is gone.", code="live_gone") from None
        shown = await asyncio.get_running_loop().run_in_executor(TURNS, look, wanted, frame)
    return {**shown, **CAMERAS.share()._asdict()}


async def _body(request: Request) -> bytes:
    """What was sent, as far as it may go."""
    frame = bytearray()
    async for part in request.stream():
        frame += part
        if len(frame) > MOST_BYTES:
            most = MOST_BYTES // 10**6
            raise PictureError(f"A camera's frame has {most} MB at most.", code="large_frame", most=most)
    return bytes(frame)


def look(wanted: Wanted, frame: bytes) -> dict[str, Any]:
    """A frame -> what the page shows of it.

    Raises:
        PictureError: it is not a picture as cameras give them.
        ResNetAppError: the model is gone, or gives no numbers.
    """
    from demo.classify import live_view
    from resnet_app.explain import cam
    from resnet_app.inference import predict

    started = time.perf_counter()
    model = current(wanted.choice)
    found = predict.classify_square(model, predict.read_frame(frame, model.recipe), top_k=wanted.top_k)
    (heatmap,) = cam.heatmaps(model, found, [found.predictions[0].index])
    shown = live_view.answer(wanted.language, model, found, heatmap, colours=wanted.colours)
    CAMERAS.took(time.perf_counter() - started)
    return shown
