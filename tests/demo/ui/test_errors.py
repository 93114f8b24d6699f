"""An error in words: the library's own sentence in each language, and for the rest a reference alone."""

import ast
import inspect
import string
from pathlib import Path

import gradio as gr
import pytest

from demo.locales import LANGUAGES, table
from demo.ui import errors
from resnet_app import images
from resnet_app.architecture import counting
from resnet_app.checkpoints import class_names
from resnet_app.errors import ResNetAppError
from tests.demo.helpers import EVIL, Tags
from tests.paths import ROOT


def test_errors_with_words_in_every_language_say_the_same_as_the_library(no_picture: Path) -> None:
    for provoke in (
        lambda: images.open_picture(no_picture),
        lambda: counting.parse_size("huge"),
        lambda: counting.describe("resnet18", classes=0),
        lambda: counting.describe("resnet18", dilated=("conv5_x",)),
        lambda: class_names.check_class_names(("a",), 2),
    ):
        with pytest.raises(ResNetAppError) as caught:
            provoke()
        assert errors.sentence(caught.value, "en") == str(caught.value)
        assert errors.sentence(caught.value, "zh-CN") != str(caught.value)


def test_a_program_gets_one_sentence_and_no_chain_of_causes() -> None:
    @errors.for_programs
    def endpoint(value: int = 3, *, what: str = "all") -> str:
        """Its words."""
        if value < 0:
            raise ResNetAppError("Give 0 or more.")
        return f"{10 // value} {what}"

    assert endpoint(5, what="halves") == "2 halves"
    assert list(inspect.signature(endpoint).parameters) == ["value", "what"]  # Gradio makes the contract of these
    assert endpoint.__doc__ == "Its words."
    with pytest.raises(gr.Error) as caught:
        endpoint(-1)
    assert (caught.value.message, caught.value.print_exception) == ("Give 0 or more.", False)
    assert caught.value.__suppress_context__
    with pytest.raises(gr.Error) as caught:
        endpoint(0)
    assert "division" not in caught.value.message
    assert "reference" in caught.value.message


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_files_name_in_a_sentence_is_text(language: str) -> None:
    shown = errors.problem(ResNetAppError(f"There is no {EVIL}. Choose another."), language)
    assert shown["visible"] is True
    parts = Tags(shown["value"])
    assert EVIL in parts.words
    assert all(tag != "img" for tag, _ in parts.found)


def test_every_error_with_a_code_has_words_that_its_values_fill() -> None:
    found = set()
    for path in (ROOT / "resnet_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") == "Note":
                continue
            given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            code = given.pop("code", None)
            if isinstance(code, ast.Constant) and code.value:
                found.add(code.value)
                for language in LANGUAGES:
                    blanks = {name for _, name, *_ in string.Formatter().parse(table(language)[f"error_{code.value}"])}
                    assert blanks - {None} <= given.keys(), (path.name, code.value, language)
    assert len(found) >= 15
