"""A unit taken apart adds up to what plain PyTorch has in its place, and sees what its gradient reaches."""

import pytest
import torch
from torch import nn

from resnet_app import resnet
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain.unit import Field, convolutions, fields, unit
from resnet_app.inference import models
from resnet_app.inference.backbone import Backbone, blocks
from resnet_app.inference.predict import classify

NETWORKS = ("resnet18", "resnet50", "resnext50_32x4d")


@pytest.fixture(scope="module", params=NETWORKS)
def seen(request, picture):
    """A model, a picture's pixels, and what hooks on an independent copy of the network find after each module."""
    weights = "ants-bees" if request.param == "resnet18" else "random"
    model = models.load(models.choose(request.param, weights, device="cpu"))
    pixels = classify(model, picture).pixels
    twin = getattr(resnet, request.param)(num_classes=len(model.class_names)).eval()
    twin.load_state_dict(model.network.state_dict())
    found = {}

    def keep(path):
        def hook(_module, _inputs, output):
            found.setdefault(path, output[0].detach().clone())  # a ReLU in place comes later

        return hook

    for path, module in twin.named_modules():
        module.register_forward_hook(keep(path))
    with torch.no_grad():
        twin(pixels.clone())
    return model, pixels, found


def places(network):
    """A unit of every convolution, at the edge and within it in turn."""
    generator = torch.Generator().manual_seed(3)
    for number, (path, conv) in enumerate(convolutions(network).items()):
        channel = int(torch.randint(conv.out_channels, (1,), generator=generator))
        yield (path, channel, 5, 6) if number % 2 else (path, channel, 0, 0)


def test_every_sum_is_plain_pytorchs(seen):
    model, pixels, found = seen
    for path, channel, row, column in places(model.network):
        taken = unit(model, pixels, path, channel, row, column)
        place = channel, row, column
        norm = f"{path[:-1]}1" if "downsample" in path else path.replace("conv", "bn")
        assert taken.total == pytest.approx(float(found[path][place]), rel=1e-4, abs=1e-4), path
        assert taken.normed == pytest.approx(float(found[norm][place]), rel=1e-3, abs=1e-3), path
        assert taken.agrees, path
        block = ".".join(path.split(".")[:2])
        if taken.shortcut is not None:  # the block's last convolution: what comes out is the block's output
            assert taken.value == pytest.approx(float(found[block][place]), rel=1e-3, abs=1e-3)


def test_the_parts_that_matter_most_come_first_and_all_of_them_are_the_sum(seen):
    model, pixels, _ = seen
    for path, conv in list(convolutions(model.network).items())[::4]:
        taken = unit(model, pixels, path, 1, 3, 3)
        totals = [abs(part.total) for part in taken.parts]
        assert totals == sorted(totals, reverse=True)
        assert taken.inputs == conv.in_channels // conv.groups
        assert all(part.window.shape == part.kernel.shape == conv.kernel_size for part in taken.parts)


def test_without_a_channel_it_is_the_largest_there_and_a_block_stands_for_its_last_convolution(seen):
    model, pixels, found = seen
    for path in blocks(model.network):
        taken = unit(model, pixels, path, None, 4, 5)
        assert taken.channel == int(found[path][:, 4, 5].argmax())
        assert taken.path.startswith(f"{path}.conv")


def test_the_max_pool_is_the_unit_that_it_takes(seen):
    model, pixels, found = seen
    taken = unit(model, pixels, "maxpool", 9, 10, 11)
    assert taken.path == "conv1"
    assert taken.value == pytest.approx(float(found["maxpool"][9, 10, 11]), rel=1e-4, abs=1e-4)
    assert abs(taken.row - 20) <= 1
    assert abs(taken.column - 22) <= 1


def test_a_place_outside_is_its_nearest_edge(seen):
    model, pixels, _ = seen
    taken = unit(model, pixels, "layer4.0", 99999, 99, -3)
    assert (taken.row, taken.column) == (taken.size[0] - 1, 0)
    assert taken.channel == taken.channels - 1


@pytest.mark.parametrize("path", ["layer9.0", "fc", "", "layer1.0.bn1", "conv9"])
def test_what_is_no_convolution_is_refused(bundled, picture, path):
    with pytest.raises(UnknownChoiceError):
        unit(bundled, classify(bundled, picture).pixels, path, 0, 0, 0)


def with_network(network):
    """A model of a network that no checkpoint holds."""
    model = models.load(models.choose("resnet18", "random", device="cpu"))
    object.__setattr__(model, "network", network)
    object.__setattr__(model, "backbone", Backbone(network, torch.device("cpu"), pack=False))
    return model


PIXELS = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_weights_without_numbers_get_a_sentence():
    network = resnet.resnet18(num_classes=2).eval()
    torch.nn.init.constant_(network.layer1[0].bn2.bias, float("nan"))
    with pytest.raises(ResNetAppError, match="no number"):
        unit(with_network(network), PIXELS, "layer1.0", 0, 0, 0)


@pytest.mark.parametrize("options", [{"norm_layer": lambda channels: nn.GroupNorm(32, channels)}, {"stem": "cifar"}])
def test_other_norms_and_stems_add_up_too(options):
    torch.manual_seed(0)
    model = with_network(resnet.resnet18(num_classes=2, **options).eval())
    for path in ("conv1", "layer2.0.conv1", "layer2.0", "layer3.1"):
        assert unit(model, PIXELS, path, 3, 1, 1).agrees


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("path", ["conv1", "maxpool", "layer1.0", "layer2.1", "layer3.0"])
def test_what_a_unit_sees_is_where_its_gradient_comes_from(name, path):
    network = getattr(resnet, name)(num_classes=2).double().eval()
    for parameter in network.parameters():  # all positive, and no unit shut: nothing cancels, nothing is hidden
        torch.nn.init.uniform_(parameter, 0.01, 0.02)
    network.maxpool = nn.AvgPool2d(3, 2, 1)
    pixels = torch.rand(1, 3, 224, 224, dtype=torch.double, requires_grad=True)
    outputs = {}
    module = network.get_submodule("relu" if path == "conv1" else path)
    module.register_forward_hook(lambda _m, _in, out: outputs.setdefault(path, out))
    network(pixels)
    row, column = 8, 6
    outputs[path][0, 0, row, column].backward()
    touched = pixels.grad[0].abs().sum(0).nonzero()
    field: Field = fields(getattr(resnet, name)(num_classes=2))[path]
    for axis, position in ((0, row), (1, column)):
        first, behind = field.span(position)
        assert int(touched[:, axis].min()) == max(0, first)
        assert int(touched[:, axis].max()) == min(224, behind) - 1
