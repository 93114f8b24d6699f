"""Colours: matplotlib's maps, WCAG's contrast on every ground, and two sides that the colour-blind tell apart."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest

from resnet_app.colours import COLOUR_MAPS, DARK, LIGHT, SIDES, WHITE

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
COLOUR_BLIND = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def rgb(text):
    return np.array([int(text.lstrip("#")[i : i + 2], 16) for i in (0, 2, 4)])


def linear(text):
    share = rgb(text) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def luminance(text):
    return float(TO_XYZ[1] @ linear(text))


def contrast(one, other):
    """WCAG 2's ratio, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(linear_rgb):
    x, y, z = np.cbrt(np.clip(TO_XYZ @ linear_rgb / TO_XYZ.sum(1), 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_the_colour_maps_are_matplotlibs(name):
    ours = np.array([rgb(text) for text in COLOUR_MAPS[name].split()])
    expected = mpl.colormaps[name](np.linspace(0, 1, len(ours)))[:, :3] * 255
    np.testing.assert_allclose(ours, expected, atol=1)
    lightness = [luminance(text) for text in COLOUR_MAPS[name].split()]
    assert all(dark < light for dark, light in pairwise(lightness))


@pytest.mark.parametrize("page", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_on_every_ground(page):
    assert contrast("#000000", WHITE) == pytest.approx(21)
    for ground in ("bg", "panel", "sunk", "side"):
        for ink in ("ink", "ink2", "ink3", "acc", "err"):
            assert contrast(page[ink], page[ground]) >= 4.5, (ink, ground)
        for mark in ("params", "macs"):
            assert contrast(page[mark], page[ground]) >= 3, (mark, ground)
    assert contrast(page["err"], page["err-bg"]) >= 4.5
    assert contrast(WHITE, page["button"]) >= 4.5
    assert contrast(WHITE, page["button-hover"]) >= 4.5
    assert contrast(page["ctl"], page["panel"]) >= 3  # WCAG 1.4.11: where a control ends


@pytest.mark.parametrize("kind", COLOUR_BLIND)
def test_the_two_sides_of_a_signed_map_are_told_apart_by_all(kind):
    first, second = (lab(np.clip(np.array(COLOUR_BLIND[kind]) @ linear(side), 0, 1)) for side in SIDES)
    assert np.linalg.norm(first - second) > 25  # of CIE 1976; about 2 can just be seen
