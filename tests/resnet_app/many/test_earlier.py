"""A run that was stopped is gone on with: every picture once, in order, and nothing that was finished is lost."""

import contextlib
import csv
import io
import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch

from resnet_app.errors import OutputError
from resnet_app.inference import models
from resnet_app.inference.predict import Prediction, Timing
from resnet_app.many.batch import Row
from resnet_app.many.earlier import fingerprint
from resnet_app.many.formats import Csv
from resnet_app.many.table import TableFile

MODEL = "0123456789ab"
PICTURES = [
    (f'photo "{number}",\n{number}.jpg' if number % 7 == 0 else f"photo {number}.jpg", number) for number in range(60)
]


def row(name: str) -> Row:
    return Row(name, (Prediction(0, 'a "class"\nof two lines', 0.5),), None, Timing(), None, {})


def answer(
    path: Path, pictures: list, *, resume: bool = True, slow: float = 0.0, model: str = MODEL, stop: int = -1, form=Csv
) -> int:
    """Answer the pictures as ``predict`` does; gives how many had to be."""
    keys = [(name, str(size)) for name, size in pictures]
    table = TableFile(path, form(1, model), resume=keys if resume and path.is_file() else None)
    made = 0
    for number, key in enumerate(keys[table.kept :], start=table.kept):
        if number == stop:
            table.close()
            return made
        if table.keep(key):
            continue
        table.add(row(key[0]), int(key[1]))
        made += 1
        time.sleep(slow)
    table.done()
    table.close()
    return made


def names(path: Path) -> list[str]:
    return [line["file"] for line in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))]


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    answer(tmp_path / "whole.csv", PICTURES)
    return (tmp_path / "whole.csv").read_bytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_killed_twenty_times_at_any_moment_it_is_the_table_of_an_unbroken_run(tmp_path: Path, whole: bytes) -> None:
    path, draw, killed = tmp_path / "t.csv", random.Random(0), 0
    for _ in range(20):
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                answer(path, PICTURES, slow=0.002)
            os._exit(0)
        time.sleep(draw.uniform(0.001, 0.03))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        killed += os.waitpid(child, 0)[1] != 0
    answer(path, PICTURES)
    assert killed > 5
    assert path.read_bytes() == whole
    assert sorted(each.name for each in tmp_path.iterdir()) == ["t.csv", "whole.csv"]


@pytest.mark.parametrize("cut", [0, 1, 40, 90, 200, 1000, 2000])
def test_half_a_row_is_answered_again(tmp_path: Path, whole: bytes, cut: int) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(whole[: len(whole) - cut])
    made = answer(path, PICTURES)
    assert path.read_bytes() == whole
    assert (made > 0) == (cut > 0)


def test_new_and_changed_pictures_are_answered_and_the_others_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    answer(path, PICTURES[:40])
    more = [*PICTURES[:5], ("between.jpg", 1), *PICTURES[5:20], ("photo 20.jpg", 999), *PICTURES[21:]]
    assert answer(path, more) == 2 + 20
    assert names(path) == [name for name, _ in more]
    assert not path.with_name("t.csv.earlier").exists()


def test_what_was_put_aside_is_safe_when_the_second_run_is_stopped_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    answer(path, PICTURES)
    more = [("first.jpg", 1), *PICTURES]
    assert answer(path, more, stop=3) == 1
    assert answer(path, more) == 0
    assert names(path) == [name for name, _ in more]


@pytest.mark.parametrize("other", [{"model": "ffffffffffff"}, {"answers": 2}])
def test_another_models_table_is_left_alone(tmp_path: Path, whole: bytes, other: dict) -> None:
    path = tmp_path / "whole.csv"
    with pytest.raises(OutputError, match=r"another model or of another --top-k.*leave out --resume"):
        TableFile(path, Csv(other.get("answers", 1), other.get("model", MODEL)), resume=[])
    assert path.read_bytes() == whole
    path.write_text("a letter\n")
    with pytest.raises(OutputError, match="another model"):
        TableFile(path, Csv(1, MODEL), resume=[])
    assert path.read_text() == "a letter\n"


def test_a_disk_that_fills_leaves_whole_rows_and_one_sentence(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "t.csv"
    table = TableFile(path, Csv(1, MODEL))
    table.add(row("one.jpg"), 1)
    before = path.read_bytes()
    real = table._file

    class Full:
        room = 20

        def write(self, data: bytes) -> int:
            if not self.room:
                raise OSError(28, "No space left on device")
            written, self.room = real.write(data[: self.room]), 0
            return written

        def __getattr__(self, name: str):
            return getattr(real, name)

    monkeypatch.setattr(table, "_file", Full())
    with pytest.raises(OutputError, match="No space left on device"):
        table.add(row("two.jpg"), 2)
    assert path.read_bytes() == before


def test_a_model_is_known_by_what_it_answers_and_not_by_its_files_name() -> None:
    bundled, again = (models.load(models.choose()) for _ in range(2))
    assert fingerprint(bundled) == fingerprint(again)
    random_weights = models.load(models.choose("resnet18", "random"))
    before = fingerprint(random_weights)
    assert before != fingerprint(bundled)
    with torch.no_grad():
        random_weights.network.layer1[0].bn1.running_mean[0] += 1e-3
    assert fingerprint(random_weights) != before
