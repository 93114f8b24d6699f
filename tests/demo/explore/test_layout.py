"""Explore's controls: whatever they offer makes a network that torchvision makes too."""

import gradio as gr
import pytest
import torch
from torchvision.models.resnet import Bottleneck, ResNet

from demo.explore import layout
from demo.locales import LANGUAGES
from demo.ui.labels import Labels
from resnet_app.architecture import counting


@pytest.fixture(scope="module", params=LANGUAGES)
def tab(request: pytest.FixtureRequest) -> layout.Explore:
    with gr.Blocks():
        return layout.build(Labels(request.param))


def values(component: gr.Radio) -> list[str]:
    return [value for _, value in component.choices]


@pytest.mark.slow
def test_every_number_of_groups_and_width_on_offer_makes_torchvisions_network(tab: layout.Explore) -> None:
    groups, widths = values(tab.groups), values(tab.width_per_group)
    assert (groups[0], widths[0]) == ("", "")  # the network's own
    for group, width in zip(groups[1:], [*widths[1:], "8"], strict=True):
        with torch.device("meta"):
            theirs = ResNet(Bottleneck, [3, 4, 6, 3], groups=int(group), width_per_group=int(width))
        ours = counting.describe("resnet50", groups=int(group), width_per_group=int(width))
        assert ours.parameters == sum(each.numel() for each in theirs.parameters()), (group, width)


def test_the_rooms_stand_in_the_order_that_a_click_counts_them(tab: layout.Explore) -> None:
    assert [room.id for room in tab.rooms.children] == list(layout.ROOMS)
    assert len({room.label for room in tab.rooms.children}) == len(layout.ROOMS)
