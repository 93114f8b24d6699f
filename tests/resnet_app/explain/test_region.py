"""A map's mask and box: pieces drawn by hand, the threshold on the peak's own scale, and no box without evidence."""

import numpy as np
import pytest

from resnet_app.errors import ResNetAppError
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.region import region


def made(values):
    return Heatmap(0, values, values)


@pytest.fixture
def two_pieces():
    values = np.zeros((100, 120), np.float32)
    values[10:40, 20:50] = 2.0  # the peak: 30 x 30
    values[60:90, 60:110] = 0.9  # larger, and below half of the peak
    return made(values)


def test_the_box_is_around_the_largest_piece_above_the_threshold(two_pieces):
    low = region(two_pieces)
    assert (low.threshold, low.box) == (20, (60, 60, 110, 90))
    assert low.share == pytest.approx(30 * 50 / 12000)
    assert low.mask[60:90, 60:110].all()
    assert low.mask.sum() == 30 * 50  # the other piece is not in it
    high = region(two_pieces, 50)
    assert high.box == (20, 10, 50, 40)


def test_a_map_without_evidence_has_no_box():
    assert region(made(np.zeros((20, 20), np.float32))) is None


@pytest.mark.parametrize("threshold", [4, 96])
def test_a_threshold_out_of_range_is_one_sentence(two_pieces, threshold):
    with pytest.raises(ResNetAppError, match=f"The threshold is {threshold} %; give 5 to 95"):
        region(two_pieces, threshold)
