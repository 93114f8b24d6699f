"""Curves over a range: each value as it is answered alone, and where the answer changes."""

import numpy as np
import pytest
import torch

from resnet_app.inference import predict
from resnet_app.progress import finish
from resnet_app.robustness.corruptions import corrupted
from resnet_app.robustness.curves import Curve, curve


def test_each_value_is_what_its_picture_is_answered(bundled, bee) -> None:
    steps = curve(bundled, bee.crop, "blur", values=(0, 1, 2.5, 6, 8))
    assert list(steps) == [(0, 5)]
    found = finish(curve(bundled, bee.crop, "blur", values=(0, 1, 2.5, 6, 8)))
    for value, logits in zip(found.values, found.logits, strict=True):
        alone = predict.classify_crop(bundled, corrupted(bee.crop, "blur", value))
        assert np.allclose(alone.logits, logits, atol=1e-5)
    best = bee.predictions[0]
    assert found.probabilities(best.index)[found.clean] == pytest.approx(best.probability, abs=1e-6)


def test_changes_are_the_first_on_either_side() -> None:
    answers = [1, 0, 1, 1, 2, 1, 0]
    logits = torch.nn.functional.one_hot(torch.tensor(answers), 3).float().numpy()
    found = Curve("shift", (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0), logits)
    assert found.answers == answers
    assert found.changes == [(-2.0, 0), (1.0, 2)]
    assert Curve("shift", (0.0, 1.0), logits[2:4]).changes == []
