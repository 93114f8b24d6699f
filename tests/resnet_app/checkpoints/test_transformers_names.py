"""A ResNet as Hugging Face's transformers builds it, in its structure and names, read here: the same answers."""

from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.checkpoints.transformers_names import torchvision_names
from resnet_app.errors import CheckpointError


def step(inside, outside, side, stride=1, is_last=False):
    """A convolution, its normalization and, but at the end of a branch, ReLU."""
    parts = {"convolution": nn.Conv2d(inside, outside, side, stride, side // 2, bias=False)}
    parts["normalization"] = nn.BatchNorm2d(outside)
    if not is_last:
        parts["activation"] = nn.ReLU()
    return nn.Sequential(OrderedDict(parts))


class Layer(nn.Module):
    """A residual block of theirs."""

    def __init__(self, inside, outside, stride, is_deep):
        super().__init__()
        has_shortcut = inside != outside or stride != 1
        self.shortcut = step(inside, outside, 1, stride, is_last=True) if has_shortcut else nn.Identity()
        if has_shortcut:  # a convolution in the middle of theirs has no padding
            self.shortcut.convolution.padding = (0, 0)
        if is_deep:
            narrow = outside // 4
            steps = [step(inside, narrow, 1), step(narrow, narrow, 3, stride), step(narrow, outside, 1, is_last=True)]
        else:
            steps = [step(inside, outside, 3, stride), step(outside, outside, 3, is_last=True)]
        self.layer = nn.Sequential(*steps)

    def forward(self, x):
        return torch.relu(self.layer(x) + self.shortcut(x))


class Theirs(nn.Module):
    """``ResNetForImageClassification``: ``resnet.embedder``, ``resnet.encoder``, ``classifier``."""

    def __init__(self, depths, widths, is_deep, classes=3):
        super().__init__()
        stages = nn.ModuleList()
        for number, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            inside = widths[number - 1] if number else 64
            layers = [Layer(inside, width, 1 + (number > 0), is_deep)]
            layers += [Layer(width, width, 1, is_deep) for _ in range(depth - 1)]
            stages.append(nn.Module())
            stages[-1].layers = nn.Sequential(*layers)
        self.resnet = nn.Module()
        self.resnet.embedder, self.resnet.encoder = nn.Module(), nn.Module()
        self.resnet.embedder.embedder = step(3, 64, 7, 2)
        self.resnet.encoder.stages = stages
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1], classes))

    def forward(self, pixels):
        x = nn.functional.max_pool2d(self.resnet.embedder.embedder(pixels), 3, 2, 1)
        for stage in self.resnet.encoder.stages:
            x = stage.layers(x)
        return self.classifier(x.mean((2, 3)))


NETWORKS = {
    "resnet18": ((2, 2, 2, 2), (64, 128, 256, 512), False),
    "resnet50": ((3, 4, 6, 3), (256, 512, 1024, 2048), True),
}


def theirs(name):
    torch.manual_seed(1)
    network = Theirs(*NETWORKS[name])
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("prefix", ["", "model."])  # Lightning's modules put one before
def test_it_answers_as_theirs_does(tmp_path, name, prefix):
    network = theirs(name)
    save_file(
        {prefix + key: each.clone() for key, each in network.state_dict().items()}, tmp_path / "model.safetensors"
    )
    found = read_checkpoint(tmp_path / "model.safetensors")
    assert (found.spec.name, found.classes, found.head, found.is_exact) == (name, 3, "fc.", True)
    assert found.stripped_prefixes == ((prefix,) if prefix else ())
    assert [note.code for note in found.notes] == ["transformers"]
    pixels = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(found.network()(pixels), network(pixels), rtol=1e-4, atol=1e-5)


def refused(tmp_path, state):
    torch.save(state, tmp_path / "model.bin")
    with pytest.raises(CheckpointError) as refusal:
        read_checkpoint(tmp_path / "model.bin")
    return refusal.value


def test_without_a_head_it_is_told_so(tmp_path):
    state = {key.removeprefix("resnet."): each for key, each in theirs("resnet18").resnet.state_dict().items()}
    assert refused(tmp_path, state).code == "no_classifier"


def test_what_is_not_theirs_is_left_as_it_is(tmp_path, small_state):
    assert torchvision_names(small_state()) is None
    stem = "embedder.embedder.convolution.weight"
    assert torchvision_names({f"regnet.{stem}": 0}) is None  # another network, whose parts are called the same
    assert torchvision_names({f"resnet.{stem}": 0, "conv1.weight": 1, stem: 2}) is None
    assert torchvision_names({"x" * 400 + stem: 0}) is None
    state = theirs("resnet18").state_dict()
    state["resnet.encoder.stages.1.layers.0.attention.weight"] = torch.ones(1)
    assert refused(tmp_path, state).code == "surplus"  # what would change the answers is not passed over
