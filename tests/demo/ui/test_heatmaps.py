"""Maps in colours and in words: where they are hottest, what the ends of the scale mean, who is ahead."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from demo.ui import heatmaps
from demo.ui.heatmaps import Look
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.overlay import WholePhoto
from resnet_app.images import Recipe
from tests.demo.helpers import EVIL, Tags


def hot_at(row: int, column: int, side: int = 3) -> Heatmap:
    values = np.zeros((side, side), np.float32)
    values[row, column] = 1
    return Heatmap(0, values, values)


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(";base64,")[2])))


@pytest.mark.parametrize(
    ("place", "english", "chinese"),
    [
        ((0, 0), "upper left", "左上"), ((0, 1), "upper part", "上"), ((0, 2), "upper right", "右上"),
        ((1, 0), "left part", "左"), ((1, 1), "centre", "中"), ((1, 2), "right part", "右"),
        ((2, 0), "lower left", "左下"), ((2, 1), "lower part", "下"), ((2, 2), "lower right", "右下"),
    ],
)  # fmt: skip
def test_each_ninth_of_a_picture_has_its_words(place: tuple[int, int], english: str, chinese: str) -> None:
    assert heatmaps.hottest("en", hot_at(*place)) == english
    said = heatmaps.hottest("zh-CN", hot_at(*place))
    assert set(chinese) <= set(said)
    assert " " not in said
    assert not set("左右上下中") & set(said) - set(chinese)


@pytest.mark.parametrize(
    ("colours", "low", "high"),
    [("inferno", "#000004", "#fcffa4"), ("viridis", "#440154", "#fde725"), ("cividis", "#00224e", "#fee838")],
)  # matplotlib's own ends
def test_the_scale_goes_from_end_to_end_of_its_colours(colours: str, low: str, high: str) -> None:
    bar = heatmaps.colour_bar("none", EVIL, colours)
    stops = bar.partition("(90deg,")[2].partition(")")[0].split(",")
    assert (stops[0], stops[-1], len(set(stops))) == (low, high, len(stops))
    assert Tags(bar).words == f"none{EVIL}"


@pytest.mark.parametrize(("lines", "size"), [(False, (64, 64)), (True, (128, 128))])
def test_a_map_over_the_crop_is_clear_where_nothing_speaks(lines: bool, size: tuple[int, int]) -> None:
    values = np.zeros((64, 64), np.float32)
    values[:32] = np.linspace(0, 1, 64)
    look = Look(Image.new("RGB", (64, 64), (0, 0, 255)), None, lines, "viridis")
    layer = decoded(look.layer(Heatmap(0, values, values), 1.0)).convert("RGBA")
    assert layer.size == size
    alpha = np.asarray(layer.getchannel("A"))
    assert alpha[: size[1] // 2].max() > 200
    assert alpha[-size[1] // 3 :].max() == 0
    assert decoded(look.base()).size == (64, 64)


def test_a_map_in_the_whole_photo_lies_on_the_square_that_was_seen(tmp_path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (600, 300), (0, 0, 255)).save(path)
    ones = np.ones((64, 64), np.float32)
    look = Look(Image.new("RGB", (224, 224)), WholePhoto(path, Recipe()), False, "inferno")
    alpha = np.asarray(decoded(look.layer(Heatmap(0, ones, ones), 1.0)).convert("RGBA").getchannel("A"))
    assert alpha.shape == (300, 600)
    rows, columns = np.nonzero(alpha > 128)
    side = 300 * 224 / 256  # the shorter side to 256, the middle 224
    for found, wanted in ((rows, 150), (columns, 300)):
        assert found.min() == pytest.approx(wanted - side / 2, abs=2)
        assert found.max() + 1 == pytest.approx(wanted + side / 2, abs=2)
