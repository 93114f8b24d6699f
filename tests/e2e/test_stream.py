"""On a bad network what was asked for is answered all the same: nothing waits for ever."""

import time
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Request, expect

from tests.e2e.relay import relayed
from tests.e2e.ways import enter


def test_nothing_is_lost_where_the_end_of_a_stream_comes_late(browser: Browser, address: str) -> None:
    """The server has ended it, the page does not know yet and asks: without ``static/stream.js`` it never starts."""
    with relayed(urlsplit(address).port, late_s=0.5) as relay:
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(90_000)
        listened: list[Request] = []
        open_streams: list[str] = []
        page.on("request", lambda asked: "/queue/data" in asked.url and listened.append(asked))
        page.on("request", lambda asked: "/queue/data" in asked.url and open_streams.append(asked.url))
        for over in ("requestfinished", "requestfailed"):
            page.on(over, lambda asked: "/queue/data" in asked.url and open_streams.remove(asked.url))
        page.goto(f"http://127.0.0.1:{relay.port}/")
        page.locator(".status .state.ok").wait_for(state="attached")
        expect(page.locator(".result")).to_have_attribute("data-photo", "bee-clover.jpg")
        for photo, name in enumerate(("ant-leaf.jpg", "ant-sand.jpg")):
            page.locator("#examples button").nth(photo).click()
            expect(page.locator(".result")).to_have_attribute("data-photo", name)
        enter(page, "Explain")
        expect(page.locator("#explain-result figure")).to_have_count(2)
        for photo in (0, 1, 0, 1, None):  # an answer that overtakes its own name holds a stream until the next one
            until = time.monotonic() + 8
            page.wait_for_timeout(1500)
            while open_streams and time.monotonic() < until:
                page.wait_for_timeout(100)
            if not open_streams or photo is None:
                break
            page.locator("#explain-examples button").nth(photo).click()
        assert open_streams == []  # a browser has few connections: where nothing is under way none is held
        assert relay.held >= 5
        assert len(listened) >= 5
        for asked in listened:  # past the cache, in which one of two requests may go out twice, and be told half
            assert asked.all_headers().get("cache-control") == "no-cache"
        page.close()
