"""A pass in half the bits: what may ask for it, what it changes, and that this is measured against float32 itself."""

import pytest
import torch

from resnet_app import device
from resnet_app.errors import DeviceError, UnknownChoiceError
from resnet_app.inference import models
from resnet_app.inference.predict import classify
from resnet_app.inference.rounding import Rounding, is_rounded
from resnet_app.many.batch import COMPARED, Batch
from resnet_app.many.earlier import fingerprint
from tests.paths import EXAMPLES


@pytest.fixture
def half(monkeypatch):
    """On a CPU that has the kernels, as far as anybody asks; plain PyTorch computes in bfloat16 on any."""
    monkeypatch.setattr(device, "has_quick_bfloat16", lambda _device: True)
    return models.load(models.choose(precision="bfloat16", device="cpu"))


def test_answers_are_near_and_the_cost_is_what_a_float32_model_says(half, bundled):
    photos, found = sorted(EXAMPLES.glob("*.jpg")), Rounding()
    differences = []
    for photo in photos:
        answer, exact = classify(half, photo), classify(bundled, photo)
        assert answer.predictions[0].label == exact.predictions[0].label
        differences.append(float((answer.logits - exact.logits).abs().max()))
        found.add(half, answer)
    assert 1e-4 < max(differences) < 0.2
    assert (found.count, found.same) == (len(photos), len(photos))
    assert found.difference == pytest.approx(max(differences), abs=1e-3)


def test_a_float32_pass_costs_nothing(bundled):
    found = Rounding()
    found.add(bundled, classify(bundled, EXAMPLES / "bee-daisy.jpg"))
    assert found.difference < 1e-4
    assert not is_rounded(bundled)


def test_a_batch_compares_its_first_pictures_and_no_more(half, bundled):
    run = Batch(half)
    list(run.rows([EXAMPLES / "bee-daisy.jpg"] * (COMPARED + 5)))
    assert (run.rounding.count, run.rounding.same) == (COMPARED, COMPARED)
    exact = Batch(bundled)
    list(exact.rows([EXAMPLES / "bee-daisy.jpg"]))
    assert exact.rounding.count == 0


def test_it_is_another_model_for_the_cache_and_for_a_table(half, bundled):
    assert half.choice != bundled.choice
    assert half.choice.base != bundled.choice.base
    assert fingerprint(half) != fingerprint(bundled)
    assert half.network.conv1.weight.dtype == torch.float32


def test_where_it_would_be_slower_it_is_refused_and_an_unknown_one_too(monkeypatch):
    monkeypatch.setattr(device, "has_quick_bfloat16", lambda _device: False)
    with pytest.raises(DeviceError, match=r"is not quick in bfloat16: that takes a CPU with AVX512-BF16 or AMX"):
        models.choose(precision="bfloat16", device="cpu")
    with pytest.raises(UnknownChoiceError, match=r"Unknown precision 'int8'; choose one of float32, bfloat16"):
        models.choose(precision="int8")
