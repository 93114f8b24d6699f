"""torchinfo's counts beside ours: the same for any network that can be chosen, and words that say so."""

from dataclasses import replace

import pytest

from demo.explore import view as explore_view
from resnet_app.architecture.counting import describe
from resnet_app.architecture.torchinfo_counts import counts
from resnet_app.cli.main import main
from resnet_app.registry import SPECS

OTHERS = [
    ("resnet50", {"classes": 7, "stem": "cifar", "input_size": (33, 40), "norm": "group", "groups": 8}),
    ("resnext50_32x4d", {"dilated": ("conv4_x", "conv5_x")}),
    ("wide_resnet50_2", {"norm": "none"}),
]


@pytest.mark.parametrize(("name", "options"), [*((name, {}) for name in ("resnet18", "resnet152")), *OTHERS])
def test_torchinfo_counts_as_we_do(name, options):
    network = describe(name, **options)
    found = counts(network)
    assert found.agrees(network)
    assert found.all_macs > found.macs  # it counts norms and biases too
    shown = explore_view.published("en", network, found)
    assert f"torchinfo {found.version}, run just now" in shown
    assert "The same, to the last one." in shown


def test_a_difference_would_be_said():
    network = describe("resnet18")
    other = replace(counts(network), macs=network.macs * 2)
    assert not other.agrees(network)
    shown = explore_view.published("en", network, other)
    assert "counts otherwise" in shown
    assert "−50.00" in shown


def test_summary_with_layers_prints_torchinfos_table(capsys):
    assert main(["summary", "resnet18", "--layers", "--classes", "2", "--input-size", "64x96"]) == 0
    table = capsys.readouterr().out
    assert "Layer (type (var_name):depth-idx)" in table
    assert "Conv2d (0): 4-1" in table  # the projection in layer2.0
    assert "[1, 512, 2, 3]" in table
    assert f"{describe('resnet18', classes=2).parameters:,}" in table
    assert SPECS["resnet18"].title not in table
