"""Each change of a picture against its formula, written plainly; nothing at the neutral value."""

import colorsys
import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from resnet_app.inference import predict
from resnet_app.robustness.catalogue import CORRUPTIONS
from resnet_app.robustness.corruptions import corrupted

ROUNDING = 0.51 / 255  # of a colour that becomes a whole number


@pytest.fixture(scope="module")
def crop() -> Image.Image:
    coarse = np.random.default_rng(5).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((224, 224), Image.Resampling.BICUBIC)


def of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture) / 255


@pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_at_its_neutral_value_the_logits_are_unchanged(corruption, bundled, bee) -> None:
    same = predict.classify_crop(bundled, corrupted(bee.crop, corruption.name, corruption.neutral))
    assert torch.allclose(same.logits, bee.logits, atol=1e-5)


@pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_the_whole_range_gives_pictures_of_the_same_kind(corruption, crop) -> None:
    for value in corruption.values(5):
        changed = corrupted(crop, corruption.name, value)
        assert (changed.size, changed.mode) == (crop.size, "RGB")
        assert (changed == crop) == (value == corruption.neutral)


@pytest.mark.parametrize("severity", range(5))
def test_the_graded_ones_are_imagenet_cs_formulas(severity: int, crop: Image.Image) -> None:
    x = of(crop)

    def c(name: str) -> float:
        return CORRUPTIONS[name].graded[severity]

    mean = x.mean((0, 1), keepdims=True)
    expected = {
        "contrast": np.clip((x - mean) * c("contrast") + mean, 0, 1),
        "blur": np.clip(gaussian_filter(x, (c("blur"), c("blur"), 0), mode="nearest", truncate=4), 0, 1),
        "brightness": np.array([[brighter(pixel, c("brightness")) for pixel in row] for row in x[::16, ::16]]),
        "pixelate": of(
            crop.resize((int(224 * c("pixelate")),) * 2, Image.Resampling.BOX).resize((224, 224), Image.Resampling.BOX)
        ),
    }
    for name, values in expected.items():
        found = of(corrupted(crop, name, c(name)))
        assert np.abs((found[::16, ::16] if name == "brightness" else found) - values).max() < ROUNDING, name
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=c("jpeg"))
    assert corrupted(crop, "jpeg", c("jpeg")).tobytes() == Image.open(buffer).tobytes()


def brighter(pixel: np.ndarray, more: float) -> tuple[float, float, float]:
    hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
    return colorsys.hsv_to_rgb(hue, saturation, min(1, max(0, value + more)))


def test_noise_is_one_draw_of_the_stated_spread() -> None:
    grey = Image.new("RGB", (224, 224), (128, 128, 128))
    noisy = of(corrupted(grey, "noise", 0.08))
    assert np.std(noisy) == pytest.approx(0.08, rel=0.02)
    assert corrupted(grey, "noise", 0.08) == corrupted(grey, "noise", 0.08)


def test_turning_moving_and_scaling_keep_to_their_numbers(crop: Image.Image) -> None:
    x = np.asarray(crop)
    assert (np.asarray(corrupted(crop, "shift", 3))[:, 3:] == x[:, :-3]).all()
    assert (np.asarray(corrupted(crop, "shift", -3))[:, :-3] == x[:, 3:]).all()
    assert np.abs(of(corrupted(crop, "rotation", 90)) - of(crop.rotate(-90))).max() < 0.02
    small = of(corrupted(crop, "scale", 0.5))[56:168, 56:168]
    assert np.abs(small - of(crop.resize((112, 112), Image.Resampling.BILINEAR)))[2:-2, 2:-2].max() < ROUNDING
    assert corrupted(crop, "greyscale", 1) == crop.convert("L").convert("RGB")


def test_patches_in_another_order_are_the_same_patches(crop: Image.Image) -> None:
    def patches(picture: Image.Image) -> list[bytes]:
        return sorted(
            picture.crop((x, y, x + 32, y + 32)).tobytes() for x in range(0, 224, 32) for y in range(0, 224, 32)
        )

    assert patches(corrupted(crop, "shuffle", 7)) == patches(crop)
    assert corrupted(crop, "shuffle", 7) != crop


def test_frequencies_are_cut_where_the_number_says() -> None:
    across = np.arange(224) / 224 * 2 * np.pi
    slow, fast = 0.2 * np.cos(10 * across), 0.2 * np.cos(70 * across)  # 6 % and 44 % of the finest, in the diagonal
    both = Image.fromarray(
        ((0.5 + slow + fast)[None, :, None].repeat(224, 0).repeat(3, 2) * 255).round().astype(np.uint8)
    )
    low, high = of(corrupted(both, "lowpass", 20)), of(corrupted(both, "highpass", 20))
    assert np.abs(low - (0.5 + slow)[None, :, None]).max() < 2 * ROUNDING
    assert np.abs(high - (0.5 + fast)[None, :, None]).max() < 2 * ROUNDING
