"""The live camera without a browser: a pass, frames at the address that they go to, and all that may come instead."""

import asyncio
import base64
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from demo.classify import live_handlers, live_view
from demo.classify.live_handlers import ADDRESS, Asked, Shown
from demo.hosting.cameras import Cameras
from demo.locales import text
from resnet_app import images
from resnet_app.colours import SIDES
from resnet_app.explain import cam
from resnet_app.inference import cache, models, predict
from tests.demo.helpers import ANT, BEE, EVIL, two_classes
from tests.page import last, split


@pytest.fixture(autouse=True)
def cameras(monkeypatch) -> Cameras:
    """Each test has its own."""
    fresh = Cameras()
    monkeypatch.setattr(live_handlers, "CAMERAS", fresh)
    return fresh


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(ADDRESS.path, ADDRESS.answer, methods=[ADDRESS.method])]))


def started(**changes) -> Shown:
    page, own = split(changes)
    asked = Asked(page, **{"top_k": 5, "colours": "inferno", "classes": 0, "token": "", **own})
    return last(live_handlers.start, asked, Shown, failed=Shown(""))


def frame_of(path: Path, kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").resize(size).save(buffer, kind)
    return buffer.getvalue()


BEE_FRAME, ANT_FRAME = frame_of(BEE), frame_of(ANT)


def test_a_frame_is_answered_as_the_same_photo_is(client, tmp_path, bundled) -> None:
    token = started().token
    for frame, name in ((BEE_FRAME, "bees"), (ANT_FRAME, "ants")):
        got = client.post(f"/live/{token}", content=frame).json()
        path = tmp_path / "same.jpg"
        path.write_bytes(frame)
        photo = predict.classify(bundled, path)
        assert [(each["label"], each["share"]) for each in got["answers"]] == [
            (each.label, pytest.approx(each.probability, abs=1e-6)) for each in photo.predictions
        ]
        assert got["headline"] == name
        assert (got["cameras"], got["pause"]) == (1, 0)
        assert got["seen"] == 224 / 256


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_browsers_make_of_a_frame_is_read(client, kind: str) -> None:
    assert client.post(f"/live/{started().token}", content=frame_of(BEE, kind)).json()["headline"] == "bees"


def test_the_map_is_grad_cam_of_the_best_answer_in_the_chosen_colours(bundled) -> None:
    found = predict.classify(bundled, BEE)
    (heatmap,) = cam.heatmaps(bundled, found, [found.predictions[0].index])
    peaks = {}
    for colours in ("inferno", "viridis"):
        address = live_view.answer("en", bundled, found, heatmap, colours=colours)["map"]
        layer = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGBA")
        left, top = (round(each * layer.width) for each in heatmap.hottest)
        peaks[colours] = layer.getpixel((min(left, layer.width - 1), min(top, layer.height - 1)))
    assert all(alpha == 255 for *_, alpha in peaks.values())
    assert peaks["inferno"][0] > peaks["inferno"][2] + 60  # yellow
    assert peaks["viridis"] != peaks["inferno"]
    nothing = replace(heatmap, raw=0 * heatmap.raw, values=0 * heatmap.values)
    assert live_view.answer("en", bundled, found, nothing, colours="inferno")["map"] == ""


def test_two_classes_keep_their_ends_and_a_doubt_is_said_as_elsewhere(bundled) -> None:
    found = predict.classify(bundled, BEE)
    (heatmap,) = cam.heatmaps(bundled, found, [1])
    shown = live_view.answer("zh-CN", bundled, found, heatmap, colours="inferno")
    assert [(end["label"], end["colour"]) for end in shown["ends"]] == [("ants", SIDES[0]), ("bees", SIDES[1])]
    assert shown["answers"][0]["label"] == "bees"
    even = tuple(replace(each, probability=0.5) for each in found.predictions)
    shown = live_view.answer("zh-CN", bundled, replace(found, predictions=even), heatmap, colours="inferno")
    assert (shown["headline"], shown["value"]) == ("不太确定：bees 还是 ants", "50.0\u202f%")


def test_a_lesson_says_none_of_these(lesson) -> None:
    taught = models.load(lesson.taught)
    found = replace(predict.classify(taught, BEE), is_ood=True)
    (heatmap,) = cam.heatmaps(taught, found, [0])
    shown = live_view.answer("en", taught, found, heatmap, colours="inferno")
    assert (shown["headline"], shown["value"]) == ("None of these", "")
    assert text("en", "none_of_these_note") in shown["notes"]


def test_names_from_strangers_stay_text(hostile_model) -> None:
    found = predict.classify(hostile_model, BEE)
    (heatmap,) = cam.heatmaps(hostile_model, found, [0])
    shown = live_view.answer("en", hostile_model, found, heatmap, colours="inferno")
    assert EVIL in {each["label"] for each in shown["answers"]}  # live.js writes it as text: tests/e2e/test_live.py


def test_another_model_for_one_page_is_no_other_for_its_neighbour(client) -> None:
    mine, yours = started().token, started().token
    again = started(model="resnet34", weights="random", token=mine, language="zh-CN", top_k=3, classes=1000)
    assert again.token == mine
    got = client.post(f"/live/{mine}", content=BEE_FRAME).json()
    assert len(got["answers"]) == 3
    assert got["ends"] == []
    assert got["notes"] == [text("zh-CN", "random_note")]
    got = client.post(f"/live/{yours}", content=BEE_FRAME).json()
    assert (got["headline"], got["cameras"]) == ("bees", 2)
    assert got["pause"] > 0


def test_the_number_of_answers_follows_the_model_as_elsewhere() -> None:
    shown = started(model="resnet34", weights="random", top_k=2, classes=2)
    assert (shown.top_k["maximum"], shown.top_k["value"], shown.classes) == (10, 5, 1000)
    assert "give 1 to 10" in started(top_k=11).problem["value"]


def test_with_too_many_cameras_or_odd_colours_there_is_no_pass_but_a_sentence(monkeypatch) -> None:
    assert "choose one of" in started(colours="<b>").problem["value"]
    monkeypatch.setattr("demo.hosting.cameras.MOST", 0)
    shown = started(language="zh-CN")
    assert shown.token == ""
    assert "使用摄像头的人太多" in shown.problem["value"]


def bomb(width: int, height: int) -> bytes:
    """A picture of one colour: few bytes, many pixels."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


BAD = {
    "empty": (b"", 415, "bad_frame"), "words": (b"Dear teacher, this is no picture.", 415, "bad_frame"),
    "cut short": (BEE_FRAME[:2000], 415, "bad_frame"), "GIF": (frame_of(BEE, "GIF"), 415, "bad_frame"),
    "many pixels": (bomb(1920, 1081), 415, "bad_frame"), "far too many": (bomb(30_000, 20_000), 415, "bad_frame"),
    "many bytes": (b"x" * (live_handlers.MOST_BYTES + 1), 413, "large_frame"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("what", BAD)
def test_what_is_no_frame_is_one_sentence(client, monkeypatch, what: str, language: str) -> None:
    frame, status, code = BAD[what]
    token = started(language=language).token
    with monkeypatch.context() as patch:
        if "many" in what:  # by its header alone
            patch.setattr(images, "_upright_rgb", lambda _: pytest.fail("decoded"))
        got = client.post(f"/live/{token}", content=frame)
    blanks = {"most": 2} if code == "large_frame" else {}
    assert (got.status_code, got.json()) == (status, {"problem": text(language, f"error_{code}", **blanks)})
    assert client.post(f"/live/{token}", content=BEE_FRAME).status_code == 200  # nothing is stuck


def test_the_largest_frame_is_answered(client) -> None:
    assert client.post(f"/live/{started().token}", content=bomb(1920, 1080)).status_code == 200


def test_without_a_pass_nothing_is_looked_at(client, monkeypatch) -> None:
    monkeypatch.setattr(live_handlers, "look", lambda *_: pytest.fail("looked at"))
    for token in ("made-up", "%00", "x" * 5000):
        got = client.post(f"/live/{token}", content=BEE_FRAME, headers={"accept-language": "zh"})
        assert (got.status_code, got.json()) == (404, {"problem": text("zh-CN", "error_live_gone")})
    assert client.get("/live/made-up").status_code == 405


def test_a_camera_that_is_off_counts_no_more(client, cameras) -> None:
    mine, yours = started().token, started().token
    for token in (mine, yours):
        client.post(f"/live/{token}", content=BEE_FRAME)
    assert cameras.share().cameras == 2
    assert client.post(f"/live/{mine}?off").status_code == 204
    assert client.post(f"/live/{mine}", content=BEE_FRAME).status_code == 404
    assert client.post(f"/live/{yours}", content=BEE_FRAME).json()["cameras"] == 1


def test_a_model_whose_file_is_gone_is_a_sentence_without_a_path(client, monkeypatch, tmp_path, is_plain) -> None:
    path = two_classes(tmp_path / "mine.pth")
    monkeypatch.setattr(cache, "shared_cache", cache.ModelCache)  # nothing is kept
    token = started(choice=models.choose(checkpoint=path, device="cpu")).token
    path.unlink()
    got = client.post(f"/live/{token}", content=BEE_FRAME)
    assert got.status_code == 422
    assert is_plain(got.json()["problem"])
    assert "mine.pth" in got.json()["problem"]
    assert str(tmp_path) not in got.text


def test_what_nobody_expected_is_a_reference_and_no_more(client, monkeypatch, caplog) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret /home/me")

    token = started().token
    monkeypatch.setattr(live_handlers, "look", fail)
    got = client.post(f"/live/{token}", content=BEE_FRAME)
    assert got.status_code == 500
    assert "secret" not in got.text
    assert caplog.records[-1].message.split()[-1] in got.json()["problem"]


def test_frames_are_worked_on_one_at_a_time_in_the_order_they_came(monkeypatch) -> None:
    under_way, seen, lock = [0], [], threading.Lock()

    def look(_, frame):
        with lock:
            under_way[0] += 1
            assert under_way[0] == 1
        time.sleep(0.02)
        under_way[0] -= 1
        seen.append(frame)
        return {}

    monkeypatch.setattr(live_handlers, "look", look)
    tokens = [started().token for _ in range(4)]

    async def all_film() -> None:
        served = TestClient(Starlette(routes=[Route(ADDRESS.path, ADDRESS.answer, methods=["POST"])]))

        def film(token: str, name: bytes) -> None:
            for _ in range(5):
                assert served.post(f"/live/{token}", content=name).status_code == 200

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(4) as visitors:
            each = [loop.run_in_executor(visitors, film, token, b"%d" % at) for at, token in enumerate(tokens)]
            await asyncio.gather(*each)

    asyncio.run(all_film())
    counts = [seen[:12].count(b"%d" % at) for at in range(4)]
    assert max(counts) - min(counts) <= 1  # whoever asks again at once is behind the others


def test_a_page_that_never_sends_its_frame_holds_up_nobody(monkeypatch, cameras) -> None:
    monkeypatch.setattr(live_handlers, "SENT_WITHIN_S", 0.05)
    token = started().token
    sent = []

    async def receive() -> dict:
        await asyncio.sleep(60)
        return {}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": f"/live/{token}", "query_string": b"", "headers": []}
    app = Starlette(routes=[Route(ADDRESS.path, ADDRESS.answer, methods=["POST"])])
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 404
    assert "problem" in json.loads(sent[1]["body"])
    with cameras.frame(token):
        pass  # its pass is free again


def test_the_shared_model_is_left_as_it_is(client, bundled) -> None:
    before = {name: each.clone() for name, each in bundled.network.state_dict().items()}
    client.post(f"/live/{started().token}", content=BEE_FRAME)
    loaded = cache.shared_cache().get(models.choose(device="cpu"))
    assert all(torch.equal(each, before[name]) for name, each in loaded.network.state_dict().items())
    assert not any(each._forward_hooks for each in loaded.network.modules())
