"""What the Explore and Compare tabs answer: the network, its rooms, the microscope, two networks side by side."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

from demo import comparing, explore_events, exploring, inside, problems
from resnet_app import explorer, models

BEE = Path(__file__).parent.parent / "assets" / "examples" / "bee-daisy.jpg"


@pytest.fixture
def no_picture(tmp_path: Path) -> Path:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear teacher, this is not a picture.")
    return path


def plan(**changed: Any) -> exploring.Plan:
    """What Explore's controls say, where nothing was changed."""
    usual = exploring.Plan(
        "resnet18", 1000, "224x224", "imagenet", [], False, "", "", "batch", "bars", ("conv4_x", 0), "en"
    )
    return usual._replace(**changed)


def test_groups_widths_and_norms_are_the_networks_that_were_chosen() -> None:
    chosen = plan(model="resnet50", groups="8", width_per_group="16", norm="group")
    network = chosen.network()
    assert network.title == "ResNet-50 8×16d, GroupNorm"
    shown = exploring.explore_network(*chosen)
    assert "ResNet-50 8×16d, GroupNorm" in shown.headline
    assert "group norm, 32 groups" in shown.block
    assert "GN · ReLU" in shown.block
    assert shown.groups == gr.update(interactive=True)  # what is chosen stays
    assert plan(model="resnet50", norm="none", zero_init=True).network().zero_init is False
    room = exploring.show_room("explore", "code", None, *chosen)
    assert "groups" in room.snippet
    assert "not" in exploring.show_room("explore", "others", None, *chosen).published  # no published figures for it


def test_basic_blocks_know_no_groups() -> None:
    shown = exploring.explore_network(*plan(groups="8", width_per_group="16"))
    assert shown.groups == shown.width_per_group == gr.update(interactive=False, value="")
    assert "ResNet-18" in shown.headline


def test_a_bad_input_size_is_a_callout() -> None:
    *kept, problem = exploring.explore_network(*plan(input_size="huge"))
    assert all(value == gr.skip() for value in kept)
    assert "&#x27;huge&#x27; is no input size" in problem["value"]
    *_, problem = exploring.explore_network(*plan(classes=None, input_size="32", stem="cifar", language="zh-CN"))
    assert "类别数请填 1 到 100000" in problem["value"]
    assert exploring.draw_chart(*plan(input_size="huge")) == gr.skip()
    assert exploring.show_room("explore", "code", None, *plan(input_size="huge")) == exploring.Room()
    kept = comparing.compare("resnet18", "resnet50", 1000, "huge", "imagenet", "conv1", "en")
    assert kept[:2] == [gr.skip(), gr.skip()]
    assert "no input size" in kept[2]["value"]


def test_the_opened_stage_stays_through_a_change_of_stem() -> None:
    for stem in ("imagenet", "cifar"):
        shown = exploring.explore_network(*plan(classes=10, input_size="64", stem=stem, place=("conv4_x", 1)))
        assert "layer3.1" in shown.block
        pressed = [part for part in shown.ribbon.split("<button")[1:] if 'aria-pressed="true"' in part]
        assert len(pressed) == 1
        assert "conv4_x" in pressed[0]


@pytest.mark.parametrize("model", ["resnet18", "resnet152"])
def test_a_chosen_stage_and_block_are_opened(model: str) -> None:
    asked = plan(model=model)
    stage, block, place = exploring.open_stage(*asked, gr.EventData(None, {"index": 5, "block": 1}))
    assert place == ("conv5_x", 1)
    assert "layer4.1" in block
    assert "conv5_x" in stage
    block, place = exploring.open_block(*asked._replace(place=place), gr.EventData(None, {"index": 0}))
    assert place == ("conv5_x", 0)
    assert "1×1 projection (downsample)" in block
    *_, place = exploring.open_stage(*asked._replace(stem="cifar"), gr.EventData(None, {"index": 1, "block": 0}))
    assert place == ("conv2_x", 0)  # there is no maxpool before it
    kept = exploring.open_stage(*asked._replace(input_size="huge"), gr.EventData(None, {"index": 0, "block": 0}))
    assert kept == [gr.skip(), gr.skip(), ("conv1", 0)]


def test_dilation_chosen_for_another_network_is_left_out() -> None:
    shown = exploring.explore_network(*plan(dilated=["conv5_x"]))  # BasicBlocks cannot dilate
    assert shown.dilated == gr.update(interactive=False, value=[])
    assert shown.problem == problems.no_problem()
    shown = exploring.explore_network(*plan(model="resnet50", dilated=["conv5_x"]))
    assert shown.dilated == gr.update(interactive=True)  # what is chosen stays
    assert "2048×14×14" in shown.ribbon


def test_only_the_room_in_sight_is_computed() -> None:
    everything = {inner: exploring.show_room("explore", inner, None, *plan()) for inner in exploring.INNER_ROOMS}
    assert everything["picture"] == exploring.Room()
    assert exploring.show_room("classify", "code", None, *plan()) == exploring.Room()
    for inner, parts in (("code", 3), ("others", 2), ("tables", 2)):
        assert sum(part != gr.skip() for part in everything[inner]) == parts
    assert "self.layer3 = self._make_layer" in re.sub("<[^>]+>", "", everything["code"].excerpts)
    assert explore_events.look_if_seen("explore", "code") == inside.Shown()
    assert explore_events.maps_if_seen("explain", "picture") == inside.Shown()
    assert explore_events.compare_if_seen("explore") == [gr.skip()] * 3


def test_the_snippet_names_published_weights_in_use_and_no_others() -> None:
    def snippet(choice: models.ModelChoice, **changed: Any) -> str:
        shown = exploring.show_room("explore", "code", choice, *plan(**changed)).snippet
        return unescape(re.sub("<[^>]+>", "", shown))

    imagenet = models.choose("resnet50", "imagenet-v1")
    assert 'resnet50(weights="IMAGENET1K_V1")' in snippet(imagenet, model="resnet50")
    assert "weights" not in snippet(imagenet, model="resnet18")  # it was not loaded: another network is drawn
    head = models.Head(("a", "b"), torch.zeros(2, 2048), torch.zeros(2))
    for other in (
        models.choose("resnet18", checkpoint="epoch14.pkl"), models.choose("resnet50", "random"),
        replace(imagenet, head=head),
    ):  # fmt: skip
        assert "weights" not in snippet(other, model="resnet50", classes=2)


def inside_asked(
    *, photo: str | None = str(BEE), scale: str = "shared", left_out: Any = (), **changed: Any
) -> list[Any]:
    """What the controls of the room with the picture say, where nothing was changed."""
    usual = plan(classes=2, place=("conv4_x", 1))._replace(**changed)
    return [None, "resnet18", "ants-bees", "cpu", photo, *usual, scale, list(left_out)]


def test_the_microscope_shows_its_parts_and_says_of_what() -> None:
    shown = inside.look(*inside_asked(left_out=["layer1.1", "layer2.0", "gone"]))
    assert shown.problem == problems.no_problem()
    assert "After layer3.1: the 16 strongest of 256 channels by their mean, 14×14 positions each" in shown.maps
    assert shown.maps.count("<img") == 16
    assert "Model: ResNet-18, ants-bees." in shown.maps
    assert len(shown.chart.data[0].x) == 8
    assert shown.left_out["choices"] == ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]
    assert shown.left_out["value"] == ["layer1.1"]  # the others are none of its identity blocks
    assert "Without F(x) of layer1.1:" in shown.cost
    assert "Checked: relu(F(x) + shortcut)" in shown.readings
    assert "One scale for all: 0 to" in shown.maps
    assert "The drawing above is of another network" not in shown.maps
    for changed in (
        {"stem": "cifar"},
        {"classes": 3},
        {"input_size": "97x131"},
        {"zero_init": True},
        {"model": "resnet34"},
    ):
        assert "The drawing above is of another network" in inside.maps(*inside_asked(**changed)).maps
    own = inside.maps(*inside_asked(scale="own", place=("conv1", 0)))
    assert "Each map on its own scale" in own.maps
    assert "After conv1" in own.maps
    shown = inside.look(*inside_asked(left_out=["layer1.1"]))
    assert "value" not in shown.left_out  # a choice that holds is not sent back over a newer one
    assert "no maps any more" in inside.maps(*inside_asked(place=("avgpool", 0))).maps
    assert "After layer4.1" in inside.maps(*inside_asked(place=("conv5_x", 35))).maps  # a block of a deeper network


def test_the_microscope_without_a_photo_or_with_a_broken_one(no_picture: Path) -> None:
    assert "No picture yet" in inside.look(*inside_asked(photo=None)).maps
    assert inside.maps(*inside_asked(photo=None)) == inside.Shown()
    assert inside.leave_out(*inside_asked(photo=None)) == inside.Shown()
    for work in (inside.look, inside.maps, inside.leave_out):
        shown = work(*inside_asked(photo=str(no_picture), left_out=["layer1.1"]))
        assert "not a picture we can read" in shown.problem["value"]
        emptied = {"photo": "", "maps": "", "more": gr.update(visible=False)} if work is inside.look else {}
        assert shown._replace(problem=gr.skip()) == inside.Shown(**emptied)
    shown = inside.leave_out(*inside_asked(left_out=["layer2.0"]))
    assert "&#x27;layer2.0&#x27;" in shown.problem["value"]


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_compare_shows_a_stage_of_both(stem: str) -> None:
    names = ("resnet18", "resnext101_32x8d")
    stages, sides, problem = comparing.compare(*names, 10, "64", stem, "conv3_x", "en")
    assert problem == problems.no_problem()
    one, two = (explorer.describe(name, classes=10, input_size=(64, 64), stem=stem) for name in names)
    assert f"×{two.parameters / one.parameters:.2f}" in stages
    assert f"×{two.macs / one.macs:.2f}" in stages
    assert sides.count("<svg") == 4
    assert sides.count('class="groups"') == 2
    _, sides, _ = comparing.compare("resnet18", "resnet50", 10, "64", stem, "maxpool", "zh-CN")
    assert ("该网络没有 maxpool" in sides) == (stem == "cifar")


def test_all_blocks_and_none() -> None:
    every = inside.choose_blocks(True, *inside_asked())
    assert every == ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]
    assert "Without F(x) of 5 blocks:" in inside.leave_out(*inside_asked(left_out=every)).cost
    assert inside.choose_blocks(False, *inside_asked(left_out=every)) == []


def test_random_weights_are_called_that() -> None:
    asked = inside_asked(model="resnet50", classes=1000)
    asked[:3] = [models.choose("resnet50", "random", device="cpu"), "resnet50", "random"]
    shown = inside.look(*asked)
    assert "Random weights: with a running mean of 0" in shown.readings
    assert "Random weights" not in inside.look(*inside_asked()).readings
