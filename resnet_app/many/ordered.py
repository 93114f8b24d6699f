"""Work that threads do ahead, and whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    *,
    most: int,
    begin: Callable[[], object] | None = None,
) -> Iterator[Result]:
    """The result for each item, in the order of the items.

    Args:
        work: what is done with each; its error is raised where its result would stand.
        items: taken one by one as there is room, in the thread that asks for the results.
        threads: that work at once.
        most: items that are taken before a result of theirs was: at work, or done and waiting.
        begin: what each thread does first.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "ahead", begin) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                while waiting and (len(waiting) > most or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
