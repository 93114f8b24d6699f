"""Every word comes from one table, whole in both languages."""

import ast
import io
import re
import string
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demo.locales import CHINESE, ENGLISH, LANGUAGES, best_language, table, text
from demo.ui.errors import sentence
from resnet_app.checkpoints import read
from resnet_app.checkpoints.class_names import (
    MAX_NAMES_BYTES,
    check_class_names,
    parse_class_names,
    read_class_names,
)
from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.errors import CheckpointError, ResNetAppError
from resnet_app.images import ACCEPTED
from tests.paths import ROOT

DEMO = ROOT / "demo"


def blanks(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_languages_have_the_same_keys_and_blanks() -> None:
    english, chinese = table(ENGLISH), table(CHINESE)
    assert set(english) == set(chinese)
    for key in english:
        assert blanks(english[key]) == blanks(chinese[key]), key
        assert english[key].strip()
        assert chinese[key].strip()


NAMES = {"title", "stem_imagenet", "norm_batch", "norm_group"}


def test_what_pictures_are_accepted_is_said_in_the_librarys_words() -> None:
    for key in ("error_not_a_picture", "error_too_many_pixels", "error_too_large_picture"):
        assert table(ENGLISH)[key].endswith(ACCEPTED)
        assert all(figure in table(CHINESE)[key] for figure in ("2 亿", "渐进式 5000 万", "最大 5000 万"))


def test_chinese_is_chinese() -> None:
    same = {key for key in table(ENGLISH) if table(ENGLISH)[key] == table(CHINESE)[key]}
    assert all(not re.search("[a-z]{4}", table(ENGLISH)[key]) or key in NAMES or "weights" in key for key in same)


def test_every_key_that_the_code_names_is_in_the_table() -> None:
    code = "\n".join(path.read_text("utf-8") for path in DEMO.rglob("*.py"))
    named = set(re.findall(r'text\(\s*(?:\w+\.)?\w+,\s*"([\w-]+)"', code)) | set(
        re.findall(r'heading\("([\w-]+)"\)', code)
    )
    named |= {key for template in TEMPLATES for key in re.findall(r"""text\(["'](\w+)["'][,)]""", template)}
    assert len(named) >= 80
    assert named <= set(table(ENGLISH))


TEMPLATES = [path.read_text("utf-8") for path in (DEMO / "templates").rglob("*.html")]


def words_of_the_code() -> Iterator[str]:
    """Every string and every field's name: what a key, or a part of one, can be made of."""
    for path in (*DEMO.rglob("*.py"), *(ROOT / "resnet_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.keyword) and node.arg:
                yield node.arg
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id
    for template in TEMPLATES:
        yield from re.findall(r"""["']([\w+-]+)["']""", template)
    yield from terms(ENGLISH)


def terms(language: str) -> set[str]:
    """The exact terms that stand behind plain words: ``[points|logit]``."""
    return {term for words in table(language).values() for term in re.findall(r"\[[^|\]]+\|(\w+)\]", words)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_has_its_meaning(language: str) -> None:
    assert terms(language) == terms(ENGLISH)
    assert all(f"term_{term}" in table(language) for term in terms(language))


def composed_keys() -> Iterator[str]:
    """The keys that are put together, as patterns: f"map_{what}", text("map_" ~ what), choices("map", ...)."""
    for path in DEMO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and re.search(r"\w{3}", "".join(literals(node))):
                yield "".join(re.escape(part) if part else "(.+)" for part in literals(node))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "choices":
                yield f"{ast.literal_eval(node.args[0])}_(.+)"
    part = r'(?:"\w+"|[\w.]+)'
    for template in TEMPLATES:
        for parts in re.findall(rf"\(({part}(?: ~ {part})+)[,)]", template):
            yield "".join(each.strip('"') if each[0] == '"' else "(.+)" for each in parts.split(" ~ "))


def literals(node: ast.JoinedStr) -> list[str]:
    """The parts of an f-string; empty for what is filled in."""
    return [str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values]


def test_no_key_is_dead() -> None:
    words, patterns = set(words_of_the_code()), [re.compile(pattern) for pattern in composed_keys()]

    def is_used(key: str) -> bool:
        found = (pattern.fullmatch(key) for pattern in patterns)
        return key in words or any(match and words.issuperset(match.groups()) for match in found)

    assert is_used("method_gradcam++")
    assert not is_used("method_none_of_ours")
    assert [key for key in table(ENGLISH) if not is_used(key)] == []


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh", CHINESE), ("zh-CN", CHINESE), ("zh-HK", CHINESE), ("zh-Hans-CN", CHINESE), ("en-GB", ENGLISH),
        (None, ENGLISH), ("", ENGLISH), ("fr-FR,fr;q=0.9,zh;q=0.5", CHINESE), ("de", ENGLISH),
        ("en-US,en;q=0.9,zh;q=0.8", ENGLISH), ("en;q=0.5,zh;q=0.9", CHINESE), ("zh;q=0,en", ENGLISH),
        ("zh;q=a lot,en;q=0.1", ENGLISH),
    ],
)  # fmt: skip
def test_best_language(wanted: str | None, language: str) -> None:
    assert best_language(wanted) == language


def test_blanks_are_filled_and_unknown_keys_are_errors() -> None:
    assert text(CHINESE, "loading", name="ResNet-50") == "正在载入 ResNet-50"
    assert set(LANGUAGES) == {ENGLISH, CHINESE}
    with pytest.raises(KeyError):
        text(ENGLISH, "no such key")


def changed(state: dict[str, Any], key: str, value: float) -> dict[str, Any]:
    return {**state, key: torch.full_like(state[key], value)}


def renamed(state: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new + key.removeprefix(old) if key.startswith(old) else key: each for key, each in state.items()}


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


SPOILT: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda state: {f"Mixed_5b.{key}": state[key] for key in list(state)[:4]}, "other_family"),
    (lambda state: {key: state[key] for key in list(state)[:6]}, "no_resnet"),
    (lambda state: {key: each for key, each in state.items() if not key.startswith("fc")}, "no_classifier"),
    (lambda state: {key: each for key, each in state.items() if key != "bn1.weight"}, "missing_key"),
    (lambda state: {**state, "conv1.weight": torch.ones(64, 1, 7, 7)}, "other_shape"),
    (lambda state: {**state, "fc.bias": torch.tensor([float("nan"), 1.0])}, "not_finite"),
    (lambda state: {"state_dict": state, "hook": eval}, "runs_code"),
    (lambda _: {"state": {0: {"step": torch.ones(1)}}, "param_groups": []}, "optimizer_alone"),
    (lambda _: {"optimizer": {"exp_avg": torch.ones(1)}, "epoch": 1}, "optimizer_alone"),
    (lambda _: torch.ones(3), "one_tensor"),
    (lambda state: list(state.values()), "no_named_weights"),
    (lambda _: Fraction(1, 2), "whole_object"),
    (lambda state: {"teacher": state, "student": dict(state)}, "several_weights"),
    (lambda state: {f"{name}.{key}": state[key] for name in ("teacher", "pupil") for key in state}, "several_networks"),
    (lambda state: state | {f"teacher.{key}": each for key, each in state.items()}, "several_networks_and_rest"),
    (lambda state: {**state, "fc.weight": np.ones((2, 512), np.float32)}, "numpy_values"),
    (lambda state: {**state, "fc.weight": torch.ones(2, 512).to_sparse()}, "odd_tensor"),
    (lambda state: {**state, "fc.0.weight": torch.ones(2, 2), "fc.2.weight": torch.ones(2, 2)}, "long_head"),
    (lambda state: {**state, "fc.1.weight": torch.ones(2, 512)}, "two_heads"),
    (
        lambda state: {f"net.{key}": each for key, each in state.items()} | {"fc.weight": torch.ones(2, 2)},
        "second_head",
    ),
    (lambda state: renamed(state, "fc.", "head."), "head_elsewhere"),
    (lambda state: {**state, "fc.weight": torch.ones(1, 512), "fc.bias": torch.ones(1)}, "one_output"),
    (lambda state: renamed(state, "conv1.", "conv1.0."), "deep_stem"),
    (lambda state: {**state, "conv1.weight_orig": torch.ones(1), "conv1.weight_mask": torch.ones(1)}, "pruned"),
    (lambda state: (state, 0.9), "weights_in_list"),
    (lambda state: {key: each for key, each in state.items() if "layer4.1." not in key}, "other_depth"),
    (lambda state: {**state, "layer1.0.se.weight": torch.ones(1)}, "surplus"),
    (lambda state: {**state, "fc.weight": torch.ones(2, 512, dtype=torch.int8)}, "no_floats"),
    (lambda state: changed(state, "layer1.0.bn2.running_var", -0.5), "negative_variances"),
    (lambda state: changed(state, "fc.weight", 3e38), "too_large_numbers"),
]
STRANGE = {  # whole files by the code of what is said of them
    "web_page": b"<!doctype html>", "damaged": b"PK\x03\x04 broken", "file_is_empty": b"",
    "no_checkpoint": b"Dear reader, these are no weights.", "file_is_picture": b"\x89PNG\r\n", "file_is_pdf": b"%PDF-1",
    "file_is_gguf": b"GGUF\x03", "file_is_onnx": b"\x08\x07", "file_is_tflite": b"\x1c\x00\x00\x00TFL3",
    "file_is_numpy": b"\x93NUMPY", "file_is_gzip": b"\x1f\x8b\x08", "file_is_rar": b"Rar!\x1a",
    "file_is_lfs": b"version https://git-lfs.github.com/spec/v1", "file_is_pickle": b"\x80\x04}\x94.",
    "zipped_checkpoint": zipped(**{"weights.pth": b""}), "numpy_archive": zipped(**{"fc.weight.npy": b""}),
    "other_zip": zipped(**{"readme.txt": b""}),
    "torchscript": zipped(**{"net/data.pkl": b"", "net/constants.pkl": b""}),
}  # fmt: skip
NAMED: list[tuple[Callable[[Path], Any], str]] = [  # class names, given a folder
    (lambda _: check_class_names(("a",), 2), "class_names_count"),
    (lambda _: check_class_names(("a", "a"), 2), "same_class_name"),
    (lambda _: check_class_names(("a\n",), 1), "bad_class_name"),
    (lambda _: parse_class_names("[1]"), "names_no_list"),
    (lambda folder: read_class_names(written(folder, b"\xff")), "names_no_text"),
    (lambda folder: read_class_names(written(folder, b" " * (MAX_NAMES_BYTES + 1))), "names_too_large"),
    (lambda folder: read_class_names(folder / "absent.txt"), "unreadable_file"),
]


def written(folder: Path, data: bytes) -> Path:
    path = folder / "file.pth"
    path.write_bytes(data)
    return path


def assert_said_in_both(error: ResNetAppError, code: str) -> None:
    """The page says in English what the library says, and in Chinese the same with the same figures and names."""
    assert error.code == code
    assert sentence(error, ENGLISH) == str(error)
    chinese = sentence(error, CHINESE)
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert all(isinstance(value, str | int) and str(value) in chinese for value in error.values.values())


@pytest.mark.parametrize(("spoil", "code"), SPOILT)
def test_the_doctors_words_on_the_page_are_the_librarys_own(saved, small_state, spoil, code) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(saved(spoil(small_state())))
    assert_said_in_both(caught.value, code)


@pytest.mark.parametrize("code", STRANGE)
def test_what_else_a_file_may_be_in_words(tmp_path: Path, code: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(written(tmp_path, STRANGE[code]))
    assert_said_in_both(caught.value, code)


@pytest.mark.parametrize(("give", "code"), NAMED)
def test_class_names_that_will_not_do_in_words(tmp_path: Path, give: Callable[[Path], Any], code: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        give(tmp_path)
    assert_said_in_both(caught.value, code)


def test_a_file_that_is_not_there_or_too_large_or_locked_in_words(tmp_path: Path, monkeypatch) -> None:
    path = written(tmp_path, b"four")

    def assert_refused(file: Path, code: str) -> None:
        with pytest.raises(CheckpointError) as caught:
            read_checkpoint(file)
        assert_said_in_both(caught.value, code)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert_refused(tmp_path / "absent\udcff.pth", "no_file")  # a name that is no text
    assert_refused(tmp_path, "checkpoint_is_folder")
    monkeypatch.setattr(read, "MAX_BYTES", 3)
    assert_refused(path, "too_many_bytes")
    monkeypatch.setattr(Path, "open", refuse)
    assert_refused(path, "unreadable_file")


def test_each_of_the_doctors_codes_is_tried_above() -> None:
    tried = {code for _, code in SPOILT + NAMED} | set(STRANGE)
    tried |= {"no_file", "checkpoint_is_folder", "too_many_bytes", "unreadable_file"}
    library = ROOT / "resnet_app"
    modules = [*(library / "checkpoints").glob("*.py"), library / "errors.py"]
    words = (node.value for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.Constant))  # fmt: skip
    assert {word for word in words if f"error_{word}" in table(ENGLISH)} == tried


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_on_a_file_are_in_both_languages(saved, small_state, language: str) -> None:
    content = {"arch": "resnet50", "classes": ["a"], "model_ema": {**small_state(), "beside": torch.ones(1)}}
    notes = read_checkpoint(saved(content)).notes
    assert [note.code for note in notes] == ["averaged", "renamed", "class_names", "beside"]
    for note in notes:
        said = text(language, f"note_{note.code}", **note.values)
        assert (said == note.text) == (language == ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_text_without_tags_or_stray_braces_and_blanks(language: str) -> None:
    for key, words in table(language).items():
        assert not re.search(r"</?[a-z]+[ >]|&\w+;", words), key
        assert words == words.strip(), key
        assert "  " not in words, key
        filled = words.format(**dict.fromkeys(blanks(words), "x"))
        assert "{" not in filled, key
        assert "}" not in filled, key


def test_chinese_sentences_end_as_english_ones_do_in_their_own_signs() -> None:
    english, chinese = table(ENGLISH), table(CHINESE)
    for key, words in english.items():
        if words.endswith(".") and not words.endswith(("...", "}.")):
            assert chinese[key].endswith(("。", "」", "”", "）")), key
        assert not re.search("[\u4e00-\u9fff][,.;?!]", chinese[key]) or key == "class_names_hint", key


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (" zh ", CHINESE), ("ZH-hant", CHINESE), ("EN", ENGLISH), ("*", ENGLISH), (",,,", ENGLISH), (";q=1", ENGLISH),
        ("fr;q=1, en;q=0.8, zh;q=0.5", ENGLISH), ("<script>", ENGLISH), ("fr," * 10_000 + "zh", CHINESE),
    ],
)  # fmt: skip
def test_whatever_a_browser_sends_is_a_language_of_ours(wanted: str, language: str) -> None:
    assert best_language(wanted) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_sizes_in_the_lesson_stay_on_one_line(language: str) -> None:
    words = {key: said for key, said in table(language).items() if key.startswith("lesson_")}
    assert sum("\u00a0×\u00a0" in said for said in words.values()) > 4
    assert [key for key, said in words.items() if re.search(r"[\d}] ×|× [\d{]", said)] == []
