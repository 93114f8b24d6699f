"""What files are called: text whatever their bytes, as they were given, and no two alike."""

import os
from pathlib import Path

import pytest

from resnet_app.errors import PictureError
from resnet_app.naming import as_given, distinct, shown


def test_names_that_are_no_text_become_text_and_stay_different():
    names = [os.fsdecode(name) for name in (b"caf\xe8.jpg", b"caf\xe9.jpg", "café.jpg".encode())]
    assert [shown(Path(name)) for name in names] == ["caf\\udce8.jpg", "caf\\udce9.jpg", "café.jpg"]
    assert str(PictureError(f"There is no {names[0]}.")).encode("utf-8")


@pytest.mark.parametrize(
    ("given", "path", "name"),
    [
        ("./a.jpg", "a.jpg", "./a.jpg"), ("photos", "photos/b/a.jpg", "photos/b/a.jpg"), (".", "a.jpg", "./a.jpg"),
        ("./photos/", "photos/a.jpg", "./photos/a.jpg"), ("/x//y", "/x/y/a.jpg", "/x//y/a.jpg"),
    ],
)  # fmt: skip
def test_paths_stay_as_they_were_given(given, path, name):
    assert as_given(given, Path(path)) == name


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a", "b"], ["a", "b"]), (["a", "a", "a"], ["a", "a (2)", "a (3)"]), ([], []),
        (["a", "a", "a (2)", "a (2)"], ["a", "a (3)", "a (2)", "a (2) (2)"]),
    ],
)  # fmt: skip
def test_equal_names_get_a_number(names, told):
    assert distinct(names) == told
