"""What is often said and not so: each figure beside it is true of torchvision's networks, not only of ours."""

import re

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck

from demo.explore import misconceptions_view
from demo.locales import LANGUAGES
from tests.demo.helpers import rows_of


@pytest.fixture(scope="module")
def theirs():
    with torch.device("meta"):
        return {name: getattr(models, name)() for name in ("resnet18", "resnet50")}


def kernels(module):
    return [each.kernel_size[0] for each in module.modules() if isinstance(each, nn.Conv2d)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_its_words_and_its_figure(language):
    shown = misconceptions_view.listed(language)
    assert shown.count("<article>") == len(misconceptions_view.FIGURES) == 9
    assert all(misconceptions_view.FIGURES[key](language) for key in misconceptions_view.FIGURES)


def test_they_are_false_of_torchvisions_networks_too(theirs):
    small, deep = theirs["resnet18"], theirs["resnet50"]
    assert kernels(small.layer2[1]) == [3, 3]
    assert isinstance(small.layer2[1], BasicBlock)
    last = deep.layer1[1].conv3
    assert (last.in_channels, last.out_channels) == (64, 256)
    assert isinstance(deep.layer1[1], Bottleneck)
    assert deep.layer1[0].downsample[0].stride == (1, 1)
    assert all(stage[0].downsample[0].out_channels > stage[0].downsample[0].in_channels
               for stage in (deep.layer1, deep.layer2, deep.layer3, deep.layer4))  # fmt: skip
    assert deep.layer2[1].conv1.in_channels == deep.layer2[1].conv3.out_channels == 512
    assert len(kernels(deep)) == 53
    assert "53" in misconceptions_view.FIGURES["depth"]("en")
    table = misconceptions_view.FIGURES["kernels"]("en")
    for side in (7, 3, 1):
        assert f"<td>{side}×{side}</td><td>{kernels(deep).count(side)}</td>" in table


def test_the_last_norm_starts_at_1_unless_it_is_asked_for():
    assert float(models.resnet18(num_classes=2).layer1[0].bn2.weight.detach().max()) == 1
    shown = misconceptions_view.FIGURES["zero_init"]("en")
    assert "zero_init_residual=False: layer1.0.bn2.weight = 1" in shown
    assert "zero_init_residual=True: layer1.0.bn2.weight = 0" in shown


def test_a_fixed_pool_breaks_on_small_pictures():
    network = models.resnet18(num_classes=2).eval()
    network.avgpool = nn.AvgPool2d(7, stride=1)
    with pytest.raises(RuntimeError) as caught:
        network(torch.zeros(1, 3, 32, 32))
    shown = misconceptions_view.FIGURES["any_size"]("en")
    assert str(caught.value).partition("\n")[0][:40] in shown
    assert "= -5" in shown


def test_the_projections_are_torchvisions_with_their_channels_and_sizes(theirs):
    deep = theirs["resnet50"]
    found = []
    for number, side in ((1, 56), (2, 56), (3, 28), (4, 14)):
        conv = getattr(deep, f"layer{number}")[0].downsample[0]
        after = side // conv.stride[0]
        found.append((f"layer{number}.0.downsample.0", f"{conv.in_channels}×{side}×{side}",
                      f"{conv.out_channels}×{after}×{after}"))  # fmt: skip
    for language in LANGUAGES:
        rows = rows_of(misconceptions_view.FIGURES["projection"](language))
        assert [(path, before, after) for path, _, before, after in rows] == found


def test_planes_and_expansion_are_worked_out_to_the_channels_that_go_out(theirs):
    deep = theirs["resnet50"]
    lines = re.findall(r"layer\d\.0: [^<]+", misconceptions_view.FIGURES["planes"]("en"))
    assert len(lines) == 4
    for number, line in enumerate(lines, start=1):
        block = getattr(deep, f"layer{number}")[0]
        assert {block.conv1.out_channels, block.conv3.out_channels} <= set(map(int, re.findall(r"\d+", line)))
    same = misconceptions_view.FIGURES["expansion"]("en")
    assert "layer2.1: 512 → 512" in same
    assert "128" in same  # times 4
