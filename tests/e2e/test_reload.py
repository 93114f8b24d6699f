"""What a reload keeps, what Back does, and the ways of the keyboard, in headless Chromium."""

import re
from collections.abc import Callable
from pathlib import Path

import torch
import torchvision
from playwright.sync_api import Page, expect

from tests.paths import EXAMPLES


def test_a_reload_keeps_photo_model_and_tab_and_back_goes_to_the_tab_before(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator("#photo input[type=file]").first.set_input_files(EXAMPLES / "ant-soil.jpg")
    expect(page.locator(".best strong")).to_have_text("ants")
    page.get_by_label("Weights", exact=True).click()
    page.get_by_role("option", name="Random (untrained)").click()
    expect(page.locator(".which")).to_have_text("ResNet-18 · Random (untrained)")
    expect(page.locator(".answers button")).to_have_count(5)
    for tab in ("Explain", "Compare"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_url(re.compile(f"tab={tab.lower()}"))
    page.go_back()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".which")).to_have_text("ResNet-18 · Random (untrained)")
    expect(page.locator("#explain-result figure")).to_have_count(2)
    page.get_by_role("tab", name="Classify").click()
    expect(page.locator("#photo .image-frame img")).to_have_attribute("src", re.compile("ant-soil"))
    expect(page.locator(".not-kept")).to_be_hidden()


def test_what_a_reload_cannot_keep_it_says(open_page: Callable[..., Page], tmp_path: Path) -> None:
    torch.save(torchvision.models.resnet18(num_classes=2).state_dict(), tmp_path / "mine.pth")
    page = open_page()
    page.get_by_text("Your own checkpoint").click()
    page.locator("#checkpoint input[type=file]").set_input_files(tmp_path / "mine.pth")
    expect(page.locator(".status dd").first).to_have_text("mine.pth")
    page.wait_for_function("sessionStorage['resnet-explorer-lost'] === 'mine.pth'")
    page.reload()
    expect(page.locator(".not-kept")).to_have_text(
        "mine.pth could not be kept over the reload; load or teach it again."
    )
    expect(page.locator(".status dd").first).to_have_text("Ants or bees (bundled)")


def test_the_keyboard_skips_to_the_tabs_and_goes_through_them(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the tabs")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Classify")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Explain")).to_be_focused()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Lesson")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Classify")).to_have_attribute("tabindex", "-1")  # the row is one stop
    expect(page.locator(".lesson-step")).to_be_visible()  # its buttons come between
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("tab", name="Lesson")).to_be_focused()


def test_a_picture_of_a_batch_opens_in_explain_and_the_least_sure_stand_first(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Batch").click()
    page.locator("#files input[type=file]").set_input_files(sorted(EXAMPLES.glob("*.jpg")))
    page.get_by_role("button", name="Answer them").click()
    expect(page.locator(".counts")).to_contain_text("ants 3")
    expect(page.locator(".counts")).to_contain_text("bees 3")
    names = page.locator(".tiles .file")
    expect(names.first).to_have_text("ant-leaf.jpg")
    page.get_by_role("button", name="Least sure first").click()
    shares = [float(each.removesuffix("%")) for each in page.locator(".tiles figcaption span").all_inner_texts()]
    assert shares == sorted(shares)
    last = names.last.inner_text()
    page.locator(".tiles .open").last.click()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#explain-result figure")).to_have_count(2)
    page.get_by_role("tab", name="Classify").click()
    expect(page.locator("#photo .image-frame img")).to_have_attribute("src", re.compile(last))


def test_a_list_that_escape_has_closed_opens_at_a_click_and_charts_fit_their_columns(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    box = page.get_by_label("Architecture", exact=True)
    box.click()
    expect(page.get_by_role("option", name="ResNet-34", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option", name="ResNet-34", exact=True)).to_be_hidden()
    page.get_by_role("tab", name="Explore").click()
    expect(page.locator("#chart .bartext").first).to_be_visible()
    page.get_by_role("tab", name="Classify").click()
    box.click()
    page.get_by_role("option", name="ResNet-34", exact=True).click()
    expect(page.locator(".status .state")).to_have_text("Still using")  # no weights here, and no network
    page.get_by_role("tab", name="Explore").click()
    expect(page.locator("#network h2")).to_have_text("ResNet-34")
    for chart in ("#stage-table", "#chart"):
        fits = "part => part.querySelector('svg.main-svg').getBoundingClientRect().width <= part.clientWidth + 1"
        page.wait_for_function(f"({fits})(document.querySelector('{chart}'))")
