"""The network against torchvision's, bit for bit."""

import pytest
import torch
import torchvision
from torch import nn

from resnet_app import resnet
from resnet_app.registry import SPECS


def both(name, **options):
    """Our network and torchvision's, each made after the same seed."""
    networks = []
    for module in (resnet, torchvision.models):
        torch.manual_seed(5)
        networks.append(getattr(module, name)(**options))
    return networks


def assert_same_state(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert list(ours) == list(theirs)
    for key, tensor in theirs.items():
        assert torch.equal(ours[key], tensor), key


def assert_same_answers(ours, theirs, shape=(2, 3, 64, 64)):
    pixels = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        assert torch.equal(ours(pixels), theirs(pixels))


@pytest.fixture(scope="module", params=SPECS)
def pair(request):
    return both(request.param)


def test_same_seed_gives_torchvisions_weights(pair):
    assert_same_state(*pair)


def test_same_answers_in_eval_mode_at_an_odd_size(pair):
    ours, theirs = (network.eval() for network in pair)
    assert_same_answers(ours, theirs, (1, 3, 97, 131))


def test_same_answers_and_running_figures_in_training(pair):
    ours, theirs = (network.train() for network in pair)
    assert_same_answers(ours, theirs)
    assert_same_state(ours, theirs)
    assert ours.bn1.num_batches_tracked == 1


def test_gradients_are_torchvisions():
    ours, theirs = both("resnet18", num_classes=3)
    pixels = torch.randn(2, 3, 64, 64)
    for network in (ours, theirs):
        network(pixels).square().sum().backward()
    for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine.grad, other.grad), name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet50", {"replace_stride_with_dilation": [False, True, True]}),
        ("resnet50", {"replace_stride_with_dilation": (True, False, True), "num_classes": 7}),
        ("resnet18", {"norm_layer": lambda channels: nn.GroupNorm(32, channels)}),
        ("resnet18", {"zero_init_residual": True}),
        ("resnet50", {"zero_init_residual": True}),
        ("resnet50", {"groups": 2, "width_per_group": 32}),
        ("resnext50_32x4d", {"groups": 32}),
    ],
)
def test_options_do_what_torchvisions_do(name, options):
    ours, theirs = both(name, **options)
    assert_same_state(ours, theirs)
    assert_same_answers(ours.eval(), theirs.eval())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("resnet18", {"replace_stride_with_dilation": [False, False, True]}),
        ("resnet18", {"groups": 2}),
        ("resnet34", {"width_per_group": 128}),
        ("resnet50", {"replace_stride_with_dilation": [True, False]}),
        ("resnext50_32x4d", {"groups": 16}),
        ("resnext101_64x4d", {"width_per_group": 8}),
        ("wide_resnet50_2", {"width_per_group": 64}),
    ],
)
def test_refuses_what_torchvision_refuses_in_its_words(name, options):
    with pytest.raises((ValueError, NotImplementedError)) as theirs:
        getattr(torchvision.models, name)(**options)
    with pytest.raises((ValueError, NotImplementedError)) as ours:
        getattr(resnet, name)(**options)
    assert (ours.type, str(ours.value)) == (theirs.type, str(theirs.value))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_cifar_stem_keeps_the_size_until_layer2(name):
    network = getattr(resnet, name)(num_classes=10, stem="cifar").eval()
    sizes = {}
    for layer in ("conv1", "layer1", "layer2", "layer3", "layer4"):
        getattr(network, layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: sizes.update({layer: tuple(output.shape[2:])})
        )
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert sizes == {"conv1": (32, 32), "layer1": (32, 32), "layer2": (16, 16), "layer3": (8, 8), "layer4": (4, 4)}


def test_unknown_stem_is_refused():
    with pytest.raises(ValueError, match="'imagenet' or 'cifar'"):
        resnet.resnet18(stem="mnist")


def test_forward_is_head_of_features(random18):
    pixels = torch.randn(2, 3, 75, 90)
    with torch.inference_mode():
        features = random18.network.forward_features(pixels)
        assert features.shape == (2, 512, 3, 3)
        assert torch.equal(random18.network.forward_head(features), random18.network(pixels))
