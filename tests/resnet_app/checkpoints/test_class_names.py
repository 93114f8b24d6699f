"""Class names in a file's metadata or typed: in the order of the outputs, however they are written down."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_app.checkpoints.class_names import class_names_in, parse_class_names, read_class_names
from resnet_app.errors import ClassNamesError

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True, database=None)
PRINTABLE = st.characters(categories=["L", "N", "P", "S"], include_characters=" ")
NAMES = st.lists(
    st.text(PRINTABLE, min_size=1, max_size=12).map(str.strip).filter(bool), min_size=2, max_size=9, unique=True
)


@EXAMPLES
@given(names=NAMES, chance=st.randoms(use_true_random=False))
def test_every_way_of_writing_gives_the_same_names(names, chance):
    pairs = list(enumerate(names))
    chance.shuffle(pairs)
    ways = [
        json.dumps(names),
        json.dumps(names, ensure_ascii=False, indent=2),
        json.dumps({str(index): name for index, name in pairs}),
        json.dumps({name: index for index, name in pairs}),
        json.dumps([["n01440764", name] for name in names]),
        "\n".join(f"{index}: {name}" for index, name in pairs),
        "\r\n".join(f" {index},\t{name} " for index, name in pairs) + "\r\n",
    ]
    assert {parse_class_names(way) for way in ways} == {tuple(names)}


@EXAMPLES
@given(names=NAMES, chance=st.randoms(use_true_random=False))
def test_a_files_names_are_in_the_order_of_its_outputs(names, chance):
    pairs = list(enumerate(names))
    chance.shuffle(pairs)
    for metadata in ({"classes": names}, {"class_names": tuple(names)}, {"class_to_idx": {n: i for i, n in pairs}}):
        assert class_names_in(metadata, len(names)) == tuple(names)
        assert class_names_in(metadata, len(names) + 1) is None


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"classes": ["a", "b", "c"], "class_names": ["x", "y"]}, ("x", "y")),
        ({"class_names": ["x", "y"], "classes": ["a", "b"]}, ("a", "b")),
        ({"classes": ["a", "a"], "class_to_idx": {"q": 1, "p": 0}}, ("p", "q")),
        ({"classes": 2, "class_names": "ab"}, None),
        ({"classes": [0, 1]}, None),
        ({"classes": ["a", "\x1b[2J"]}, None),
        ({"classes": ["a", "\ud800"]}, None),
        ({"class_to_idx": {"a": False, "b": True}}, None),
        ({"class_to_idx": {"a": "0", "b": "1"}}, None),
        ({"class_to_idx": {}}, None),
        ({"labels": ["a", "b"]}, None),
    ],
)
def test_the_first_names_that_fit_two_outputs_are_taken(metadata, names):
    assert class_names_in(metadata, 2) == names


@pytest.mark.parametrize("name", ["names.txt", os.fsdecode(b"caf\xe9.txt"), "x" * 200 + ".txt"])
def test_what_is_no_text_in_utf_8_is_refused_by_a_name_that_can_be_shown(tmp_path, is_plain, name):
    (tmp_path / name).write_bytes("ants\ncafé".encode("latin-1"))
    with pytest.raises(ClassNamesError, match="is not a text file in UTF-8") as caught:
        read_class_names(tmp_path / name)
    assert is_plain(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("indices", [{"a": 0, "b": 0}, {"a": 1, "b": 2}, {"a": 0, "b": 2}, {"a": -1, "b": 0}])
def test_indices_that_say_no_order_name_no_classes(indices):
    assert class_names_in({"class_to_idx": indices}, 2) is None
    assert class_names_in({"class_to_idx": {"b": 1, "a": 0}}, 2) == ("a", "b")
