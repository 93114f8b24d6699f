"""Class names that are typed or lie in a file, and a line of progress on a screen."""

import io
import sys
from pathlib import Path

import pytest

from resnet_app.cli.options import OneLineParser, ProgressLine, add_choice, chosen_model
from resnet_app.errors import ClassNamesError


def options_of(*arguments):
    parser = OneLineParser(prog="test")
    add_choice(parser)
    return parser.parse_args([*arguments, "--device", "cpu"])


def test_class_names_are_read_from_a_file_or_taken_as_they_are_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("0: 蚂蚁\n1: bee, wild\n", "utf-8")
    Path("a,b").write_text("from,the,file")
    Path("folder").mkdir()
    for given, names in (
        ("names.txt", ("蚂蚁", "bee, wild")), ("a,b", ("a", "b")), ("folder", ("folder",)), ("x" * 5000, ("x" * 5000,)),
        ('["a", "b"]', ("a", "b")), ("absent.txt", ("absent.txt",)),
    ):  # fmt: skip
        assert chosen_model(options_of("--classes", given)).class_names == names
    assert chosen_model(options_of()).class_names is None
    Path("names.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ClassNamesError, match=r"names\.txt is not a text file"):
        chosen_model(options_of("--classes", "names.txt"))


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_one_line_that_ends_when_it_is_done(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    line = ProgressLine("Downloading")
    for done in (0, 2**20, 3 * 2**20 - 1, 3 * 2**20):
        line(done, 3 * 2**20)
    *shown, last = screen.getvalue().split("\r")
    assert (last, shown[1:]) == ("Downloading: 3 of 3 MB\n", [f"Downloading: {mb} of 3 MB" for mb in (0, 1, 2)])
