"""From a component to a handler: records filled in order, one border for errors, turns, and what is rung for."""

import inspect
import logging
import re
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
import pytest

from demo import app
from demo.ui.events import Bells, Turns, components, filled, on
from demo.ui.session import PageInputs, Turn
from resnet_app.errors import ResNetAppError
from tests.page import carry_out, last, visit


class Asked(NamedTuple):
    page: Any
    number: Any = 1
    turn: Any = None


class Shown(NamedTuple):
    result: Any = gr.skip()
    problem: Any = gr.skip()


def counted(asked: Asked):
    """A handler that shows each number up to the one that is asked for."""
    for number in range(1, asked.number + 1):
        yield Shown(number)


def refuse(asked: Asked) -> Shown:
    raise ResNetAppError(f"{asked.number} is too many. Take fewer.")


def fail(_asked: Asked) -> Shown:
    raise RuntimeError("secret inside")


def test_a_record_of_records_is_filled_in_the_order_of_its_components() -> None:
    record = Asked(visit(), (("a", "b"), ("c",)), "d")
    assert components(record)[-4:] == ["a", "b", "c", "d"]
    same = filled(record, iter(components(record)))
    assert same == record
    assert isinstance(same.page, PageInputs)
    numbered = filled(record, iter(range(100)))
    assert numbered.page == PageInputs(*range(8))
    assert numbered.number == ((8, 9), (10,))


def test_an_error_of_ours_is_its_sentence_and_leaves_the_rest() -> None:
    shown = last(refuse, Asked(visit(), 9), Shown)
    assert shown.result == gr.skip()
    assert shown.problem["visible"] is True
    assert "<strong>9 is too many.</strong><p>Take fewer.</p>" in shown.problem["value"]


@pytest.mark.parametrize(("language", "words"), [("en", "Something went wrong on our side"), ("zh-CN", "编号")])
def test_any_other_error_is_a_reference_to_the_log(language: str, words: str, caplog) -> None:
    with caplog.at_level(logging.ERROR):
        shown = last(fail, Asked(visit(language=language)), Shown).problem["value"]
    assert words in shown
    assert "secret" not in shown
    (reference,) = re.findall(r"\b[0-9a-f]{8}\b", re.sub("<svg.*?</svg>", "", shown))
    assert f"reference {reference}" in caplog.text
    assert "secret inside" in caplog.text


def test_what_else_becomes_of_the_outputs_is_a_record_or_made_of_what_was_asked() -> None:
    for failed in (Shown("gone 9"), lambda asked: Shown(f"gone {asked.number}")):
        shown = last(refuse, Asked(visit(), 9), Shown, failed=failed)
        assert (shown.result, "too many" in shown.problem["value"]) == ("gone 9", True)
        assert last(counted, Asked(visit(), 1), Shown, failed=failed) == Shown(1)


@pytest.mark.parametrize("stale", [None, Shown("off")])
def test_of_two_under_way_only_the_later_is_shown(stale: Any) -> None:
    turn, how = Turn(), {"turns": Turns.TAKE, "stale": stale}
    first = carry_out(counted, Asked(visit(), 5, turn), Shown, **how)
    assert next(first) == Shown(1)
    second = carry_out(counted, Asked(visit(), 2, turn), Shown, **how)
    assert next(second) == Shown(1)
    assert list(first) == [stale or Shown()]
    assert list(second) == [Shown(2)]


def test_what_only_watches_takes_no_turn_and_ends_with_the_latest() -> None:
    turn = Turn()
    turn.take()
    watching = carry_out(counted, Asked(visit(), 5, turn), Shown, turns=Turns.WATCH, stale=Shown("off"))
    assert next(watching) == Shown(1)
    assert turn.latest == 1
    turn.take()
    assert list(watching) == [Shown("off")]


def test_the_failure_of_what_is_no_longer_wanted_is_nobodys() -> None:
    turn = Turn()

    def fails_late(asked: Asked):
        yield Shown("going on")
        refuse(asked)

    first = carry_out(fails_late, Asked(visit(), 1, turn), Shown, turns=Turns.TAKE, failed=Shown("gone"))
    next(first)
    turn.take()
    assert list(first) == [Shown()]


class Boxes(NamedTuple):
    """The components that a wired handler has to do with."""

    page: PageInputs
    number: Any
    turn: Any


def wired(work: Any, **how: Any) -> tuple[Any, Boxes, Shown]:
    with gr.Blocks() as blocks:
        boxes = Boxes(PageInputs(*(gr.State() for _ in PageInputs._fields)), gr.Number(), gr.State())
        shown = Shown(gr.HTML(), gr.HTML())
        on(gr.Button().click, work, boxes, shown, **how)
    (function,) = blocks.fns.values()
    return function, boxes, shown


def test_a_wired_handler_gets_what_its_components_hold_and_gives_what_they_become() -> None:
    function, boxes, shown = wired(partial(counted))
    assert function.inputs == [*boxes.page, boxes.number, boxes.turn]
    assert function.outputs == list(shown)
    assert function.name == "counted"
    assert inspect.isgeneratorfunction(function.fn)
    assert list(function.fn(*visit(), 3, None)) == [list(Shown(1)), list(Shown(2)), list(Shown(3))]


def test_a_wired_handler_without_steps_answers_at_once_even_where_it_fails() -> None:
    function, *_ = wired(refuse)
    assert not inspect.isgeneratorfunction(function.fn)
    assert "7 is too many" in Shown(*function.fn(*visit(), 7, None)).problem["value"]


def test_a_wired_handler_with_a_second_parameter_gets_the_event() -> None:
    def chosen(asked: Boxes, event: gr.EventData) -> Shown:
        return Shown((asked.number, event.index))

    function, *_ = wired(chosen)
    event = gr.EventData(None, {"index": 4})
    assert function.fn(event, *visit(), 3, None) == list(Shown((3, 4)))


def test_an_event_of_the_page_reaches_no_tab_but_the_one_in_sight() -> None:
    """A photo, a model or another tab rings a bell in the page; only a bell goes to the server, and to one tab."""
    page = app.build()
    scripts = {number: str(getattr(block, "js_on_load", "")) for number, block in page.blocks.items()}
    bells = [number for number, script in scripts.items() if "resnetExplorer.hang(" in script]
    assert len(bells) == len(Bells._fields)
    rung = [target for function in page.fns.values() for target in function.targets if target[0] in bells]
    assert len(rung) == len(bells)  # each leads to one handler
    photo = next(id_ for id_, block in page.blocks.items() if getattr(block, "elem_id", None) == "photo")
    changed = [function for function in page.fns.values() if (photo, "change") in function.targets]
    assert [(function.fn, function.outputs) for function in changed] == [(None, [])]


def test_what_an_event_carries_is_never_left_for_later() -> None:
    """Of what waits for the answer before, Gradio sends the first event's data again, and not its own."""
    carrying = [function for function in app.build().fns.values() if function.collects_event_data]
    assert len(carrying) >= 5
    assert {function.trigger_mode for function in carrying} <= {"multiple", "once"}


def test_what_becomes_of_boxes_in_a_row_goes_to_each_of_them() -> None:
    class Row(NamedTuple):
        boxes: Any = (gr.skip(), gr.skip())
        kept: Any = gr.skip()

    with gr.Blocks() as blocks:
        asked = Boxes(PageInputs(*(gr.State() for _ in PageInputs._fields)), gr.Number(), gr.State())
        row = Row((gr.HTML(), gr.HTML()), gr.State())
        on(gr.Button().click, lambda asked: Row(("a", "b"), (asked.number, 2)), asked, row)
    (function,) = blocks.fns.values()
    assert function.outputs == [*row.boxes, row.kept]
    assert function.fn(*visit(), 1, None) == ["a", "b", (1, 2)]  # a value that is a tuple stays one


def test_one_component_alone_gets_the_bare_value() -> None:
    class One(NamedTuple):
        note: Any = gr.skip()

    with gr.Blocks() as blocks:
        asked = Boxes(PageInputs(*(gr.State() for _ in PageInputs._fields)), gr.Number(), gr.State())
        on(gr.Button().click, lambda asked: One(gr.update(value=asked.number)), asked, One(gr.HTML()))
    (function,) = blocks.fns.values()
    assert function.fn(*visit(), 5, None)["value"] == 5
