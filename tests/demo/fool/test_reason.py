"""Is it the bee or the flower?, without a browser: what was measured, and an example taken apart."""

import re
import shutil
from typing import Any

import pytest

from demo.fool import reason_handlers
from demo.fool.reason_handlers import AskedReason, ShownReason
from demo.locales import LANGUAGES, text
from resnet_app.robustness.reason_record import ROWS, recorded
from tests.page import last, visit
from tests.paths import EXAMPLES


def shown(work: Any, **page: Any) -> ShownReason:
    return last(work, AskedReason(visit(**page)), ShownReason)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_is_the_record(language: str) -> None:
    told = shown(reason_handlers.tell, language=language).told
    assert told.count("<tr>") == 1 + len(ROWS)
    for found in recorded().values():
        for row in found.rows:
            assert text(language, f"reason_row_{row.variant}") in told
            assert f"<small>({row.total.right}/{row.total.of})</small></td>" in told
        assert found.date in told
        assert found.model in told


def test_the_example_in_sight_is_taken_apart() -> None:
    result = shown(reason_handlers.take_apart, photo=str(EXAMPLES / "ant-soil.jpg")).result
    assert result.count("<figure>") == 5
    assert "The picture: ants" in result
    assert text("en", "reason_instead") not in result
    assert len(set(re.findall(r"<img src=\"(data:[^\"]+)\"", result))) == 5


@pytest.mark.parametrize("photo", [None, "nowhere.jpg"])
def test_for_another_photo_or_none_the_example_bee_stands_in(photo: str | None) -> None:
    result = shown(reason_handlers.take_apart, photo=photo).result
    assert "The picture: bees" in result
    assert text("en", "reason_instead") in result


def test_an_example_is_known_by_its_bytes_and_not_by_its_name(tmp_path) -> None:
    copy, false = tmp_path / "x.jpg", tmp_path / "ant-soil.jpg"
    shutil.copy(EXAMPLES / "ant-soil.jpg", copy)
    shutil.copy(EXAMPLES / "ant-leaf.jpg", false)
    false.write_bytes(false.read_bytes() + b"\0")
    assert "The picture: ants" in shown(reason_handlers.take_apart, photo=str(copy)).result
    assert text("en", "reason_instead") in shown(reason_handlers.take_apart, photo=str(false)).result


def test_a_model_of_other_classes_and_another_crop_takes_it_apart_too() -> None:
    result = shown(reason_handlers.take_apart, weights="random").result
    assert result.count("<figure>") == 5
