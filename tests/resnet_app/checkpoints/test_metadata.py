"""What a file says beside its weights: as JSON can hold it, unchanged where it is plain, gone where it is not."""

import json
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_app.checkpoints.metadata import from_json, plain_metadata

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
NESTED = PLAIN | st.lists(PLAIN, max_size=4) | st.dictionaries(TEXT, st.lists(PLAIN, max_size=3), max_size=3)
KEYS = TEXT.filter(lambda key: "optim" not in key)
ODD = st.text(st.characters(), max_size=9) | st.floats() | st.integers() | st.binary(max_size=4) | st.just({1}) | PLAIN
ANYTHING = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


@EXAMPLES
@given(root=st.dictionaries(st.text(st.characters()) | st.integers(), ANYTHING, max_size=5))
def test_json_and_utf_8_take_whatever_is_kept(root):
    json.dumps(plain_metadata(root), allow_nan=False, ensure_ascii=False).encode("utf-8")


@EXAMPLES
@given(root=st.dictionaries(KEYS, NESTED, max_size=5))
def test_plain_values_stay_as_they_are(root):
    assert plain_metadata(root) == root
    assert from_json(json.dumps(root, ensure_ascii=False)) == root


@pytest.mark.parametrize(
    "value",
    [nan, -inf, 2**64, -(2**64), b"bytes", {1, 2}, object(), "x" * 10_001, [[nan]], {"a": {"b": 1j}}, ["x" * 10_001]],
    ids=lambda value: f"{type(value).__name__} {value}"[:20].partition(" object at")[0],  # no address: workers compare
)  # fmt: skip
def test_what_is_not_plain_is_left_out_whole_and_the_rest_stays(value):
    root = {"before": 1, "it": value, "list": [1, value], "after": 2}
    assert plain_metadata(root) == {"before": 1, "after": 2}


def test_a_value_that_holds_itself_and_one_of_great_depth_are_left_out():
    circle = [1]
    circle.append(circle)
    deep = []
    for _ in range(2_000):
        deep = [deep]
    assert plain_metadata({"circle": circle, "deep": deep, "epoch": 3}) == {"epoch": 3}


def test_half_of_a_surrogate_pair_is_replaced_and_a_whole_one_stays():
    root = {"by\ud83d": ["\udc1d", ("🐝", {"k\udfff": "\ud83d\udc1d"})]}
    assert plain_metadata(root) == {"by\ufffd": ["\ufffd", ("🐝", {"k\ufffd": "\ufffd\ufffd"})]}
