"""What threads do ahead comes in order, is bounded, and ends with who asks for it."""

import threading
import time
from itertools import count

import pytest

from resnet_app.many.ordered import in_order


def test_results_come_in_the_order_of_the_items_whoever_is_done_first():
    def work(number):
        time.sleep(0.02 * (3 - number % 4))
        return number, threading.current_thread().name

    found = list(in_order(work, range(12), 3, most=5))
    assert [number for number, _ in found] == list(range(12))
    assert len({name for _, name in found}) == 3


def test_no_more_is_taken_than_asked_for():
    taken = []
    endless = (taken.append(number) or number for number in count())
    results = in_order(lambda number: time.sleep(0.05) or number, endless, 2, most=4)
    assert next(results) == 0
    assert 1 <= len(taken) <= 5
    results.close()
    assert len(taken) <= 5


def test_what_is_done_does_not_wait_for_items_that_come_slowly():
    def slow():
        yield 1
        yield 2
        pytest.fail("the first result was ready before this was asked for")

    results = in_order(lambda number: number, (time.sleep(0.2) or each for each in slow()), 1, most=9)
    assert next(results) == 1
    results.close()


def test_an_error_stands_where_the_result_would_and_ends_the_threads():
    def work(number):
        if number == 2:
            raise ValueError(number)
        return number

    before = threading.active_count()
    results = in_order(work, range(9), 2, most=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="2"):
        next(results)
    assert threading.active_count() == before


def test_each_thread_begins_once():
    begun = []
    assert list(in_order(str, range(8), 2, most=8, begin=lambda: begun.append(threading.get_ident()))) == list(
        "01234567"
    )
    assert len(begun) == len(set(begun)) <= 2
