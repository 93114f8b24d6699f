"""Steps of long work: what is told, what comes of it, and that work which is left is closed."""

import pytest

from resnet_app.progress import Watched, finish


def work(count, log, *, fails_at=None):
    try:
        for done in range(count):
            if done == fails_at:
                raise ArithmeticError("it broke")
            yield done, count
        return f"all {count}"
    finally:
        log.append("closed")


def test_work_that_is_left_is_closed_at_once_and_has_no_result():
    log = []
    watched = Watched(work(5, log))
    for done, _ in watched:
        if done == 2:
            break
    assert log == ["closed"]
    assert not hasattr(watched, "result")


def test_what_breaks_in_the_midst_comes_through_after_the_steps_before_it():
    log, told = [], []
    watched = Watched(work(5, log, fails_at=2))
    with pytest.raises(ArithmeticError, match="it broke"):
        told.extend(watched)
    assert (told, log) == ([(0, 5), (1, 5)], ["closed"])
    with pytest.raises(ArithmeticError):
        finish(work(3, [], fails_at=0))
