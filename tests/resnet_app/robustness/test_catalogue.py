"""The ways to change a picture: their ranges, and the constants that are ImageNet-C's."""

import pytest

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.robustness import corruptions
from resnet_app.robustness.catalogue import CORRUPTIONS, find

# Of hendrycks/robustness, ImageNet-C/create_c/make_imagenet_c.py, severities 1 to 5.
IMAGENET_C = {
    "gaussian_noise": (0.08, 0.12, 0.18, 0.26, 0.38), "gaussian_blur": (1, 2, 3, 4, 6),
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05), "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
    "jpeg_compression": (25, 18, 15, 10, 7), "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),
}  # fmt: skip


def test_the_graded_ones_are_imagenet_cs() -> None:
    assert {each.published: each.graded for each in CORRUPTIONS.values() if each.graded} == IMAGENET_C
    assert [find("jpeg").severity(value) for value in (25, 7, 50)] == [1, 5, None]


@pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_values_span_the_range_with_the_neutral_and_the_graded_ones(corruption) -> None:
    assert corruption.name in corruptions._FORMULAS
    for points in (2, 9, 25):
        values = corruption.values(points)
        assert list(values) == sorted(set(values))
        assert (values[0], values[-1]) == (corruption.low, corruption.high)
        assert {corruption.neutral, *corruption.graded} <= set(values)
        assert len(values) <= points + 6


@pytest.mark.parametrize("value", [-0.1, 8.1, float("nan"), "3", None])
def test_a_value_out_of_range_is_refused(value, is_plain) -> None:
    with pytest.raises(ResNetAppError) as caught:
        find("blur").checked(value)
    assert is_plain(caught.value)
    with pytest.raises(UnknownChoiceError):
        find("sepia")
