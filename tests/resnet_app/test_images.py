"""Pictures: the pixels against torchvision's presets, EXIF's and Pillow's rules, and files that are no pictures."""

import math
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_weight

from resnet_app.errors import PictureError
from resnet_app.explain.map_folder import MapFolder
from resnet_app.images import (
    ACCEPTED,
    MAX_JPEG_PIXELS,
    MAX_PIXELS,
    Recipe,
    crop_for,
    open_picture,
    read_crop,
    to_tensor,
)
from resnet_app.many.batch import Batch
from resnet_app.many.contact_sheet import contact_sheet

SIZES = [(224, 224), (256, 256), (232, 232), (500, 375), (333, 501), (64, 1000), (1300, 40), (7, 7), (1, 1), (31, 33)]


def noise(size, mode="RGB"):
    pixels = np.random.default_rng(size[0] * 7919 + size[1]).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def assert_as_torchvision(picture, weights):
    transforms = get_weight(f"ResNet50_Weights.{weights}").transforms()
    recipe = Recipe.of_transforms(transforms)
    ours = to_tensor(crop_for(picture, recipe), recipe)
    assert ours.shape == (1, 3, 224, 224)
    assert torch.equal(ours[0], transforms(picture))


@pytest.mark.parametrize("weights", ["IMAGENET1K_V1", "IMAGENET1K_V2"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_same_tensor_as_torchvisions_preset(size, weights):
    assert_as_torchvision(noise(size), weights)


def test_same_tensor_as_torchvisions_preset_for_a_palette_file(tmp_path):
    noise((300, 211)).quantize(64).save(tmp_path / "palette.png")
    picture = open_picture(tmp_path / "palette.png")
    assert picture.mode == "RGB"
    assert picture.tobytes() == Image.open(tmp_path / "palette.png").convert("RGB").tobytes()
    assert_as_torchvision(picture, "IMAGENET1K_V1")


# EXIF 2.3, tag 0x0112: where the stored row 0 and column 0 belong in the upright picture.
ORIENTATIONS = {
    1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
    5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", ["png", "webp"])
@pytest.mark.parametrize(("orientation", "places"), ORIENTATIONS.items())
def test_pictures_are_turned_upright(orientation, places, suffix, tmp_path):
    upright = np.asarray(noise((13, 9)))
    stored = upright.transpose(1, 0, 2) if orientation > 4 else upright
    for axis, place in enumerate(places):
        if place in ("bottom", "right"):
            stored = np.flip(stored, axis)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / f"a.{suffix}", exif=exif, lossless=True)
    assert np.array_equal(np.asarray(open_picture(tmp_path / f"a.{suffix}")), upright)


def with_transparency(size):
    picture = Image.new("P", size, 1)
    picture.putpalette([255, 0, 0, 0, 128, 0] + [0] * 762)
    picture.putpixel((0, 0), 0)
    return picture


@pytest.mark.parametrize(
    ("picture", "options", "expected"),
    [
        (Image.new("RGBA", (4, 4), (200, 0, 100, 255)), {}, (200, 0, 100)),
        (Image.new("RGBA", (4, 4), (200, 0, 100, 0)), {}, (255, 255, 255)),
        (Image.new("RGBA", (4, 4), (200, 0, 100, 51)), {}, (244, 204, 224)),  # 0.2 of the pixel, 0.8 of white
        (Image.new("LA", (4, 4), (100, 51)), {}, (224, 224, 224)),
        (Image.new("L", (4, 4), 77), {}, (77, 77, 77)),
        (Image.new("L", (4, 4), 77), {"transparency": 77}, (255, 255, 255)),
        (Image.new("1", (4, 4), 1), {}, (255, 255, 255)),
        (with_transparency((4, 4)), {}, (0, 128, 0)),
        (with_transparency((4, 4)), {"transparency": 1}, (255, 255, 255)),
        (with_transparency((4, 4)), {"transparency": bytes([255, 51])}, (204, 230, 204)),
    ],
)
def test_every_mode_becomes_rgb_over_white(picture, options, expected, tmp_path):
    picture.save(tmp_path / "a.png", **options)
    found = open_picture(tmp_path / "a.png")
    assert found.mode == "RGB"
    assert np.allclose(found.getpixel((2, 2)), expected, atol=1)


@pytest.mark.parametrize(("ink", "expected"), [((0, 255, 255, 0), (255, 0, 0)), ((0, 0, 0, 0), (255, 255, 255))])
@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk_is_not_inverted(name, ink, expected, tmp_path):
    Image.new("CMYK", (16, 16), ink).save(tmp_path / name)
    assert np.allclose(open_picture(tmp_path / name).getpixel((8, 8)), expected, atol=3)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (np.linspace(0, 65535, 64).astype(np.uint16), "a.png"),
        (np.linspace(0, 65535, 64).astype(np.uint16), "a.tif"),
        (np.linspace(0, 1, 64).astype(np.float32), "a.tif"),
        (np.linspace(0, 255, 64).astype(np.float32), "a.tif"),
    ],
)
def test_deep_greys_keep_their_steps(values, name, tmp_path):
    Image.fromarray(np.tile(values, (8, 1))).save(tmp_path / name)
    found = np.asarray(open_picture(tmp_path / name)).astype(int)
    assert np.abs(found[3, :, 0] - np.linspace(0, 255, 64)).max() <= 1
    assert (found[..., 0] == found[..., 2]).all()


def test_float_pictures_with_nan_are_read(tmp_path):
    Image.fromarray(np.array([[0.5, math.nan], [math.inf, 1.0]], np.float32)).save(tmp_path / "a.tif")
    assert open_picture(tmp_path / "a.tif").getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_the_first_frame_is_taken(name, tmp_path):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "lime")]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    assert np.allclose(open_picture(tmp_path / name).getpixel((10, 10)), (255, 0, 0), atol=4)


def test_the_file_name_does_not_matter(tmp_path):
    noise((20, 10)).save(tmp_path / "really.png")
    (tmp_path / "really.png").rename(tmp_path / "picture.jpg")
    assert open_picture(tmp_path / "picture.jpg").tobytes() == noise((20, 10)).tobytes()


def forged_png(width, height):
    """A PNG of a few bytes whose header claims a size."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(bytes(99)))
    framed = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.fixture
def broken(request, picture, tmp_path):
    """A file that is no sound picture."""
    path = tmp_path / "broken.jpg"
    made = {
        "truncated": lambda: picture.read_bytes()[: picture.stat().st_size // 2],
        "text": lambda: b"this is not a picture\n" * 40,
        "empty": lambda: b"",
        "nul bytes": lambda: bytes(4096),
        "html": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
        "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "64 megapixels": lambda: forged_png(8000, 8000),
        "4000 megapixels": lambda: forged_png(2**31 - 1, 2),
        "zero pixels": lambda: forged_png(0, 9),
    }
    if request.param == "eps":
        Image.new("RGB", (9, 9)).save(path, format="EPS")
    elif request.param == "folder":
        path.mkdir()
    elif request.param != "missing":
        path.write_bytes(made[request.param]())
    return path


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # as in production, where it is no error
@pytest.mark.parametrize(
    "broken",
    ["truncated", "text", "empty", "nul bytes", "html", "svg", "eps", "folder", "missing"]
    + ["64 megapixels", "4000 megapixels", "zero pixels"],
    indirect=True,
)
def test_what_is_no_picture_gets_a_sentence(broken, is_plain, request):
    with pytest.raises(PictureError) as caught:
        open_picture(broken)
    assert is_plain(caught.value)
    advice = "check its name" if not broken.is_file() else ACCEPTED
    assert advice in str(caught.value), request.node.name


@pytest.mark.slow
def test_a_huge_picture_is_refused_without_a_warning_on_the_screen(tmp_path):
    (tmp_path / "huge.png").write_bytes(forged_png(8000, 8000))
    with pytest.raises(PictureError, match="pixels"):
        open_picture(tmp_path / "huge.png")
    opening = f"open_picture({str(tmp_path / 'huge.png')!r})"
    code = f"from resnet_app.images import *\ntry: {opening}\nexcept PictureError: print('ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ok\n", "")


GOOD = {"resize": 256, "crop": 224, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2], "interpolation": "bicubic"}


def test_a_stated_recipe_is_taken():
    recipe = Recipe(256, 224, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), "bicubic")
    assert Recipe.of_metadata(GOOD) == recipe
    assert Recipe.of_metadata(recipe.as_dict()) == recipe
    assert Recipe.of_metadata({key: GOOD[key] for key in ("resize", "crop", "mean", "std")}).interpolation == "bilinear"


@pytest.mark.parametrize(
    "change",
    [
        {"resize": "large"},
        {"resize": 200},
        {"resize": 10**9},
        {"resize": float("inf")},
        {"crop": 8},
        {"crop": -224},
        {"mean": [0.5, 0.5]},
        {"mean": 0.5},
        {"mean": [math.nan, 0, 0]},
        {"std": [0, 1, 1]},
        {"std": [math.nan, 1, 1]},
        {"std": ["x", 1, 1]},
        {"interpolation": "magic"},
        {"interpolation": None},
    ],
    ids=str,
)
def test_a_senseless_recipe_is_not_taken(change):
    assert Recipe.of_metadata({**GOOD, **change}) is None


@pytest.mark.parametrize("values", [None, "224", [], {}, {"resize": 256}])
def test_what_is_no_recipe_is_not_taken(values):
    assert Recipe.of_metadata(values) is None


@pytest.mark.parametrize(("width", "height"), [(65500, 3), (3, 20001), (20000, 1), (4001, 200)])
def test_a_very_long_picture_costs_little_and_keeps_its_middle(width, height):
    shade = np.zeros((height, width, 3), np.uint8)
    middle = (
        (slice(None), slice(width // 2 - 2 * height, width // 2 + 2 * height))
        if width > height
        else (slice(height // 2 - 2 * width, height // 2 + 2 * width),)
    )
    shade[middle] = (200, 100, 50)
    crop = crop_for(Image.fromarray(shade), Recipe())
    assert crop.size == (224, 224)
    assert np.asarray(crop)[20:200, 20:200].reshape(-1, 3).tolist() == [[200, 100, 50]] * 180 * 180


@pytest.fixture(scope="module")
def phone_photo(tmp_path_factory):
    """A JPEG of 12 megapixels, lying on its side, with a place in its EXIF."""
    noise = np.random.default_rng(2).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    path = tmp_path_factory.mktemp("phone") / "phone.jpg"
    picture.save(path, quality=90, exif=exif)
    return path


def test_a_large_jpeg_is_decoded_at_a_reduced_scale_and_answered_alike(phone_photo, random18):
    recipe = random18.recipe
    assert open_picture(phone_photo).size == (3000, 4000)
    reduced = open_picture(phone_photo, shortest=4 * recipe.resize)
    assert reduced.size == (1500, 2000)
    whole, quick = crop_for(open_picture(phone_photo), recipe), read_crop(phone_photo, recipe)
    assert np.abs(np.asarray(whole).astype(int) - np.asarray(quick)).max() <= 8
    with torch.inference_mode():
        logits = [random18.network(to_tensor(crop, recipe))[0] for crop in (whole, quick)]
    assert float((logits[0] - logits[1]).abs().max()) < 0.05 * float(logits[0].std())


def test_a_jpeg_of_ordinary_size_is_decoded_whole(picture):
    recipe = Recipe()
    assert np.array_equal(np.asarray(read_crop(picture, recipe)), np.asarray(crop_for(open_picture(picture), recipe)))


def test_a_picture_that_cannot_be_read_is_not_called_no_picture(picture, tmp_path, monkeypatch):
    with pytest.raises(PictureError, match=r"cannot be read \(File name too long\)"):
        open_picture(tmp_path / f"{'x' * 300}.jpg")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PictureError) as caught:
        open_picture(picture)
    assert str(caught.value) == "drawn.jpg cannot be read (Permission denied); check who may open it."


def test_a_phones_photo_of_several_pictures_is_decoded_at_a_reduced_scale_too(tmp_path):
    picture = noise((60, 40)).resize((3000, 2000))
    picture.save(tmp_path / "phone.mpo", save_all=True, append_images=[noise((64, 48))])
    reduced = open_picture(tmp_path / "phone.mpo", shortest=500)
    assert reduced.size == (750, 500)
    assert np.abs(np.asarray(reduced).astype(int) - np.asarray(picture.resize((750, 500)))).mean() < 4


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # as in production, where it is no error
@pytest.mark.parametrize("suffix", ["jpg", "mpo"])
def test_a_phones_108_megapixels_are_read_at_a_reduced_scale_and_refused_whole(tmp_path, suffix, is_plain):
    path = tmp_path / f"phone.{suffix}"
    several = {"save_all": True, "append_images": [noise((64, 48))]} if suffix == "mpo" else {}
    Image.new("L", (12000, 9000), 90).save(path, **several)
    reduced = open_picture(path, shortest=742)
    assert reduced.size == (1500, 1125)
    assert reduced.getextrema() == ((90, 90),) * 3
    with pytest.raises(PictureError, match="too many pixels") as caught:
        open_picture(path)
    assert is_plain(caught.value)


def in_several_scans(data):
    """The same JPEG with a first scan that says it holds one component only."""
    start = data.index(b"\xff\xda\x00\x0c\x03")
    return data[:start] + b"\xff\xda\x00\x08\x01" + data[start + 5 : start + 7] + data[start + 11 :]


@pytest.mark.parametrize("kind", ["progressive", "in several scans", "too long for a reduced scale", "201 megapixels"])
def test_a_large_jpeg_that_would_be_held_whole_is_refused_before_it_is_decoded(tmp_path, kind, monkeypatch):
    """Coefficients take 6 bytes a pixel and more: 200 megapixels in several scans took 600 MB, in one pass 40."""
    monkeypatch.setattr("resnet_app.images.MAX_PIXELS", 1_000_000)
    monkeypatch.setattr("resnet_app.images.MAX_JPEG_PIXELS", 4_000_000)
    monkeypatch.setattr("resnet_app.images._upright_rgb", lambda _: pytest.fail("it was decoded"))
    sizes = {"too long for a reduced scale": (2000, 760), "201 megapixels": (2001, 2000)}
    path = tmp_path / "large.jpg"
    Image.new("RGB", sizes.get(kind, (1800, 1600)), (9, 99, 9)).save(path, progressive=kind == "progressive")
    if kind == "in several scans":
        path.write_bytes(in_several_scans(path.read_bytes()))
    with pytest.raises(PictureError, match="too many pixels"):
        open_picture(path, shortest=742)


def test_no_camera_of_a_phone_is_above_the_limit_that_the_sentence_names():
    assert 200_000_000 <= 16384 * 12288 <= MAX_JPEG_PIXELS  # the largest sensor there is
    for figure in ("200 megapixels", f"progressive: {MAX_PIXELS // 10**6}", f"AVIF up to {MAX_PIXELS // 10**6}."):
        assert figure in ACCEPTED


def test_where_a_photo_was_taken_is_in_no_output(phone_photo, random18, tmp_path):
    maps = MapFolder(tmp_path / "maps", random18)
    run = Batch(random18, maps=maps, keep_thumbnails=True)
    list(run.rows([phone_photo]))
    contact_sheet(run.done).save(tmp_path / "sheet.jpg")
    maps.finish()
    for path in (tmp_path / "sheet.jpg", *(tmp_path / "maps").glob("*.png")):
        with Image.open(path) as image:
            assert not image.getexif()
            assert "exif" not in image.info
