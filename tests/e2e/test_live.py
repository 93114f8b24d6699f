"""The live camera, with Chromium's own for a camera: it turns, so that answers change from frame to frame."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from resnet_app.registry import SPECS
from tests.demo.helpers import EVIL
from tests.e2e.conftest import LAN
from tests.e2e.test_teach import fill_box
from tests.e2e.ways import PHONE, choose, enter
from tests.paths import EXAMPLES

# Before the page's own scripts: every camera that it is lent, and every answer that it draws, is written down.
WATCHED = """
  window.lent = [];
  window.drawn = [];
  const films = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (films) navigator.mediaDevices.getUserMedia = async (asked) => {
    const stream = await films(asked);
    lent.push(...stream.getTracks());
    return stream;
  };
  document.addEventListener("live-answer", () => drawn.push(document.querySelector("#live [data-value]").textContent));
"""
GREENEST = """() => [...document.querySelectorAll("#live canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Math.max(...data.filter((_, at) => at % 4 === 1).slice(0, 60_000));
})"""
KEEP = """() => {
  document.querySelector("#live [data-keep]").click();
  return document.querySelector("#live [data-value]").textContent;
}"""
FILMING = "() => lent.filter((track) => track.readyState === 'live').length"
NO_VIDEO = "() => [...document.querySelectorAll('video')].every((video) => !video.srcObject)"


@pytest.fixture
def film(open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """Opens the page in a browser that lets it film, and starts the live camera."""
    pages: list[Page] = []

    def start(path: str = "", **options: object) -> Page:
        page = open_page(path, permissions=["camera"], **options)
        page.evaluate(WATCHED)
        expect(page.locator(".best strong")).to_be_visible()
        page.locator("[data-live]").click()
        pages.append(page)
        return page

    yield start
    for page in pages:
        if not page.is_closed():
            page.keyboard.press("Escape")


def answers(page: Page, count: int) -> None:
    """Wait until so many more answers are drawn."""
    page.evaluate("drawn.length = 0")
    page.wait_for_function(f"drawn.length >= {count}")


def assert_off(page: Page) -> None:
    """The view is gone, and the camera's light with it."""
    expect(page.locator("#live .result")).to_have_count(0)
    assert page.evaluate(FILMING) == 0
    assert page.evaluate(NO_VIDEO)
    assert page.evaluate("lent.length") > 0
    page.wait_for_timeout(300)
    page.evaluate("drawn.length = 0")
    page.wait_for_timeout(700)
    assert page.evaluate("drawn.length") == 0  # nothing is asked for any more


def test_answers_come_and_change_with_their_map_and_their_rate(film: Callable[..., Page]) -> None:
    page = film()
    answers(page, 12)
    assert page.evaluate("new Set(drawn).size") > 1
    expect(page.locator("#result .result")).to_be_hidden()  # it stands in the result's place
    expect(page.locator("#live .answers .row")).to_have_count(2)
    expect(page.locator("#live .versus")).to_be_visible()
    expect(page.locator("#live [data-rate-now]")).to_contain_text("a second")
    seen, layer = page.evaluate(GREENEST)
    assert seen > 100  # the camera's green
    assert layer > 0
    assert (
        page.evaluate("document.querySelector('#live canvas').width") == 480 * 224 / 256
    )  # the square, as it was filmed
    page.locator("#live [data-stop]").click()
    assert_off(page)
    expect(page.locator("#result .best strong")).to_have_text("bees")


@pytest.mark.parametrize("way", ["another tab", "Escape", "the button", "hidden", "another photo", "away"])
def test_whatever_ends_it_ends_the_camera(film: Callable[..., Page], way: str) -> None:
    page = film()
    answers(page, 1)
    assert page.evaluate(FILMING) == 1
    if way == "another tab":
        enter(page, "Explain")
    elif way == "Escape":
        page.keyboard.press("f")
        page.keyboard.press("Escape")
        assert page.evaluate("document.documentElement.classList.contains('projector')")  # it has an Escape of its own
        page.keyboard.press("Escape")
    elif way == "the button":
        page.locator("[data-live]").click()
    elif way == "hidden":
        page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    elif way == "another photo":
        page.locator("#examples button").first.click()
        expect(page.locator("#result .best strong")).to_have_text("ants")
    else:
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert_off(page)


def test_a_camera_that_is_lent_too_late_is_let_go(open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["camera"])
    page.evaluate(WATCHED)
    page.evaluate(
        """() => {
          const lend = navigator.mediaDevices.getUserMedia;
          navigator.mediaDevices.getUserMedia = (asked) =>
            new Promise((done) => (window.allow = done)).then(() => lend(asked));
        }"""
    )
    expect(page.locator(".best strong")).to_be_visible()
    page.locator("[data-live]").click()
    expect(page.locator("#live .asks")).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate("allow()")
    page.wait_for_function("lent.length")
    assert_off(page)


def test_a_frame_is_kept_as_the_pages_photo(film: Callable[..., Page]) -> None:
    page = film()
    answers(page, 3)
    shown = page.evaluate(KEEP)
    assert page.evaluate(FILMING) == 0  # at once
    expect(page.locator("#result .result")).to_have_attribute("data-photo", re.compile(r"^photo-\d+\.jpg$"))
    assert_off(page)
    expect(page.locator("#result .best span")).to_have_text(shown)  # the very frame that was answered


def test_model_language_and_look_change_while_it_films(film: Callable[..., Page]) -> None:
    page = film()
    answers(page, 2)
    colours = (
        "() => [...document.querySelectorAll('#live canvas')][1].getContext('2d').getImageData(0, 0, 420, 420).data"
    )
    blue = f"({colours})().reduce((sum, value, at) => sum + (at % 4 === 2 ? value : 0), 0)"
    before = page.evaluate(blue)
    page.locator("#colours label", has_text="Viridis").click()
    page.wait_for_function(f"{blue} > {before} * 1.5")
    page.locator("#language label", has_text="中文").click()
    expect(page.locator("#live [data-stop]")).to_have_text("停止")
    expect(page.locator("#live .best strong")).to_contain_text("不太确定")
    expect(page.locator("#live [data-rate-now]")).to_contain_text("每秒")
    page.locator("#language label", has_text="English").click()
    choose(page, "Weights", "Random (untrained)")
    expect(page.locator("#live .note", has_text="random")).to_be_visible()
    expect(page.locator("#live .answers .row")).to_have_count(5)
    assert page.evaluate(FILMING) == 1  # through all of it
    page.keyboard.press("Escape")
    assert_off(page)
    expect(page.locator("#result .random_note")).to_be_visible()


def test_names_from_a_strangers_file_stay_text(film: Callable[..., Page], tmp_path: Path) -> None:
    path = tmp_path / "strange.pth"
    torch.manual_seed(0)
    state = SPECS["resnet18"].build(num_classes=2).state_dict()
    torch.save({"model_state_dict": state, "classes": [EVIL, "ok"]}, path)
    page = film()
    page.get_by_text("Your own checkpoint").click()
    page.locator("#checkpoint input[type=file]").set_input_files(path)
    expect(page.locator("#live .answers .label", has_text="onerror")).to_have_text(EVIL)
    assert page.locator("#live img").count() == 0


def test_a_lesson_is_tried_live(open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["camera"])
    page.evaluate(WATCHED)
    page.get_by_role("tab", name="Teach").click()
    for number, kind in ((1, "ant"), (2, "bee")):
        fill_box(page, number, f"my {kind}", sorted(EXAMPLES.glob(f"{kind}-*.jpg")))
    page.get_by_role("button", name="Teach").click()
    page.get_by_role("button", name="Try it live").click()
    answers(page, 2)
    expect(page.get_by_role("tab", name="Classify")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#live .versus .end").first).to_have_text("my ant")
    enter(page, "Teach")
    assert_off(page)


def test_two_cameras_are_told_that_they_share(film: Callable[..., Page]) -> None:
    one, other = film(), film()
    expect(one.locator("#live [data-rate-now]")).to_contain_text("2 cameras share this computer")
    expect(other.locator("#live [data-rate-now]")).to_contain_text("2 cameras share this computer")
    other.keyboard.press("Escape")
    expect(one.locator("#live [data-rate-now]")).not_to_contain_text("share")


def test_in_front_of_a_class_the_map_and_the_answer_are_large(film: Callable[..., Page]) -> None:
    page = film(viewport={"width": 1280, "height": 720})
    answers(page, 2)
    page.keyboard.press("f")
    picture = page.locator("#live .picture").bounding_box()
    assert picture
    assert min(picture["width"], picture["height"]) > 450
    assert picture["y"] + picture["height"] < 720
    size = "() => parseFloat(getComputedStyle(document.querySelector('#live .best strong')).fontSize) * 1.5"
    assert page.evaluate(size) >= 32
    page.keyboard.press("f")


def test_on_a_phone_it_is_in_sight_and_nothing_is_wider_than_the_page(film: Callable[..., Page]) -> None:
    page = film("?lang=zh-CN", **PHONE)
    answers(page, 2)
    expect(page.locator("#live [data-stop]")).to_have_text("停止")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#live .picture")).to_be_in_viewport(ratio=0.9)


def test_where_the_page_may_not_film_it_says_why(open_page: Callable[..., Page]) -> None:
    page = open_page()  # headless Chromium refuses where nothing was granted
    expect(page.locator(".best strong")).to_be_visible()
    page.locator("[data-live]").click()
    expect(page.get_by_role("dialog")).to_contain_text("The browser does not let this page use the camera.")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#result .best strong")).to_have_text("bees")


def test_over_plain_http_it_offers_the_devices_own_camera(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(address.replace("127.0.0.1", LAN).replace("localhost", LAN))
    expect(page.locator(".best strong")).to_have_text("bees")
    page.locator("[data-live]").click()
    expect(page.get_by_role("dialog")).to_contain_text("Browsers let a page film over https only")
    context.close()


def test_an_app_that_is_gone_ends_the_camera_with_a_sentence(film: Callable[..., Page]) -> None:
    page = film()
    answers(page, 1)
    page.route("**/live/*", lambda route: route.abort())
    expect(page.locator("#live [data-problem]")).to_have_text("The app gives no answers any more. The camera is off.")
    assert_off(page)
