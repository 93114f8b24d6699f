"""What the page weighs, and how soon it stands and answers, in headless Chromium beside an empty Gradio app.

Each first visit has a browser profile of its own, so its cache is empty; a second visit in the same profile follows.
Bytes are those on the wire. The server is warm, and on the same cores. Medians, in turn.

Run: python -m benchmarks.weight [repeats] [CHECKOUT ...]
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.explore import CHROMIUM
from benchmarks.startup import EMPTY_APP, ROOT, Server

QUIET_MS = 1500  # after the last mark, for what still comes in
EMPTY, STANDS, ANSWERED = "footer", ".status .state.ok", ".best strong"


@dataclass
class Visits:
    """What was seen of one app.

    Attributes:
        bytes, requests: of a first visit.
        stands, answered: seconds to the page with its model, and to the first answer drawn, of first visits.
        again: seconds to the page with its model, of second visits.
    """

    bytes: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    stands: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)


def visit(context: BrowserContext, url: str, mark: str, answer: str) -> tuple[float, float, float, float]:
    """Bytes, requests, seconds until the mark is there, seconds until the answer is (or nan)."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    came: list[float] = []
    wire.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(mark).first.wait_for(state="attached")
    stands = time.perf_counter() - started
    answered = float("nan")
    if answer:
        page.locator(answer).first.wait_for(state="visible")
        answered = time.perf_counter() - started
    page.wait_for_timeout(QUIET_MS)
    page.close()
    return sum(came), len(came), stands, answered


def measure(browser: Browser, url: str, mark: str, answer: str, visits: Visits) -> None:
    """A first visit and a second one."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    size, requests, stands, answered = visit(context, url, mark, answer)
    visits.bytes.append(size / 1000)
    visits.requests.append(requests)
    visits.stands.append(stands)
    visits.answered.append(answered)
    visits.again.append(visit(context, url, mark, answer)[2])
    context.close()


def main() -> None:
    """Measure and print a Markdown table."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    apps = {"an empty Gradio app": ([sys.executable, "-c", EMPTY_APP, "PORT"], ROOT, EMPTY, "")}
    for checkout in (ROOT, *map(Path, sys.argv[2:])):
        title = "this app" if checkout == ROOT else f"this app, {checkout.name}"
        apps[title] = ([sys.executable, "-m", "demo", "--port", "PORT"], checkout, STANDS, ANSWERED)
    found = {title: Visits() for title in apps}
    with sync_playwright() as playwright, ExitStack() as servers:
        urls = {}
        for title, (command, folder, *_) in apps.items():
            server = servers.enter_context(Server(command, folder))
            server.wait()
            urls[title] = server.url
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        for turn in range(repeats + 1):  # the first warms up
            for title, (_, _, mark, answer) in apps.items():
                measure(browser, urls[title], mark, answer, found[title] if turn else Visits())
        browser.close()
    print("| page | kB | requests | stands (s) | first answer drawn (s) | second visit stands (s) |")
    print("|---" * 6 + "|")
    for title, each in found.items():
        weight = f"{statistics.median(each.bytes):.0f} | {statistics.median(each.requests):.0f}"
        print(f"| {title} | {weight} | {told(each.stands)} | {told(each.answered)} | {told(each.again)} |")


def told(seconds: list[float]) -> str:
    """Median (least to most), or a dash."""
    if any(each != each for each in seconds):
        return "–"
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


if __name__ == "__main__":
    main()
