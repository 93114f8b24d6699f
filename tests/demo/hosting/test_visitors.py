"""Gradio's sessions, of which there may be thousands: what each has of its own, and what all share."""

from collections.abc import Iterator

import gradio as gr
import httpx
import pytest
from gradio.state_holder import SessionState

from demo.hosting import visitors
from demo.hosting.visitors import share_descriptions
from tests.ports import free_port


@pytest.fixture
def page() -> Iterator[gr.Blocks]:
    with gr.Blocks() as blocks:
        words = gr.Textbox("first", elem_id="words")
        kept = gr.State([])
        words.change(lambda text, before: [*before, text], [words, kept], kept)
    blocks.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), state_session_capacity=3, ssr_mode=False
    )
    share_descriptions(blocks)
    yield blocks
    blocks.close()


def number(page: gr.Blocks, kind: type) -> int:
    return next(key for key, block in page.blocks.items() if isinstance(block, kind))


def test_a_visitor_begins_with_what_gradio_would_give_it(page):
    given, expected = page.app.state_holder["someone"], SessionState(page)
    assert dict(given.config_values.items()) == expected.config_values
    assert list(given.components) == list(expected.components)
    assert given.blocks_config.fns == expected.blocks_config.fns
    assert given.state_data == {}


def test_what_changes_for_one_visitor_changes_for_nobody_else(page):
    one, other = page.app.state_holder["one"], page.app.state_holder["other"]
    words, kept = number(page, gr.Textbox), number(page, gr.State)
    one._update_value_in_config(words, "mine")
    one[kept].append("mine")
    one[words] = gr.Textbox("new", render=False)
    assert other.config_values[words]["props"]["value"] == "first"
    assert other[kept] == []
    assert other[words] is page.blocks[words]
    assert page.app.state_holder["later"].config_values[words]["props"]["value"] == "first"


def test_the_longest_unused_visitor_is_forgotten(page):
    for name in "abcd":
        page.app.state_holder[name]
    page.app.state_holder["b"]
    page.app.state_holder["e"]
    assert set(page.app.state_holder.session_data) == {"d", "b", "e"}
    assert set(page.app.state_holder.time_last_used) == {"d", "b", "e"}


def test_calls_of_programs_drive_no_visitor_out(page, monkeypatch):
    monkeypatch.setattr(visitors, "MOST_BARE", 1)
    holder = page.app.state_holder
    holder["visitor"][number(page, gr.State)].append("a lesson")
    for call in range(20):
        holder[f"call {call}"]
    assert set(holder.session_data) == set(holder.time_last_used) == {"visitor", "call 18", "call 19"}
    assert holder["visitor"][number(page, gr.State)] == ["a lesson"]


def test_sessions_share_the_description_of_what_is_the_same_for_all(page):
    one, other = (page.app.state_holder[name] for name in ("one", "other"))
    mine, theirs = (dict(each.config_values.items()) for each in (one, other))
    assert all(mine[key] is theirs[key] for key in mine)


def test_what_is_kept_for_a_visitor_is_there_at_the_next_event(page):
    call = f"http://127.0.0.1:{page.server_port}/gradio_api/queue/join"
    change = next(iter(page.fns.values()))
    joined = httpx.post(call, json={"data": ["word", None], "fn_index": change._id, "session_hash": "x"})
    assert joined.status_code == 200
    told = httpx.get(call.replace("join", "data"), params={"session_hash": "x"}).text
    assert '"success":true' in told
    assert page.app.state_holder["x"][number(page, gr.State)] == ["word"]
