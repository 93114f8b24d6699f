"""Strangers on a Space may ask for less than people on their own computer."""

import pytest

CODE = (
    "import demo.app, demo.batch.handlers as batch\nfrom demo.hosting.limits import MOST_WAITING\n"
    "every, old = demo.app.build().delete_cache\nprint(MOST_WAITING, batch.MAX_BATCH, every + old)"
)


@pytest.mark.slow
@pytest.mark.parametrize(("space", "limits"), [("", [64, 200, 90000]), ("someone/app", [24, 50, 3500])])
def test_on_a_space_the_limits_are_tighter_and_uploads_gone_within_the_hour(fresh_python, monkeypatch, space, limits):
    monkeypatch.setenv("SPACE_ID", space)
    done = fresh_python("-c", CODE)
    assert [int(each) for each in done.stdout.split()] == limits, done.stderr
