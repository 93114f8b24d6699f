"""Two networks side by side: torchvision's figures, the second over the first, one stage of both, and wrong use."""

import csv
import io
import json
from typing import Any

import gradio as gr
import pytest
from torchvision.models import get_model_weights

from demo.compare import handlers
from demo.compare.layout import FIRST, SECOND
from demo.locales import LANGUAGES
from resnet_app.registry import STAGES
from tests.demo.helpers import EVIL, Tags, downloaded, rows_of
from tests.page import last, split


def compare(**changes: Any) -> handlers.Shown:
    page, own = split(changes)
    usual = {
        "first": "resnet18", "second": "resnet50", "classes": 1000, "input_size": "224x224", "stem": "imagenet",
        "stage": "conv4_x",
    }  # fmt: skip
    return last(handlers.compare, handlers.Asked(page, **{**usual, **own}), handlers.Shown)


def published(name: str) -> dict[str, Any]:
    return get_model_weights(name).DEFAULT.meta


@pytest.mark.parametrize(("first", "second"), [("resnet18", "resnet50"), (FIRST, SECOND)])
def test_the_stages_to_save_add_up_to_what_torchvision_publishes(first: str, second: str) -> None:
    shown = compare(first=first, second=second).stages
    rows = list(csv.DictReader(io.StringIO(downloaded(shown, f"{first}-{second}.csv").decode("utf-8-sig"))))
    assert [row["stage"] for row in rows] == list(STAGES)
    for number, name in ((1, first), (2, second)):
        assert sum(int(row[f"{number} {name} parameters"]) for row in rows) == published(name)["num_params"]
        macs = sum(int(row[f"{number} {name} macs"]) for row in rows) / 1e9
        assert macs == pytest.approx(published(name)["_ops"], abs=0.001)
    records = json.loads(downloaded(shown, f"{first}-{second}.json"))
    assert [{key: str(value) for key, value in record.items()} for record in records] == rows


def test_the_last_column_of_each_is_the_second_over_the_first() -> None:
    *_, total = rows_of(compare().stages)  # 25 557 032 / 11 689 512 and 4.089 G / 1.814 G
    figures = [cell.replace("\u202f", " ") for cell in total[5:]]
    assert figures == ["11.7 M", "25.6 M", "×2.19", "1.81 G", "4.09 G", "×2.25"]


def test_a_network_beside_itself_differs_in_nothing_and_loses_no_column() -> None:
    shown = compare(second="resnet18").stages
    ratios = [cells[place] for cells in rows_of(shown) for place in (7, 10)]
    assert set(ratios) == {"×1.00", "–"}
    assert ratios.count("–") == 4  # the two pools have neither parameters nor MACs
    head = downloaded(shown, "resnet18-resnet18.csv").decode("utf-8-sig").splitlines()[0].split(",")
    assert {"1 resnet18 macs", "2 resnet18 macs"} <= set(head)
    assert len(head) == len(set(head))


@pytest.mark.parametrize("stage", STAGES)
def test_the_chosen_stage_is_marked_and_opened_in_both(stage: str) -> None:
    shown = compare(stage=stage)
    buttons = [a for tag, a in Tags(shown.stages).found if tag == "button" and "data-compare" in a]
    assert [a["data-compare"] for a in buttons if "chosen" in str(a["class"]).split()] == [stage]
    assert [a["data-compare"] for a in buttons] == list(STAGES)
    assert shown.sides.count(f"<small>{stage}</small>") == shown.sides.count("<section>") == 2


@pytest.mark.parametrize("classes", [None, 0, -1, 1e12, "ten", float("nan")])
def test_a_count_that_is_none_is_a_sentence(classes: Any) -> None:
    shown = compare(classes=classes)
    assert (shown.stages, shown.sides) == (gr.skip(), gr.skip())
    assert "Give a number of classes from 1 to 100000." in shown.problem["value"]
    assert "类别数请填" in compare(classes=classes, language="zh-CN").problem["value"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stage_that_neither_has_is_said_and_is_text(language: str) -> None:
    shown = compare(stage=EVIL, language=language)
    parts = Tags(shown.sides)
    assert [tag for tag, _ in parts.found].count("section") == 2
    assert parts.words.count(EVIL) == 4  # in the title of each, and in its line
    assert "chosen" not in shown.stages


def test_one_class_and_one_pixel_are_a_network_still() -> None:
    *_, total = rows_of(compare(classes=1, input_size="1", stem="cifar").stages)
    # 11 689 512 less 999 rows of 513, and a stem of 9 in place of 49 weights a channel pair
    assert total[5].replace("\u202f", " ") == f"{(11_689_512 - 999 * 513 - 64 * 3 * 40) / 1e6:.1f} M"
