"""The table: what any CSV reader gets back is what was answered, at once and at the end, or one sentence."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet_app.errors import OutputError
from resnet_app.inference.predict import Prediction, Timing
from resnet_app.many.batch import Row
from resnet_app.many.formats import Csv
from resnet_app.many.table import TableFile, as_csv

EXAMPLES = settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PREDICTIONS = st.lists(st.builds(Prediction, st.integers(0, 9), NAMES, st.floats(0, 1)), max_size=3).map(tuple)


def row(file, predictions=(), error=None, timing=None):
    return Row(file, tuple(predictions), error, timing or Timing(), None, {})


def read(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@EXAMPLES
@given(rows=st.lists(st.builds(row, NAMES, PREDICTIONS), max_size=5))
def test_what_is_written_row_by_row_is_the_whole_table_and_is_read_back(tmp_path, rows):
    path = tmp_path / "t.csv"
    table = TableFile(path, Csv(3))
    for number, each in enumerate(rows):
        assert len(read(path.read_bytes().decode("utf-8"))) == number  # there before the next one is answered
        table.add(each)
    table.close()
    text = path.read_bytes().decode("utf-8")
    assert text == as_csv(SimpleNamespace(answers=3, done=rows))
    for line, each in zip(read(text), rows, strict=True):
        assert line["file"].removeprefix("'") == each.file.removeprefix("'")
        told = [line["label"], line["label_2"], line["label_3"]]
        expected = [p.label for p in each.predictions] + [""] * (3 - len(each.predictions))
        assert [label.removeprefix("'") for label in told] == [label.removeprefix("'") for label in expected]
        assert not {cell[:1] for cell in line.values()} & set("=+-@\t\r")
        assert all(None not in (key, cell) for key, cell in line.items())  # no cell too many, none too few


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_and_a_folder_are_sentences(tmp_path):
    for path, why in (
        (Path("/dev/full"), "No space left"),
        (tmp_path, "Is a directory"),
        (tmp_path / "x" / "t", "No such"),
    ):
        with pytest.raises(OutputError, match=why):
            TableFile(path, Csv(1))
    assert list(tmp_path.iterdir()) == []


def test_any_end_of_a_line_in_a_cell_stays_in_its_cell():
    lines = as_csv(SimpleNamespace(answers=1, done=[row("a\rb\nc\r\nd.jpg", error="=no\rpicture")]))
    (found,) = read(lines)
    assert (found["file"], found["error"]) == ("a\rb\nc\r\nd.jpg", "'=no\rpicture")  # and no formula
    assert lines.count("\r\n") == 1
