"""Calibration against figures worked out by hand, by other libraries and by brute force."""

import math
import warnings

import numpy as np
import pytest
import torch

from resnet_app.inference.ood import OodThreshold, energy
from resnet_app.training.calibration import Scores, expected_calibration_error, fit_temperature, wilson

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the library's own imports
    from sklearn.metrics import confusion_matrix


def logits_of(probabilities):
    return torch.tensor(probabilities).log()


def drawn(count=4000, *, temperature=1.0, seed=0):
    """Logits, and labels drawn from the softmax of those logits divided by a temperature."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(count, 3, generator=generator)
    labels = torch.multinomial((logits / temperature).softmax(1), 1, generator=generator)[:, 0]
    return Scores(logits, labels)


def test_accuracy_loss_and_confusion_by_hand():
    scores = Scores(logits_of([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), torch.tensor([0, 1, 1]))
    assert (scores.right, scores.accuracy) == (2, pytest.approx(2 / 3))
    assert scores.confusion.tolist() == [[1, 0], [1, 1]]
    assert scores.loss == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.8)) / 3)


def test_confusion_is_scikit_learns():
    scores = drawn(200)
    np.testing.assert_array_equal(scores.confusion, confusion_matrix(scores.labels, scores.logits.argmax(1)))


def test_calibration_error_by_hand():
    """Two answers at 90 %, one right: off by 0.4; two at 60 %, both right: off by 0.4; half each."""
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]]
    scores = Scores(logits_of(probabilities), torch.tensor([0, 1, 1, 1]))
    assert expected_calibration_error(scores) == pytest.approx(0.4)
    sure = Scores(torch.tensor([[99.0, 0.0]] * 4), torch.tensor([0, 0, 0, 0]))
    assert expected_calibration_error(sure) == pytest.approx(0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_the_labels_were_drawn_with_is_found(temperature):
    scores = drawn(temperature=temperature)
    found = fit_temperature(scores)
    assert found == pytest.approx(temperature, rel=0.08)
    losses = [scores.divided(t).loss for t in (found * 0.97, found, found * 1.03)]
    assert losses[1] == min(losses)
    assert expected_calibration_error(scores.divided(found)) < 0.03


def test_a_temperature_has_its_bounds():
    right = Scores(torch.tensor([[1.0, 0.0]] * 30), torch.zeros(30, dtype=torch.long))
    assert fit_temperature(right) == pytest.approx(0.1)
    assert fit_temperature(Scores(-right.logits, right.labels)) == pytest.approx(10)
    assert fit_temperature(right.part([0, 1])) == 1


def test_smoothed_targets_keep_it_from_certainty():
    """With targets of 0.9 the best answer to a gap of 1 is the one whose probability is 0.9."""
    right = Scores(torch.tensor([[1.0, 0.0]] * 30), torch.zeros(30, dtype=torch.long))
    found = fit_temperature(right, smoothing=0.1, sharpest=100)
    assert float(right.divided(found).probabilities[0, 0]) == pytest.approx(0.9, abs=1e-4)


def test_energy_is_minus_the_log_of_summed_exponentials():
    logits = torch.tensor([[1.0, 2.0, 3.0], [-50.0, -50.0, -50.0], [800.0, 0.0, 0.0]])
    expected = [-math.log(sum(math.exp(x) for x in (1, 2, 3))), 50 - math.log(3), -800.0]
    assert energy(logits).tolist() == pytest.approx(expected)


def test_wilsons_interval_as_published():
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_ood_threshold_leaves_out_as_many_as_it_says():
    scores = drawn(1000)
    found = OodThreshold.fit(scores.logits, false_alarms=0.1)
    assert sum(found.is_exceeded_by(row) for row in scores.logits) == pytest.approx(100, abs=2)
    assert OodThreshold.fit(scores.logits[:19]) is None
    assert OodThreshold.of_metadata(found.as_dict()) == found


@pytest.mark.parametrize(
    "values",
    [
        None, [], {}, {"score": "distance", "threshold": 1, "false_alarms": 0.05, "pictures": 9},
        {"score": "energy", "threshold": "high", "false_alarms": 0.05, "pictures": 9},
        {"score": "energy", "threshold": float("nan"), "false_alarms": 0.05, "pictures": 9},
        {"score": "energy", "threshold": 10**400, "false_alarms": 0.05, "pictures": 9},
        {"score": "energy", "threshold": 1.0},
    ],
)  # fmt: skip
def test_the_ood_threshold_that_makes_no_sense_is_none(values):
    assert OodThreshold.of_metadata(values) is None
