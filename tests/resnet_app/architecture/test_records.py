"""What has to be alive at the fullest moment of a residual block, worked out by hand."""

import pytest

from resnet_app.architecture.records import BlockRow, LayerRow


def layer(before, after):
    """A layer between two runs of so many numbers."""
    return LayerRow("layer1.0.conv1", "conv", (before, 1, 1), (after, 1, 1), 1, 1)


def block(branch, shortcut=()):
    return BlockRow("layer1.0", tuple(layer(*each) for each in branch), tuple(layer(*each) for each in shortcut))


@pytest.mark.parametrize(
    ("branch", "shortcut", "numbers"),
    [
        ([(10, 10)], [], 20),  # x is the layer's own input, and waits for the sum
        ([(10, 10), (10, 10)], [], 30),  # x waits while the second layer is at work
        ([(10, 2), (2, 2), (2, 10)], [], 22),  # x, 2 and 10
        ([(10, 100), (100, 10)], [], 120),
        ([(10, 40)], [(10, 40)], 90),  # either first: then x, 40 and 40
        ([(10, 30), (30, 5)], [(10, 5)], 45),  # in any order: x, 30 and 5
        ([(10, 5), (5, 5)], [(10, 30)], 45),  # in any order, too
        ([(10, 1), (1, 8)], [(10, 20), (20, 8)], 31),  # down to 1 first, and only then up to 20
    ],
)
def test_the_fullest_moment_of_a_block_by_hand(branch, shortcut, numbers):
    assert block(branch, shortcut).peak_bytes == 4 * numbers
