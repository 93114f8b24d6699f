"""A real browser on the real app: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e import test_offline

expect.set_options(timeout=90_000)  # a busy machine is slow, not wrong
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
LAN = "class.test"  # the app under a name that browsers do not trust, as in a class's network without https
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", f"--host-resolver-rules=MAP {LAN} 127.0.0.1",
]  # fmt: skip


@pytest.hookimpl(trylast=True)  # after what was not asked for is left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What test_offline.py runs without any network need not run with one as well, where both would run."""
    offline = [item for item in items if item.path.name == "test_offline.py"]
    if not offline or not test_offline.can_be_cut_off():
        return
    again = [item for item in items if item.nodeid.removeprefix("tests/e2e/") in test_offline.MAIN_PATHS]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in again]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def visitor(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """One browser profile for each kind of device and the whole run: scripts are fetched and compiled once."""
    profiles: dict[str, BrowserContext] = {}

    def of(**options: object) -> BrowserContext:
        usual = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", "reduced_motion": "reduce"}
        options = {**usual, **options}
        kind = repr(sorted(options.items()))
        if kind not in profiles:
            profiles[kind] = browser.new_context(**options)
        return profiles[kind]

    yield of
    for context in profiles.values():
        context.close()


@pytest.fixture
def open_page(visitor: Callable[..., BrowserContext], address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page, waits until its model is ready, and checks at the end that it asked nobody but the app."""
    pages: list[Page] = []
    requests, errors = [], []

    def open_it(path: str = "", **options: object) -> Page:
        page = visitor(**options).new_page()
        pages.append(page)
        page.set_default_timeout(90_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
        page.goto(address + path)
        page.locator(".status .state.ok").wait_for(state="attached")
        page.locator("html[data-arrived]").wait_for(state="attached")
        return page

    yield open_it
    toasts = [page.locator(".toast-body").all_inner_texts() for page in pages if not page.is_closed()]
    for page in pages:
        if not page.is_closed():
            page.evaluate("() => localStorage.clear()")  # the next visitor of this kind is new
            page.close()
    assert not any(toasts)  # every failure has a place on the page
    assert not errors, "\n".join(errors)
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
