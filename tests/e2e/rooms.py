"""Ways through the page that several tests take."""

from playwright.sync_api import Page, expect


def enter_room(page: Page, name: str) -> None:
    """Choose one of Explore's inner rooms; on a phone the last ones are behind a button of Gradio's."""
    rooms = page.locator("#explore-rooms")
    if not rooms.get_by_role("tab", name=name).is_visible():
        rooms.get_by_role("button", name="More tabs").click()
        rooms.locator(".overflow-dropdown button", has_text=name).click()
    else:
        rooms.get_by_role("tab", name=name).click()
    expect(rooms.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
