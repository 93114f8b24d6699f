"""The page goes out packed, and nothing else does."""

import gzip

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from demo.hosting.compressed import CompressedPage

TEXT = "the settings of the page " * 1000


async def answer(scope, receive, send):
    """An app that answers everything with the same text."""
    await PlainTextResponse(TEXT)(scope, receive, send)


CLIENT = TestClient(CompressedPage(answer))


@pytest.mark.parametrize("path", ["/", "/?tab=explain", ""])
def test_the_page_is_packed_where_the_browser_unpacks_it(path: str) -> None:
    with CLIENT.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answered:
        packed = b"".join(answered.iter_raw())
    assert answered.headers["content-encoding"] == "gzip"
    assert len(packed) < len(TEXT) / 10
    assert gzip.decompress(packed).decode() == TEXT
    plain = CLIENT.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == TEXT


@pytest.mark.parametrize("path", ["/gradio_api/queue/data", "/config", "/live/a"])
def test_nothing_else_is(path: str) -> None:
    assert "content-encoding" not in CLIENT.get(path, headers={"Accept-Encoding": "gzip"}).headers


def test_behind_a_proxy_on_a_sub_path_it_is_the_page_as_well() -> None:
    client = TestClient(CompressedPage(answer), root_path="/explorer")
    assert client.get("/explorer/", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/explorer/config", headers={"Accept-Encoding": "gzip"}).headers


def test_the_running_app_sends_its_page_packed_and_each_example_once(address: str) -> None:
    """Thirty students open it at once, over a class's wifi."""
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answered:
        packed = b"".join(answered.iter_raw())
    page = gzip.decompress(packed).decode()
    assert len(packed) < 300_000
    assert [page.count(f"--example-{index}: url") for index in range(6)] == [1] * 6
    assert page.count("data:image/jpeg") == 6
