"""The packed forward pass against the eager one: the same numbers for any network, size and batch, or the eager one."""

import copy

import pytest
import torch
from torch import nn

from resnet_app.inference import packed
from resnet_app.inference.backbone import Backbone, blocks, channels_after
from resnet_app.registry import SPECS

CPU = torch.device("cpu")


def made(name="resnet18", **options):
    """A network whose BatchNorms have something to fold."""
    torch.manual_seed(4)
    network = SPECS[name].build(num_classes=7, **options)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.2)
    return network.eval().requires_grad_(False)


def pixels(batch=1, height=64, width=96):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(batch))


def close(ours, eager):
    return (ours - eager).abs().max() <= 1e-4 * eager.abs().max()


@pytest.mark.parametrize("name", SPECS)
def test_the_same_numbers_as_the_eager_pass(name):
    network = made(name)
    backbone = Backbone(network, CPU)
    ours = backbone(pixels())
    assert backbone.is_packed
    eager = network.forward_features(pixels())
    assert ours.shape == eager.shape
    assert close(ours, eager)
    assert close(network.forward_head(ours), network(pixels()))


@pytest.mark.parametrize("options", [{"stem": "cifar"}, {"replace_stride_with_dilation": [False, True, True]}])
def test_other_stems_and_dilation(options):
    network = made("resnet50", **options)
    backbone = Backbone(network, CPU)
    assert close(backbone(pixels(height=32, width=40)), network.forward_features(pixels(height=32, width=40)))
    assert backbone.is_packed


@pytest.mark.slow
def test_any_batch_and_any_size_each_picture_as_if_alone():
    network = made()
    backbone = Backbone(network, CPU)
    alone = backbone(pixels())
    for batch, height, width in ((2, 64, 96), (5, 64, 96), (16, 33, 47), (1, 224, 224), (3, 32, 32)):
        x = pixels(batch, height, width)
        assert close(backbone(x), network.forward_features(x))
        assert torch.equal(backbone(x)[:1], backbone(x[:1]))
    assert torch.equal(backbone(pixels()), alone)


def test_outputs_of_blocks_and_going_on_from_them():
    network = made("resnet50")
    backbone = Backbone(network, CPU)
    x = pixels()
    wanted = ["layer1.1", "layer3.0", "layer4.2"]  # one after an identity: it must not be overwritten
    found = backbone.outputs(x, wanted)
    assert list(found) == wanted
    eager, hidden = {}, network.maxpool(network.relu(network.bn1(network.conv1(x))))
    for path, block in blocks(network).items():
        hidden = eager[path] = block(hidden)
        assert hidden.shape[1] == channels_after(block)
    for path, maps in found.items():
        assert close(maps, eager[path])
        before = maps.clone()
        assert close(backbone.after(path, maps), eager["layer4.2"])
        assert torch.equal(maps, before)
    assert backbone.last == "layer4.2"


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d"])
@pytest.mark.parametrize("start", ["layer1.0", "layer2.1", "layer3.0", "layer4.1"])
def test_gradients_are_autograds_to_the_last_bit(name, start):
    """Packed or not: a ReLU that rounding opens or shuts otherwise would move a gradient by a whole path."""
    network = made(name)
    x = pixels(height=70, width=90)
    features, hidden = {}, network.maxpool(network.relu(network.bn1(network.conv1(x))))
    for path, block in blocks(network).items():
        hidden = features[path] = block(hidden)
        if path == start:
            hidden = features[path] = hidden.clone().requires_grad_()
    expected = torch.autograd.grad(network.forward_head(hidden)[0, 3], features[start])[0]
    backbone = Backbone(network, CPU)
    backbone.prepare(70, 90)
    maps = backbone.eager_outputs(x, [start])[start].clone().requires_grad_()
    kept = backbone.graph(start, maps, ["layer4.0"])
    found = torch.autograd.grad(network.forward_head(kept[backbone.last])[0, 3], maps)[0]
    assert torch.equal(found, expected)


def test_the_network_is_left_as_it_was():
    network = made()
    before = copy.deepcopy(network.state_dict())
    Backbone(network, CPU)(pixels())
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())


@pytest.mark.parametrize("broken", ["missing", "wrong"])
def test_where_the_private_ops_are_missing_or_wrong_it_is_the_eager_pass(broken, monkeypatch):
    if broken == "missing":
        monkeypatch.setattr(packed.Convolution, "__init__", lambda *_: torch.ops.mkldnn._there_is_no_such_op())
    else:
        plain = packed.Convolution.__call__
        monkeypatch.setattr(packed.Convolution, "__call__", lambda self, *given: plain(self, *given) * 1.01)
    network = made()
    backbone = Backbone(network, CPU)
    assert torch.equal(backbone(pixels(3)), network.forward_features(pixels(3)))
    assert backbone.is_packed is False


def test_weights_that_are_no_numbers_get_the_eager_pass():
    network = made()
    network.layer1[0].conv1.weight[0, 0] = float("nan")
    backbone = Backbone(network, CPU)
    assert backbone(pixels()).isnan().any()
    assert backbone.is_packed is False


def test_other_devices_than_the_cpu_pack_nothing():
    backbone = Backbone(made(), torch.device("cuda"))
    assert backbone.memory_bytes == 0


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_a_group_s_pass_answers_any_number_of_pictures(count):
    network = made("resnet50")
    backbone = Backbone(network, CPU, group=4)
    x = pixels(count)
    found = backbone.outputs(x, ["layer2.1"])
    assert backbone.is_packed
    assert [len(maps) for maps in found.values()] == [count, count]
    assert close(found["layer4.2"], network.forward_features(x))


@pytest.mark.parametrize("pack", [True, False])
def test_half_the_bits_are_near_and_come_out_as_float32(pack):
    """Where this CPU has no such kernels, plain PyTorch computes in bfloat16: slower, and as near."""
    network = made("resnet50")
    backbone = Backbone(network, CPU, pack=pack, dtype=torch.bfloat16)
    x = pixels(2)
    found, exact = backbone.outputs(x, ["layer3.0"]), network.forward_features(x)
    assert {maps.dtype for maps in found.values()} == {torch.float32}
    error = float((found["layer4.2"] - exact).abs().max() / exact.abs().max())
    assert 1e-4 < error < 0.05  # not the float32 pass, and not far from it
    assert close(backbone.exact_outputs(x, ())["layer4.2"], exact)
    assert backbone.after("layer3.0", found["layer3.0"]).dtype == torch.float32
    assert network.conv1.weight.dtype == torch.float32
    assert backbone.memory_bytes == 2 * sum(
        m.weight.numel() for m in network.modules() if hasattr(m, "kernel_size") and hasattr(m, "weight")
    )
