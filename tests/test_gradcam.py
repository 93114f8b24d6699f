"""The closed form against pytorch-grad-cam, and the drawing of its maps."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_app.errors import UnknownChoiceError
from resnet_app.gradcam import (
    COLOURS,
    MIN_PEAK,
    Heatmap,
    SignedMap,
    check_method,
    draw,
    heatmaps,
    overlay,
    palette,
    signed_map,
    signed_overlay,
)
from resnet_app.registry import SPECS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the library's own imports
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

SIZE = (96, 128)  # height, width


def pixels():
    return torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(8))


def features_of(network):
    with torch.inference_mode():
        return network.forward_features(pixels())


def reference(network, index):
    """The map of pytorch-grad-cam, used as its README does."""
    with GradCAM(model=network, target_layers=[network.layer4[-1]]) as cam:
        return cam(input_tensor=pixels(), targets=[ClassifierOutputTarget(index)])[0]


@pytest.mark.parametrize("name", SPECS)
def test_same_maps_as_pytorch_grad_cam(name):
    torch.manual_seed(6)
    network = SPECS[name].build(num_classes=5).eval()
    found = heatmaps(network, features_of(network), [3, 0, 4], size=SIZE)
    assert [heatmap.index for heatmap in found] == [3, 0, 4]
    for heatmap in found:
        assert heatmap.values.shape == SIZE
        assert heatmap.values.dtype == np.float32
        np.testing.assert_allclose(heatmap.values, reference(network, heatmap.index), atol=1e-5)


def test_the_peak_is_the_largest_mean_gradient_times_activation(random18):
    """Eq. 1 and 2 of the paper, by autograd."""
    features = features_of(random18.network).clone().requires_grad_()
    random18.network.forward_head(features)[0, 7].backward()
    weights = features.grad.mean((2, 3), keepdim=True)
    raw = (weights * features.detach()).sum(1).relu()[0]
    (heatmap,) = heatmaps(random18.network, features.detach(), [7], size=tuple(raw.shape))
    assert heatmap.peak == pytest.approx(raw.max().item(), rel=1e-5)
    np.testing.assert_allclose(heatmap.values, (raw - raw.min()) / (raw.max() - raw.min()), atol=1e-5)


def test_a_class_without_evidence_has_no_map():
    network = SPECS["resnet18"].build(num_classes=2).eval()
    with torch.no_grad():
        network.fc.weight[0].fill_(-1)  # every feature is 0 or more, so nothing raises this class
        network.fc.weight[1].fill_(1)
    none, some = heatmaps(network, features_of(network), [0, 1], size=SIZE)
    assert (none.has_evidence, some.has_evidence) == (False, True)
    assert none.peak == 0
    assert not none.values.any()
    assert not np.asarray(overlay(none)).T[3].any()
    assert some.values.max() == pytest.approx(1, abs=1e-5)
    crop = Image.new("RGB", SIZE[::-1], (10, 200, 30))
    assert draw(crop, none).tobytes() == crop.tobytes()


def test_the_shared_network_is_left_as_it_was(random18):
    network = random18.network
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    heatmaps(network, features_of(network), [1, 2], size=SIZE)
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    assert not any(module.training for module in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


def step_map():
    """No evidence in the left half, full evidence on the right."""
    values = np.zeros((4, 8), np.float32)
    values[:, 4:] = 1
    return Heatmap(0, values, 1.0)


def test_the_hottest_place_is_a_share_of_width_and_height():
    values = np.zeros((4, 8), np.float32)
    values[3, 1] = 1
    assert Heatmap(0, values, 1.0).hottest == (1.5 / 8, 3.5 / 4)


@pytest.mark.parametrize("colours", COLOURS)
def test_overlays_fade_in_and_end_in_the_brightest_colour(colours):
    layer = np.asarray(overlay(step_map(), colours=colours))
    assert layer.shape == (4, 8, 4)
    assert not layer[:, :4, 3].any()
    assert (layer[:, 4:, 3] == 255).all()
    assert layer[0, 7, :3].tobytes().hex().upper() == COLOURS[colours].split()[-1]
    luminance = palette(colours) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -1).all()
    assert luminance[-1] - luminance[0] > 120


def test_half_of_the_threshold_is_half_transparent():
    layer = np.asarray(overlay(Heatmap(0, np.full((2, 2), 0.225, np.float32), 1.0)))
    assert layer[0, 0, 3] == pytest.approx(127.5, abs=1)


def test_drawing_mixes_crop_and_colour():
    crop = Image.new("RGB", (8, 4), (0, 100, 200))
    drawn = np.asarray(draw(crop, step_map(), colours="viridis", opacity=0.5)).astype(int)
    assert (drawn[:, :4] == (0, 100, 200)).all()
    assert np.abs(drawn[:, 4:] - np.array([0xFD, 0xE7 + 100, 0x25 + 200]) / 2).max() <= 1


@pytest.mark.parametrize(("layer", "method"), [("layer9", "gradcam"), ("layer4", "lime")])
def test_other_layers_and_methods_are_refused(layer, method, is_plain):
    check_method("layer4", "gradcam")
    with pytest.raises(UnknownChoiceError, match="choose one of") as caught:
        check_method(layer, method)
    assert is_plain(caught.value)
    with pytest.raises(UnknownChoiceError, match="'jet'; choose one of inferno"):
        palette("jet")


def test_rounding_noise_is_no_evidence():
    assert not Heatmap(0, np.zeros((1, 1), np.float32), MIN_PEAK / 10).has_evidence


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_the_signed_map_adds_up_to_the_difference_of_the_logits(name):
    torch.manual_seed(6)
    network = SPECS[name].build(num_classes=3).eval()
    features = features_of(network)
    signed = signed_map(network, features, 2, 0, size=SIZE)
    logits, bias = network.forward_head(features)[0].detach(), network.fc.bias.detach()
    assert signed.total == pytest.approx(float((logits[2] - logits[0]) - (bias[2] - bias[0])), abs=1e-5)
    assert signed.values.shape == SIZE
    assert 0.5 < np.abs(signed.values).max() <= 1
    other = signed_map(network, features, 0, 2, size=SIZE)
    np.testing.assert_allclose(other.values, -signed.values, atol=1e-6)
    assert other.total == pytest.approx(-signed.total, abs=1e-6)


def test_the_signed_map_is_the_difference_of_two_raw_maps():
    """By autograd, as Grad-CAM weighs its channels, without cutting off what is negative."""
    torch.manual_seed(6)
    network = SPECS["resnet18"].build(num_classes=2).eval()
    features = features_of(network).clone().requires_grad_()
    logits = network.forward_head(features)[0]
    (logits[0] - logits[1]).backward()
    raw = (features.grad * features.detach()).sum(1)[0]
    signed = signed_map(network, features.detach(), 0, 1, size=tuple(raw.shape))
    np.testing.assert_allclose(signed.values, raw / raw.abs().max(), atol=1e-5)
    assert signed.peak == pytest.approx(float(raw.abs().max()), rel=1e-4)


def test_the_signed_overlay_has_a_colour_for_each_side_and_none_between():
    values = np.array([[1.0, 0.1, 0.0, -0.2, -1.0]], np.float32)
    image = np.asarray(signed_overlay(SignedMap(values, 0.0, 1.0)))
    assert image.shape == (1, 5, 4)
    assert image[0, :, 3].tolist() == [255, round(255 * 0.1 / 0.45), 0, round(255 * 0.2 / 0.45), 255]
    assert image[0, 0, :3].tolist() == image[0, 1, :3].tolist() != image[0, 4, :3].tolist() == image[0, 3, :3].tolist()


def test_a_signed_map_of_equal_classes_is_empty():
    network = SPECS["resnet18"].build(num_classes=2).eval()
    torch.nn.init.zeros_(network.fc.weight)
    signed = signed_map(network, features_of(network), 0, 1, size=SIZE)
    assert (signed.total, signed.peak) == (0, 0)
    assert not np.asarray(signed_overlay(signed))[..., 3].any()
