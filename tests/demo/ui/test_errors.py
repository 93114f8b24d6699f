"""An error in words: the library's own sentence in each language, and for the rest a reference alone."""

import ast
import inspect
import re
import string
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError

import gradio as gr
import pytest
import torch

from demo.locales import LANGUAGES, table
from demo.ui import errors
from resnet_app import device, images, outputs
from resnet_app import errors as library_errors
from resnet_app.architecture import counting
from resnet_app.checkpoints import class_names
from resnet_app.errors import ResNetAppError
from resnet_app.explain import cam
from resnet_app.inference import download, models, predict
from resnet_app.registry import get_spec
from tests.demo.helpers import EVIL, Tags
from tests.paths import ROOT


def test_errors_with_words_in_every_language_say_the_same_as_the_library(no_picture: Path, monkeypatch) -> None:
    def damaged() -> None:
        download._require_hash("1a2b", "https://x/resnet18-f37072fd.pth")

    def too_large() -> None:
        monkeypatch.setattr(images, "MAX_FILE_BYTES", 3)
        images.open_picture(no_picture)

    for provoke in (
        lambda: images.open_picture(no_picture.with_name("absent.jpg")),
        lambda: images.open_picture("x" * 300),
        lambda: outputs.sha256(no_picture.with_name("absent.jpg")),
        lambda: models.choose("resnet18", "imagenet-v2"),
        lambda: get_spec("resnet18").published("imagenet-v2"),
        lambda: device.resolve("cuda:9"),
        lambda: predict.check_top_k(99),
        lambda: predict.require_numbers(torch.tensor([float("nan")])),
        lambda: counting.describe("resnet18", input_size=(0, 7)),
        lambda: cam.choose(get_spec("resnet18").skeleton(num_classes=1, stem="imagenet"), method="finercam"),
        damaged,
        too_large,
        lambda: images.open_picture(no_picture),
        lambda: counting.parse_size("huge"),
        lambda: counting.describe("resnet18", classes=0),
        lambda: counting.describe("resnet18", dilated=("conv5_x",)),
        lambda: class_names.check_class_names(("a",), 2),
    ):
        with pytest.raises(ResNetAppError) as caught:
            provoke()
        assert errors.sentence(caught.value, "en") == str(caught.value)
        assert re.search("[\u4e00-\u9fff]", errors.sentence(caught.value, "zh-CN"))


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (HTTPError("https://x", 503, "Unavailable", Message(), None), "server_answered"),
        (ConnectionError(), "no_weights"),
        (OSError(28, "No space left on device"), "no_room_for_weights"),
    ],
)
def test_a_download_that_fails_in_words(monkeypatch, tmp_path: Path, refusal: Exception, code: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(download, "fetch", refuse)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ResNetAppError) as caught:
        download.obtain(get_spec("resnet18"), "imagenet-v1")
    assert caught.value.code == code
    assert errors.sentence(caught.value, "en") == str(caught.value)
    assert re.search("[\u4e00-\u9fff]", errors.sentence(caught.value, "zh-CN"))


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


def raised(path: Path) -> Iterator[tuple[str, dict[str, ast.expr]]]:
    """The errors that a file makes: each one's class and what it is given by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(library_errors, node.func.id):
            yield node.func.id, {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}


def test_every_error_with_a_code_has_words_that_its_values_fill() -> None:
    found = set()
    for path in (*(ROOT / "resnet_app").rglob("*.py"), *(ROOT / "demo").rglob("*.py")):
        for _, given in raised(path):
            code = given.pop("code", None)
            if isinstance(code, ast.Constant):
                found.add(code.value)
                for language in LANGUAGES:
                    blanks = {name for _, name, *_ in string.Formatter().parse(table(language)[f"error_{code.value}"])}
                    assert blanks - {None} == given.keys(), (path.name, code.value, language)
    assert len(found) >= 50


PROGRAMS = ("UnknownChoiceError", "OutputError")  # a choice that is none, a folder to write to: no visitor's mistakes
MET = ("checkpoints/*", "images", "inference/download", "explain/*", "training/few_shot", "device")


@pytest.mark.parametrize("pattern", MET)
def test_what_a_visitor_can_meet_is_said_in_every_language(pattern: str) -> None:
    paths = sorted((ROOT / "resnet_app").glob(f"{pattern}.py"))
    assert paths
    for path in paths:
        for name, given in raised(path):
            is_met = name not in PROGRAMS and (path.stem, name) != ("images", "DataError")  # a folder to read from
            assert "code" in given or not is_met, (path.name, name)
