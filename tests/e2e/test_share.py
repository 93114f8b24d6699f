"""The window with the page's address and its code for phones, as a class sees it."""

import io
import itertools
import json
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from demo import app
from demo.hosting import limits
from demo.locales import text
from tests.ports import free_port

ADDRESSES = ("https://192.168.178.24:7860", "https://10.1.2.3:7860")


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """An app that others can reach, by what it was told."""
    page = app.build(shared=ADDRESSES)
    page.queue()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_port=free_port(), **app.launch_options())
    yield url
    page.close()


@pytest.mark.parametrize(
    ("language", "locale", "status", "said", "key"),
    [
        ("zh-CN", "zh-CN", 503, "Queue is full. Max size is 64 and size is 64.", "busy"),
        ("en", "en-US", 429, limits.TOO_MANY, "too_fast"),
    ],
)
def test_who_is_refused_is_told_why_in_the_pages_language(
    browser: Browser, shared: str, language: str, locale: str, status: int, said: str, key: str
) -> None:
    """Gradio's own sentences are English and tell neither why nor what to do."""
    page = opened(browser, shared, locale=locale)
    expect(page.locator(".best strong")).to_be_visible()
    answer = {"status": status, "content_type": "application/json", "body": json.dumps({"detail": said})}
    page.route("**/queue/join*", lambda route: route.fulfill(**answer))
    page.locator("#examples button").first.click()
    expect(page.locator(".toast-message-text").first).to_have_text(text(language, key))
    expect(page.locator(".toast-title").first).to_have_text(text(language, f"{key}_title"))
    page.unroute("**/queue/join*")
    page.locator("#examples button").last.click()  # nothing is lost, and the next try is answered
    expect(page.locator(".result")).to_have_attribute("data-photo", "bee-sunflower.jpg")
    page.context.close()


def opened(browser: Browser, url: str, **options: object) -> Page:
    page = browser.new_context(**{"locale": "en-US", **options}).new_page()
    page.set_default_timeout(90_000)
    page.goto(url)
    page.locator(".status .state.ok").wait_for(state="attached")
    return page


def scanned(page: Page) -> str:
    """What a phone's camera reads off the screen."""
    picture = Image.open(io.BytesIO(page.locator("#share dialog").screenshot()))
    words, *_ = cv2.QRCodeDetector().detectAndDecode(np.asarray(picture.convert("L")))
    return str(words)


@pytest.mark.parametrize(
    ("language", "locale", "viewport"),
    [("en", "en-US", {"width": 1440, "height": 900}), ("zh-CN", "zh-CN", {"width": 390, "height": 844})],
)
def test_a_phone_reads_the_address_off_the_screen(
    browser: Browser, shared: str, language: str, locale: str, viewport: dict[str, int]
) -> None:
    page = opened(browser, shared, locale=locale, viewport=viewport, color_scheme="dark")
    page.evaluate("document.body.classList.add('dark')")
    button = page.get_by_role("button", name=text(language, "share"))
    button.focus()
    page.keyboard.press("Enter")
    window = page.get_by_role("dialog", name=text(language, "share"))
    expect(window).to_be_visible()
    expect(window).to_contain_text(text(language, "share_how"))
    assert scanned(page) == ADDRESSES[0]
    window.get_by_text(ADDRESSES[1]).click()  # the first one makes room
    expect(window.locator("svg:visible")).to_have_count(1)
    assert scanned(page) == ADDRESSES[1]
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(button).to_be_focused()
    header = page.evaluate(
        "() => ['.brand h1', '#language', '#share'].map((part) => document.querySelector(part).getBoundingClientRect())"
        ".map(({ left, right }) => [left, right])"
    )
    assert header == sorted(header)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(header))  # none over another
    page.context.close()


def test_escape_closes_the_window_and_leaves_the_projector_on(browser: Browser, shared: str) -> None:
    page = opened(browser, shared)
    expect(page.locator("[data-when=insecure]")).to_contain_text(text("en", "camera_encrypt"))
    page.keyboard.press("f")
    page.get_by_role("button", name=text("en", "share")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("document.documentElement.classList.contains('projector')")
    page.context.close()


def test_a_page_for_this_machine_alone_has_nothing_to_share_and_can_be_installed(
    browser: Browser, address: str
) -> None:
    page = opened(browser, address)
    expect(page.locator("[data-share]")).to_have_count(0)
    expect(page.locator("[data-when=insecure]")).not_to_contain_text("--https")
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    errors = [each["errorId"] for each in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert errors == ["in-incognito"]  # as a test's browser is; nothing is missing
    page.context.close()
