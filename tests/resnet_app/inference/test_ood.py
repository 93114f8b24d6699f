"""Energy and its threshold against numpy and scipy; what a checkpoint states comes back, and nonsense does not."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from resnet_app.inference.ood import OodThreshold, energy

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True, database=None)
ROWS = st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), min_size=1, max_size=8)


def drawn(count, seed=0):
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(seed)) * 4


@EXAMPLES
@given(rows=ROWS, shift=st.floats(-100, 100, width=16))
def test_energy_is_scipys_and_goes_down_by_what_every_logit_goes_up(rows, shift):
    logits = torch.tensor(rows, dtype=torch.float64)
    assert energy(logits).numpy() == pytest.approx(-logsumexp(rows, axis=1), abs=1e-9)
    assert (energy(logits) - energy(logits + shift)).tolist() == pytest.approx([shift] * len(rows), abs=1e-6)


def test_half_precision_and_huge_logits_neither_overflow_nor_lose_their_order():
    assert energy(torch.tensor([[60000.0, 60000.0]], dtype=torch.float16)).item() == pytest.approx(-60000 - np.log(2))
    assert energy(torch.tensor([3e38, -3e38])).item() == pytest.approx(-3e38)
    assert energy(torch.tensor([-800.0, -801.0])).item() > energy(torch.tensor([-799.0, -801.0])).item()


@EXAMPLES
@given(threshold=st.floats(-1e6, 1e6), alarms=st.floats(0, 1), pictures=st.integers(20, 10**6))
def test_what_a_checkpoint_states_comes_back_through_json(threshold, alarms, pictures):
    stated = OodThreshold(threshold, alarms, pictures)
    assert OodThreshold.of_metadata(json.loads(json.dumps(stated.as_dict()))) == stated


@pytest.mark.parametrize("key", ["score", "threshold", "false_alarms", "pictures"])
@pytest.mark.parametrize("value", [None, [], {}, "much", float("nan"), float("inf")], ids=str)
def test_a_statement_with_one_senseless_figure_is_none(key, value):
    stated = OodThreshold(1.0, 0.05, 20).as_dict()
    assert OodThreshold.of_metadata({**stated, key: value}) is None
