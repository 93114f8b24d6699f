"""A pickle followed without unpickling, against the standard library's pickle; what would run code is refused."""

import io
import pickle
import subprocess
from collections import OrderedDict, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_app.checkpoints.pickle_reader import follow
from resnet_app.errors import CheckpointError

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True, database=None)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
KEYS = st.text(st.characters(), max_size=8) | st.integers(-(2**70), 2**70)
LEAVES = st.none() | st.booleans() | st.floats(allow_nan=False) | KEYS
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=5).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def followed(value, protocol=2):
    return follow(io.BytesIO(pickle.dumps(value, protocol)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@EXAMPLES
@given(value=VALUES)
def test_plain_values_are_those_of_pickle(protocol, value):
    found = followed([value, {"again": value}], protocol)
    assert found == [value, {"again": value}]
    assert repr(found) == repr([value, {"again": value}])  # 1, 1.0 and True are equal, -0.0 and 0.0 too


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_dicts_with_a_class_of_their_own_become_plain_ones(protocol):
    given_dicts = [OrderedDict(b=1, a=OrderedDict(c=2)), defaultdict(list, {"loss": [0.5]}), OrderedDict()]
    found = followed(given_dicts, protocol)
    assert found == [{"b": 1, "a": {"c": 2}}, {"loss": [0.5]}, {}]
    assert all(type(each) is dict for each in found)
    assert list(found[0]) == ["b", "a"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_named_twice_is_one_and_what_holds_itself_is_followed(protocol):
    circle = {"x": 1}
    circle["me"] = [circle]
    found = followed({"a": circle, "b": circle}, protocol)
    assert found["a"] is found["b"] is found["a"]["me"][0]


class Evil:
    def __reduce__(self):
        return subprocess.getoutput, ("touch /nowhere",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "evil", [Evil(), eval, exec, __import__, subprocess.Popen, pickle.loads],
    ids=lambda evil: getattr(evil, "__qualname__", "an object"),
)  # fmt: skip
def test_what_would_run_code_is_refused_wherever_it_is_named(evil, protocol, is_plain):
    for value in (evil, {"a": 1, "extra": [evil]}):
        with pytest.raises(CheckpointError, match="nothing of it was run") as caught:
            followed(value, protocol)
        assert is_plain(caught.value)


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cos\nsystem\n.", b"c__builtin__\neval\n.", b"cnt\nsystem\n.", b"(ios\nsystem\n.", b"(cos\nsystem\no.",
        b"\x8c\x02os\x8c\x06system\x93.", b"\x8c\x05posix\x8c\x06system\x93)R.", b"cos.path\njoin\n0N.",
    ],
)  # fmt: skip
def test_by_every_opcode_that_names_something(opcodes):
    with pytest.raises(CheckpointError, match="would run code"):
        follow(io.BytesIO(opcodes))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_pickle_is_followed_and_the_stream_left_behind_it(protocol):
    """A file of torch's older format has five, one behind the other."""
    stream = io.BytesIO(b"".join(pickle.dumps(each, protocol) for each in ("first", [2], {"k": 3})) + b"rest")
    assert [follow(stream) for _ in range(3)] == ["first", [2], {"k": 3}]
    assert stream.read() == b"rest"
