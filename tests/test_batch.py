"""Many pictures: a broken one is no obstacle, and the table and the contact sheet show all."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from resnet_app.batch import COLUMNS, SHEET_PAGE, Batch
from resnet_app.errors import DataError, ResNetAppError, UnknownChoiceError
from resnet_app.images import find_files
from resnet_app.predict import classify


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


def test_a_broken_file_is_no_obstacle(random18, folder):
    batch = Batch(random18, top_k=2)
    rows = list(batch.rows(find_files([folder])))
    assert batch.done == rows
    assert [row.file for row in rows] == ["a.jpg", "b.png", "c.JPG"]
    assert [row.error is None for row in rows] == [True, False, True]
    assert rows[0].predictions == classify(random18, folder / "a.jpg", top_k=2).predictions
    assert rows[1].predictions == ()
    assert "not a picture" in rows[1].record["error"]
    assert [len(row.record["predictions"]) for row in rows] == [2, 0, 2]
    assert batch.total_ms == pytest.approx(rows[0].timing.total + rows[2].timing.total)
    assert batch.mean_ms == pytest.approx(batch.total_ms / 2)


def test_rows_come_one_by_one_and_may_be_named(random18, folder):
    batch = Batch(random18)
    rows = batch.rows([folder / "a.jpg", folder / "c.JPG"], ["first", "second"])
    assert next(rows).file == "first"
    assert len(batch.done) == 1
    assert next(rows).record["file"] == "second"


def test_an_empty_batch_has_no_mean(random18):
    batch = Batch(random18)
    assert list(batch.rows([])) == []
    assert (batch.total_ms, batch.mean_ms) == (0, 0)
    assert batch.contact_sheet().size[0] > 0


def test_the_table_is_read_back_by_csv(random18, folder):
    batch = Batch(random18)
    rows = list(batch.rows(find_files([folder]), ["=1+1", "@SUM(A1)", 'a "quoted", name\n2']))
    table = list(csv.DictReader(io.StringIO(batch.csv())))
    assert list(table[0]) == ["file", "label", "probability", "decode_ms", "forward_ms", "cam_ms", "total_ms", "error"]
    assert [line["file"] for line in table] == ["'=1+1", "'@SUM(A1)", 'a "quoted", name\n2']  # no formulas
    assert table[0]["label"] == rows[0].predictions[0].label
    assert float(table[0]["probability"]) == pytest.approx(rows[0].predictions[0].probability, abs=1e-6)
    assert float(table[0]["total_ms"]) == pytest.approx(rows[0].timing.total, abs=0.001)
    assert (table[1]["label"], table[1]["probability"]) == ("", "")
    assert table[1]["error"] == rows[1].error


def test_the_contact_sheet_has_four_columns(random18, folder):
    batch = Batch(random18)
    list(batch.rows([folder / "a.jpg", folder / "b.png", *[folder / "c.JPG"] * 4]))
    sheet = batch.contact_sheet()
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


def test_a_contact_sheet_stays_of_a_size_to_look_at(random18, folder):
    batch = Batch(random18)
    list(batch.rows([folder / "b.png"] * (SHEET_PAGE + 9)))
    assert batch.contact_sheet().height < 100 * (224 + 60)


def test_overlays_are_written_and_timed(random18, folder, tmp_path):
    batch = Batch(random18, cam_dir=tmp_path / "new" / "cams")
    rows = list(batch.rows([folder / "a.jpg", folder / "b.png", folder / "a.jpg"]))
    written = sorted((tmp_path / "new" / "cams").glob("*.png"))
    assert len(written) == 2  # one for each answer, though the names are the same
    for path in written:
        assert "a" in path.stem
        with Image.open(path) as image:
            assert image.size == (224, 224)
    assert rows[0].record["ms"]["cam"] > 0
    assert rows[1].record["ms"]["cam"] == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"top_k": 0}, ResNetAppError),
        ({"layers": ["layer1x"]}, UnknownChoiceError),
        ({"method": "x"}, UnknownChoiceError),
    ],
)
def test_bad_options_are_refused_before_the_first_picture(random18, options, error):
    with pytest.raises(error, match=r"choose one of|give 1 to 10"):
        Batch(random18, **options)
