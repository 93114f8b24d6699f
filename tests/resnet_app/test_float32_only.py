"""All that the app asks of a picture, on a device without float64: Apple's chips are such, and ``auto`` takes them."""

import numpy as np
import pytest
import torch

from resnet_app.choices import LAYERS, METHODS, SLOW
from resnet_app.explain import residuals
from resnet_app.explain.cam import choose, heatmaps, signed_map
from resnet_app.explain.worth import faithfulness
from resnet_app.inference import models
from resnet_app.inference.predict import classify
from resnet_app.progress import finish
from tests.simulated_gpu import OnDevice, an_apple_gpu

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def example(repo):
    return repo / "assets" / "examples" / "bee-daisy.jpg"


@pytest.fixture
def on_gpu():
    with an_apple_gpu():
        yield models.load(models.choose())


def test_the_simulated_device_refuses_what_apples_refuse(on_gpu):
    assert on_gpu.device.name == "mps"
    assert isinstance(on_gpu.network.fc.weight, OnDevice)
    with pytest.raises(TypeError, match="float64"):
        on_gpu.network.fc.weight.double()
    with pytest.raises(RuntimeError, match="same device"):
        on_gpu.network.fc(torch.zeros(1, 512))


def test_the_default_answer_is_the_cpus(on_gpu, bundled, example):
    found, expected = classify(on_gpu, example), classify(bundled, example)
    assert found.predictions[0].label == expected.predictions[0].label == "bees"
    assert torch.allclose(found.logits, expected.logits, atol=1e-4)
    assert found.is_ood == expected.is_ood


@pytest.mark.parametrize("layer", [LAYERS[1], LAYERS[3]])
@pytest.mark.parametrize("method", [method for method in METHODS if method not in SLOW])
def test_every_method_gives_the_cpus_map(method, layer, on_gpu, bundled, example):
    maps = [
        heatmaps(model, classify(model, example, keep=choose(model.network, [layer]).paths), [1], layers=[layer],
                 method=method)[0]
        for model in (on_gpu, bundled)
    ]  # fmt: skip
    np.testing.assert_allclose(maps[0].values, maps[1].values, atol=1e-3)


def test_two_classes_against_each_other_the_microscope_and_the_tests_of_a_map(on_gpu, bundled, example):
    answers = [(model, classify(model, example)) for model in (on_gpu, bundled)]
    signed = [signed_map(model, answer, 0, 1) for model, answer in answers]
    np.testing.assert_allclose(signed[0].raw, signed[1].raw, atol=1e-4)
    readings = [residuals.readings(model.backbone, answer.pixels) for model, answer in answers]
    assert [one.residual for one in readings[0]] == pytest.approx([one.residual for one in readings[1]], rel=1e-4)
    for model, answer in answers:
        maps = residuals.feature_maps(model, answer.pixels, "layer3.0")
        assert maps.maps.device == torch.device("cpu")
        assert residuals.logits_without(model, answer.pixels, ["layer3.1"]).shape == (2,)
    _, answer = answers[0]
    (heatmap,) = heatmaps(on_gpu, answer, [1])
    areas = [curve.area for curve in finish(faithfulness.curves(on_gpu, answer, heatmap, rivals=False))]
    assert all(0 <= area <= 1 for area in areas)
    assert -1 <= faithfulness.road(on_gpu, answer, heatmap) <= 1
    strip = finish(faithfulness.randomised(on_gpu, answer, heatmap, layers=["layer4"]))
    assert len(strip) == 1 + len(faithfulness.FROM_THE_TOP)
