"""A batch in sums, tiles and cells: figures added up by hand, what is wrong in short, what is unlike said so."""

import re
from dataclasses import replace

import pytest
from PIL import Image

from demo.batch import view
from resnet_app.inference.models import Head, dressed
from resnet_app.inference.predict import Prediction, Timing
from resnet_app.many.batch import TILE, Batch, Row
from tests.demo.helpers import Tags, rows_of


def row(name, probability=0.75, timing=None, error=None, is_ood=False):
    predictions = () if error else (Prediction(1, "bees", probability),)
    thumbnail = None if error else Image.new("RGB", (TILE, TILE), (200, 150, 0))
    return Row(name, predictions, error, timing or Timing(), thumbnail, {}, is_ood)


@pytest.fixture
def run(bundled):
    made = Batch(bundled, top_k=1, keep_thumbnails=True)
    for each in (
        row("a.jpg", 0.99996, Timing(decode=10, forward=20)), row("b.jpg", timing=Timing(5, 4, 1), is_ood=True),
        row("c.jpg", error="This is no picture. Save it as JPEG."),
    ):  # fmt: skip
        made.keep(each)
    return made


def test_times_are_summed_over_what_was_answered(run) -> None:
    words = Tags(view.batch("en", run, 3)).words.replace("\u202f", " ")
    assert f"3 pictures on {run.model.device.title}" in words
    told = re.search(r"total ([\d.]+ s) .*mean ([\d.]+ ms)", words)
    assert told
    assert told.groups() == ("0.04 s", "20 ms")
    assert "1 could not be read" in words


def test_a_row_has_its_answer_or_in_short_what_is_wrong(run) -> None:
    shown = view.batch("en", run, 3)
    assert rows_of(shown) == [
        ["1", "a.jpg", "bees", ">\u202f99.9\u202f%", "30.0"], ["2", "b.jpg", "bees", "75.0\u202f%", "10.0"],
        ["3", "c.jpg", "This is no picture", "", ""],
    ]  # fmt: skip
    assert shown.count("This is no picture. Save it as JPEG.") == 1  # its tile has the whole sentence


def test_what_a_lesson_does_not_know_is_none_of_its_classes(run, bundled) -> None:
    head = Head(("ants", "bees"), bundled.network.fc.weight, bundled.network.fc.bias)
    taught = Batch(dressed(bundled, replace(bundled.choice, head=head)), top_k=1)
    for each in run.done:
        taught.keep(each)
    shown, before = (Tags(view.batch("en", each, 3)).words for each in (taught, run))
    assert "bees (None of these)" in shown
    assert "unlike its training photos" in before
    assert "unlike its training photos" not in shown
    assert "None of these" not in before


def test_the_time_left_is_told_once_there_is_a_rate() -> None:
    """What the first answers took is mostly what it takes to begin."""
    begun, later = (Tags(view.progress("en", done, 30, 10.0)).words for done in (1, 8))
    assert begun.strip() == "1 of 30"
    assert "8 of 30 · 0.8 a second · 28 s left" in later
