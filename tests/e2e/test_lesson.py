"""The lesson in a real browser: by the keyboard alone, kept over a reload, read from eight metres, and its two labs."""

import json
import re
from collections.abc import Callable
from html import unescape

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from demo import locales
from demo.lesson.choices import STEPS
from demo.locales import text
from resnet_app.images import Recipe, read_crop, to_tensor
from resnet_app.inference import models
from tests.e2e.checks import expect_no_sideways_scroll, expect_no_violations
from tests.e2e.relay import relayed
from tests.e2e.ways import PHONE
from tests.paths import EXAMPLES

NAMES = [step.name for step in STEPS]
PROJECTOR = {"viewport": {"width": 1280, "height": 720}}
SMALL = """() => [...document.querySelectorAll(".lesson-step *")]
  .filter((part) => part.checkVisibility())
  .filter((part) => [...part.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((part) => !part.closest("svg") && parseFloat(getComputedStyle(part).fontSize) < 28)
  .map((part) => `${part.tagName} ${part.className} ${part.textContent.slice(0, 40)}`)"""

STEP = "() => JSON.parse(resnetExplorer.lesson()).step"  # what the page asks for, before it is there


def at(page: Page, name: str) -> None:
    expect(page.locator(f'.lesson-step[data-address="step={name}"]')).to_be_visible()


def guessed(page: Page, letter: str = "b") -> None:
    page.keyboard.press(letter)
    expect(page.locator(".lesson-step.shown .lesson-told")).to_be_attached()


def test_the_keyboard_alone_goes_through_the_whole_lesson_and_axe_finds_nothing(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=lesson", color_scheme="light")
    for name in NAMES:
        at(page, name)
        if name == NAMES[0]:
            expect_no_violations(
                page, "#lesson-result"
            )  # of the others the answer, below, has all that the question has
        guessed(page)
        expect(page.locator(".lesson-choices .right")).to_have_count(1)
        expect_no_violations(page, "#lesson-result")
        expect_no_sideways_scroll(page)
        page.keyboard.press("ArrowRight")
    expect(page.locator(".lesson-nav .done")).to_have_count(8)
    assert page.evaluate(STEP) == NAMES[-1]  # nothing comes after the last
    page.keyboard.press("ArrowLeft")
    at(page, NAMES[-2])
    expect(page).to_have_url(re.compile(f"step={NAMES[-2]}"))
    page.reload()
    at(page, NAMES[-2])
    expect(page.locator(".lesson-nav .done")).to_have_count(8)
    expect(page.locator(".lesson-step.shown")).to_be_visible()  # what was guessed is kept


def test_a_link_opens_a_step_and_another_one_says_what_there_is(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=lesson&step=cost")
    at(page, "cost")
    guessed(page, "a")
    expect(page.locator(".lesson-told")).to_contain_text("Right:")
    page.locator("[data-visit]").click()
    expect(page.locator("#tabs").get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#compare-sides")).to_contain_text("ResNet-34")
    page.go_back()
    at(page, "cost")
    wrong = open_page("?tab=lesson&step=dance")
    expect(wrong.locator("#address-problem")).to_contain_text("step=dance")
    expect(wrong.locator(".lesson-step")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_it_reads_from_eight_metres(open_page: Callable[..., Page], locale: str) -> None:
    """At 1280 x 720 everything is 28 px at least, and all of it is on the screen."""
    page = open_page("?tab=lesson", locale=locale, **PROJECTOR)
    at(page, NAMES[0])
    page.keyboard.press("f")
    for name in NAMES:
        at(page, name)
        for is_shown in (False, True):
            if is_shown:
                if name == NAMES[0]:
                    page.locator("[data-guess]").first.focus()  # a choice in focus is not what space is for
                page.keyboard.press(" ")  # the answer, without a guess
                expect(page.locator(".lesson-step.shown .lesson-figure")).to_be_visible()
                expect(page.locator('[data-guess][aria-pressed="true"]')).to_have_count(0)
            assert page.evaluate(SMALL) == []
            bottom = page.locator(".lesson-step").evaluate("(step) => step.getBoundingClientRect().bottom")
            assert bottom <= 720, (name, is_shown)
            expect_no_sideways_scroll(page)
        page.keyboard.press(" ")  # and what there is to say about it
        expect(page.locator(".lesson-told")).to_be_visible()
        assert page.locator(".lesson-step").evaluate("(step) => step.getBoundingClientRect().bottom") <= 720, name
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator(".lesson-nav")).to_be_visible()


def test_a_pixels_numbers_are_those_that_the_network_gets(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=lesson&step=picture")
    at(page, "picture")
    guessed(page)
    expect(page.locator(".lesson-pixels caption")).to_contain_text("112, 112")  # its picture is there
    photo = page.locator(".lesson-photo.point")
    photo.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".lesson-pixels caption")).to_contain_text("119, 111")
    recipe: Recipe = models.load(models.choose()).recipe
    crop = read_crop(EXAMPLES / "bee-clover.jpg", recipe)
    wanted = to_tensor(crop, recipe)[0, :, 111, 119]
    rows = page.locator(".lesson-pixels tbody tr")
    for channel in range(3):
        value, _, given = rows.nth(channel).locator("td").all_inner_texts()
        assert int(value) == crop.getpixel((119, 111))[channel]
        assert float(given.replace("−", "-")) == pytest.approx(float(wanted[channel]), abs=6e-4)


def test_the_window_slides_and_its_products_add_up_to_the_sum_in_the_picture(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=lesson&step=kernel")
    at(page, "kernel")
    guessed(page, "a")
    lab = page.locator("[data-lab=slide]")
    for setting in ("horizontal edges", "blur", "one of conv1's"):
        page.get_by_role("button", name=setting, exact=True).click()
        expect(page.get_by_role("button", name=setting, exact=True)).to_have_attribute("aria-pressed", "true")
        lab.locator("canvas.point").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft")
        at(page, "kernel")  # the arrows moved the window and not the lesson
        values = json.loads(lab.get_attribute("data-values"))
        row, column = map(int, re.findall(r"\d+", lab.locator(".sum").inner_text())[:2])
        wanted = values["sums"][row - 1][column - 1]
        assert float(lab.get_attribute("data-sum")) == pytest.approx(wanted, abs=1e-3)
        products = [
            float(cell.replace("−", "-"))
            for cell in lab.locator(".lesson-sum tbody").nth(2).locator("td").all_inner_texts()
        ]
        assert np.sum(products) == pytest.approx(wanted, abs=0.06 * len(products))


def test_the_sheet_is_all_that_is_printed(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=lesson")
    at(page, NAMES[0])
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print the sheet").click()
    page.emulate_media(media="print")
    sheet = page.locator("#sheet-in-print")
    expect(sheet).to_be_visible()
    expect(sheet.locator("section")).to_have_count(8)
    expect(page.locator("#tabs")).to_be_hidden()
    assert sheet.get_by_text(text("en", "lesson_fool_never")).is_visible()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#sheet-in-print")).to_have_count(0)
    expect(page.locator("#tabs")).to_be_visible()


def test_no_answer_travels_before_a_guess(browser, address: str) -> None:
    """Read off the wire: of every step what only its answer says."""
    with relayed(int(address.rstrip("/").rpartition(":")[2])) as relay:
        page = browser.new_context(locale="en-US", **PHONE).new_page()
        page.set_default_timeout(90_000)
        page.goto(f"http://127.0.0.1:{relay.port}/?tab=lesson")
        page.locator(".status .state.ok").wait_for(state="attached")
        for name in NAMES:
            at(page, name)
            said = [locales.table("en")[f"lesson_{name}_{key}"] for key in ("told", "source")]
            words = [max(re.split(r"\{[^}]*\}|\[[^\]]*\]", each), key=len) for each in said]
            assert not [word for word in words if word in unescape(relay.sent())]
            page.locator("[data-guess]").first.click()
            expect(page.locator(".lesson-step.shown")).to_be_visible()
            assert [word for word in words if word in unescape(relay.sent())] == words  # then it does
            page.keyboard.press("ArrowRight")
        page.context.close()
