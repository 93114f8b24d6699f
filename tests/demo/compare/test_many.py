"""Many photos through many networks, without a browser: truth from a zip's folders, disputes, and what is refused."""

import csv
import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from demo.compare import handlers, many_handlers, many_view
from demo.compare.choices import VIEWS
from demo.locales import CHINESE, ENGLISH
from demo.ui.events import Turns
from demo.ui.files import MAX_BATCH
from demo.ui.session import Turn
from resnet_app.inference import predict
from tests.demo.helpers import ANT, BEE, PHOTOS, Tags, cells_of, downloaded, final
from tests.page import carry_out, last, split

BOTH = ["resnet18/ants-bees", "resnet18/ants-bees-v1"]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A zip of the examples, a folder for each class."""
    path = tmp_path_factory.mktemp("zip") / "insects.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in PHOTOS:
            archive.write(file, f"{'bees' if file.name.startswith('bee') else 'ants'}/{file.name}")
    return str(path)


def ask(**changes: Any) -> many_handlers.Asked:
    page, asked = split(changes)
    usual = {"chosen": BOTH, "checkpoints": None, "files": [], "kept": None, "turn": Turn()}
    return many_handlers.Asked(page, **{**usual, **asked})


def compare(**changes: Any) -> list[many_handlers.Shown]:
    return list(carry_out(many_handlers.compare, ask(**changes), many_handlers.Shown, turns=Turns.TAKE,
                          failed=many_handlers.FAILED))  # fmt: skip


def test_a_zip_of_folders_tells_the_truth(labelled: str, bundled) -> None:
    shown = final(compare(files=[labelled]))
    right = [predict.classify(bundled, file).predictions[0].label[:3] == file.name[:3] for file in PHOTOS]
    first, _ = cells_of(shown.result, "networks")
    assert first[2].startswith(f"{100 * sum(right) / len(right):.1f}\u202f%")
    assert "6 of 6 photos have an answer and lie in a folder named as a class." in shown.result
    assert "over 15 bins (Guo et al. 2017)" in shown.result  # as many as in the paper
    assert (shown.go["visible"], shown.stop["visible"]) == (True, False)
    rows = list(csv.DictReader(io.StringIO(downloaded(shown.result, "photos.csv").decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == [
        f"insects.zip/{file.name[:3]}s/{file.name}" for file in PHOTOS
    ]  # fmt: skip


def test_uploads_that_have_lost_their_folders_have_no_accuracy_but_agree_and_differ() -> None:
    shown = final(compare(files=[str(ANT), str(BEE)], chosen=[*BOTH, "resnet18/random"]))
    assert "Calibration error" not in shown.result
    assert "0 of 2 photos have an answer and lie" in shown.result
    assert [len(row) for row in cells_of(shown.result, "networks")] == [4] * 3
    pairs = cells_of(shown.result, "pairs")
    assert [row[1:] for row in pairs] == [["", "100", "–"], ["100", "", "–"], ["–", "–", ""]]
    assert "0 of 2 photos; the 0 most contested" in shown.result


def test_photos_on_which_they_differ_are_shown_with_who_says_what(small_state, saved) -> None:
    sure = {**small_state(), "fc.weight": torch.zeros(2, 512), "fc.bias": torch.tensor([0.0, 3.0])}
    file = saved({"state_dict": sure, "classes": ["ants", "bees"]}, name="always-bees.pth")
    shown = final(compare(files=[str(ANT), str(BEE)], chosen=BOTH[:1], checkpoints=[str(file)]))
    words = Tags(shown.result).words
    assert "1 of 2 photos; the 1 most contested" in words
    disputed = shown.result.partition('class="disputed"')[2]
    assert disputed.count("<figure>") == 1
    assert "ant-sand.jpg" in disputed
    assert "<b>bees</b> <span>2: 95.3\u202f%" in disputed  # 1 / (1 + exp(-3))


def test_a_photo_that_cannot_be_read_is_told_of_with_the_reason(tmp_path: Path) -> None:
    broken = [tmp_path / f"{number}.jpg" for number in range(many_view.MOST_UNANSWERED + 1)]
    for each in broken:
        each.write_bytes(BEE.read_bytes()[:500])
    shown = final(compare(files=[*map(str, broken), str(BEE)]))
    told = shown.result.partition("Photos without an answer")[2]
    assert told.count("<li><b>") == many_view.MOST_UNANSWERED
    assert "<b>0.jpg</b> This file is not a picture we can read" in told
    assert "1 more; the table (CSV) has all." in told
    rows = list(csv.DictReader(io.StringIO(downloaded(shown.result, "photos.csv").decode("utf-8-sig"))))
    assert [row["error"].startswith("This file is not a picture we can read") for row in rows] == [True] * len(
        broken
    ) + [False]

    run = shown.kept.run
    del run.columns[0].reasons[0]  # as if one network alone had failed
    assert "<b>0.jpg</b> 2: This file" in many_view.result(ENGLISH, run, {})


def test_while_it_is_under_way_it_says_how_far_and_offers_nothing_to_save(monkeypatch) -> None:
    monkeypatch.setattr(many_handlers, "REPAINT_S", -1)
    *steps, _end = compare(files=[str(ANT), str(BEE)])
    assert [Tags(each.progress).words for each in steps] == [
        f" Network {number} of 2: {done} of 2 photos" for number in (1, 2) for done in (1, 2)
    ]  # fmt: skip
    bars = [attributes for each in steps for tag, attributes in Tags(each.progress).found if tag == "progress"]
    assert [(bar["value"], bar["max"]) for bar in bars] == [(str(done), "4") for done in (1, 2, 3, 4)]
    assert all("download" not in str(each.result) for each in steps)


def test_the_same_stands_in_another_language_without_a_pass(labelled: str, monkeypatch) -> None:
    kept = final(compare(files=[labelled])).kept
    monkeypatch.setattr(predict, "classify_square", lambda *_, **__: pytest.fail("computed again"))
    shown = last(many_handlers.show, ask(kept=kept, language=CHINESE), many_handlers.Shown)
    assert "6 张照片中有 6 张已有答案，并且在以类别命名的文件夹里。" in shown.result
    assert "多张照片，多个网络" in last(many_handlers.show, ask(language=CHINESE), many_handlers.Shown).result


def test_wrong_use_is_a_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"no zip")
    assert "no photos to compare on" in final(compare()).problem["value"]
    assert "bad.zip is no zip that can be read" in final(compare(files=[str(bad)])).problem["value"]
    many = [str(ANT)] * (MAX_BATCH + 1)
    assert "at most 400 go at once" in final(compare(files=many)).problem["value"]
    assert "No network is chosen." in final(compare(files=[str(ANT)], chosen=None)).problem["value"]


def test_a_folder_that_was_dropped_travels_in_the_names_and_tells_the_truth(tmp_path: Path) -> None:
    files = [shutil.copy(file, tmp_path / f"set\u2215{folder}\u2215{file.name}") for file, folder in
             ((ANT, "Ants"), (BEE, "bees"))]  # fmt: skip
    shown = final(compare(files=list(map(str, files)), chosen=BOTH[:1]))
    assert "2 of 2 photos have an answer and lie in a folder named as a class." in shown.result


@pytest.mark.parametrize(("view", "visible"), [*zip(VIEWS, ([1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1]), strict=True)])
def test_a_view_has_its_part_and_no_other(view: str, visible: list[int]) -> None:
    assert [update["visible"] for update in handlers.open_view(view)] == [bool(each) for each in visible]
