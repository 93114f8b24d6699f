"""Curves whose areas are known, ROAD as pytorch-grad-cam has it, and weights drawn anew; the model stays as it was."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_app.explain.cam import heatmaps
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth import faithfulness
from resnet_app.explain.worth.faithfulness import (
    FROM_THE_TOP,
    STEPS,
    Curve,
    curves,
    likeness,
    orders,
    probability,
    randomised,
    road,
)
from resnet_app.images import to_tensor
from resnet_app.inference import models, predict
from resnet_app.progress import Watched, finish

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asked(bundled, repo):
    """The bundled model, a picture of a bee, and the map of its answer."""
    answer = predict.classify(bundled, repo / "assets" / "examples" / "bee-sunflower.jpg")
    (heatmap,) = heatmaps(bundled, answer, [answer.predictions[0].index])
    return bundled, answer, heatmap


def made(values):
    values = np.asarray(values, np.float32)
    return Heatmap(0, values, values)


def test_the_area_under_a_curve():
    assert Curve("deletion", "map", (1.0, 0.5, 0.0)).area == pytest.approx(0.5)
    assert Curve("deletion", "map", (1.0, 1.0, 1.0)).area == pytest.approx(1)
    assert Curve("insertion", "map", (0.0, 0.0, 1.0)).area == pytest.approx(0.25)


def test_a_model_that_looks_at_one_corner_is_found_out(asked, monkeypatch):
    """The probability is the share of the upper left quarter that is still there, so the areas are known."""
    model, answer, _ = asked
    original = answer.pixels
    corner = (slice(None), slice(None), slice(0, 112), slice(0, 112))
    monkeypatch.setattr(
        faithfulness, "probability", lambda _, pixels, __: float((pixels[corner] == original[corner]).float().mean())
    )
    values = np.zeros((224, 224), np.float32)
    values[:112, :112] = 1
    found = {(curve.kind, curve.order): curve for curve in finish(curves(model, answer, made(values)))}
    deletion = found["deletion", "map"]
    assert len(deletion.probabilities) == STEPS + 1
    assert deletion.probabilities[0] == 1
    assert deletion.probabilities[5] == pytest.approx(0, abs=0.01)  # a quarter of the pixels, all of them in the corner
    assert deletion.area == pytest.approx(1 / 8, abs=0.01)
    assert found["insertion", "map"].area == pytest.approx(7 / 8, abs=0.01)
    assert found["deletion", "random"].area > 0.3
    assert found["insertion", "random"].area < 0.7
    wrong = {(c.kind, c.order): c for c in finish(curves(model, answer, made(1 - values)))}
    assert wrong["deletion", "map"].area > found["deletion", "random"].area


def test_curves_start_and_end_at_the_pictures_that_they_lead_between(asked):
    model, answer, heatmap = asked
    steps = Watched(curves(model, answer, heatmap))
    told = list(steps)
    found = steps.result
    assert told[0] == (0, 2 * 5 * (STEPS + 1))
    assert [done for done, _ in told] == list(range(told[0][1]))
    best = answer.predictions[0].probability
    grey = probability(model, torch.zeros_like(answer.pixels), heatmap.index)
    for curve in found:
        first, last = curve.probabilities[0], curve.probabilities[-1]
        assert (first if curve.kind == "deletion" else last) == pytest.approx(best, abs=1e-3)
        if curve.kind == "deletion":
            assert last == pytest.approx(grey, abs=1e-4)
    assert {(curve.kind, curve.order) for curve in found} == {
        (kind, order) for kind in ("deletion", "insertion") for order in ("map", "random", "centre")
    }


def test_the_rivals_are_the_same_each_time_and_in_their_place(asked):
    _, _, heatmap = asked
    one, other = orders(heatmap), orders(heatmap)
    assert all((a == b).all() for a, b in zip(one["random"], other["random"], strict=True))
    assert len(one["random"]) == 3
    (blob,) = one["centre"]
    assert np.unravel_index(blob.argmax(), blob.shape) in {(row, column) for row in (111, 112) for column in (111, 112)}


def test_road_is_pytorch_grad_cams(asked):
    """Against the library's metric on the plain network, with the noise that it draws."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        from pytorch_grad_cam.metrics.road import ROADCombined
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget

    model, answer, heatmap = asked
    torch.manual_seed(3)
    expected_next = torch.rand(1)
    torch.manual_seed(3)
    ours = road(model, answer, heatmap)
    assert torch.equal(torch.rand(1), expected_next)  # the generator is left as it was
    torch.manual_seed(faithfulness.SEED)
    ranked = 1 - faithfulness.ranked(heatmap.on_scale(heatmap.peak)).numpy()
    metric = ROADCombined(percentiles=list(faithfulness.ROAD_PERCENTILES))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it asks of NumPy
        (theirs,) = metric(
            answer.pixels.clone(), ranked[None],
            [ClassifierOutputSoftmaxTarget(heatmap.index)], model.network,
        )  # fmt: skip
    assert ours == pytest.approx(theirs, abs=1e-3)
    reverse = made(1 - heatmap.on_scale(heatmap.peak))
    assert road(model, answer, replace(reverse, index=heatmap.index)) < ours


def test_every_share_of_the_pixels_is_that_share_though_most_of_the_map_is_zero():
    """ROAD removes what lies above a percentile: with ties that would be too much, or all of it."""
    values = np.zeros((20, 20), np.float32)
    values[3, 4:8] = (0.2, 1.0, 0.7, 0.2)
    ranked = 1 - faithfulness.ranked(values).numpy()
    assert np.unique(ranked).size == ranked.size
    assert ranked.argmax() == values.argmax()
    for percent in faithfulness.ROAD_PERCENTILES:
        assert (ranked >= np.percentile(ranked, percent)).mean() == pytest.approx(1 - percent / 100, abs=0.003)


def test_networks_drawn_at_once_are_the_seeds(random18):
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: models.load(models.choose("resnet18", "random", device="cpu")), range(4)))
    assert all(torch.equal(each.network.fc.weight, random18.network.fc.weight) for each in drawn)


def test_likeness_is_spearmans():
    from scipy.stats import spearmanr

    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 9, (2, 7, 7)).astype(np.float32)
    assert likeness(made(one), made(other)) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)
    assert likeness(made(one), made(one)) == pytest.approx(1)
    assert likeness(made(one), made(9 - one)) == pytest.approx(-1)
    assert likeness(made(one), made(np.zeros((7, 7)))) is None
    assert likeness(made(one), made(np.ones((7, 7)))) is None


@pytest.mark.parametrize("layers", [("layer4",), ("layer3",), ("layer2", "layer4")])
def test_weights_are_lost_from_the_top_down_and_the_model_keeps_its_own(asked, layers):
    model, answer, _ = asked
    before = {key: tensor.clone() for key, tensor in model.network.state_dict().items()}
    (heatmap,) = heatmaps(model, answer, [answer.predictions[0].index], layers=layers)
    torch.manual_seed(3)
    expected_next = torch.rand(1)
    torch.manual_seed(3)
    strip = finish(randomised(model, answer, heatmap, layers=layers))
    assert torch.equal(torch.rand(1), expected_next)
    assert [each.down_to for each in strip] == ["", *FROM_THE_TOP]
    assert strip[0].heatmap is heatmap
    assert strip[0].likeness == 1
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.network.state_dict().items())
    # Each map is that of the network with those parts taken from one freshly drawn: by hand, for the last step.
    with torch.random.fork_rng():
        torch.manual_seed(faithfulness.SEED)
        drawn = model.spec.build(num_classes=2).eval()
    other = replace(model, network=drawn, backbone=faithfulness.Backbone(drawn, torch.device("cpu"), pack=False))
    logits = drawn(answer.pixels)[0].detach()
    held = other.backbone.outputs(answer.pixels, ())
    (expected,) = heatmaps(other, replace(answer, held=held, logits=logits), [heatmap.index], layers=layers)
    np.testing.assert_allclose(strip[-1].heatmap.values, expected.values, atol=1e-4)
    assert abs(strip[-1].likeness or 0) < 0.7  # nothing is left of what was learned


def test_a_blank_picture_says_nothing(bundled, tmp_path):
    Image.new("RGB", (224, 224), (124, 116, 104)).save(tmp_path / "blank.png")
    answer = predict.classify(bundled, tmp_path / "blank.png")
    assert to_tensor(answer.crop, bundled.recipe).abs().max() < 0.05
    (heatmap,) = heatmaps(bundled, answer, [0])
    assert len(finish(curves(bundled, answer, heatmap))) == 6
