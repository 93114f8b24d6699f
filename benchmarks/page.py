"""How soon the page answers the hand, in headless Chromium, with the server on the same cores: medians, in turn.

1. From a photo chosen to its answer painted, map and all.
2. From pointing at a block in the ribbon to the block marked.
3. From a photo chosen on Explore to the ribbon filled with its maps.

Other checkouts of this project are measured beside this one where their folders are given; what one of them does not do
is a dash.

Run: python -m benchmarks.page [repeats] [CHECKOUT ...]
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from benchmarks.explore import CHROMIUM, wait_for

HERE = Path(__file__).parents[1]
PHOTOS = [HERE / "assets" / "examples" / f"{name}.jpg" for name in ("ant-sand", "bee-daisy")]
WHAT = ("photo to painted answer", "pointing to mark", "photo to filled ribbon")
# Milliseconds from a change of the page's photo, or of the pointer, until something is so, and painted.
WATCH = """([event, isSo]) => new Promise((done) => {
  const test = new Function(`return ${isSo}`)();
  addEventListener(event, () => {
    const started = performance.now();
    const end = () => done(performance.now() - started);
    const look = () => requestAnimationFrame(test() ? end : look);
    requestAnimationFrame(look);
  }, { capture: true, once: true });
})"""
ANSWERED = "() => document.querySelector('.best strong')?.textContent === '{}'"
MARKED = "() => document.querySelector('#ribbon .tile.pointed-at')"
TILES = "[...document.querySelectorAll('#ribbon .tile img')].map((tile) => tile.src).join()"
BEFORE, FILLED = f"window.before = {TILES}", f"() => {TILES} && {TILES} !== window.before"


def main() -> None:
    """Measure and print a Markdown table, and the ratios to this checkout."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    checkouts = [HERE, *map(Path, sys.argv[2:])]
    times: dict[Path, list[list[float]]] = {each: [[], [], []] for each in checkouts}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        for _ in range(2):
            for checkout in checkouts:
                with opened(browser, checkout) as page:
                    measure(page, repeats, times[checkout])
        browser.close()
    print("| checkout | " + " | ".join(WHAT) + " |\n|---|---|---|---|")
    for checkout, found in times.items():
        cells = [
            f"{statistics.median(each):.0f} ({min(each):.0f} to {max(each):.0f}) ms" if each else "–" for each in found
        ]
        print(f"| {checkout.name} | {' | '.join(cells)} |")


@contextmanager
def opened(browser: Browser, checkout: Path) -> Iterator[Page]:
    """The page of a checkout, its model ready, as a visitor sees it who has been there before."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "demo", "--port", str(port)]
    server = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for _ in range(2):
            page.goto(f"http://127.0.0.1:{port}")
            page.locator(".status .state.ok").wait_for(state="attached", timeout=60_000)
            page.wait_for_timeout(3000)
        yield page
        page.close()
    finally:
        server.terminate()
        server.wait()


def measure(page: Page, repeats: int, times: list[list[float]]) -> None:
    """Add what each of the three takes, the first round untimed."""
    rounds = [(number > 0, number % 2) for number in range(repeats + 1)]
    for counts, which in rounds:
        answered = ANSWERED.format(("ants", "bees")[which])
        took = timed(page, "change", answered, partial(choose, page, PHOTOS[which]))
        times[0] += took if counts else []
    page.get_by_role("tab", name="Explore").click()
    page.locator("#chart .bartext").first.wait_for()
    page.wait_for_timeout(3000)
    if not page.locator("#ribbon .tile").count():
        return
    for counts, which in rounds:
        page.mouse.move(5, 5)
        page.wait_for_timeout(300)
        took = timed(page, "pointermove", MARKED, page.locator("#ribbon .tile").nth(2 + which).hover)
        times[1] += took if counts else []
        page.evaluate(BEFORE)
        took = timed(page, "change", FILLED, partial(choose, page, PHOTOS[which]))
        times[2] += took if counts else []
        page.wait_for_timeout(1500)


def timed(page: Page, event: str, is_so: str, act: Any) -> list[float]:
    """Milliseconds from the event that an act brings about; nothing where it never comes true."""
    page.evaluate(f"(given) => void (window.took = ({WATCH})(given))", [event, is_so])
    with suppress(NotInTime):
        act()
        return [float(page.evaluate("window.took"))]
    return []


def choose(page: Page, photo: Path) -> None:
    """Put a photo into the page's box, which is there on every tab."""
    page.locator("#photo input[type=file], #inside-input input[type=file]").first.set_input_files(photo)


if __name__ == "__main__":
    main()
