"""How soon a network is taken apart, beside what others need for the same table, and how soon the page shows it.

1. The table: ``counting.describe``, its cache cleared each time, beside ``torchinfo.summary`` and torch's
   ``FlopCounterMode`` on a network that is built already, on the meta device, which is their fastest; in turn, medians.
2. The same from a name alone: the two others have to build the network first.
3. The page: from the choice of a network to its headline and table painted, in headless Chromium, where there is one.

Run: python -m benchmarks.explore [repeats]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

NAMES = ("resnet18", "resnet50", "resnet152")
CHROMIUM = Path("/usr/bin/chromium")
PORT = 7977
# From the click on an option until the other headline and the table's other total are painted.
WATCH = """() => new Promise((done) => {
  const shown = () => [
    document.querySelector('#network h2')?.textContent,
    [...document.querySelectorAll('#stage-table .cell-text')].map((cell) => cell.textContent).join(),
  ];
  const [title, cells] = shown();
  const option = document.querySelector('ul[role=listbox] li[aria-selected=false]');
  const started = performance.now();
  const look = () => {
    const [newTitle, newCells] = shown();
    if (newTitle !== title && newCells && newCells !== cells) {
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
    } else {
      requestAnimationFrame(look);
    }
  };
  option.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
  look();
})"""


def main() -> None:
    """Measure and print two Markdown tables and the page's times."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    print("| network | the table | ours (ms) | torchinfo (ms) | flop_counter (ms) | torchinfo over ours |")
    print("|---|---|---|---|---|---|")
    for name in NAMES:
        tables(name, repeats)
    if CHROMIUM.exists():
        page(repeats)


def tables(name: str, repeats: int) -> None:
    """A line for a network that is there, and one for a name alone."""
    import torch
    import torchinfo
    from torch.utils.flop_counter import FlopCounterMode

    from resnet_app.architecture import counting
    from resnet_app.registry import get_spec

    network = get_spec(name).skeleton()
    size = (1, 3, 224, 224)

    def counted(model: torch.nn.Module) -> None:
        with FlopCounterMode(display=False):
            model(torch.empty(*size, device="meta"))

    def from_a_name() -> None:
        counting.describe.cache_clear()
        counting.describe(name)

    def built() -> torch.nn.Module:
        with torch.device("meta"):
            return get_spec(name).build()

    for what, ours, info, flops in (
        (
            "of a network that is there",
            from_a_name,  # it needs no network
            lambda: torchinfo.summary(network, size, device="meta", verbose=0),
            lambda: counted(network),
        ),
        (
            "from a name alone",
            from_a_name,
            lambda: torchinfo.summary(built(), size, device="meta", verbose=0),
            lambda: counted(built()),
        ),
    ):
        times = in_turn([ours, info, flops], repeats)
        medians = [statistics.median(each) for each in times]
        cells = [
            f"{median:.2f} ({min(each):.2f} to {max(each):.2f})" for median, each in zip(medians, times, strict=True)
        ]
        print(f"| {name} | {what} | {' | '.join(cells)} | {medians[1] / medians[0]:.0f} |")


def in_turn(works: list[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Milliseconds of each, one after the other, the first round untimed."""
    times: list[list[float]] = [[] for _ in works]
    for round_ in range(repeats + 1):
        for work, took in zip(works, times, strict=True):
            started = time.perf_counter()
            work()
            if round_:
                took.append(1000 * (time.perf_counter() - started))
    return times


def page(repeats: int) -> None:
    """From the choice to the repainted page, with the server on the same two cores."""
    from playwright.sync_api import sync_playwright

    address = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen([sys.executable, "-m", "demo", "--port", str(PORT)], stdout=subprocess.DEVNULL)
    try:
        wait_for(address)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            tab.goto(address)
            tab.locator(".status .state.ok").wait_for(state="attached", timeout=60_000)
            tab.get_by_role("tab", name="Explore").click()
            tab.locator("#chart .bartext").first.wait_for()
            times = []
            for _ in range(repeats):
                tab.get_by_label("Architecture", exact=True).click()
                tab.locator("ul[role=listbox] li").first.wait_for()
                times.append(tab.evaluate(WATCH))
                tab.wait_for_timeout(1500)  # so that no load of weights is under way
            browser.close()
    finally:
        server.terminate()
        server.wait()
    print(
        f"\nFrom the choice of another network to its headline and table painted: {statistics.median(times):.0f} ms"
        f" ({min(times):.0f} to {max(times):.0f}) in {repeats} choices;"
        f" the server's part, measured here: {server_ms():.0f} ms"
    )


def server_ms() -> float:
    """What the server does for a repaint: the median over all networks, none of them cached."""
    from demo.explore import handlers
    from demo.ui.session import PageInputs, Session
    from resnet_app.architecture import counting
    from resnet_app.registry import SPECS

    times = []
    for name in ("resnet18", *SPECS):
        counting.describe.cache_clear()
        started = time.perf_counter()
        page = PageInputs(None, name, "random", "cpu", None, "en", "picture", Session())
        own = ("", "", "batch")  # groups, width per group, norm
        handlers.draw(handlers.Plan(page, 1000, "224x224", "imagenet", [], False, *own, "bars", ("conv4_x", 0)))
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times[1:])  # the first one brings the libraries in


def wait_for(address: str) -> None:
    """Until the server answers."""
    for _ in range(240):
        try:
            urllib.request.urlopen(address, timeout=2)
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise TimeoutError(f"nothing answers at {address}")


if __name__ == "__main__":
    main()
