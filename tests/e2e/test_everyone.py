"""The page for everyone: a phone, axe, and widths between, in headless Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from demo.locales import text
from tests.e2e.checks import expect_no_sideways_scroll, expect_no_violations
from tests.e2e.ways import PHONE, enter, enter_room
from tests.paths import EXAMPLES

BEE, ANT = EXAMPLES / "bee-daisy.jpg", EXAMPLES / "ant-sand.jpg"


def test_a_phone_sees_the_answer_without_scrolling(open_page: Callable[..., Page]) -> None:
    page = open_page(**PHONE)
    page.locator("#examples button").first.click()
    expect(page.locator(".result")).to_have_attribute("data-photo", "ant-leaf.jpg")
    box = page.locator(".best").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844


def test_what_a_phone_chooses_from_the_menu_behind_the_tabs_shows_itself(open_page: Callable[..., Page]) -> None:
    page = open_page(locale="zh-CN", **PHONE)
    expect(page.locator(".best strong")).to_have_text("bees")
    assert page.locator("#tabs").get_by_role("tab", name=text("zh-CN", "tab_lesson")).is_hidden()
    enter(page, text("zh-CN", "tab_lesson"))
    expect(page.locator(".lesson-step")).to_be_visible()
    enter(page, text("zh-CN", "tab_residual"))
    expect(page.locator("#depth-result")).to_contain_text(text("zh-CN", "depth_empty_title"))
    enter(page, text("zh-CN", "tab_explore"))
    enter_room(page, text("zh-CN", "room_said"))
    expect(page.locator(".misconceptions svg").first).to_be_visible()


ROOM = {
    "include": [["#explore-rooms > .tab-wrapper"], ['#explore-rooms [role=tabpanel]:not([style*="display: none"])']]
}
ROOMS = (  # of Explore, with a part of each
    ("Inference", ".walk .came"), ("Code", "#excerpts .excerpt"), ("Among others", "#standing .point"),
    ("Often said, not so", ".misconceptions svg"), ("Tables", "svg.whole"),
)  # fmt: skip


TABS = ("Classify", "Explain", "Fool it", "Explore", "Why residual?", "Batch", "Compare", "Teach", "Lesson")
EXPLORE_LAST = sorted(TABS, key="Explore".__eq__)  # axe goes through all that is in the page, what is hidden too
BETWEEN = {"viewport": {"width": 853, "height": 480}}  # a projector at a zoom of 150 %


def test_axe_finds_nothing_in_any_filled_tab_or_room(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="light")
    page.locator("#examples button").first.click()
    expect(page.locator(".best strong")).to_have_text("ants")
    for tab in EXPLORE_LAST:
        enter(page, tab)
        if tab == "Explain":
            expect(page.locator("#explain-result figure")).to_have_count(2)
        if tab == "Fool it":
            expect(page.locator("#fool-result figure")).to_have_count(2)
        if tab == "Compare":
            expect(page.locator("#compare-sides svg")).to_have_count(4)
        if tab == "Explore":
            expect(page.locator("#chart .bartext").first).to_be_visible()
            expect(page.locator("#scope .legendtext").first).to_be_visible()
        expect_no_violations(page, None if tab == TABS[0] else "#tabs")  # what is around the tabs stays as it is
        expect_no_sideways_scroll(page)
    for room, part in ROOMS:
        enter_room(page, room)
        expect(page.locator(part).first).to_be_visible()
        expect_no_violations(page, ROOM)
    expect_no_sideways_scroll(page)


def test_axe_finds_nothing_in_any_empty_tab_on_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="light", **PHONE)
    expect(page.locator(".best strong")).to_have_text("bees")  # what the page begins with is answered
    page.locator("#photo").get_by_label("Remove Image").click()
    expect(page.get_by_text("Nothing to look at yet")).to_be_visible()
    for tab in EXPLORE_LAST:
        enter(page, tab)
        if tab == "Explore":
            expect(page.locator("#chart .bartext").first).to_be_visible()
        expect_no_violations(page, None if tab == TABS[0] else "#tabs")


@pytest.mark.parametrize("size", [PHONE, BETWEEN], ids=["phone", "between"])
def test_nothing_scrolls_sideways(open_page: Callable[..., Page], size: dict) -> None:
    page = open_page(**size)
    page.locator("#examples button").first.click()
    expect(page.locator(".best strong")).to_have_text("ants")
    for tab in TABS:
        enter(page, tab)
        if tab == "Explore":
            expect(page.locator("#chart .bartext").first).to_be_visible()
        expect_no_sideways_scroll(page)
