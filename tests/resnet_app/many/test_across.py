"""The same pictures through several networks: what was counted by hand, and a real run beside single answers."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from resnet_app.inference import models, predict
from resnet_app.inference.cache import ModelCache
from resnet_app.many.across import Across, Best, Column, as_csv, shared_answers
from resnet_app.registry import SPECS
from tests.paths import EXAMPLES

CHOICE = models.ModelChoice("resnet18", "random", "cpu")


def column(labels, *, classes=("ant", "bee", "wasp"), probability=0.9):
    answers = [Best(label, probability) if label else None for label in labels]
    return Column(CHOICE, SPECS["resnet18"], frozenset(classes), answers)


def across(*columns, count=4):
    run = Across([], [Path(f"{number}.jpg") for number in range(count)], models=ModelCache())
    run.columns = list(columns)
    return run


def test_the_most_contested_come_first_and_of_two_the_surer():
    run = across(
        column(["ant", "bee", "Bee", "ant"]), column(["ant", "bee", "wasp", "wasp"]),
        column(["ant", "wasp", "ant", "bee"], probability=0.5),
    )  # fmt: skip
    run.columns[0].answers[3] = Best("ant", 0.99)
    found = run.contested()
    assert [(each.number, each.name) for each in found] == [(3, "3.jpg"), (2, "2.jpg"), (1, "1.jpg")]
    assert [each.share for each in found] == pytest.approx([1, 1, 2 / 3])
    assert found[2].answers[2] == Best("wasp", 0.5)


def test_networks_that_could_not_agree_are_not_held_against_each_other():
    other = column(["toaster"] * 4, classes=("toaster", "kettle"))
    run = across(column(["ant", "bee", "ant", "ant"]), column(["ant", "bee", "bee", None]), other)
    assert [each.number for each in run.contested()] == [2]
    assert run.contested()[0].share == 1
    assert shared_answers(run.columns[0], other) is None


def test_how_often_two_answer_alike_is_counted_over_what_both_could_read():
    one, two = column(["ant", "bee", "Bee", None]), column(["ant", "wasp", "bee", "ant"])
    assert shared_answers(one, two) == pytest.approx(2 / 3)
    assert shared_answers(one, column([None] * 4)) is None


@pytest.fixture
def labelled(tmp_path):
    """The examples in folders that are named as the classes, one of them in the wrong one, and a broken file."""
    files = []
    for path in sorted(EXAMPLES.glob("*.jpg")):
        wrong = path.name == "ant-leaf.jpg"
        folder = tmp_path / ("Bees" if path.name.startswith("bee") or wrong else "ants")
        folder.mkdir(exist_ok=True)
        files.append(Path(shutil.copy(path, folder)))
    broken = tmp_path / "ants" / "letter.jpg"
    broken.write_text("no picture")
    return [*files, broken]


def test_a_folder_with_truth_is_answered_counted_and_the_absent_told_of(labelled, bundled, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    choices = [models.choose(device="cpu"), models.choose("resnet50", "imagenet-v1", device="cpu")]
    cache = ModelCache()
    run = Across(choices, labelled, models=cache)
    steps = list(run.steps())
    assert steps == [(1, done) for done in range(1, len(labelled) + 1)]
    (ours,) = run.columns
    assert [absent.reason.code for absent in run.absent] == ["weights_not_here"]
    by_hand = [predict.classify(bundled, file).predictions[0] for file in labelled[:-1]]
    assert [each.label for each in ours.answers[:-1]] == [each.label for each in by_hand]
    assert [each.probability for each in ours.answers[:-1]] == pytest.approx([each.probability for each in by_hand])
    assert ours.answers[-1] is None
    right = [each.label == file.parent.name.lower() for each, file in zip(by_hand, labelled[:-1], strict=True)]
    assert (ours.tally.count, ours.tally.right) == (len(right), sum(right))
    assert ours.mean_ms > 0
    first, *_, last = csv.DictReader(io.StringIO(as_csv(run, ["ours"])))
    assert first["ours"] == by_hand[0].label
    assert float(first["ours: probability"]) == pytest.approx(by_hand[0].probability, abs=1e-5)
    assert (last["ours"], last["ours: probability"]) == ("", "")
    (unanswered,) = run.unanswered()
    ((reason, places),) = unanswered.reasons
    assert (unanswered.number, unanswered.name, places) == (len(labelled) - 1, str(labelled[-1]), (0,))
    assert str(reason) == last["error"] != first["error"] == ""
