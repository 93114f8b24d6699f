"""Every way in for a photo, as the hand expects it: camera, clipboard, and a drop anywhere, in headless Chromium."""

import base64
import itertools
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from demo import app
from demo.hosting import certificate
from tests.e2e.conftest import LAN
from tests.paths import EXAMPLES
from tests.ports import free_port

ANT, BEE = EXAMPLES / "ant-soil.jpg", EXAMPLES / "bee-daisy.jpg"
# A person's paste or drop of a file: what the browser hands to the page.
HAND_OVER = """([kind, where, name, bytes]) => {
  const file = new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type: "image/jpeg" });
  const data = new DataTransfer();
  data.items.add(file);
  const more = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
  const made = kind === "paste" ? ClipboardEvent : DragEvent;
  const event = new made(kind, { bubbles: true, cancelable: true, ...more });
  document.querySelector(where).dispatchEvent(event);
  return event.defaultPrevented;
}"""


def hand_over(page: Page, kind: str, path: Path, where: str = "body") -> bool:
    """Whether the page took it: else the browser would do with it what it likes, such as leave the page."""
    taken: bool = page.evaluate(HAND_OVER, [kind, where, path.name, base64.b64encode(path.read_bytes()).decode()])
    return taken


def test_a_photo_pasted_or_dropped_anywhere_is_the_new_photo(open_page: Callable[..., Page]) -> None:
    page = open_page()
    expect(page.locator(".best strong")).to_have_text("bees")
    photos = itertools.cycle(((ANT, "ants"), (BEE, "bees")))
    for tab in ("Classify", "Explain", "Explore"):
        for kind in ("paste", "drop"):
            path, answer = next(photos)
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
            assert hand_over(page, kind, path)
            page.get_by_role("tab", name="Classify").click()
            expect(page.locator(".best strong")).to_have_text(answer)


def test_a_copied_picture_that_is_only_an_address_in_the_page_is_taken_too(open_page: Callable[..., Page]) -> None:
    page = open_page()
    expect(page.locator(".best strong")).to_have_text("bees")
    address = f"data:image/jpeg;base64,{base64.b64encode(ANT.read_bytes()).decode()}"
    page.evaluate(
        """(address) => {
          const data = new DataTransfer();
          data.setData("text/html", `<img src="${address}">`);
          document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, clipboardData: data }));
        }""",
        address,
    )
    expect(page.locator(".best strong")).to_have_text("ants")


def test_pasted_words_go_where_words_go(open_page: Callable[..., Page]) -> None:
    page = open_page()
    taken = page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "ants, bees");
          const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
          document.body.dispatchEvent(event);
          return event.defaultPrevented;
        }"""
    )
    assert not taken


def test_in_teach_and_batch_they_go_into_the_boxes_there(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Teach").click()
    expect(page.locator("#teach-photos-1 input[type=file]").first).to_be_attached()
    assert hand_over(page, "paste", ANT)  # the first box that is empty
    expect(page.locator("#teach-photos-1 .thumbnail-item")).to_have_count(1)
    assert hand_over(page, "drop", BEE, "#teach-name-2")
    expect(page.locator("#teach-photos-2 .thumbnail-item")).to_have_count(1)
    assert hand_over(page, "paste", BEE, "#teach-name-2")  # another one beside it
    expect(page.locator("#teach-photos-2 .thumbnail-item")).to_have_count(2)
    page.get_by_role("tab", name="Batch").click()
    expect(page.locator("#files")).to_be_visible()
    assert hand_over(page, "drop", BEE)
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".batch tbody tr")).to_have_count(1)


def test_the_camera_takes_a_photo_and_lets_go(open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["camera"])
    photo = page.locator("#photo img").first
    before = photo.get_attribute("src")
    assert page.locator("#photo").get_by_role("button", name="webcam").count() == 0  # the trap that Gradio's icon was
    page.get_by_role("button", name="Take a photo").first.click()
    window = page.get_by_role("dialog")
    expect(window.locator("video")).to_be_visible()
    page.keyboard.press("Escape")  # a way back, with nothing lost
    expect(window).to_be_hidden()
    expect(page.locator(".best strong")).to_have_text("bees")
    page.wait_for_function("document.querySelector('#camera video').srcObject === null")
    page.get_by_role("button", name="Take a photo").first.click()
    expect(window.locator("video")).to_be_visible()
    window.get_by_role("button", name="Take it").click()
    expect(window).to_be_hidden()
    expect(photo).not_to_have_attribute("src", before or "")
    expect(page.locator(".stage .picture img").first).to_be_visible()


def test_teach_takes_several_photos_in_a_row(open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["camera"])
    page.get_by_role("tab", name="Teach").click()
    page.locator(".teach-box").nth(1).get_by_role("button", name="Take a photo").click()
    window = page.get_by_role("dialog")
    for taken in (1, 2):
        window.get_by_role("button", name="Take it").click()
        expect(page.locator("#teach-photos-2 .thumbnail-item")).to_have_count(taken)
    held = window.get_by_role("button", name="Hold to record")
    held.hover()
    page.mouse.down()
    expect(window.locator("[data-shots]")).to_contain_text(re.compile(r"● ([3-9]|\d\d)"))  # at five a second
    page.mouse.up()
    expect(page.locator("#teach-photos-2 .thumbnail-item").nth(4)).to_be_attached()
    window.get_by_role("button", name="Close").click()
    expect(window).to_be_hidden()


def test_without_leave_the_camera_says_what_to_do(open_page: Callable[..., Page]) -> None:
    page = open_page()  # headless Chromium refuses where nothing was granted
    page.get_by_role("button", name="Take a photo").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("The browser does not let this page use the camera.")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".best strong")).to_have_text("bees")


def test_over_https_of_the_spot_a_phone_films_in_a_class(browser: Browser) -> None:
    served = app.build()
    served.queue()
    with certificate.for_launch([]) as secure:
        _, url, _ = served.launch(
            prevent_thread_lock=True, quiet=True, server_port=free_port(), **secure, **app.launch_options()
        )
    context = browser.new_context(locale="en-US", permissions=["camera"], ignore_https_errors=True)  # asked once
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(url.replace("127.0.0.1", LAN).replace("localhost", LAN))
    expect(page.locator(".best strong")).to_have_text("bees")
    assert page.url.startswith(f"https://{LAN}")
    photo = page.locator("#photo img").first
    before = photo.get_attribute("src")
    page.get_by_role("button", name="Take a photo").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Take it").click()
    expect(photo).not_to_have_attribute("src", before or "")
    context.close()
    served.close()


def test_over_plain_http_it_says_why_and_offers_the_devices_own_camera(browser: Browser, address: str) -> None:
    errors: list[str] = []
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address.replace("127.0.0.1", LAN).replace("localhost", LAN))
    page.locator(".status .state.ok").wait_for(state="attached")
    expect(page.locator(".best strong")).to_have_text("bees")
    assert not page.evaluate("isSecureContext")
    page.get_by_role("button", name="Take a photo").first.click()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("Browsers let a page film over https only")
    capture = window.locator("input[type=file]")
    expect(capture).to_have_attribute("capture", "environment")
    capture.set_input_files(ANT)
    expect(window).to_be_hidden()
    expect(page.locator(".best strong")).to_have_text("ants")
    assert hand_over(page, "paste", BEE)
    expect(page.locator(".best strong")).to_have_text("bees")
    context.close()
    assert not errors
