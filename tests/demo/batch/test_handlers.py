"""Many photos at once, without a browser: what is shown while they are answered, what is saved, and what is refused."""

import codecs
import csv
import io
import shutil

import gradio as gr
import pytest

from demo.batch import handlers as batch_handlers
from demo.sidebar.view import status_ready
from resnet_app.inference import predict
from tests.demo.helpers import ANT, BEE, Tags, downloaded, final, rows_of
from tests.page import carry_out, visit


def answer(files, **changes):
    asked = batch_handlers.Asked(visit(**changes), files)
    return carry_out(batch_handlers.answer, asked, batch_handlers.Shown)


def saved_rows(shown):
    data = downloaded(shown, "predictions.csv")
    assert data.startswith(codecs.BOM_UTF8)  # without it a spreadsheet reads another alphabet wrong
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_too_many_files_at_once_get_a_sentence() -> None:
    asked = batch_handlers.Asked(visit(), [str(BEE)] * (batch_handlers.MAX_BATCH + 1))
    ((shown, problem),) = carry_out(batch_handlers.answer, asked, batch_handlers.Shown)
    assert shown == gr.skip()
    assert "at most 200 go at once" in problem["value"]


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
    monkeypatch.setattr(batch_handlers, "REPAINT_S", -1)  # a look after each photo
    *under_way, done = [Tags(shown.result) for shown in answer([str(BEE), str(ANT), str(BEE)])]
    bars = [attributes for page in under_way for tag, attributes in page.found if tag == "progress"]
    assert [(bar["value"], bar["max"]) for bar in bars] == [("1", "3"), ("2", "3")]
    assert [sum(tag == "figure" for tag, _ in page.found) for page in (*under_way, done)] == [1, 2, 3]
    assert all(tag != "a" for page in under_way for tag, _ in page.found)
    assert [attributes["download"] for tag, attributes in done.found if tag == "a"] == [
        "predictions.csv", "contact-sheet.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("files", [None, []])
def test_no_files_make_an_empty_table_and_no_division_by_zero(files) -> None:
    shown, problem = final(answer(files))
    assert problem["visible"] is False
    assert rows_of(shown) == saved_rows(shown) == []
    assert "mean <b>0.0\u202fms</b>" in shown


def test_files_that_are_gone_or_broken_are_counted_and_the_table_stands_in_chinese(no_picture, tmp_path) -> None:
    shown = final(answer([str(tmp_path / "gone.jpg"), str(no_picture)], language="zh-CN")).result
    assert "2 张无法读取" in Tags(shown).words
    assert [cells[1] for cells in rows_of(shown)] == ["gone.jpg", "letter.jpg"]
    assert '<th scope="col">文件</th>' in shown
    assert "could not be read" not in shown


def test_uploads_named_alike_keep_names_that_are_taken_already(tmp_path) -> None:
    names = ["bee.jpg", "bee.jpg", "bee.jpg (2)", "Bee.jpg", "bee.jpg"]
    paths = [tmp_path / str(number) / name for number, name in enumerate(names)]
    told = batch_handlers.upload_names(paths)
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
