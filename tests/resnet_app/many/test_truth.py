"""What folder names say: the class, and the figures beside those that scikit-learn and the training's own code find."""

from pathlib import Path

import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, top_k_accuracy_score

from resnet_app.many.truth import Tally, class_index, true_class
from resnet_app.training.calibration import Scores, expected_calibration_error


@pytest.fixture(scope="module")
def scores():
    torch.manual_seed(0)
    return Scores(4 * torch.randn(300, 5), torch.randint(5, (300,)))


@pytest.fixture(scope="module")
def tally(scores):
    made = Tally()
    for true, probabilities in zip(scores.labels.tolist(), scores.probabilities, strict=True):
        best = probabilities.topk(2)
        made.add(true, best.indices.tolist(), float(best.values[0]))
    return made


def test_figures_are_scikit_learns(scores, tally):
    answered = scores.logits.argmax(1)
    assert tally.accuracy == pytest.approx(accuracy_score(scores.labels, answered))
    assert tally.matrix(range(5)) == confusion_matrix(scores.labels, answered).tolist()
    assert tally.in_top / tally.count == pytest.approx(top_k_accuracy_score(scores.labels, scores.logits, k=2))
    assert tally.seen == [0, 1, 2, 3, 4]


def test_calibration_is_that_of_the_training(scores, tally):
    assert tally.calibration_error == pytest.approx(expected_calibration_error(scores))
    assert tally.mean_confidence == pytest.approx(float(scores.probabilities.amax(1).mean()))


def test_the_most_frequent_mistake_comes_first():
    tally = Tally()
    for true, answered in ((0, 1), (1, 0), (1, 0), (1, 1)):
        tally.add(true, [answered], 0.5)
    found = tally.as_dict(["ants", "bees"])
    assert found["mistaken"] == [
        {"true": "bees", "answered": "ants", "pictures": 2}, {"true": "ants", "answered": "bees", "pictures": 1},
    ]  # fmt: skip
    assert (found["pictures"], found["right"]) == (4, 1)


@pytest.mark.parametrize(
    ("file", "expected"),
    [("bees/1.jpg", 1), ("a/Ants/1.jpg", 0), ("bees/other/1.jpg", None), ("1.jpg", None), ("wasps/1.jpg", None)],
)
def test_only_a_picture_s_own_folder_names_its_class(file, expected):
    assert true_class(Path(file), ["ants", "bees"]) == expected


def test_a_name_of_two_classes_tells_nothing():
    assert class_index(["crane", "Crane", "bee"]) == {"bee": 2}


def test_nothing_counted_has_figures_too():
    assert Tally().as_dict(["ants"]) == {
        "pictures": 0, "right": 0, "in_top": 0, "accuracy": 0.0, "interval": None, "mean_confidence": 0.0,
        "expected_calibration_error": 0.0, "mistaken": [],
    }  # fmt: skip
