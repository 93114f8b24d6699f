"""Every word comes from one table, whole in both languages."""

import re
import string
from pathlib import Path

import pytest

from demo.locales import CHINESE, ENGLISH, LANGUAGES, best_language, table, text

DEMO = Path(__file__).parent.parent / "demo"


def blanks(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_languages_have_the_same_keys_and_blanks() -> None:
    english, chinese = table(ENGLISH), table(CHINESE)
    assert set(english) == set(chinese)
    for key in english:
        assert blanks(english[key]) == blanks(chinese[key]), key
        assert english[key].strip()
        assert chinese[key].strip()


def test_chinese_is_chinese() -> None:
    same = {key for key in table(ENGLISH) if table(ENGLISH)[key] == table(CHINESE)[key]}
    assert all(
        not re.search("[a-z]{4}", table(ENGLISH)[key]) or key in {"title", "stem_imagenet"} or "weights" in key
        for key in same
    )


def test_every_key_that_the_code_names_is_in_the_table() -> None:
    code = "\n".join(path.read_text("utf-8") for path in DEMO.rglob("*.py"))
    named = set(re.findall(r'text\(\s*(?:\w+\.)?\w+,\s*"([\w-]+)"', code)) | set(
        re.findall(r'heading\("([\w-]+)"\)', code)
    )
    assert len(named) >= 40
    assert named <= set(table(ENGLISH))


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh", CHINESE), ("zh-CN", CHINESE), ("zh-HK", CHINESE), ("zh-Hans-CN", CHINESE), ("en-GB", ENGLISH),
        (None, ENGLISH), ("", ENGLISH), ("fr-FR,fr;q=0.9,zh;q=0.5", CHINESE), ("de", ENGLISH),
        ("en-US,en;q=0.9,zh;q=0.8", ENGLISH),
    ],
)  # fmt: skip
def test_best_language(wanted: str | None, language: str) -> None:
    assert best_language(wanted) == language


def test_blanks_are_filled_and_unknown_keys_are_errors() -> None:
    assert text(CHINESE, "loading", name="ResNet-50") == "正在载入 ResNet-50"
    assert set(LANGUAGES) == {ENGLISH, CHINESE}
    with pytest.raises(KeyError):
        text(ENGLISH, "no such key")
