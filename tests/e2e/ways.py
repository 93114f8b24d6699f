"""Ways through the page that several tests take."""

from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def enter(page: Page, name: str, of: str = "#tabs") -> None:
    """Choose a tab, or one of Explore's rooms; on a phone the last ones are behind a button of Gradio's."""
    tab = page.locator(of).get_by_role("tab", name=name, exact=True)
    try:
        _press(tab, name, page.locator(of), 3_000)
    except NotInTime:  # a narrow page sorts the row anew once it is there
        _press(tab, name, page.locator(of), 30_000)
    expect(tab).to_have_attribute("aria-selected", "true")


def _press(tab: Locator, name: str, tabs: Locator, wait_ms: int) -> None:
    if tab.is_visible():
        return tab.click(timeout=wait_ms)
    line = tabs.locator(".overflow-dropdown button", has_text=name).first
    if not line.is_visible():
        tabs.get_by_role("button", name="More tabs").first.click(timeout=wait_ms)
    return line.click(timeout=wait_ms)


def enter_room(page: Page, name: str) -> None:
    """Choose one of Explore's inner rooms."""
    enter(page, name, "#explore-rooms")


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list; one that the page has renewed meanwhile is opened again, as a person would."""
    for wait_ms in (3_000, 30_000):
        page.get_by_label(label, exact=True).click()
        with suppress(NotInTime):
            return page.get_by_role("option", name=option, exact=True).click(timeout=wait_ms)
    raise AssertionError(f"{option!r} could not be chosen as {label}")


def upload(page: Page, path: Path) -> None:
    page.locator("#photo input[type=file]").first.set_input_files(path)
    if path.stem != "letter":  # which is none, and answered by a sentence
        expect(page.locator(".result")).to_have_attribute("data-photo", path.name)
