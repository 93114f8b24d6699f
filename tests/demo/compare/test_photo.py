"""One photo through many networks, without a browser: what grows meanwhile, what is kept, what is refused."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch

from demo.compare import charts, network_handlers, photo_handlers, photo_view
from demo.compare.choices import AT_FIRST, REGISTERED, SESSION, UNTRAINED, VERSIONS
from demo.locales import CHINESE, ENGLISH, LANGUAGES, text
from demo.ui.errors import sentence
from demo.ui.events import Turns
from demo.ui.session import Turn
from resnet_app import device
from resnet_app.errors import ResNetAppError
from resnet_app.inference import cache as caching
from resnet_app.inference import download, models
from resnet_app.many import side_by_side
from resnet_app.registry import SPECS
from tests.demo.helpers import ANT, BEE, EVIL, Tags, cells_of, downloaded, final
from tests.page import carry_out, last, split, visit

BOTH = ["resnet18/ants-bees", "resnet18/ants-bees-v1"]


@pytest.fixture(autouse=True)
def one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "PASSES", 1)


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(download, "fetch", lambda *_, **__: pytest.fail("a download that nobody asked for"))


def own(folder: Path, name: str, classes: list[str]) -> str:
    path = folder / name
    state = SPECS["resnet18"].build(num_classes=len(classes)).state_dict()
    torch.save({"model_state_dict": state, "classes": classes}, path)
    return str(path)


def ask(**changes: Any) -> photo_handlers.Asked:
    page, asked = split({"photo": str(BEE), **changes})
    usual = {
        "chosen": BOTH, "checkpoints": None, "class_name": "", "axis": "ms", "kept": None, "turn": Turn(),
    }  # fmt: skip
    return photo_handlers.Asked(page, **{**usual, **asked})


def compare(**changes: Any) -> list[photo_handlers.Shown]:
    asked = ask(**changes)
    return list(carry_out(photo_handlers.compare, asked, photo_handlers.Shown, turns=Turns.TAKE,
                          failed=photo_handlers.FAILED))  # fmt: skip


def figures(shown: photo_handlers.Shown) -> int:
    return sum(tag == "figure" for tag, _ in Tags(shown.rest).found)


def test_the_page_grows_network_by_network_and_ends_with_the_button() -> None:
    begun, one, two, end = compare(class_name="bees")
    assert "0 of 2 networks" in begun.progress
    assert [len(cells_of(each.result, "networks")) for each in (one, two)] == [1, 2]
    assert [figures(each) for each in (one, two)] == [1, 2]
    assert "2 of 2 networks" in two.progress
    assert [len(each.kept.found) for each in (begun, one, two)] == [0, 1, 2]
    assert (end.progress, end.go["visible"], end.stop["visible"]) == ("", True, False)
    first = cells_of(two.result, "networks")[0]
    assert first[1] == "ResNet-18Ants or bees (bundled)"
    assert first[3] == "1"
    assert first[6] == "1.81"
    assert "bees: probability" in two.result


@pytest.mark.usefixtures("nothing_here")
def test_what_is_not_here_is_listed_with_its_reason_in_the_readers_language() -> None:
    wanted = [*BOTH[:1], "resnet50/imagenet-v1", "resnet50/imagenet-v2"]
    for language, says in ((ENGLISH, "not on this computer"), (CHINESE, "本机没有这组权重")):
        *_, drawn, _end = compare(chosen=wanted, language=language)
        assert len(cells_of(drawn.result, "networks")) == 1
        assert Tags(drawn.rest).words.count(says) == 2
        assert "ResNet-50 · ImageNet V1" in drawn.rest


@pytest.mark.usefixtures("nothing_here")
def test_where_none_is_here_the_reasons_stand_in_the_place_of_the_table() -> None:
    *_, drawn, _end = compare(chosen=["resnet50/imagenet-v1"])
    assert "not on this computer" in drawn.result
    assert (drawn.scatter["visible"], drawn.axis["visible"]) == (False, False)
    assert drawn.rest == ""


def test_checkpoints_of_ones_own_are_compared_and_their_words_are_text(tmp_path: Path) -> None:
    files = [own(tmp_path, "a<b>.pth", [EVIL, "bees"]), own(tmp_path, "second.pth", ["ants", "bees", "wasps"])]
    *_, drawn, _end = compare(chosen=BOTH[:1], checkpoints=files, class_name="bees")
    assert [row[1] for row in cells_of(drawn.result, "networks")] == [
        "ResNet-18Ants or bees (bundled)", "ResNet-18a<b>.pth", "ResNet-18second.pth",
    ]  # fmt: skip
    assert "onerror" not in [name for tag, attributes in Tags(drawn.result + drawn.rest).found for name in attributes]
    rows = list(csv.DictReader(io.StringIO(downloaded(drawn.rest, "networks.csv").decode("utf-8-sig"))))
    assert [row["classes"] for row in rows] == ["2", "2", "3"]
    assert [row["class"] for row in rows] == ["bees"] * 3
    agree = cells_of(drawn.rest, "pairs")
    assert [row.count("") for row in agree] == [1, 1, 1]  # of itself nothing is said


def test_a_class_that_a_network_does_not_have_is_a_dash_and_no_point() -> None:
    *_, drawn, _end = compare(chosen=BOTH[:1], class_name="toaster")
    assert cells_of(drawn.result, "networks")[0][3:5] == ["–", "–"]
    assert drawn.scatter["visible"] is False


def test_the_chart_has_the_tables_figures_over_either_cost() -> None:
    *_, drawn, _end = compare(class_name="bees")
    shown = {}
    for axis in ("ms", "macs"):
        figure = photo_handlers.redraw(ask(axis=axis, kept=drawn.kept, class_name="bees")).scatter["value"]
        trained = figure.data[0]
        assert list(trained.text) == ["1", "2"]
        assert list(trained.y) == [each.probability for each in drawn.kept.found]
        shown[axis] = list(trained.x)
    assert shown["ms"] == [each.milliseconds for each in drawn.kept.found]
    assert shown["macs"] == pytest.approx([1.814, 1.814], abs=0.001)


def test_a_line_leads_from_v1_to_v2_and_a_word_says_why_v2_is_less_sure(random18) -> None:
    """Both versions' weights are far too large for a test: their entries stand in for them."""
    (entry,) = side_by_side.compared([random18.choice], BEE, models=caching.ModelCache(), passes=1)
    versions = [
        replace(
            entry, choice=models.ModelChoice("resnet50", f"imagenet-v{version}", "cpu"), passes_ms=(float(version),),
            probability=0.9 - 0.2 * version,
        )
        for version in (1, 2)
    ]  # fmt: skip
    line, *_ = charts.cost_and_probability(ENGLISH, photo_view.points(versions), "ms", "bee").data
    assert (list(line.x), list(line.y)) == ([1, 2], pytest.approx([0.7, 0.5]))
    assert "label smoothing, mixup and cutmix" in photo_view.table(ENGLISH, versions, "")
    assert "mixup" not in photo_view.table(ENGLISH, versions[:1], "")


def test_a_map_without_order_is_a_dash_in_the_table_of_agreement(random18) -> None:
    (entry,) = side_by_side.compared([random18.choice], BEE, models=caching.ModelCache(), passes=1)
    even = replace(entry, look=side_by_side.Look(0, np.ones((7, 7), np.float32), 0.875))
    cells = cells_of(photo_view.rest(ENGLISH, [entry, even]), "pairs")
    assert [row[1:] for row in cells] == [["", "–"], ["–", ""]]


def test_what_was_compared_is_shown_again_in_another_language_and_computes_nothing(monkeypatch) -> None:
    *_, drawn, _end = compare()
    monkeypatch.setattr(side_by_side, "looked_at", lambda *_, **__: pytest.fail("computed again"))
    shown = last(photo_handlers.show, ask(kept=drawn.kept, language=CHINESE), photo_handlers.Shown)
    assert "蚂蚁或蜜蜂（内置）" in shown.result
    assert shown.kept is drawn.kept


def test_another_photo_ends_what_is_under_way_and_shows_none_of_it() -> None:
    turn = Turn()
    asked = ask(turn=turn)
    steps = carry_out(photo_handlers.compare, asked, photo_handlers.Shown, turns=Turns.TAKE)
    next(steps)
    kept = next(steps).kept
    shown = last(photo_handlers.show, ask(photo=str(ANT), kept=kept, turn=turn), photo_handlers.Shown)
    assert "One photo, any networks" in shown.result
    assert (shown.kept, shown.go["visible"], shown.stop["visible"]) == (None, True, False)
    assert list(steps) == [photo_handlers.Shown()]  # the second network was asked, and is not shown


def test_wrong_use_is_a_sentence(no_picture) -> None:
    assert "No network is chosen." in final(compare(chosen=[])).problem["value"]
    assert "no photo to compare on" in final(compare(photo=None)).problem["value"]
    assert "not a picture" in final(compare(photo=str(no_picture))).problem["value"]
    shown = last(
        photo_handlers.show, ask(photo=str(no_picture)), photo_handlers.Shown, failed=photo_handlers.SHOW_FAILED
    )
    assert "not a picture" in shown.problem["value"]
    assert shown.photo == ""


@pytest.mark.usefixtures("nothing_here")
def test_the_box_offers_every_network_and_says_what_is_not_here() -> None:
    shown = network_handlers.offer(network_handlers.Asked(visit(), [*AT_FIRST, "resnet18/gone"], None)).chosen
    words = {value: title for title, value in shown["choices"]}
    assert set(words) == {SESSION, *REGISTERED}
    assert len(REGISTERED) == 2 + 10 + sum(len(spec.accuracy) for spec in SPECS.values())
    assert words["resnet50/imagenet-v1"] == "ResNet-50 · ImageNet V1 · 76.1 % · not on this computer"
    assert words["resnet18/random"] == "ResNet-18 · Random (untrained)"
    assert shown["value"] == list(AT_FIRST)


def test_weights_that_lie_in_torchs_cache_are_here(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = download.cached_file(SPECS["resnet50"], "imagenet-v2")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    shown = network_handlers.choose_preset("here", network_handlers.Asked(visit(), [], None)).chosen
    assert shown["value"] == [*BOTH, "resnet50/imagenet-v2", SESSION]


@pytest.mark.parametrize(("preset", "count"), [("untrained", 10), ("versions", 14)])
def test_presets(preset: str, count: int) -> None:
    shown = network_handlers.choose_preset(preset, network_handlers.Asked(visit(), [], None)).chosen
    assert len(shown["value"]) == count
    assert set(shown["value"]) == set({"untrained": UNTRAINED, "versions": VERSIONS}[preset])


def test_the_sidebars_model_is_compared_once_and_imagenets_best_by_its_version() -> None:
    same = network_handlers.choices_of(visit(), ["resnet18/ants-bees", SESSION], None)
    assert [choice.weights for choice in same] == ["ants-bees"]
    best = models.choose("resnet50", "imagenet", device="cpu")
    (choice,) = network_handlers.choices_of(visit(choice=best), [SESSION], None)
    assert choice.weights == "imagenet-v2"


def test_half_the_bits_in_the_sidebar_are_those_of_the_comparison(monkeypatch) -> None:
    monkeypatch.setattr(device, "has_quick_bfloat16", lambda _device: True)
    chosen = [SESSION, "resnet34/random"]
    found = network_handlers.choices_of(visit(device="cpu bfloat16"), chosen, None)
    assert [(each.device, each.precision) for each in found] == [("cpu", "bfloat16")] * 2


def test_a_taught_model_is_compared_by_its_own_classes(lesson) -> None:
    *_, drawn, _end = compare(chosen=[SESSION], choice=lesson[2], class_name="bees")
    assert cells_of(drawn.result, "networks")[0][1] == "ResNet-18Taught here: ants, bees"


def test_classes_that_all_know_come_first(random18, bundled) -> None:
    names = network_handlers.class_names([bundled.choice, random18.choice])
    assert set(names) == {*bundled.class_names, *random18.class_names}
    alone = network_handlers.class_names([bundled.choice])
    assert alone == list(bundled.class_names)
    offered = photo_handlers.offer_classes(ask(chosen=["resnet18/random"])).class_name["choices"]
    assert offered[0] == (text(ENGLISH, "compare_best"), "")
    assert len(offered) == 1 + len(set(random18.class_names))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["weights_not_here", "no_networks", "no_photo_to_compare", "no_photos_to_compare"])
def test_the_pages_english_is_the_librarys(language: str, code: str) -> None:
    said = sentence(ResNetAppError("x", code=code), language)
    assert said.endswith("。" if language == CHINESE else ".")


def test_after_cancel_the_button_is_back_and_what_is_there_stays() -> None:
    shown = photo_handlers.Shown(*photo_handlers.stopped(ENGLISH))
    assert (shown.go["visible"], shown.stop["visible"]) == (True, False)
    assert "What was done so far stays" in shown.progress
    assert shown.result == gr.skip()
