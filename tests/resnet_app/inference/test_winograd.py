"""Convolutions by way of points: exactly the convolution in whole numbers, the layer's numbers to rounding in float32,
and used where they are right and quicker alone."""

import pytest
import torch
from torch import nn

from resnet_app.inference import winograd
from resnet_app.inference.backbone import Backbone
from resnet_app.inference.packed import PackedBlock
from resnet_app.inference.winograd import A_T, B_T, G, WinogradConvolution, suits
from resnet_app.registry import SPECS
from tests.resnet_app.inference.test_packed import drawn, normed

PLAIN = {"kernel_size": 3, "padding": 1, "bias": False}


@pytest.fixture(autouse=True)
def _measured_here(monkeypatch):
    """Whatever this machine's CPU is."""
    monkeypatch.setattr(winograd, "CAPABILITY", torch.backends.cpu.get_cpu_capability())
    with torch.inference_mode():
        yield


def test_the_matrices_make_a_convolution_in_whole_numbers():
    inputs, weights = torch.tensor([3, -1, 4, 1, -5, 9]), torch.tensor([2, -7, 1])
    b, g, a = map(torch.tensor, (B_T, G, A_T))
    assert (a @ ((g @ weights) * (b @ inputs)) == 24 * inputs.unfold(0, 3, 1) @ weights).all()


@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (7, 7), (9, 14), (28, 28)], ids=str)
def test_a_convolution_is_the_layer_and_its_norm_and_lies_in_memory_as_the_next_wants_it(size, order):
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(8, 16, **PLAIN).eval(), normed(16)
    x, shortcut = (drawn(3, count, *size, seed=count).to(memory_format=order) for count in (8, 16))
    by_points, before = WinogradConvolution(conv, norm), shortcut.clone()
    found, onto = by_points(x), by_points.onto(shortcut, x, spare=True)
    expected = norm.double()(conv.double()(x.double()))
    assert (found - expected.relu()).abs().max() < 2e-5 * expected.abs().max()
    assert (onto - (shortcut + expected).relu()).abs().max() < 2e-5 * expected.abs().max()
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert onto.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(shortcut, before)


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"kernel_size": 1, "padding": 0}, (8, 128, 28, 28)),
        ({"stride": 2}, (8, 128, 28, 28)),
        ({"padding": 0}, (8, 128, 28, 28)),
        ({"padding": 2, "dilation": 2}, (8, 128, 28, 28)),
        ({"groups": 2}, (8, 128, 28, 28)),
        ({}, (1, 128, 28, 28)),
        ({}, (8, 64, 56, 56)),
        ({"out_channels": 64}, (8, 128, 28, 28)),
        ({}, (2, 128, 7, 7)),
    ],
    ids=[
        "1x1",
        "strided",
        "no border",
        "dilated",
        "grouped",
        "one picture",
        "few channels",
        "few channels out",
        "few tiles",
    ],
)
def test_it_is_for_many_channels_and_tiles_of_plain_convolutions(options, shape):
    assert suits(nn.Conv2d(128, 128, **PLAIN), torch.zeros(8, 128, 7, 7))
    conv = nn.Conv2d(shape[1], **{"out_channels": 128, **PLAIN, **options})
    assert not suits(conv, torch.zeros(shape))


def test_it_is_for_float32_and_cpus_where_it_was_measured(monkeypatch):
    conv, x = nn.Conv2d(128, 128, **PLAIN), torch.zeros(8, 128, 7, 7)
    assert not suits(conv, x.bfloat16())
    monkeypatch.setattr(winograd, "CAPABILITY", "another")
    assert not suits(conv, x)


@pytest.mark.parametrize(("name", "count"), [("resnet18", 9), ("resnet50", 10), ("resnext50_32x4d", 0)])
@pytest.mark.skipif(not hasattr(torch.ops.mkldnn, "_convolution_pointwise"), reason="this torch has no oneDNN steps")
def test_a_group_of_pictures_gets_the_eager_passs_numbers_by_it(name, count):
    torch.manual_seed(0)
    network = SPECS[name].build(num_classes=7).eval()
    for number, norm in enumerate(each for each in network.modules() if isinstance(each, nn.BatchNorm2d)):
        norm.load_state_dict(normed(norm.num_features, number).state_dict())
    x = drawn(11, 3, 224, 224)  # a whole group, and one that is filled up
    backbone, eager = Backbone(network, torch.device("cpu"), group=8), network.forward_features(x)
    assert (backbone(x) - eager).abs().max() <= 1e-5 * eager.abs().max()
    branches = [step._branch for step in backbone.prepare(224, 224).values() if isinstance(step, PackedBlock)]
    assert sum(isinstance(each, WinogradConvolution) for branch in branches for each in branch) == count
