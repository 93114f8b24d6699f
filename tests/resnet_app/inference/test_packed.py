"""One packed convolution and one packed block against PyTorch's own layers, of every kind that a ResNet has."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models.resnet import conv1x1

from resnet_app.inference.packed import Convolution, PackedBlock
from resnet_app.resnet import BasicBlock, Bottleneck

LAYERS = {
    "1x1": {"kernel_size": 1}, "3x3": {"kernel_size": 3, "padding": 1}, "7x7 stem": {"kernel_size": 7, "padding": 3},
    "strided": {"kernel_size": 3, "stride": 2, "padding": 1}, "grouped": {"kernel_size": 3, "padding": 1, "groups": 4},
    "dilated": {"kernel_size": 3, "padding": 2, "dilation": 2}, "with bias": {"kernel_size": 1, "bias": True},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_gradient():
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        pytest.skip("this torch has no oneDNN steps")
    with torch.inference_mode():
        yield


def normed(channels, seed=0):
    """A BatchNorm whose figures are no defaults; one channel's scale is negative, one's is zero."""
    draw = torch.Generator().manual_seed(seed)
    norm = nn.BatchNorm2d(channels).eval()
    for tensor, low, high in (
        (norm.weight, 0.5, 2), (norm.bias, -1, 1), (norm.running_mean, -1, 1), (norm.running_var, 0.1, 4)
    ):  # fmt: skip
        tensor.copy_(torch.rand(channels, generator=draw) * (high - low) + low)
    norm.weight[0], norm.weight[1] = -1.5, 0
    return norm


def drawn(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("options", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("size", [(1, 1), (9, 14), (32, 32)], ids=str)
def test_a_convolution_is_the_layer_and_its_norm_for_other_sizes_too(options, size):
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(8, 16, **{"bias": False, **options}).eval(), normed(16)
    packed, x = Convolution(conv, norm, drawn(1, 8, 32, 32)), drawn(1, 8, *size)
    torch.testing.assert_close(packed(x), norm(conv(x)).relu(), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(packed(x, "none"), norm(conv(x)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("spare", [False, True])
def test_a_sum_is_written_into_the_shortcut_only_where_it_is_to_spare(spare):
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(8, 16, 1, bias=False).eval(), normed(16)
    x, shortcut = drawn(1, 8, 7, 7), drawn(1, 16, 7, 7, seed=2)
    expected, before = (shortcut + norm(conv(x))).relu(), shortcut.clone()
    found = Convolution(conv, norm, x).onto(shortcut, x, spare)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(shortcut, found if spare else before)


def block_of(kind, projected, **options):
    torch.manual_seed(0)
    inputs, planes = (32, 16) if projected else (16 * kind.expansion, 16)
    stride = 2 if projected else 1
    outputs = planes * kind.expansion
    way = nn.Sequential(conv1x1(inputs, outputs, stride), normed(outputs, 3)) if projected else None
    block = kind(inputs, planes, stride, way, **options).eval()
    for name, norm in [(name, each) for name, each in block.named_children() if name.startswith("bn")]:
        setattr(block, name, normed(norm.num_features, 5))
    return block, drawn(1, inputs, 15, 10)


@pytest.mark.parametrize("projected", [False, True], ids=["identity", "projected"])
@pytest.mark.parametrize(
    ("kind", "options"), [(BasicBlock, {}), (Bottleneck, {}), (Bottleneck, {"groups": 4, "base_width": 32})]
)
def test_a_block_is_the_eager_one_and_leaves_its_input_and_its_weights(kind, options, projected):
    block, x = block_of(kind, projected, **options)
    before, state = x.clone(), copy.deepcopy(block.state_dict())
    packed = PackedBlock(block, torch.zeros_like(x))
    found = packed(x)
    torch.testing.assert_close(found, block(before), rtol=1e-4, atol=1e-4)
    assert torch.equal(packed(x), found)
    assert torch.equal(x, before)
    assert all(torch.equal(tensor, state[key]) for key, tensor in block.state_dict().items())
    torch.testing.assert_close(packed(x, spare=True), found, rtol=0, atol=0)
