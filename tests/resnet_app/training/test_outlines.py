"""Where the subjects of real photographs are, held against outlines that were drawn by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import DataError
from resnet_app.images import Recipe
from resnet_app.progress import Watched, finish
from resnet_app.robustness.reason import outlined
from resnet_app.training.dataset import find_pictures
from resnet_app.training.outlines import is_good, outlines
from tests.paths import ROOT

HAND_DRAWN = json.loads((ROOT / "benchmarks" / "reason_masks.json").read_text("utf-8"))


def square(mask):
    """What the model's square shows of a whole picture's mask, as (224, 224)."""
    usual = Recipe()
    side = round(min(mask.shape) * usual.crop / usual.resize)
    top, left = ((each - side) // 2 for each in mask.shape)
    places = np.arange(usual.crop) * side // usual.crop
    return mask[top : top + side, left : left + side][np.ix_(places, places)]


def test_outlines_lie_on_the_insects(photos, bundled):
    """A box as large, laid anywhere, would share with the insect what the insect has of the picture: a tenth."""
    every = find_pictures(photos)
    drawn = [i for i, file in enumerate(every.files) if f"{file.parent.name}/{file.name}" in HAND_DRAWN][::3]
    pictures = every.part(drawn)
    watched = Watched(outlines(bundled, pictures))
    steps = list(watched)
    found = watched.result
    assert steps[-1] == (len(drawn), len(drawn))
    assert len(found) >= 0.6 * len(drawn)
    precise, covered = [], []
    for file, mask in found.items():
        hand = outlined(HAND_DRAWN[f"{file.parent.name}/{file.name}"], 224)
        ours = square(mask)
        precise.append((ours & hand).sum() / max(1, ours.sum()))
        covered.append((ours & hand).sum() / hand.sum())
    assert np.median(precise) > 0.6
    assert np.median(covered) > 0.3  # a dot on the insect would be precise, too
    again = finish(outlines(bundled, every.part(drawn[:2])))
    assert all(np.array_equal(mask, found[file]) for file, mask in again.items())


def test_a_picture_that_is_too_long_and_thin_is_left_out(bundled, tmp_path):
    """Its map would be computed on a picture of tens of thousands of pixels."""
    for name in ("ants", "bees"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (4000, 10), (90, 90, 90)).save(tmp_path / name / "thin.png")
    assert finish(outlines(bundled, find_pictures(tmp_path))) == {}


def test_a_model_of_other_classes_is_refused(coloured, bundled):
    with pytest.raises(DataError, match="knows ants, bees; give one of blue, red"):
        finish(outlines(bundled, find_pictures(coloured)))


def test_outlines_that_are_none():
    mask = np.zeros((40, 60), bool)
    assert not is_good(mask)
    mask[18:20, 30:32] = True
    assert not is_good(mask)  # next to nothing
    mask[10:25, 20:40] = True
    assert is_good(mask)
    mask[:25, 20:40] = True
    assert not is_good(mask)  # along the edge
