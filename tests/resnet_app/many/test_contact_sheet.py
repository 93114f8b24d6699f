"""Contact sheets: captions stay below their own tile, pages are tried before the work, and files can be opened."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from resnet_app.errors import OutputError
from resnet_app.inference.predict import Prediction, Timing
from resnet_app.many.batch import TILE, Row
from resnet_app.many.contact_sheet import FAILED, SheetPages, contact_sheet, require_pages

EXAMPLES = settings(max_examples=15, deadline=None, derandomize=True, database=None)
RED = Image.new("RGB", (TILE, TILE), (200, 0, 0))


def answered(label, thumbnail=RED):
    return Row("a.jpg", (Prediction(0, label, 0.5),), None, Timing(), thumbnail, {})


def failed(name):
    return Row(name, (), "It is broken.", Timing(), None, {})


@EXAMPLES
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120))
def test_a_caption_of_any_length_and_script_stays_below_its_tile(name):
    rows = [failed("x"), answered(name), failed(name), answered("x")]
    sheet = np.asarray(contact_sheet(rows))
    for gutter in range(5):
        left = gutter * (TILE + 16)
        assert (sheet[:, left + 1 : left + 15] == 255).all(), gutter  # a letter's soft edge may take a pixel
    assert (sheet[:16] == 255).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".jpeg", ".webp", ".PNG"])
def test_every_format_that_may_be_asked_for_is_written(tmp_path, suffix):
    path = tmp_path / f"grid{suffix}"
    require_pages(path, 3)
    pages = SheetPages(path)
    for row in (answered("bee"), failed("b.jpg"), answered("蜜蜂")):
        pages.add(row)
    pages.finish()
    assert pages.written == [path]
    with Image.open(path) as sheet:
        assert np.abs(np.subtract(sheet.convert("RGB").getpixel((100, 100)), (200, 0, 0))).max() < 8


def test_the_last_page_of_many_is_tried_before_the_first_picture(tmp_path):
    (tmp_path / "grid-3.png").mkdir()
    require_pages(tmp_path / "grid.png", 800)
    with pytest.raises(OutputError, match=r"grid-3\.png is a folder"):
        require_pages(tmp_path / "grid.png", 801)
    assert [path.name for path in tmp_path.iterdir()] == ["grid-3.png"]


def test_a_page_is_no_higher_than_its_format_takes(tmp_path):
    """WebP ends at 16,383 pixels, PNG does not."""
    pages = SheetPages(tmp_path / "g.webp")
    require_pages(tmp_path / "g.webp", 250)
    for number in range(250):
        pages.add(failed(f"{number}.jpg"))
    pages.finish()
    assert [path.name for path in pages.written] == ["g.webp", "g-2.webp"]
    with Image.open(pages.written[0]) as first:
        assert first.height <= 16_383


def test_a_wrong_one_is_framed_and_the_right_one_is_not():
    sheet = np.asarray(contact_sheet([answered("ants"), answered("bees")], wrong={1}))
    for place, colour in ((0, (200, 0, 0)), (1, FAILED)):
        x = 16 + place * (TILE + 16)
        assert tuple(sheet[16 + 2, x + TILE // 2]) == colour
        assert tuple(sheet[16 + TILE // 2, x + TILE // 2]) == (200, 0, 0)
