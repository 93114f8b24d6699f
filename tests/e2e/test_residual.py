"""Why residual? in a real browser: curves grow, Cancel and a closed page end the process, a second visitor waits."""

import os
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.resnet_app.depth.test_process import workers_of

GUESS = "#depth-guess"


def has_workers(number: int, seconds: float = 20) -> bool:
    """Whether the app comes to have so many processes that train; with 0, whether it left no zombie either."""
    for _ in range(int(10 * seconds)):
        if len(workers_of(os.getpid())) == number:
            return True
        time.sleep(0.1)
    return False


def test_curves_grow_and_a_picture_is_walked_through(open_page: Callable[..., Page]) -> None:
    page = open_page("?tab=residual")
    page.get_by_label("8", exact=True).check()
    for depth in ("20", "56"):
        page.get_by_label(depth, exact=True).uncheck()
    page.locator(GUESS).get_by_label("plain, 8 layers").check()
    page.locator("#depth-go").click()
    expect(page.locator("#depth-progress")).to_contain_text("of 24 epochs")
    expect(page.locator("#depth-curves .scatterlayer .js-line").first).to_be_attached()
    expect(page.locator("#depth-verdict strong")).to_contain_text("ended lowest")
    expect(page.locator("#depth-result tbody tr")).to_have_count(2)
    expect(page.locator("#depth-walks li")).to_have_count(2 * 4)
    page.locator("#depth-surface-go").click()
    expect(page.locator("#depth-surface-words")).to_contain_text("two random directions (seed 0)")
    with page.expect_download() as saved:
        page.get_by_role("link", name="PNG").click()
    assert saved.value.suggested_filename == "depth.png"
    assert has_workers(0)


def test_cancel_and_a_closed_page_end_the_process_and_the_next_visitors_turn_comes(
    open_page: Callable[..., Page],
) -> None:
    page, other = open_page("?tab=residual"), open_page("?tab=residual")
    for each in (page, other):
        each.locator(GUESS).get_by_label("I have no idea").check()
    page.get_by_label("110", exact=True).check()
    page.locator("#depth-go").click()
    expect(page.locator("#depth-progress")).to_contain_text("epochs")
    assert has_workers(1)
    other.locator("#depth-go").click()
    expect(other.locator("#depth-progress")).to_contain_text("Waiting")
    page.locator("#depth-stop").click()
    expect(page.locator("#depth-progress")).to_contain_text("Cancelled")
    expect(other.locator("#depth-progress")).to_contain_text("epochs")  # its turn has come
    assert has_workers(1)
    other.close()
    assert has_workers(0)
