"""Cameras share what there is: passes end by themselves, nobody is starved, and no queue builds up."""

import heapq

import pytest

from demo.hosting import cameras
from demo.hosting.cameras import Cameras
from resnet_app.errors import ResNetAppError


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is put forward."""
    now = [1000.0]
    monkeypatch.setattr(cameras.time, "monotonic", lambda: now[0])
    return now


def refused(act, *arguments):
    """The code of what is said."""
    with pytest.raises(ResNetAppError) as caught:
        act(*arguments)
    return caught.value.code


def film(all_of_them, token):
    """One frame; gives what is wanted of it."""
    with all_of_them.frame(token) as wanted:
        return wanted


def test_a_pass_says_what_is_wanted_and_who_has_one_keeps_it():
    those = Cameras[str]()
    mine, yours = those.let_in("bees"), those.let_in("cats")
    assert len({mine, yours}) == 2
    assert min(len(mine), len(yours)) >= 20  # nobody guesses it
    assert those.let_in("ants", mine) == mine
    assert (film(those, mine), film(those, yours)) == ("ants", "cats")
    assert those.let_in("ants", "made up") not in ("made up", mine, yours)
    assert refused(film, those, "made up") == "live_gone"


def test_without_a_frame_for_a_minute_a_pass_ends(clock):
    those = Cameras[str]()
    used, unused = those.let_in("a"), those.let_in("b")
    clock[0] += cameras.FORGOTTEN_S - 1
    film(those, used)
    clock[0] += 2
    assert film(those, used) == "a"
    assert refused(film, those, unused) == "live_gone"
    clock[0] += cameras.FORGOTTEN_S + 1
    assert refused(those.wanted, used) == "live_gone"
    assert those._cameras == {}


def test_there_are_so_many_passes_and_no_more(clock, monkeypatch):
    monkeypatch.setattr(cameras, "MOST", 3)
    those = Cameras[int]()
    first, *_ = [those.let_in(number) for number in range(3)]
    assert refused(those.let_in, 3) == "live_full"
    assert those.let_in(7, first) == first  # who is in already is not turned away
    those.leave(first)
    assert those.let_in(3)
    clock[0] += cameras.FORGOTTEN_S + 1  # who never filmed makes room too
    assert [those.let_in(number) for number in range(3)]


def test_on_a_space_a_go_has_its_end(clock, monkeypatch):
    monkeypatch.setattr(cameras, "MOST_MINUTES", 10)
    those = Cameras[str]()
    token = those.let_in("a")
    for _ in range(20):
        clock[0] += 30
        film(those, token)
        assert those.let_in("another look", token) == token  # which starts no new go
    clock[0] += 1
    assert refused(film, those, token) == "live_over"
    assert refused(film, those, token) == "live_gone"


def test_one_frame_of_a_camera_at_a_time(clock):
    those = Cameras[str]()
    mine, yours = those.let_in("a"), those.let_in("b")
    with those.frame(mine):
        assert refused(film, those, mine) == "live_busy"
        assert film(those, yours) == "b"
        clock[0] += cameras.FORGOTTEN_S + 1
        assert those.wanted(mine) == "a"  # a slow network is not gone while it is asked
        those.leave(mine)  # at any time
    assert refused(film, those, mine) == "live_gone"
    yours = those.let_in("b")
    with pytest.raises(ZeroDivisionError), those.frame(yours):
        _ = 1 / 0
    assert film(those, yours) == "b"  # what fails is over too


def test_who_films_is_counted_and_the_pause_grows_with_them(clock):
    those = Cameras[int]()
    assert those.share() == (0, 0)
    tokens = [those.let_in(number) for number in range(4)]
    those.took(0.1)
    told = []
    for token in tokens:
        film(those, token)
        told.append(those.share())
    assert [each.cameras for each in told] == [1, 2, 3, 4]
    assert [each.pause for each in told] == [0, 120, 240, 360]
    those.leave(tokens[0])
    assert those.share().cameras == 3
    clock[0] += cameras.LIVE_S + 1  # still welcome, but not filming
    film(those, tokens[1])
    assert those.share() == (1, 0)


def test_the_time_of_a_frame_is_learned():
    those = Cameras[int]()
    for token in (those.let_in(1), those.let_in(2)):
        film(those, token)
    those.took(1.0)
    assert those.share().pause == 1200
    for _ in range(40):
        those.took(0.1)
    assert those.share().pause == pytest.approx(120, rel=0.02)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_all_get_the_same_and_frames_stay_fresh(clock, count):
    """A minute of cameras at one worker, first come first served, each as obedient as the page is."""
    work, way = 0.05, 0.01  # seconds of a frame, and of its way there and back
    those = Cameras[int]()
    arrivals = [(1000 + number / 1000, those.let_in(number)) for number in range(count)]
    answered, waited, free = dict.fromkeys([token for _, token in arrivals], 0), [], 1000.0
    heapq.heapify(arrivals)
    while arrivals[0][0] < 1060:
        came, token = heapq.heappop(arrivals)
        began = max(came, free)
        free = clock[0] = began + work
        film(those, token)
        those.took(work)
        answered[token] += 1
        waited.append(began - came)
        heapq.heappush(arrivals, (free + way + those.share().pause / 1000, token))
    assert max(answered.values()) - min(answered.values()) <= 1
    assert sum(answered.values()) > 0.8 * 60 / (work + (way if count == 1 else 0))  # and little is left unused
    settled = sorted(waited[3 * count :])
    assert settled[len(settled) * 9 // 10] <= 2 * work
