"""The networks of the experiment: the paper's sizes, and each kind's arithmetic by hand."""

import pytest
import torch
from torch.nn import functional

from resnet_app.depth.networks import Block, DepthNetwork
from resnet_app.depth.record import KINDS, PREACTIVATION, StudySettings, require_depth
from resnet_app.errors import DataError, UnknownChoiceError

TABLE_6 = {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85, 110: 1.7}  # millions of parameters, arXiv 1512.03385


def network(kind, depth, width=16, norm=True):
    return DepthNetwork(kind, depth, channels=3, classes=10, width=width, norm=norm)


@pytest.mark.parametrize("depth", TABLE_6)
def test_the_parameters_are_those_of_the_papers_table(depth):
    counts = [sum(each.numel() for each in network(kind, depth).parameters()) for kind in ("plain", "residual")]
    assert counts[0] == counts[1]  # the shortcut of option A costs none
    assert counts[0] / 1e6 == pytest.approx(TABLE_6[depth], abs=0.05 if depth == 110 else 0.006)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", [True, False])
def test_the_depth_counts_convolutions_and_fc(kind, norm):
    made = network(kind, 20, 4, norm=norm)
    layers = [each for each in made.modules() if isinstance(each, (torch.nn.Conv2d, torch.nn.Linear))]
    assert len([each for each in layers if getattr(each, "kernel_size", None) != (1, 1)]) == 20
    assert made(torch.randn(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_its_equation(kind):
    torch.manual_seed(0)
    block = Block(kind, 4, 8, 2, norm=True).eval()
    for each in (block.bn1, block.bn2):
        each.running_mean.normal_()
        each.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 4, 6, 6)
    if kind == PREACTIVATION:
        residual = block.conv2(functional.relu(block.bn2(block.conv1(functional.relu(block.bn1(x))))))
    else:
        residual = block.bn2(block.conv2(functional.relu(block.bn1(block.conv1(x)))))
    every_second = torch.cat([x[:, :, ::2, ::2], torch.zeros(2, 4, 3, 3)], 1)
    added = {"plain": 0, "residual": every_second}.get(kind)
    if added is None:
        added = functional.conv2d(x, block.projection.weight, stride=2)
    expected = residual + added if kind == PREACTIVATION else functional.relu(residual + added)
    torch.testing.assert_close(block(x), expected)
    torch.testing.assert_close(block.residual(x), residual)


@pytest.mark.parametrize("depth", [7, 21, 2, 116, -4])
def test_other_depths_are_refused_with_what_is_accepted(depth, is_plain):
    with pytest.raises(DataError, match=r"6n \+ 2, from 8 to 110") as caught:
        require_depth(depth)
    assert is_plain(caught.value)


def test_what_cannot_be_trained_is_refused(is_plain):
    for settings, says in (
        (StudySettings(kinds=("dense",)), "Unknown kind 'dense'"),
        (StudySettings(seeds=tuple(range(9))), "54 networks are chosen; choose 1 to 30"),
        (StudySettings(depths=()), "0 networks are chosen"),
        (StudySettings(epochs=0), "Epochs are 1 to 200"),
        (StudySettings(width=65), "channels 1 to 64"),
    ):
        with pytest.raises((DataError, UnknownChoiceError), match=says) as caught:
            settings.require_possible()
        assert is_plain(caught.value)
