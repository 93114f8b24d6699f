"""Where an error becomes something a person sees: the only place."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

import gradio as gr
from starlette.responses import JSONResponse, Response

from demo.locales import ENGLISH, text
from demo.ui import html
from resnet_app.errors import ResNetAppError

log = logging.getLogger("resnet_explorer")


def sentence(error: Exception, language: str = ENGLISH) -> str:
    """What a person reads of an error: ours says it itself; any other goes to the log whole, with a reference."""
    if isinstance(error, ResNetAppError):
        return text(language, f"error_{error.code}", **error.values) if error.code else str(error)
    reference = uuid.uuid4().hex[:8]
    log.error("reference %s", reference, exc_info=error)
    return text(language, "unexpected", reference=reference)


def for_programs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make an endpoint answer a failure with one sentence."""

    @wraps(function)
    def guarded(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except Exception as error:  # noqa: BLE001 (the border: nothing else catches it)
            raise gr.Error(sentence(error), print_exception=False) from None

    return guarded


async def as_json(work: Awaitable[Any], language: str, statuses: Mapping[str, int]) -> Response:
    """What an address of our own answers: what comes of the work, or a failure as ``problem``, one sentence.

    Args:
        work: what makes it.
        language: of the sentence.
        statuses: the code of an error of ours -> its HTTP status, where it is not 422.
    """
    try:
        return JSONResponse(await work)
    except Exception as error:  # noqa: BLE001 (the border: nothing else catches it)
        status = statuses.get(error.code, 422) if isinstance(error, ResNetAppError) else 500
        return JSONResponse({"problem": sentence(error, language)}, status)


def problem(error: Exception, language: str) -> Any:
    """A callout with one sentence."""
    return gr.update(value=html.callout(sentence(error, language)), visible=True)


def no_problem() -> Any:
    """No callout."""
    return gr.update(value="", visible=False)
