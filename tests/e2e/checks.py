"""What holds of any page: axe finds nothing, nothing scrolls sideways."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

# Boxes that a desktop would give a scrollbar of their own, apart from tables, the ribbon and code, which are meant to.
SCROLLS_INSIDE = """() => [...document.querySelectorAll("*")]
  .filter((box) => /auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth + 1)
  .filter((box) => box.checkVisibility())
  .filter((box) => !box.matches(".scroll, #stage-table, .ribbon, pre, [role=tablist], .tab-container, nav"))
  .map((box) => `${box.tagName} ${box.id} ${box.className}`)"""


def expect_no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SCROLLS_INSIDE) == []


def expect_no_violations(page: Page, part: str | dict | None = None) -> None:
    """All of axe's rules in the light, and in the dark the one that is about colours: nothing else differs there."""
    report = settled_report(page, part)
    assert len(report["passes"]) > 10
    assert not broken_rules(report), broken_rules(report)
    page.evaluate("resnetExplorer.toggleTheme()")
    assert broken_rules(settled_report(page, part, {"runOnly": ["color-contrast"]})) == []
    page.evaluate("resnetExplorer.toggleTheme()")


def settled_report(page: Page, part: str | dict | None, options: dict | None = None) -> dict:
    """What axe finds; what is made anew is faint meanwhile, by intent, and that may begin while axe looks."""
    for _ in range(3):
        expect(page.locator(".pending")).to_have_count(0)
        options = {"resultTypes": ["violations"], **(options or {})}
        report = Axe().run(page, context=part, options=options).response
        if not report["violations"]:
            break
    return report


def broken_rules(report: dict) -> list:
    return [(found["id"], [node["target"] for node in found["nodes"]]) for found in report["violations"]]
