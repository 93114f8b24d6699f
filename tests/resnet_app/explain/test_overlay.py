"""Maps as pictures: colours that fade in, lines, two sides, and their place in the whole photo."""

import numpy as np
import pytest
from PIL import Image

from resnet_app.colours import COLOUR_MAPS
from resnet_app.errors import PictureError, UnknownChoiceError
from resnet_app.explain.heatmap import Heatmap, SignedMap
from resnet_app.explain.overlay import (
    SHARPER,
    WHOLE,
    WholePhoto,
    contours,
    draw,
    over,
    overlay,
    palette,
    signed_overlay,
)
from resnet_app.images import Recipe, crop_box, crop_for

SIZE = (96, 128)  # height, width


def made(values):
    values = np.asarray(values, np.float32)
    return Heatmap(0, values, values)


def step_map():
    """No evidence in the left half, full evidence on the right."""
    values = np.zeros((4, 8), np.float32)
    values[:, 4:] = 1
    return made(values)


@pytest.mark.parametrize("colours", COLOUR_MAPS)
def test_overlays_fade_in_and_end_in_the_brightest_colour(colours):
    layer = np.asarray(overlay(step_map(), colours=colours))
    assert layer.shape == (4, 8, 4)
    assert not layer[:, :4, 3].any()
    assert (layer[:, 4:, 3] == 255).all()
    assert layer[0, 7, :3].tobytes().hex().upper() == COLOUR_MAPS[colours].split()[-1]
    luminance = palette(colours) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -1).all()
    assert luminance[-1] - luminance[0] > 120


def test_half_of_the_threshold_is_half_transparent():
    layer = np.asarray(overlay(made(np.full((2, 2), 0.225))))
    assert layer[0, 0, 3] == pytest.approx(127.5, abs=1)


def test_without_evidence_the_picture_stays_as_it_is():
    crop = Image.new("RGB", SIZE[::-1], (10, 200, 30))
    none = made(np.zeros(SIZE))
    assert not np.asarray(overlay(none))[..., 3].any()
    assert draw(crop, none).tobytes() == crop.tobytes()
    assert not np.asarray(contours(none.values))[..., 3].any()


def test_drawing_mixes_crop_and_colour():
    crop = Image.new("RGB", (8, 4), (0, 100, 200))
    drawn = np.asarray(draw(crop, step_map(), colours="viridis", opacity=0.5)).astype(int)
    assert (drawn[:, :4] == (0, 100, 200)).all()
    assert np.abs(drawn[:, 4:] - np.array([0xFD, 0xE7 + 100, 0x25 + 200]) / 2).max() <= 1


def test_a_colour_map_that_is_not_there(is_plain):
    with pytest.raises(UnknownChoiceError, match="'jet'; choose one of inferno") as caught:
        palette("jet")
    assert is_plain(caught.value)


def test_lines_run_where_the_map_passes_its_quarters():
    ramp = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (20, 1))  # 0.25, 0.5 and 0.75 at columns 25, 50 and 75
    lines = np.asarray(contours(ramp))
    assert lines.shape == (20 * SHARPER, 101 * SHARPER, 4)
    row = lines[20, :, :]
    white = np.flatnonzero((row[:, :3] == 255).all(1) & (row[:, 3] == 255))
    groups = np.split(white, np.flatnonzero(np.diff(white) > 1) + 1)
    assert [group.mean() / SHARPER for group in groups] == pytest.approx([25.5, 50.5, 75.5], abs=1)
    assert len(groups[0]) < len(groups[1]) < len(groups[2])  # the thicker, the more


def test_the_signed_overlay_has_a_colour_for_each_side_and_none_between():
    values = np.array([[1.0, 0.1, 0.0, -0.2, -1.0]], np.float32)
    image = np.asarray(signed_overlay(SignedMap(values, values)))
    assert image.shape == (1, 5, 4)
    assert image[0, :, 3].tolist() == [255, round(255 * 0.1 / 0.45), 0, round(255 * 0.2 / 0.45), 255]
    assert image[0, 0, :3].tolist() == image[0, 1, :3].tolist() != image[0, 4, :3].tolist() == image[0, 3, :3].tolist()


def test_a_layer_of_another_size_takes_the_picture_with_it():
    crop = Image.new("RGB", (8, 4), (9, 9, 9))
    assert over(crop, Image.new("RGBA", (16, 8)), opacity=1).size == (16, 8)


@pytest.mark.parametrize("size", [(900, 600), (300, 400), (224, 224), (1200, 60)])
def test_the_crop_lies_where_the_model_looks(size, tmp_path):
    """A picture whose crop is painted red: the box holds all of the red, and the layer falls on it."""
    recipe = Recipe()
    left, top, right, bottom = crop_box(size, recipe)
    assert right - left == bottom - top == pytest.approx(min(size) * 224 / 256)
    picture = Image.new("RGB", size, (0, 0, 255))
    picture.paste((255, 0, 0), tuple(round(edge) for edge in (left, top, right, bottom)))
    inside = np.asarray(crop_for(picture, recipe))[3:-3, 3:-3]
    assert (inside[..., 0] > 200).all()
    path = tmp_path / "photo.png"
    picture.save(path)
    whole = WholePhoto(path, recipe)
    assert max(whole.picture.size) <= WHOLE
    alpha = np.asarray(whole.placed(Image.new("RGBA", (224, 224), (9, 9, 9, 255))))[..., 3]
    seen = np.asarray(whole.picture).astype(int)
    red = (seen[..., 0] > 200) & (seen[..., 2] < 60)
    assert alpha[red].min() == 255
    shown = max(whole.picture.size) / max(size)
    assert (alpha == 255).sum() ** 0.5 == pytest.approx((right - left) * shown, abs=1.5)
    veiled = seen[(alpha == 0)]
    assert (veiled[:, 0] > 100).all()  # the blue that the model did not see has white over it


def test_the_whole_photo_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (400, 300)).save(tmp_path / "phone.jpg", exif=exif)
    assert WholePhoto(tmp_path / "phone.jpg", Recipe()).picture.size == (300, 400)
    (tmp_path / "letter.jpg").write_text("no picture")
    with pytest.raises(PictureError):
        WholePhoto(tmp_path / "letter.jpg", Recipe())
