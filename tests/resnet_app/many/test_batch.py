"""Many pictures: a broken one is no obstacle, and the table and the contact sheet show all."""

import csv
import io
import re
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import DataError, ResNetAppError, UnknownChoiceError
from resnet_app.explain.map_folder import MapFolder
from resnet_app.images import find_files
from resnet_app.inference import models
from resnet_app.inference.predict import classify
from resnet_app.many import batch
from resnet_app.many import contact_sheet as sheets
from resnet_app.many.batch import Batch
from resnet_app.many.contact_sheet import COLUMNS, SheetPages, contact_sheet
from resnet_app.many.table import as_csv


@pytest.fixture
def folder(tmp_path, picture):
    """Three pictures, of which the second is broken, and a file that is none."""
    inside = tmp_path / "pictures"
    inside.mkdir()
    for name in ("a.jpg", "c.JPG"):
        (inside / name).write_bytes(picture.read_bytes())
    (inside / "b.png").write_bytes(b"no picture")
    (inside / "notes.txt").write_text("not asked for")
    return inside


def test_files_and_folders_are_found(folder, tmp_path, picture):
    assert [path.name for path in find_files([folder])] == ["a.jpg", "b.png", "c.JPG"]
    assert find_files([picture, folder, picture])[::4] == [picture, picture]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no pictures; accepted are \.jpg"):
        find_files([tmp_path / "empty"])


def test_folders_are_gone_into_in_order_but_for_hidden_ones(tmp_path, picture):
    for name in ("b/2.jpg", "b/a/1.jpg", "a.jpg", "c.jpg", ".hidden/x.jpg", "b/.git/x.jpg", "d/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(picture.read_bytes())
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path])]
    assert found == ["a.jpg", "b/2.jpg", "b/a/1.jpg", "c.jpg"]
    assert [path.name for path in find_files([tmp_path / ".hidden"])] == ["x.jpg"]  # it was asked for
    with pytest.raises(DataError, match=re.escape(f"The folder {tmp_path / 'd'} holds no pictures")):
        find_files([tmp_path / "d"])


def test_links_in_a_circle_are_not_gone_round(tmp_path, picture):
    (tmp_path / "one" / "deep").mkdir(parents=True)
    (tmp_path / "one" / "a.jpg").write_bytes(picture.read_bytes())
    (tmp_path / "one" / "deep" / "up").symlink_to(tmp_path / "one")
    (tmp_path / "one" / "gone.jpg").symlink_to(tmp_path / "absent")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "link").symlink_to(tmp_path / "one")
    assert find_files([tmp_path / "one"]) == [tmp_path / "one" / "a.jpg"]
    assert find_files([tmp_path / "two"]) == [tmp_path / "two" / "link" / "a.jpg"]


def test_what_is_not_there_is_a_pictures_own_error_or_a_mistyped_folder(tmp_path):
    assert find_files([tmp_path / "absent.jpg"]) == [tmp_path / "absent.jpg"]
    with pytest.raises(DataError, match=r"no folder and no picture .*/absent; check its name"):
        find_files([tmp_path / "absent"])


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError, match=r"cannot be read \(Permission denied\); check who may open it"):
        find_files([tmp_path])


def test_a_broken_file_is_no_obstacle(random18, folder):
    batch = Batch(random18, top_k=2, keep_thumbnails=True)
    rows = list(batch.rows(find_files([folder])))
    assert batch.done == rows
    assert [row.file for row in rows] == [f"{folder}/a.jpg", f"{folder}/b.png", f"{folder}/c.JPG"]
    assert [row.error is None for row in rows] == [True, False, True]
    assert rows[0].predictions == classify(random18, folder / "a.jpg", top_k=2).predictions
    assert rows[1].predictions == ()
    assert "not a picture" in rows[1].json_object["error"]
    assert [len(row.json_object["predictions"]) for row in rows] == [2, 0, 2]
    assert batch.total_ms == pytest.approx(rows[0].timing.total + rows[2].timing.total)
    assert batch.mean_ms == pytest.approx(batch.total_ms / 2)


def test_rows_come_one_by_one_and_may_be_named(random18, folder):
    batch = Batch(random18)
    rows = batch.rows([folder / "a.jpg", folder / "c.JPG"], ["first", "second"])
    assert next(rows).file == "first"
    assert len(batch.done) == 1
    assert next(rows).json_object["file"] == "second"


@pytest.mark.parametrize("workers", [1, 3])
def test_pictures_read_ahead_give_the_same_rows_in_the_same_order(random18, tmp_path, draw, workers):
    files = [draw(tmp_path / f"{number}.png", seed=number) for number in range(9)]
    files[4].write_text("no picture")
    alone, ahead = Batch(random18), Batch(random18)
    one, other = list(alone.rows(files)), list(ahead.rows(files, workers=workers))
    assert [(row.file, row.predictions, row.error) for row in one] == [
        (row.file, row.predictions, row.error) for row in other
    ]
    assert (ahead.count, ahead.failed) == (9, 1)


def test_only_a_few_pictures_are_read_ahead_and_none_once_the_rows_are_left(random18, tmp_path, draw, monkeypatch):
    files = [draw(tmp_path / f"{number}.png") for number in range(40)]
    read, real = [], batch.read_square
    monkeypatch.setattr(batch, "read_square", lambda file, recipe: read.append(file) or real(file, recipe))
    rows = Batch(random18).rows(files, workers=2)
    next(rows)
    rows.close()
    groups = 1 if random18.device.threads == 1 else min(random18.device.threads, batch.MOST_PASSES) + 1
    assert 1 <= len(read) <= groups * models.GROUP + 2 * batch.AHEAD + 1
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]


def test_rows_that_nobody_keeps_are_counted(random18, folder):
    run = Batch(random18, keep_rows=False)
    rows = list(run.rows(find_files([folder])))
    assert (run.done, run.count, run.failed) == ([], 3, 1)
    assert run.total_ms == pytest.approx(sum(row.timing.total for row in rows))
    assert run.mean_ms == pytest.approx(run.total_ms / 2)


def test_an_empty_batch_has_no_mean(random18):
    batch = Batch(random18)
    assert list(batch.rows([])) == []
    assert (batch.total_ms, batch.mean_ms) == (0, 0)
    assert contact_sheet(batch.done).size[0] > 0


def test_the_table_is_read_back_by_csv(random18, folder):
    batch = Batch(random18, top_k=1)
    rows = list(batch.rows(find_files([folder]), ["=1+1", "@SUM(A1)", 'a "quoted", name\n2']))
    table = list(csv.DictReader(io.StringIO(as_csv(batch))))
    assert list(table[0]) == ["file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error"]
    assert [line["file"] for line in table] == ["'=1+1", "'@SUM(A1)", 'a "quoted", name\n2']  # no formulas
    assert table[0]["label"] == rows[0].predictions[0].label
    assert float(table[0]["probability"]) == pytest.approx(rows[0].predictions[0].probability, abs=1e-6)
    assert float(table[0]["total_ms"]) == pytest.approx(rows[0].timing.total, abs=0.001)
    assert (table[1]["label"], table[1]["probability"]) == ("", "")
    assert table[1]["error"] == rows[1].error


def test_the_contact_sheet_has_four_columns(random18, folder):
    batch = Batch(random18, keep_thumbnails=True)
    list(batch.rows([folder / "a.jpg", folder / "b.png", *[folder / "c.JPG"] * 4]))
    sheet = contact_sheet(batch.done)
    assert COLUMNS == 4
    assert sheet.mode == "RGB"
    assert sheet.width == 4 * 224 + 5 * 16
    assert 2 * 224 < sheet.height < 2 * 224 + 200
    first = sheet.crop((16, 16, 240, 240))
    assert first.tobytes() == batch.done[0].thumbnail.tobytes()
    pixels = np.asarray(sheet)
    assert (pixels[20:230, 270:460] == 255).all()  # the broken one's frame is empty
    assert (pixels[270:500, 16 + 2 * 240 :] == 255).all()  # nothing after the sixth
    assert (pixels[241:270, 16:240] != 255).any()  # a caption


def test_a_table_has_todays_columns_first_and_the_other_answers_at_its_end(random18, folder):
    batch = Batch(random18, top_k=3)
    rows = list(batch.rows([folder / "a.jpg", folder / "b.png"]))
    good, broken = csv.DictReader(io.StringIO(as_csv(batch)))
    assert list(good) == [
        "file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error",
        "label_2", "probability_2", "label_3", "probability_3",
    ]  # fmt: skip
    told = [(good["label"], good["probability"]), *((good[f"label_{n}"], good[f"probability_{n}"]) for n in (2, 3))]
    assert told == [(each.label, f"{each.probability:.6f}") for each in rows[0].predictions]
    assert [broken[f"label_{n}"] for n in (2, 3)] == ["", ""]


def test_thumbnails_are_kept_only_where_they_are_wanted(random18, folder):
    for wanted in (False, True):
        batch = Batch(random18, keep_thumbnails=wanted)
        rows = list(batch.rows([folder / "a.jpg"]))
        assert rows[0].thumbnail is not None
        assert (batch.done[0].thumbnail is not None) == wanted


@pytest.mark.slow
def test_contact_sheets_go_on_on_further_pages_and_let_the_thumbnails_go(random18, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "SHEET_PAGE", 8)
    pages = SheetPages(tmp_path / "grid.png")
    for row in Batch(random18).rows([folder / "a.jpg"] * 17 + [folder / "b.png"]):
        pages.add(row)
        assert len(pages._rows) < 8
    pages.finish()
    assert [path.name for path in pages.written] == ["grid.png", "grid-2.png", "grid-3.png"]
    heights = [Image.open(path).height for path in pages.written]
    assert heights[0] == heights[1] > heights[2]
    assert sorted(path.name for path in tmp_path.glob("grid*")) == ["grid-2.png", "grid-3.png", "grid.png"]


def test_overlays_are_written_and_timed(random18, folder, tmp_path):
    batch = Batch(random18, maps=MapFolder(tmp_path / "new" / "cams", random18))
    rows = list(batch.rows([folder / "a.jpg", folder / "b.png", folder / "a.jpg"]))
    written = sorted((tmp_path / "new" / "cams").glob("*.png"))
    assert len(written) == 2  # one for each answer, though the names are the same
    for path in written:
        assert "a" in path.stem
        with Image.open(path) as image:
            assert image.size == (224, 224)
    assert rows[0].json_object["ms"]["cam"] > 0
    assert rows[1].json_object["ms"]["cam"] == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"layers": ["layer1x"]}, UnknownChoiceError),
        ({"method": "x"}, UnknownChoiceError),
    ],
)
def test_bad_options_are_refused_before_the_first_picture(random18, tmp_path, options, error):
    with pytest.raises(error, match="choose one of"):
        MapFolder(tmp_path, random18, **options)


def test_a_bad_number_of_answers_is_refused_before_the_first_picture(random18):
    with pytest.raises(ResNetAppError, match="give 1 to 10"):
        Batch(random18, top_k=0)


@pytest.mark.parametrize(("count", "threads"), [(1, 1), (15, 3), (16, 1), (21, 1), (37, 3)])
def test_many_go_in_groups_and_get_the_answers_that_they_get_alone(count, threads, bundled, repo, tmp_path):
    """Broken ones at the begin, at the end and between; one group has nothing else. On more cores than one, groups are
    in the network at once."""
    bundled = replace(bundled, device=replace(bundled.device, threads=threads))
    examples = sorted((repo / "assets" / "examples").glob("*.jpg"))
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"no picture")
    files = [torn if i % 7 == 3 or 8 <= i < 16 else examples[i % len(examples)] for i in range(count)]
    rows = list(Batch(bundled).rows(files))
    assert len(rows) == count
    for file, row in zip(files, rows, strict=True):
        if file == torn:
            assert "not a picture we can read" in row.error
            continue
        alone = classify(bundled, file)
        assert [each.index for each in row.predictions] == [each.index for each in alone.predictions]
        assert row.predictions[0].probability == pytest.approx(alone.predictions[0].probability, abs=1e-5)
        assert row.is_ood == alone.is_ood
        assert row.timing.forward > 0


def test_maps_of_a_group_are_those_of_each_picture_alone(random18, repo, tmp_path):
    files = sorted((repo / "assets" / "examples").glob("*.jpg")) * 4
    assert len(files) >= 2 * models.GROUP
    for name, given in (("many", files), ("few", files[:3])):
        maps = MapFolder(tmp_path / name, random18, layers=("layer2", "layer4"))
        list(Batch(random18, maps=maps).rows(given))
        maps.finish()
    many, few = (sorted((tmp_path / name).glob("*.npy")) for name in ("many", "few"))
    assert len(few) >= 3
    for one, other in zip(many[: len(few)], few, strict=True):
        np.testing.assert_allclose(np.load(one), np.load(other), atol=1e-4)


def test_a_pass_for_groups_is_let_go_of_and_the_shared_model_stays_as_it_was(random18):
    many = random18.for_many(2 * models.GROUP)
    assert many.backbone.group == models.GROUP
    assert random18.backbone.group == 1
    assert many.network is random18.network
    assert random18.for_many(2 * models.GROUP - 1) is random18
