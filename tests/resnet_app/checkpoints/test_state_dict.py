"""Named shapes: which dict holds the weights, which tensor does not fit, and names that are fit to be shown."""

from itertools import permutations

import pytest
import torch
import torchvision
from hypothesis import example, given, settings
from hypothesis import strategies as st

from resnet_app.checkpoints.pickle_reader import Storage, StoredTensor
from resnet_app.checkpoints.printed import printable
from resnet_app.checkpoints.state_dict import find_network, find_state_dict, require_fit
from resnet_app.errors import CheckpointError
from resnet_app.registry import SPECS

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SPEC = SPECS["resnet50"]
with torch.device("meta"):
    THEIRS = {k: tuple(t.shape) for k, t in torchvision.models.resnet50(num_classes=7).state_dict().items()}


def stored(*shape):
    return StoredTensor(Storage("0", torch.float32, 1), 0, shape, (0,) * len(shape))


WEIGHTS = {f"w{i}": stored(i) for i in range(3)}


def test_the_wrapper_that_is_meant_does_not_hang_on_the_order():
    others = {
        "state_dict": {"w": stored(1)},
        "model_ema": WEIGHTS,
        "optimizer": {"state": {"m": stored(2)}},
        "epoch": 3,
    }
    for order in permutations(others):
        assert find_state_dict({key: others[key] for key in order}) == (WEIGHTS, ("model_ema",))


@EXAMPLES
@given(key=st.sampled_from(sorted(THEIRS)))
def test_a_tensor_that_is_missing_is_named_but_for_step_counters(key):
    rest = {each: shape for each, shape in THEIRS.items() if each != key}
    if key.endswith("num_batches_tracked"):
        return require_fit(SPEC, rest, THEIRS)
    with pytest.raises(CheckpointError) as caught:
        require_fit(SPEC, rest, THEIRS)
    assert f"but {key} is missing" in str(caught.value)
    assert caught.value.values["tensor"] == key


@EXAMPLES
@given(key=st.sampled_from(sorted(THEIRS)), shape=st.lists(st.integers(0, 9), max_size=5).map(tuple))
def test_a_tensor_of_another_shape_is_named_with_both(key, shape):
    if shape == THEIRS[key]:
        return
    with pytest.raises(CheckpointError) as caught:
        require_fit(SPEC, {**THEIRS, key: shape}, THEIRS)
    assert f"{key} has the shape {list(shape)}, not {list(THEIRS[key])}" in str(caught.value)


@EXAMPLES
@given(name=st.text(st.characters(), max_size=80))
@example(name="\u202e\x1b[31m\ud800\n")
def test_a_name_from_a_file_is_short_and_can_be_shown(name):
    shown = printable(name)
    assert shown.isprintable()
    shown.encode()
    assert len(shown) <= 43
    assert (shown == name) is (name.isprintable() and len(name) <= 40)


def test_two_classifiers_are_refused_in_any_order():
    both = {**{key: stored(*shape) for key, shape in THEIRS.items()}, "fc.1.weight": stored(3, 2048)}
    for order in (both, dict(reversed(both.items()))):
        with pytest.raises(CheckpointError, match=r"holds two classifiers \(fc and fc\.1\)"):
            find_network(order)


def test_a_file_with_an_optimizers_tensors_alone_says_so():
    with pytest.raises(CheckpointError, match="holds an optimizer's state and no weights"):
        find_state_dict({"optimizer": {"exp_avg": stored(1)}, "epoch": 1})
