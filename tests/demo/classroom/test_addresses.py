"""The class over HTTP: what each address takes and gives, and what a stranger cannot do."""

from typing import Any

import gradio as gr
import httpx
import pytest

from demo.classroom.addresses import SECRET, addresses
from demo.classroom.room import Classroom
from demo.hosting import routes
from tests.ports import free_port


@pytest.fixture(scope="module")
def classroom() -> Classroom:
    return Classroom({"cost": ("tenth", "half")})


@pytest.fixture(scope="module")
def launched(classroom: Classroom) -> Any:
    with gr.Blocks() as page:
        gr.Markdown("page")
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_port=free_port(), ssr_mode=False)
    routes.add(page, addresses(classroom))
    yield url
    page.close()


@pytest.fixture(scope="module")
def locked(classroom: Classroom) -> Any:
    with gr.Blocks() as page:
        gr.Markdown("page")
    _, url, _ = page.launch(
        prevent_thread_lock=True, quiet=True, server_port=free_port(), ssr_mode=False, auth=("class", "secret")
    )
    routes.add(page, addresses(classroom))
    yield url
    page.close()


def teach(url: str, classroom: Classroom, **what: Any) -> httpx.Response:
    return httpx.post(f"{url}class/teach", json=what, headers={SECRET: classroom.secret})


def test_a_lesson_by_hand(launched: str, classroom: Classroom) -> None:
    assert teach(launched, classroom, do="lead", value="?tab=lesson&step=cost").json()["lead"].endswith("cost")
    answer = httpx.get(f"{launched}class/state?page=a")
    assert answer.json()["question"]["name"] == "cost"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) < 300
    assert httpx.get(f"{launched}class/state?page=b&alone=yes").json()["alone"] == 1
    guess = {"page": "a", "question": "cost", "choice": "half"}
    assert httpx.post(f"{launched}class/guess", json=guess).json() == {"class": classroom.name, "round": 1}
    assert teach(launched, classroom, do="again").json()["question"]["round"] == 2
    assert teach(launched, classroom, do="pause", value=True).json()["paused"]
    assert httpx.post(f"{launched}class/guess", json=guess).status_code == 409
    teach(launched, classroom, do="pause", value=False)
    assert teach(launched, classroom, do="reveal").json()["question"]["revealed"]
    assert httpx.get(launched).status_code == 200  # the page itself is where it was


@pytest.mark.parametrize("secret", ["", "guessed"])
def test_a_student_cannot_teach(launched: str, classroom: Classroom, secret: str) -> None:
    lead = classroom.state()["lead"]
    answer = httpx.post(f"{launched}class/teach", json={"do": "lead", "value": "?tab=batch"}, headers={SECRET: secret})
    assert answer.status_code == 403
    assert classroom.state()["lead"] == lead


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{" * 3000, b'{"page": 1}', b"x" * 100_000])
def test_a_guess_that_is_none_costs_nothing(launched: str, body: bytes) -> None:
    answer = httpx.post(f"{launched}class/guess", content=body)
    assert (answer.status_code, answer.json()["round"]) == (409, 0)


def test_an_order_that_there_is_not_is_named(launched: str, classroom: Classroom) -> None:
    answer = teach(launched, classroom, do="dance")
    assert answer.status_code == 400
    assert "lead, new, reveal, again, pause" in answer.json()["detail"]


def test_who_may_not_see_the_page_may_not_see_the_class(locked: str) -> None:
    assert httpx.get(f"{locked}class/state").status_code == 401
    with httpx.Client() as member:
        member.post(f"{locked}login", data={"username": "class", "password": "secret"})
        assert member.get(f"{locked}class/state").status_code == 200
