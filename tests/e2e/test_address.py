"""What one looks at stands in the address and comes back from it, in headless Chromium."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.ways import PHONE, enter


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def choose_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def test_an_address_of_each_tab_shows_a_second_visitor_the_same(open_page: Callable[..., Page]) -> None:
    page = open_page()
    assert not urlsplit(page.url).query  # what the page shows by itself needs no address
    choose_tab(page, "Explain")
    expect(page.locator("#explain-result figure")).to_have_count(2)
    page.locator("#explained-classes .token", has_text="bees").locator(".token-remove").click()
    expect(page.locator("#explain-result figcaption b")).to_have_text(["ants"])
    page.wait_for_url(re.compile("layer4&class=ants$"))
    explain = page.url
    choose_tab(page, "Explore")
    page.locator("#ribbon .ribbon.filled").wait_for()
    page.locator("#ribbon button", has_text="conv3_x").click()
    expect(page.locator("#opened h3")).to_contain_text("conv3_x")
    page.locator("#opened .chips button").nth(1).click()
    page.get_by_role("tab", name="Tables").click()
    page.wait_for_url(re.compile("room=tables.*block=1"))
    explore = page.url
    choose_tab(page, "Compare")
    page.locator("#compare-stage label", has_text="conv5_x").click()
    page.wait_for_url(re.compile("stage=conv5_x"))
    compare = page.url

    second = open_page("?" + urlsplit(explain).query)
    expect(second.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    expect(second.locator("#explain-result figcaption b")).to_have_text(["ants"])
    second = open_page("?" + urlsplit(explore).query)
    expect(second.locator("#block .path")).to_contain_text("layer2.1")
    expect(second.get_by_role("tab", name="Tables")).to_have_attribute("aria-selected", "true")
    second = open_page("?" + urlsplit(compare).query)
    expect(second.locator("#compare-sides h2").first).to_contain_text("conv5_x")
    second.wait_for_url(re.compile("classes=1000$"))
    assert query(second) == query(page)


def test_back_and_forward_show_what_was_there(open_page: Callable[..., Page]) -> None:
    page = open_page()
    choose_tab(page, "Explore")
    page.locator("#ribbon .ribbon.filled").wait_for()
    page.locator("#ribbon button", has_text="conv5_x").click()
    page.wait_for_url(re.compile("stage=conv5_x"))
    choose_tab(page, "Batch")
    page.wait_for_url(re.compile("tab=batch"))
    page.go_back()
    expect(page.get_by_role("tab", name="Explore")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#opened h3")).to_contain_text("conv5_x")
    page.go_back()
    expect(page.get_by_role("tab", name="Classify")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    expect(page.locator("#opened h3")).to_contain_text("conv5_x")
    for name in ("Teach", "Batch", "Teach"):  # the last time nothing comes into the page
        choose_tab(page, name)
        page.wait_for_url(re.compile(f"tab={name.lower()}"))


def test_who_goes_on_while_back_is_under_way_is_where_the_address_says(open_page: Callable[..., Page]) -> None:
    page = open_page()
    for name in ("Teach", "Batch", "Teach"):
        choose_tab(page, name)
        page.wait_for_url(re.compile(f"tab={name.lower()}"))
    page.evaluate(  # Back to a tab that is as it was, and on to another one before the server has answered
        """() => {
          history.pushState(null, "", location.search.replace("teach", "batch"));
          dispatchEvent(new PopStateEvent("popstate"));
          resnetExplorer.openTab("teach");
        }"""
    )
    page.wait_for_url(re.compile("tab=teach"))


def test_back_opens_a_tab_that_a_phone_has_in_its_menu(open_page: Callable[..., Page]) -> None:
    page = open_page(**PHONE)
    for tab, name in (("Batch", "batch"), ("Explain", "explain"), ("Teach", "teach")):
        enter(page, tab)
        page.wait_for_url(re.compile(f"tab={name}"))
    page.go_back()
    expect(page.get_by_role("tab", name="Explain")).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(page.get_by_role("tab", name="Batch")).to_have_attribute("aria-selected", "true")


def test_a_model_a_method_and_a_language_come_from_the_address(open_page: Callable[..., Page]) -> None:
    page = open_page(
        "?tab=explain&model=resnet34&weights=random&method=layercam&layer=layer3&layer=layer2.1&lang=zh-CN"
    )
    expect(page.locator(".which")).to_contain_text("ResNet-34")
    expect(page.locator("#explain-notice")).to_contain_text("LayerCAM")
    expect(page.locator("#explain-result figure")).to_have_count(2)
    expect(page.get_by_role("tab", name="分类")).to_be_visible()
    page.wait_for_url(re.compile("layer=layer3&layer=layer2.1"))  # the maps are drawn
    asked = query(page)
    assert asked["layer"] == ["layer3", "layer2.1"]
    assert (asked["lang"], asked["weights"]) == (["zh-CN"], ["random"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("tab=explore&stage=conv9_x&stem=cifar&classes=10", "stage=conv9_x, which is left out; accepted: conv1"),
        ("tab=explain&class=cats&method=layercam", "class=cats, which is left out; accepted: ants, bees"),
        ("model=resnet19", "model=resnet19, which is left out; accepted: resnet18"),
    ],
)  # fmt: skip
def test_a_wrong_value_gets_a_sentence_and_the_rest_comes_true(
    open_page: Callable[..., Page], wrong: str, said: str
) -> None:
    page = open_page(f"?{wrong}")
    expect(page.locator("#address-problem")).to_contain_text(said)
    if "explore" in wrong:
        expect(page.locator("#network .convention")).to_contain_text("224")
        expect(page.locator("#stage-table")).not_to_contain_text("maxpool")
    if "explain" in wrong:
        expect(page.locator("#explain-notice")).to_contain_text("LayerCAM")


def test_a_link_is_copied_whole_and_says_that_it_is(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy a link").click()
    expect(page.locator(".link-said")).to_have_text("Link copied (without the photo).")
    copied = page.evaluate("navigator.clipboard.readText()")
    page.context.clear_permissions()
    assert parse_qs(urlsplit(copied).query) == {
        "tab": ["classify"], "model": ["resnet18"], "weights": ["ants-bees"], "lang": ["en"],
    }  # fmt: skip
