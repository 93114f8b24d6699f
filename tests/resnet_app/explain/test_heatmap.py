"""What follows from a map: as large as the picture, on a scale of several, where it is hottest and how concentrated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from resnet_app.explain.heatmap import Heatmap, enlarged

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True, database=None)
MAPS = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(0, 100, width=16))


def heatmap(raw, *, size=None):
    raw = np.asarray(raw, np.float32)
    values = enlarged(raw, size or raw.shape)
    return Heatmap(0, values / max(float(values.max()), 1e-12), raw)


@pytest.mark.parametrize(("raw", "size"), [((7, 7), (224, 224)), ((3, 5), (96, 40)), ((1, 1), (9, 4))])
def test_a_map_is_enlarged_as_pillow_does(raw, size):
    small = np.random.default_rng(0).random(raw, np.float32)
    expected = Image.fromarray(small).resize(size[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_allclose(enlarged(small, size), np.asarray(expected), atol=1e-5)


def test_two_maps_on_one_scale_are_compared_by_their_colours():
    strong, weak = heatmap([[0, 4], [2, 1]]), heatmap([[1, 0], [0, 0.5]])
    np.testing.assert_allclose(strong.on_scale(strong.peak), [[0, 1], [0.5, 0.25]])
    np.testing.assert_allclose(weak.on_scale(strong.peak), [[0.25, 0], [0, 0.125]])
    np.testing.assert_allclose(strong.on_scale(weak.peak), [[0, 1], [1, 1]])  # no colour beyond the brightest
    assert not strong.on_scale(0).any()


@EXAMPLES
@given(raw=MAPS)
def test_what_is_hot_holds_more_of_the_evidence_than_of_the_picture(raw):
    found = heatmap(raw, size=(12, 18))
    evidence, picture = found.concentration
    assert 0 <= picture <= evidence + 1e-6 <= 1 + 2e-6
    x, y = found.hottest
    assert found.values[int(y * 12), int(x * 18)] == found.values.max()
