"""What the Explore and Compare tabs answer: the network, its rooms, the microscope, two networks side by side."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import torch

from demo.compare import handlers as compare_handlers
from demo.explore import handlers, picture_handlers
from demo.explore.layout import ROOMS
from demo.ui import errors
from resnet_app.architecture import counting
from resnet_app.inference import models
from tests.demo.helpers import plan_of
from tests.page import last, split, visit
from tests.paths import EXAMPLES

BEE = EXAMPLES / "bee-daisy.jpg"


def plan(**changed: Any) -> handlers.Plan:
    """What Explore's controls say, where nothing was changed."""
    page, own = split({"room": "code", **changed})
    return plan_of(page, **{"classes": 1000, **own})


def draw(**changed: Any) -> handlers.Drawn:
    return last(handlers.draw, plan(**changed), handlers.Drawn)


def room(name: str, **changed: Any) -> handlers.Room:
    return last(handlers.show_room, plan(room=name, **changed), handlers.Room)


def opened(work: Any, asked: handlers.Plan, **event: int) -> handlers.Drawn:
    return last(work, asked, handlers.Drawn, gr.EventData(None, event))


def test_groups_widths_and_norms_are_the_networks_that_were_chosen() -> None:
    chosen = plan(model="resnet50", groups="8", width_per_group="16", norm="group")
    network = chosen.architecture()
    assert network.title == "ResNet-50 8×16d, GroupNorm"
    shown = last(handlers.draw, chosen, handlers.Drawn)
    assert "ResNet-50 8×16d, GroupNorm" in shown.headline
    assert "group norm, 32 groups" in shown.block
    assert "GN · ReLU" in shown.block
    assert shown.groups == gr.update(interactive=True)  # what is chosen stays
    assert plan(model="resnet50", norm="none", zero_init=True).architecture().zero_init is False
    assert "groups" in last(handlers.show_room, chosen, handlers.Room).snippet
    others = chosen._replace(page=chosen.page._replace(room="others"))
    assert "not" in last(handlers.show_room, others, handlers.Room).published  # no published figures for it


def test_basic_blocks_know_no_groups() -> None:
    shown = draw(groups="8", width_per_group="16")
    assert shown.groups == shown.width_per_group == gr.update(interactive=False, value="")
    assert "ResNet-18" in shown.headline


def test_a_bad_input_size_is_a_callout() -> None:
    *kept, problem = draw(input_size="huge")
    assert all(value == gr.skip() for value in kept)
    assert "'huge' is no input size" in unescape(problem["value"])
    *_, problem = draw(classes=None, input_size="32", stem="cifar", language="zh-CN")
    assert "类别数请填 1 到 100000" in problem["value"]
    asked = plan(input_size="huge")
    for work, nothing in ((handlers.draw_chart, handlers.Drawn), (handlers.show_room, handlers.Room)):
        shown = last(work, asked, nothing)
        assert shown._replace(problem=gr.skip()) == nothing()
        assert "no input size" in shown.problem["value"]
    kept = compare(("resnet18", "resnet50"), 1000, "huge", "imagenet", "conv1")
    assert kept[:2] == (gr.skip(), gr.skip())
    assert "no input size" in kept.problem["value"]


def test_the_opened_stage_stays_through_a_change_of_stem() -> None:
    for stem in ("imagenet", "cifar"):
        shown = draw(classes=10, input_size="64", stem=stem, place=("conv4_x", 1))
        assert "layer3.1" in shown.block
        pressed = [part for part in shown.ribbon.split("<button")[1:] if 'aria-pressed="true"' in part]
        assert len(pressed) == 1
        assert "conv4_x" in pressed[0]


@pytest.mark.parametrize("model", ["resnet18", "resnet152"])
def test_a_chosen_stage_and_block_are_opened(model: str) -> None:
    asked = plan(model=model)
    shown = opened(handlers.open_stage, asked, index=5, block=1)
    assert shown.place == ("conv5_x", 1)
    assert "layer4.1" in shown.block
    assert "conv5_x" in shown.stage
    shown = opened(handlers.open_block, asked._replace(place=shown.place), index=0)
    assert shown.place == ("conv5_x", 0)
    assert "1×1 projection (downsample)" in shown.block
    shown = opened(handlers.open_stage, asked._replace(stem="cifar"), index=1, block=0)
    assert shown.place == ("conv2_x", 0)  # there is no maxpool before it
    kept = opened(handlers.open_stage, asked._replace(input_size="huge"), index=0, block=0)
    assert kept == handlers.Drawn(place=("conv1", 0))


def test_dilation_chosen_for_another_network_is_left_out() -> None:
    shown = draw(dilated=["conv5_x"])  # BasicBlocks cannot dilate
    assert shown.dilated == gr.update(interactive=False, value=[])
    assert shown.problem == errors.no_problem()
    shown = draw(model="resnet50", dilated=["conv5_x"])
    assert shown.dilated == gr.update(interactive=True)  # what is chosen stays
    assert "2048×14×14" in shown.ribbon


def test_only_the_room_in_sight_is_computed() -> None:
    everything = {inner: room(inner) for inner in ROOMS}
    assert everything["picture"] == handlers.Room()
    for inner, parts in (("code", 3), ("others", 2), ("tables", 2)):
        assert sum(part != gr.skip() for part in everything[inner]) == parts
    assert "self.layer3 = self._make_layer" in re.sub("<[^>]+>", "", everything["code"].excerpts)


def test_the_snippet_names_published_weights_in_use_and_no_others() -> None:
    def snippet(choice: models.ModelChoice, **changed: Any) -> str:
        return unescape(re.sub("<[^>]+>", "", room("code", choice=choice, **changed).snippet))

    imagenet = models.choose("resnet50", "imagenet-v1")
    assert 'resnet50(weights="IMAGENET1K_V1")' in snippet(imagenet, model="resnet50")
    assert "weights" not in snippet(imagenet, model="resnet18")  # it was not loaded: another network is drawn
    head = models.Head(("a", "b"), torch.zeros(2, 2048), torch.zeros(2))
    for other in (
        models.choose("resnet18", checkpoint="epoch14.pkl"), models.choose("resnet50", "random"),
        replace(imagenet, head=head),
    ):  # fmt: skip
        assert "weights" not in snippet(other, model="resnet50", classes=2)


def inside(
    work: Any,
    *,
    photo: str | None = str(BEE),
    scale: str = "shared",
    left_out: Any = (),
    **changed: Any,
) -> Any:
    """What the room with the picture shows, where nothing else was changed."""
    asked = picture_handlers.Asked(
        plan(**{"photo": photo, "classes": 2, "place": ("conv4_x", 1), **changed}), scale, list(left_out)
    )
    failed = picture_handlers.LOOK_FAILED if work is picture_handlers.look else None
    return last(work, asked, picture_handlers.Shown, failed=failed)


def compare(names: tuple[str, str], *shape: Any, language: str = "en") -> compare_handlers.Shown:
    asked = compare_handlers.Asked(visit(language=language), *names, *shape)
    return last(compare_handlers.compare, asked, compare_handlers.Shown)


@pytest.mark.slow
def test_the_microscope_shows_its_parts_and_says_of_what() -> None:
    shown = inside(picture_handlers.look, left_out=["layer1.1", "layer2.0", "gone"])
    assert shown.problem == errors.no_problem()
    assert "After layer3.1: the 16 strongest of 256 channels by their mean, 14×14 positions each" in shown.maps
    assert shown.maps.count("<img") == 16
    assert "Model: ResNet-18 · Ants or bees (bundled)." in shown.maps
    assert len(shown.chart.data[0].x) == 8
    assert shown.left_out["choices"] == ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]
    assert shown.left_out["value"] == ["layer1.1"]  # the others are none of its identity blocks
    assert "Without F(x) of layer1.1:" in shown.without
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
        changed = {"choice": models.choose(device="cpu"), **changed}
        assert "The drawing above is of another network" in inside(picture_handlers.maps, **changed).maps
    own = inside(picture_handlers.maps, scale="own", place=("conv1", 0))
    assert "Each map on its own scale" in own.maps
    assert "After conv1" in own.maps
    shown = inside(picture_handlers.look, left_out=["layer1.1"])
    assert "value" not in shown.left_out  # a choice that holds is not sent back over a newer one
    assert "no maps any more" in inside(picture_handlers.maps, place=("avgpool", 0)).maps
    assert "After layer4.1" in inside(picture_handlers.maps, place=("conv5_x", 35)).maps  # a block of a deeper network


def test_the_microscope_without_a_photo_or_with_a_broken_one(no_picture: Path) -> None:
    assert "No picture yet" in inside(picture_handlers.look, photo=None).maps
    assert inside(picture_handlers.maps, photo=None) == picture_handlers.Shown()
    assert inside(picture_handlers.leave_out, photo=None) == picture_handlers.Shown()
    for work in (picture_handlers.look, picture_handlers.maps, picture_handlers.leave_out):
        shown = inside(work, photo=str(no_picture), left_out=["layer1.1"])
        assert "not a picture we can read" in shown.problem["value"]
        emptied = {"photo": "", "maps": "", "more": gr.update(visible=False)} if work is picture_handlers.look else {}
        assert shown._replace(problem=gr.skip()) == picture_handlers.Shown(**emptied)
    shown = inside(picture_handlers.leave_out, left_out=["layer2.0"])
    assert "'layer2.0'" in unescape(shown.problem["value"])


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_compare_shows_a_stage_of_both(stem: str) -> None:
    names = ("resnet18", "resnext101_32x8d")
    stages, sides, problem = compare(names, 10, "64", stem, "conv3_x")
    assert problem == errors.no_problem()
    one, two = (counting.describe(name, classes=10, input_size=(64, 64), stem=stem) for name in names)
    assert f"×{two.parameters / one.parameters:.2f}" in stages
    assert f"×{two.macs / one.macs:.2f}" in stages
    assert sides.count("<svg") == 4
    assert sides.count('class="groups"') == 2
    sides = compare(("resnet18", "resnet50"), 10, "64", stem, "maxpool", language="zh-CN").sides
    assert ("该网络没有 maxpool" in sides) == (stem == "cifar")


def test_all_blocks_and_none() -> None:
    asked = picture_handlers.Asked(plan(photo=str(BEE)), "shared", [])
    every = picture_handlers.choose_all_blocks(asked).left_out
    assert every == ["layer1.0", "layer1.1", "layer2.1", "layer3.1", "layer4.1"]
    assert "Without F(x) of 5 blocks:" in inside(picture_handlers.leave_out, left_out=every).without
    assert picture_handlers.choose_no_blocks(asked).left_out == []


@pytest.mark.slow
def test_random_weights_are_called_that() -> None:
    choice = models.choose("resnet50", "random", device="cpu")
    shown = inside(picture_handlers.look, choice=choice, model="resnet50", weights="random", classes=1000)
    assert "Random weights: with a running mean of 0" in shown.readings
    assert "Random weights" not in inside(picture_handlers.look).readings
