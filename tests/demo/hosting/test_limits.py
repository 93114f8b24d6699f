"""Strangers on a Space may ask for less than people on their own computer."""

import pytest
from starlette.responses import JSONResponse
from starlette.testclient import TestClient

from demo.hosting import limits
from demo.hosting.compressed import CompressedPage
from tests.paths import ROOT

CODE = (
    "import demo.app, demo.ui.files as files\nfrom demo.hosting.limits import MOST_WAITING\n"
    "every, old = demo.app.build().delete_cache\nprint(MOST_WAITING, files.MAX_BATCH, every + old)"
)

LIMITS = {"": [64, 400, 90000], "someone/app": [24, 100, 3500]}  # without SPACE_ID, and with it


@pytest.mark.slow
@pytest.mark.parametrize(("space", "limits"), LIMITS.items())
def test_on_a_space_the_limits_are_tighter_and_uploads_gone_within_the_hour(fresh_python, monkeypatch, space, limits):
    monkeypatch.setenv("SPACE_ID", space)
    done = fresh_python("-c", CODE)
    assert [int(each) for each in done.stdout.split()] == limits, done.stderr


def test_the_page_about_hosting_names_them():
    (waiting, photos, _), (few_waiting, few_photos, _) = LIMITS.values()
    page = (ROOT / "docs" / "hosting.md").read_text("utf-8")
    assert f"| photos in a batch | {few_photos} | {photos} |" in page
    assert f"| requests that wait | {few_waiting}, then the page says that it is busy | {waiting} |" in page


async def arrived(_scope, _receive, send):
    """An app behind the limit, which says that it was reached."""
    await JSONResponse("here")(_scope, _receive, send)


def test_who_sends_too_much_in_a_minute_waits_and_others_do_not(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    client = TestClient(limits.Rate(arrived, most=3))
    mine, yours = {"X-Forwarded-For": "6.6.6.6, 10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
    assert [client.post("/queue/join", headers=mine).status_code for _ in range(4)] == [200, 200, 200, 429]
    mine["X-Forwarded-For"] = "7.7.7.7, 10.0.0.1"  # what the visitor claims does not count
    refused = client.post("/queue/join", headers=mine)
    assert (refused.status_code, refused.json()["detail"]) == (429, limits.TOO_MANY)
    assert client.get("/", headers=mine).status_code == 200  # the page itself is no work
    assert client.post("/queue/join", headers=yours).status_code == 200
    now += limits.MINUTE + 1
    assert client.post("/queue/join", headers=mine).status_code == 200


def test_a_live_camera_is_not_cut_off_and_costs_its_visitor_nothing():
    client = TestClient(limits.Rate(arrived, most=3))
    assert {client.post("/live/a-pass").status_code for _ in range(50)} == {200}
    assert [client.post("/queue/join").status_code for _ in range(4)] == [200, 200, 200, 429]
    for path in ("/live", "/queue/live/", "/gradio_api/upload?live=/live/"):  # what only looks like it counts
        assert client.post(path).status_code == 429


def test_addresses_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 5)
    limit = limits.Rate(arrived)
    assert all(limit._may(str(number), 0.0) for number in range(50))
    assert len(limit._sent) == 5


def test_on_ones_own_computer_nobody_is_counted(monkeypatch):
    assert [each.cls for each in limits.middleware()] == [CompressedPage]
    monkeypatch.setattr(limits, "HOSTED", True)
    assert [each.cls for each in limits.middleware()] == [limits.Rate, CompressedPage]
