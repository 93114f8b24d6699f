"""Draws both READMEs' pictures anew: drives the app in Chromium, a visit at a time, and saves what it shows.

The moving one is a visit of some seconds: a photo, its answer and its map, the network filled with the photo, and one
unit's sum.

Run: python -m tools.pictures   (wants Chromium; CHROMIUM names another one)
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from demo.locales import CHINESE, ENGLISH, text

ROOT = Path(__file__).parents[1]
OUT = ROOT / "assets" / "screenshots"
EXAMPLES = ROOT / "assets" / "examples"
VIEW = {"width": 1100, "height": 690}  # the sidebar is closed on so narrow a page
WIDTH = 960  # px, of the moving picture
MOST_BYTES = 3 * 2**20
ENDING = {ENGLISH: "", CHINESE: ".zh-CN"}  # of a picture's name, before its suffix; as of the READMEs
# Where a picture on the page is brightest, in CSS pixels from its corner.
BRIGHTEST = """(image) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let best = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] + data[i + 1] + data[i + 2] > data[best] + data[best + 1] + data[best + 2]) best = i;
  }
  const [x, y] = [(best / 4) % canvas.width, Math.floor(best / 4 / canvas.width)];
  return { x: ((x + 0.5) * image.clientWidth) / canvas.width, y: ((y + 0.5) * image.clientHeight) / canvas.height };
}"""

# Scrolls a part to where it stands under the stages, which stay at the top of the page and are 75 px high there.
BELOW_THE_STAGES = "(part) => window.scrollBy(0, part.getBoundingClientRect().top - 110)"


@contextmanager
def app() -> Iterator[str]:
    """The app's address, for as long as it is looked at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "demo", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        next(line for line in process.stdout if "http://" in line)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def opened(browser: Browser, address: str, language: str, query: str = "", *, dark: bool = False) -> Page:
    """A visit whose model is ready and whose first photo is answered."""
    context = browser.new_context(viewport=VIEW, color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}?lang={language}{query}")
    page.locator(".status .state.ok").wait_for(state="attached", timeout=90_000)
    return page


def choose(page: Page, photo: str, answer: str) -> None:
    """Another photo, as if it was dropped, with its answer and its map: the one before may have had the same name."""
    map_ = page.locator("#result .overlay").first
    before = map_.get_attribute("src")
    page.locator("#photo input[type=file]").first.set_input_files(EXAMPLES / photo)
    expect(map_).not_to_have_attribute("src", before or "")
    expect(page.locator(".best strong")).to_have_text(answer)
    expect(page.locator("#result .pending, #result .generating")).to_have_count(0)


def moving(browser: Browser, address: str, language: str) -> None:
    """The visit of some seconds, as an animated WebP."""
    page, frames = opened(browser, address, language), Frames()
    expect(page.locator(".best strong")).to_have_text("bees")
    frames.take(page, 900)
    choose(page, "ant-leaf.jpg", "ants")
    frames.take(page, 1800)
    page.get_by_role("tab", name=text(language, "tab_explore")).click()
    expect(page.locator("#ribbon .ribbon.filled .tile")).to_have_count(10)
    frames.take(page, 1500)
    for path in ("layer1.0", "layer2.0", "layer3.0", "layer4.0"):  # what a unit sees grows
        page.locator(f'#ribbon .tile[data-path="{path}"] img').hover()
        expect(page.locator("#ribbon .frame")).to_be_visible()
        frames.take(page, 500)
    tile = page.locator('#ribbon .tile[data-path="layer2.0"] img')
    tile.click(position=tile.evaluate(BRIGHTEST))  # a unit that fires
    expect(page.locator("#unit .unit")).to_contain_text(text(language, "unit_same", value="").rstrip(" .。"))
    page.locator("#unit .unit").evaluate(BELOW_THE_STAGES)
    frames.take(page, 2400)
    frames.save(OUT / f"visit{ENDING[language]}.webp")
    page.context.close()


class Frames:
    """Pictures of a page, each with the milliseconds that it stays."""

    def __init__(self) -> None:
        self._found: list[tuple[Image.Image, int]] = []

    def take(self, page: Page, stays: int) -> None:
        """What the page shows now."""
        page.wait_for_timeout(300)  # what fades has faded
        frame = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        self._found.append((frame.resize((WIDTH, WIDTH * VIEW["height"] // VIEW["width"])), stays))

    def save(self, path: Path) -> None:
        """All of them, one after the other, for ever."""
        first, *rest = (frame for frame, _ in self._found)
        durations = [stays for _, stays in self._found]
        first.save(path, append_images=rest, save_all=True, duration=durations, loop=0, quality=82, method=6)
        assert path.stat().st_size < MOST_BYTES, f"{path} has {path.stat().st_size} bytes"


def still(page: Page, name: str, language: str) -> None:
    """What the page shows now, as JPEG."""
    page.wait_for_timeout(500)
    page.screenshot(path=OUT / f"{name}{ENDING[language]}.jpg", type="jpeg", quality=85)
    page.context.close()


def stills(browser: Browser, address: str, language: str) -> None:
    """Classify in both themes, and the lesson."""
    for name, dark in (("classify", False), ("classify-dark", True)):
        page = opened(browser, address, language, dark=dark)
        choose(page, "bee-daisy.jpg", "bees")
        still(page, name, language)
    page = opened(browser, address, language, "&tab=lesson&step=parts")
    expect(page.locator(".lesson-nav")).to_be_visible()
    page.locator("[data-guess]").first.click()
    expect(page.locator(".lesson-step.shown")).to_be_visible()
    still(page, "lesson", language)


def further(browser: Browser, address: str) -> None:
    """Explain and Explore, for the documents in English."""
    page = opened(browser, address, ENGLISH, "&tab=explain")
    expect(page.locator("#explain-result figure")).to_have_count(2)
    still(page, "explain", ENGLISH)
    page = opened(browser, address, ENGLISH, "&tab=explore")
    expect(page.locator("#ribbon .ribbon.filled .tile")).to_have_count(10)
    still(page, "explore", ENGLISH)


def main() -> None:
    """Draw them all."""
    expect.set_options(timeout=30_000)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language in ENDING:
            moving(browser, address, language)
            stills(browser, address, language)
        further(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
