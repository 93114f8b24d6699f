"""The network as one picture: the strongest channel of each place, and what the shortcut brings."""

import pytest
import torch

from resnet_app.errors import ResNetAppError
from resnet_app.explain.overview import overview
from resnet_app.explain.residuals import feature_maps, readings
from resnet_app.inference.backbone import blocks
from resnet_app.inference.predict import classify
from tests.paths import EXAMPLES


@pytest.fixture(scope="module")
def pixels(bundled):
    return classify(bundled, EXAMPLES / "bee-clover.jpg").pixels


def test_every_place_has_its_strongest_channel(bundled, pixels):
    tiles = overview(bundled, pixels, readings(bundled.backbone, pixels))
    assert [tile.path for tile in tiles] == ["conv1", "maxpool", *blocks(bundled.network)]
    for tile in tiles:
        strongest = feature_maps(bundled, pixels, tile.path, count=1)
        assert (tile.channel, tile.channels) == (strongest.channels[0], strongest.of)
        assert torch.allclose(tile.values, strongest.maps[0])


def test_the_shortcuts_share_is_of_both_norms(bundled, pixels):
    read = readings(bundled.backbone, pixels)
    shares = {tile.path: (tile.share, tile.is_identity) for tile in overview(bundled, pixels, read)}
    assert shares["conv1"] == shares["maxpool"] == (None, False)
    for each in read:
        share, is_identity = shares[each.path]
        assert share == pytest.approx(each.shortcut / (each.shortcut + each.residual))
        assert is_identity == each.is_identity


def test_pixels_without_numbers_get_a_sentence(bundled, pixels):
    broken = torch.full_like(pixels, float("inf"))
    with pytest.raises(ResNetAppError, match="no number"):
        overview(bundled, broken, [])
