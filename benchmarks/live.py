"""A live camera through the real page, in headless Chromium with its fake camera (640 x 480), server on the same cores.

1. One camera: answers a second, and from a frame to its answer drawn, map and all. The page's own model, a ResNet-18.
2. The same over some minutes: what the server holds in memory.
3. Many cameras at once, simulated: each sends a frame, waits for its answer and as long as it is told, as pages do.

Run: python -m benchmarks.live [minutes] [cameras]
"""

from __future__ import annotations

import asyncio
import io
import statistics
import sys
import time

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.crowd import PHOTOS, Server, started
from benchmarks.explore import CHROMIUM

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
WATCH = "window.took = []; document.addEventListener('live-answer', ({ detail }) => took.push(detail))"
SETTLED_MS = 5000
SHARED_S = 60


def main() -> None:
    """Print both tables in Markdown."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    cameras = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with started("this app") as server:
        print("| camera | answers/s | frame to drawn: median ms | p95 ms | server MB at the start | at the end |")
        print("|---|---|---|---|---|---|")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            context = browser.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera"])
            page = context.new_page()
            page.goto(server.address)
            page.locator(".best strong").wait_for(timeout=60_000)
            filmed(page, server, minutes)
            browser.close()
        asyncio.run(shared(server, cameras))


def filmed(page: Page, server: Server, minutes: float) -> None:
    """One camera through the page."""
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate(WATCH)
    page.locator("[data-live]").click()
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate("took.length = 0")
    before, began = server.memory, time.perf_counter()
    page.wait_for_timeout(60_000 * minutes)
    seconds, took = time.perf_counter() - began, sorted(page.evaluate("took"))
    cells = [len(took) / seconds, statistics.median(took), took[len(took) * 95 // 100]]
    figures = " | ".join(f"{cell:.1f}" for cell in cells)
    print(f"| one, {minutes:g} min | {figures} | {before:.0f} | {server.memory:.0f} |", flush=True)
    page.keyboard.press("Escape")


async def shared(server: Server, count: int) -> None:
    """Many at once, for a minute."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.address, timeout=60, trust_env=False, limits=limits) as http:
        config = (await http.get("/config")).json()
        (event,) = [each["id"] for each in config["dependencies"] if each["api_name"] == "start"]
        passes = [await let_in(http, event, f"camera{number}") for number in range(count)]
        frame, before = _frame(), server.memory
        until = time.perf_counter() + SHARED_S
        each = await asyncio.gather(*(film(http, token, frame, until) for token in passes))
    waits = sorted(1000 * wait for answered in each for wait in answered)
    most, least = (pick(map(len, each)) / SHARED_S for pick in (max, min))
    print(
        "\n| cameras | answers/s | of each, least to most | frame to answer: median ms | p95 ms | server MB | after |"
    )
    print("|---|---|---|---|---|---|---|")
    middle, late = statistics.median(waits), waits[len(waits) * 95 // 100]
    print(
        f"| {count} | {len(waits) / SHARED_S:.1f} | {least:.2f} to {most:.2f} | {middle:.0f} | {late:.0f} "
        f"| {before:.0f} | {server.memory:.0f} |"
    )


async def let_in(http: httpx.AsyncClient, event: int, session: str) -> str:
    """A pass, as the page asks for it: the page's own inputs, five answers, the first colours."""
    page = [None, "resnet18", "ants-bees", "auto", None, "en", None, None]
    asked = {"data": [*page, 2, "inferno", None, ""], "fn_index": event, "session_hash": session}
    (await http.post("/gradio_api/queue/join", json=asked)).raise_for_status()
    async with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            if '"process_completed"' in line:
                token: str = httpx.Response(200, text=line.removeprefix("data: ")).json()["output"]["data"][0]
                return token
    raise RuntimeError("no pass came")


async def film(http: httpx.AsyncClient, token: str, frame: bytes, until: float) -> list[float]:
    """Seconds that each frame of one camera took."""
    took = []
    while (began := time.perf_counter()) < until:
        answer = (await http.post(f"/live/{token}", content=frame)).raise_for_status().json()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(answer["pause"] / 1000)
    return took


def _frame() -> bytes:
    buffer = io.BytesIO()
    with Image.open(PHOTOS[0]) as photo:
        photo.convert("RGB").resize((640, 480)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
