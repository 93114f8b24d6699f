"""How an event is wired: inputs and outputs as records, what is in sight, one border for errors, turns.

``on`` is the one way from a component to a handler. A handler takes a record of values and gives a record of what
becomes of its outputs; it neither catches errors nor counts turns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from demo.ui.errors import problem
from demo.ui.queues import QUIET
from demo.ui.session import PageInputs

RING = "() => window.resnetExplorer.ring()"  # what is in sight shows itself anew
RING_PHOTO = "() => window.resnetExplorer.ring('photo')"  # the same, for another photo: the drawn network stays
Listen = Callable[..., Any]  # a component's event, such as ``button.click``, or another event's ``then``


class Turns(Enum):
    """What a request has to do with its tab's turns (``asked.turn``): what is no longer the latest is not shown."""

    TAKE = "take"  # it is the latest from now on
    WATCH = "watch"  # it is about what the latest has shown


class Bells(NamedTuple):
    """What shows a tab, or a part of Explore, anew: the page rings the one in sight (``static/bells.js``).

    Whatever the others would show is not even asked for: an event of Gradio's costs the page time for each of its
    outputs, seen or not, and a tab shows itself when it is entered.
    """

    classify: gr.HTML
    live: gr.HTML  # Classify while a camera films: the model, the language or the look is another
    explain: gr.HTML
    fool: gr.HTML
    explore: gr.HTML
    residual: gr.HTML
    compare: gr.HTML
    lesson: gr.HTML
    ribbon: gr.HTML  # filled with the photo
    picture: gr.HTML  # Explore's rooms: all of it
    maps: gr.HTML  # only the maps of what is opened
    steps: gr.HTML
    excerpts: gr.HTML  # only the lines of what is opened
    about: gr.HTML  # the rooms about the network alone
    address: gr.HTML  # what the address asks for


@dataclass(frozen=True)
class Page:
    """What the tabs share.

    Attributes:
        inputs: the components that every handler's work begins with.
        bells: what rings where something has to be shown anew.
    """

    inputs: PageInputs
    bells: Bells


def hang_bells() -> Bells:
    """The bells, which nobody sees."""
    with gr.Row(elem_id="bells"):
        return Bells(
            **{
                name: gr.HTML("<i></i>", js_on_load=f"window.resnetExplorer.hang('{name}', trigger)")
                for name in Bells._fields
            }
        )


def open_tab(name: str) -> str:
    """The script that enters a tab as a click does, so that it shows what is its own."""
    return f"() => window.resnetExplorer.openTab('{name}')"


def components(record: Any) -> list[Any]:
    """The components in a record of records, in order."""
    if isinstance(record, tuple):
        return [component for part in record for component in components(part)]
    return [record]


def filled(record: Any, values: Iterator[Any]) -> Any:
    """The same record of records with each component's value in its place."""
    if not isinstance(record, tuple):
        return next(values)
    parts = [filled(part, values) for part in record]
    return type(record)(*parts) if hasattr(record, "_fields") else tuple(parts)


def spread(record: Any, values: Any) -> list[Any]:
    """What a handler gives, one by one: in the places of the record's components, whatever each value is."""
    if not isinstance(record, tuple):
        return [values]
    return [each for part, value in zip(record, values, strict=True) for each in spread(part, value)]


def _as_gradio_wants(record: Any, values: Any) -> Any:
    """The same, and the bare value where there is one component alone."""
    each = spread(record, values)
    return each[0] if len(each) == 1 else each


def on(
    listen: Listen,
    work: Callable[..., Any],
    asked: Any,
    shown: Any,
    *,
    turns: Turns | None = None,
    stale: Any = None,
    failed: Any = None,
    **how: Any,
) -> Any:
    """Wire a handler to an event.

    Args:
        listen: the event.
        work: the handler: a record of values -> a record of outputs, returned, or yielded as it comes; where it has a
            second parameter, that is the event's data.
        asked: a NamedTuple of components, with a field ``page``; the handler gets the same one, filled with values.
        shown: a NamedTuple of components, each field of which defaults to ``gr.skip()``; with a field ``problem`` for
            the sentence where the handler fails.
        turns: whether ``asked.turn`` decides if what comes is still wanted; the handler finds a function there that
            says so, and yields where it says no: it goes no further then.
        stale: what becomes of the outputs where it no longer is.
        failed: what else becomes of them where the handler fails: a record, or what makes one of ``asked``.
        how: further options of the event: queue, progress, visibility.
    """
    carry_out = partial(carried_out, turns=turns, stale=stale, failed=failed)
    return listen(_wired(work, carry_out, asked, shown), components(asked), components(shown), **how)


def on_cancel(listen: Listen, stopped: Callable[[str], Any], language: Any, shown: Any, *, of: Any) -> None:
    """Wire Cancel, at once: what is under way ends, and nothing that it may still say on its way out is shown.

    The end is asked for first: the page hears nothing of that work from then on (``static/stream.js``), so that what
    Cancel itself shows is the last word. What follows that work by ``then`` is asked for twice.

    Args:
        listen: the button's event.
        stopped: the language -> what becomes of the outputs.
        language: of the page.
        shown: the outputs, as a record or a list of components.
        of: the event to cancel.
    """
    ended = listen(None, None, None, cancels=[of], queue=False, **QUIET)
    ended.then(stopped, language, components(tuple(shown)), queue=False, **QUIET)


def _wired(work: Callable[..., Any], carry_out: Callable[..., Iterator[Any]], asked: Any, shown: Any) -> Any:
    """The handler as Gradio calls it: with the components' values one by one, and with what its signature asks for."""
    nothing = type(shown)()

    def as_it_comes(*values: Any) -> Iterator[Any]:
        for each in carry_out(work, filled(asked, iter(values)), nothing):
            yield _as_gradio_wants(shown, each)

    def at_once(*values: Any) -> Any:
        *_, last = carry_out(work, filled(asked, iter(values)), nothing)
        return _as_gradio_wants(shown, last)

    def with_event(event: gr.EventData, *values: Any) -> Any:
        *_, last = carry_out(work, filled(asked, iter(values)), nothing, event)
        return _as_gradio_wants(shown, last)

    function = getattr(work, "func", work)  # of a partial
    if len(inspect.signature(work).parameters) > 1:
        wired: Callable[..., Any] = with_event
    else:
        wired = as_it_comes if inspect.isgeneratorfunction(inspect.unwrap(function)) else at_once
    wired.__name__ = getattr(function, "__name__", "handler")
    return wired


def carried_out(
    work: Callable[..., Any],
    given: Any,
    nothing: Any,
    *event: Any,
    turns: Turns | None = None,
    stale: Any = None,
    failed: Any = None,
) -> Iterator[Any]:
    """What becomes of the outputs, at least once; arguments as ``on``, with the values, and a record that skips all."""
    is_wanted = _always
    if turns:
        is_wanted = given.turn.take() if turns is Turns.TAKE else given.turn.watch()
        given = given._replace(turn=is_wanted)
    try:
        came = work(given, *event)
        for each in came if inspect.isgenerator(came) else (came,):
            if not is_wanted():
                break
            yield each
    except Exception as error:  # noqa: BLE001 (the border: one sentence for the person, the log has the rest)
        if is_wanted():
            told = (failed(given) if callable(failed) else failed) or nothing
            yield told._replace(problem=problem(error, given.page.language))
    if not is_wanted():  # Gradio sends the last one again at the end
        yield stale or nothing


def _always() -> bool:
    return True
