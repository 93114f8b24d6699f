"""One patch covered at a time: against a loop of ``predict`` over painted pictures, and correlations that are known."""

import numpy as np
import pytest
from PIL import ImageDraw

from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth.patches import GRID, PatchFalls, patch_falls, patch_means, patch_of
from resnet_app.inference.predict import classify
from resnet_app.progress import Watched
from resnet_app.robustness.trial import to_save

MEAN_COLOUR = (124, 116, 104)  # ImageNet's mean, as a picture can have it


@pytest.fixture(scope="module")
def answer(bundled, repo):
    return classify(bundled, repo / "assets" / "examples" / "bee-daisy.jpg")


@pytest.mark.slow
def test_a_fall_is_that_of_predict_with_the_patch_painted_over(bundled, answer, tmp_path):
    steps = Watched(patch_falls(bundled, answer, 1))
    told = list(steps)
    assert told == [(done, 49) for done in range(49)]
    found = steps.result.falls
    assert found.dtype == np.float32
    for row, column in ((0, 0), (3, 3), (2, 5), (6, 1)):
        painted = answer.crop.copy()
        ImageDraw.Draw(painted).rectangle(
            (column * 32, row * 32, column * 32 + 31, row * 32 + 31), fill=MEAN_COLOUR
        )  # fmt: skip
        to_save(painted, bundled.recipe).save(tmp_path / "painted.png")
        after = classify(bundled, tmp_path / "painted.png").logits[1]
        assert found[row, column] == pytest.approx(float(answer.logits[1] - after), abs=5e-3)
    assert found.min() < 0 < found.max()  # nothing is cut off


def test_a_side_that_seven_does_not_divide_is_shared_out_evenly():
    counts = np.bincount(patch_of(96))
    assert len(counts) == GRID
    assert counts.max() - counts.min() == 1
    assert (patch_of(224) == np.repeat(range(7), 32)).all()


def test_a_map_is_held_against_the_falls_by_rank_with_their_sign():
    falls = np.arange(-10, 39, dtype=np.float32).reshape(GRID, GRID) / 10
    found = PatchFalls(0, falls)
    rising = np.kron(np.arange(49, dtype=np.float32).reshape(7, 7) ** 2 + 1, np.ones((32, 32), np.float32))
    assert patch_means(rising)[0, 1] == 2
    assert found.correlation(Heatmap(0, rising, rising)) == pytest.approx(1)
    turned = rising[::-1, ::-1].copy()
    assert found.correlation(Heatmap(0, turned, turned)) == pytest.approx(-1)
    assert found.correlation(Heatmap(0, np.zeros_like(rising), np.zeros_like(rising))) is None
    shown = found.as_map()
    assert shown.values.shape == (224, 224)
    assert shown.values[0, 0] == pytest.approx(-1 / 3.8)
    assert shown.values[-1, -1] == 1
