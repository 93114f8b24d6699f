"""Many photos at once, without a browser: what is shown while they are answered, what is saved, and what is refused."""

import codecs
import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image

from demo.batch import handlers as batch_handlers
from demo.sidebar.view import status_ready
from demo.ui import files as uploads
from resnet_app.inference import predict
from tests.demo.helpers import ANT, BEE, Tags, downloaded, final, rows_of
from tests.page import carry_out, visit


def answer(files, *, with_maps=False, wish=None, **changes):
    asked = batch_handlers.Asked(visit(**changes), files, with_maps, wish or batch_handlers.Wish())
    return list(carry_out(batch_handlers.answer, asked, batch_handlers.Shown))


def saved_rows(shown):
    data = downloaded(shown, "predictions.csv")
    assert data.startswith(codecs.BOM_UTF8)  # without it a spreadsheet reads another alphabet wrong
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_too_many_files_at_once_get_a_sentence() -> None:
    (shown,) = answer([str(BEE)] * (uploads.MAX_BATCH + 1))
    assert shown.result == gr.skip()
    assert "at most 400 go at once" in shown.problem["value"]


def test_the_table_to_save_has_every_files_answer_and_no_formula(bundled, no_picture, tmp_path) -> None:
    formula, chinese = (shutil.copy(BEE, tmp_path / name) for name in ("=cmd.jpg", "蜜蜂.jpg"))
    shown = final(answer([formula, str(no_picture), str(ANT), chinese])).result
    first, broken, ant, second = saved_rows(shown)
    assert [row["file"] for row in (first, broken, ant, second)] == [
        "'=cmd.jpg", "letter.jpg", "ant-sand.jpg", "蜜蜂.jpg",
    ]  # fmt: skip
    for row, photo in ((first, BEE), (ant, ANT), (second, BEE)):
        best = predict.classify(bundled, photo).predictions[0]
        assert (row["label"], row["error"]) == (best.label, "")
        assert float(row["probability"]) == pytest.approx(best.probability, abs=1e-4)
        steps = sum(float(row[f"{step}_ms"]) for step in ("decode", "forward", "cam"))
        assert float(row["total_ms"]) == pytest.approx(steps, abs=0.002)
    assert (broken["label"], broken["probability"]) == ("", "")
    assert broken["error"].startswith("This file is not a picture we can read. Accepted: JPEG")


def test_a_batch_under_way_says_how_far_it_is_and_offers_nothing_to_save(monkeypatch) -> None:
    monkeypatch.setattr(batch_handlers, "LOOK_S", -1)  # a look after each photo
    *under_way, done = answer([str(BEE), str(ANT), str(BEE)])
    told = [Tags(shown.progress) for shown in under_way]
    bars = [attributes for page in told for tag, attributes in page.found if tag == "progress"]
    assert [(bar["value"], bar["max"]) for bar in bars] == [("1", "3"), ("2", "3")]
    assert [page.words.strip() for page in told] == ["1 of 3", "2 of 3"]
    pages = [Tags(shown.result) for shown in (*under_way, done)]
    assert [sum(tag == "figure" for tag, _ in page.found) for page in pages] == [1, 2, 3]
    assert all(tag != "a" for page in pages[:-1] for tag, _ in page.found)
    assert [attributes["download"] for tag, attributes in pages[-1].found if tag == "a"] == [
        "predictions.csv", "contact-sheet.jpg",
    ]  # fmt: skip
    assert (done.progress, done.go["visible"], done.stop["visible"]) == ("", True, False)


def test_the_grid_is_painted_anew_when_it_has_grown_and_not_at_each_look(monkeypatch) -> None:
    monkeypatch.setattr(batch_handlers, "LOOK_S", -1)
    shown = answer([str(BEE)] * 20)
    painted = [Tags(each.result) for each in shown if each.result != gr.skip()]
    counts = [sum(tag == "figure" for tag, _ in page.found) for page in painted]
    assert len(shown) == 20
    assert counts == [1, 2, 3, 5, 8, 12, 18, 20]


def test_cancel_keeps_what_is_answered_and_lets_it_be_taken_along(monkeypatch) -> None:
    monkeypatch.setattr(batch_handlers, "LOOK_S", -1)
    wish = batch_handlers.Wish()
    asked = batch_handlers.Asked(visit(), [str(BEE), str(ANT), *[str(BEE)] * 30], False, wish)
    shown = []
    for each in batch_handlers.answer(asked):
        shown.append(each)
        if len(shown) == 2:
            batch_handlers.stop(wish)
    done = shown[-1].result
    assert "Cancelled after 3 of 32" in Tags(done).words
    assert [row["label"] for row in saved_rows(done)] == ["bees", "ants", "bees"]
    assert batch_handlers.waiting(wish, "en")[2]["visible"]
    assert not wish.to_stop  # the next batch is another


def named(folder, name):
    """An upload whose folder travels in its name, as the page sends it."""
    return str(shutil.copy(BEE, folder / name))


def test_folders_that_were_dropped_say_how_right_it_is(tmp_path, no_picture) -> None:
    files = [named(tmp_path, f"photos∕{name}") for name in ("bees∕1.jpg", "Ants∕1.jpg", "other∕1.jpg", "1.jpg")]
    torn = shutil.copy(no_picture, tmp_path / "photos∕bees∕torn.jpg")
    shown = final(answer([*files, str(torn)]))
    words = Tags(shown.result).words.replace("\u202f", " ")
    assert "50.0 % right: 1 of 2 whose folder is named as a class" in words
    assert [row["file"] for row in saved_rows(shown.result)] == [
        "photos/bees/1.jpg", "photos/Ants/1.jpg", "photos/other/1.jpg", "photos/1.jpg", "photos/bees/torn.jpg",
    ]  # fmt: skip
    kinds = [attributes["data-kind"] for tag, attributes in Tags(shown.result).found if tag == "figure"]
    assert kinds == ["", "wrong", "", "", "failed"]
    assert "The folder says ants" in words
    matrix = re.search(r"<table class=\"plain confusion\">.*?</table>", shown.result, re.S)
    assert re.findall(r"<td[^>]*>(\d+)</td>", matrix.group()) == ["0", "1", "0", "1"]


def test_a_zip_is_answered_and_each_of_its_pictures_can_be_opened(tmp_path) -> None:
    (tmp_path / "in" / "bees").mkdir(parents=True)
    named(tmp_path / "in" / "bees", "a.jpg")
    shutil.make_archive(str(tmp_path / "mine"), "zip", tmp_path / "in")
    shown = final(answer([str(tmp_path / "mine.zip"), str(ANT)]))
    assert [row["file"] for row in saved_rows(shown.result)] == ["mine.zip/bees/a.jpg", "ant-sand.jpg"]
    assert [Path(each).read_bytes() for each in shown.opened] == [BEE.read_bytes(), ANT.read_bytes()]
    assert "100.0 % right" in Tags(shown.result).words.replace("\u202f", " ")


def test_a_bad_zip_is_a_sentence_and_leaves_the_buttons(tmp_path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK no zip")
    (shown,) = answer([str(tmp_path / "bad.zip")], language="zh-CN")
    assert "bad.zip 不是能读取的 zip" in shown.problem["value"]
    assert shown.result == gr.skip()


def test_with_maps_all_of_it_is_one_zip(no_picture) -> None:
    shown = final(answer([str(BEE), str(no_picture), str(ANT)], with_maps=True))
    with zipfile.ZipFile(shown.archive["value"]) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("answers.csv").decode("utf-8-sig"))))
        sheet = Image.open(io.BytesIO(archive.read("contact-sheet.jpg")))
        told = json.loads(archive.read("manifest.json"))
    assert [row["label"] for row in rows] == ["bees", "", "ants"]
    assert [float(row["cam_ms"]) > 0 for row in rows] == [True, False, True]
    assert sum(name.endswith("_cam.png") for name in names) == sum(name.endswith("_cam.npy") for name in names) == 2
    assert [each["file"] for each in told["pictures"]] == [BEE.name, ANT.name]
    assert sheet.width > sheet.height > 200
    assert final(answer([str(BEE)])).archive == gr.update(visible=False)


@pytest.mark.parametrize("files", [None, []])
def test_no_files_make_an_empty_table_and_no_division_by_zero(files) -> None:
    shown = final(answer(files))
    assert shown.problem["visible"] is False
    assert rows_of(shown.result) == saved_rows(shown.result) == []
    assert "mean <b>0.0\u202fms</b>" in shown.result


def test_files_that_are_gone_or_broken_are_counted_and_the_table_stands_in_chinese(no_picture, tmp_path) -> None:
    shown = final(answer([str(tmp_path / "gone.jpg"), str(no_picture)], language="zh-CN")).result
    assert "2 张无法读取" in Tags(shown).words
    assert [cells[1] for cells in rows_of(shown)] == ["gone.jpg", "letter.jpg"]
    assert '<th scope="col">文件</th>' in shown
    assert "could not be read" not in shown


def test_uploads_named_alike_keep_names_that_are_taken_already(tmp_path) -> None:
    names = ["bee.jpg", "bee.jpg", "bee.jpg (2)", "Bee.jpg", "bee.jpg"]
    paths = [tmp_path / str(number) / name for number, name in enumerate(names)]
    told = [each.name for each in uploads.brought("en", [str(path) for path in paths], tmp_path / "out")]
    assert told == ["bee.jpg", "bee.jpg (3)", "bee.jpg (2)", "Bee.jpg", "bee.jpg (4)"]


@pytest.mark.parametrize(("language", "says"), [("en", "This file is not a picture"), ("zh-CN", "无法读取这个")])
def test_what_is_wrong_with_a_picture_is_said_in_the_readers_language(no_picture, language, says) -> None:
    shown = final(answer([str(no_picture), str(ANT)], language=language)).result
    assert f"<figcaption>{says}" in shown
    assert f'<span class="bad">{says}' in shown


def test_a_batch_says_of_which_model_it_is(bundled) -> None:
    ours, others = (final(answer([str(ANT)], weights=weights)).result for weights in ("ants-bees", "random"))
    assert "ResNet-18 · Ants or bees (bundled)" in ours
    assert "ResNet-18 · Random (untrained)" in others
    of = [Tags(page).found[0][1]["data-of"] for page in (ours, others)]
    card = Tags(status_ready("en", bundled)).found[0][1]["data-of"]
    assert of[0] == card != of[1]
