"""Fool it in a real browser: paint with a finger's pointer, slide, attack, keep."""

import json
import zipfile
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.ways import choose


def test_paint_slide_attack_and_keep(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.locator("#examples button").nth(3).click()
    expect(page.locator(".best strong")).to_have_text("bees")
    page.get_by_role("tab", name="Fool it").click()
    easel = page.locator("#fool-canvas canvas")
    expect(easel).to_be_visible()
    expect(page.locator("#fool-result .verdict")).to_contain_text("As it is")
    box = easel.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"], steps=5)
    page.mouse.up()
    expect(page.locator("#fool-result .verdict")).to_contain_text("points")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#fool-result .verdict")).to_contain_text("As it is")
    page.get_by_role("button", name="Cover what the map").click()
    expect(page.locator("#fool-result figure")).to_have_count(3)

    page.get_by_text("Slide", exact=True).click()
    expect(page.locator("#fool-curve .scatterlayer .js-line").first).to_be_attached()
    choose(page, "What to change", "Patches shuffled")
    expect(page.locator("#fool-curve .xtitle")).to_have_text("Patches shuffled")

    page.get_by_text("Attack", exact=True).first.click()
    page.locator("#fool-go").click()
    expect(page.locator("#fool-result .verdict")).to_contain_text("Fooled: bees became ants")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#fool-gallery figure")).to_have_count(1)
    with page.expect_download() as saved:
        page.locator("#fool-save").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert "pgd" in json.dumps(json.loads(archive.read("manifest.json")))

    page.get_by_role("button", name="Is it the bee or the flower?").click()
    expect(page.locator("#reason-told tbody tr")).to_have_count(7)
    page.locator("#reason-go").click()
    expect(page.locator("#reason-result figure")).to_have_count(5)
