"""What an address asks for, tried against what there is."""

from urllib.parse import parse_qs, urlencode

import gradio as gr
import pytest

from demo import app
from demo.address import TABS, Address, Asked, Shown, arrive, asked_model
from demo.explore.layout import ROOMS
from demo.locales import CHINESE, ENGLISH
from demo.ui.labels import class_choices
from tests.demo.helpers import EVIL, Tags, visit

SKIP = gr.skip()


def of(search: str, **page: object) -> Shown:
    return arrive(Asked(visit(**page), search))


def value(update: object) -> object:
    return update["value"] if isinstance(update, dict) and "value" in update else update


def test_each_tab_of_the_page_has_its_name_in_an_address() -> None:
    tabs = [each["props"]["id"] for each in app.build().get_config_file()["components"] if each["type"] == "tabitem"]
    assert [tab for tab in tabs if tab not in ROOMS] == list(TABS)


def test_an_address_gives_the_boxes_of_model_and_weights() -> None:
    assert asked_model(ENGLISH, "", "resnet18") == (SKIP, SKIP)
    name, weights = asked_model(ENGLISH, "?model=resnet50&weights=imagenet-v1", "resnet18")
    assert (name, weights["value"]) == ("resnet50", "imagenet-v1")
    name, weights = asked_model(ENGLISH, "?weights=random", "resnet18")
    assert (name, weights["value"]) == ("resnet18", "random")
    name, weights = asked_model(ENGLISH, "?model=resnet50&weights=ants-bees", "resnet18")  # not this network's
    assert (name, weights["value"]) == ("resnet50", "imagenet")
    assert asked_model(ENGLISH, "?model=resnet19", "resnet18") == (SKIP, SKIP)


def test_explain_takes_layers_method_and_classes_by_name() -> None:
    shown = of("?tab=explain&layer=layer3&layer=layer2.0&layer=layer9&method=scorecam&class=bees")
    assert value(shown.layers) == ["layer3", "layer2.0"]
    assert shown.method == "scorecam"
    assert value(shown.explained) == ["1"]
    assert "layer=layer9, which is left out; accepted: layer4" in shown.problem["value"]


def test_explore_opens_the_stage_and_block_of_the_network_that_is_asked_for() -> None:
    shown = of("?tab=explore&stage=conv3_x&block=1&size=64x48&stem=cifar&classes=7")
    assert (shown.place, shown.input_size, shown.stem, shown.classes) == (("conv3_x", 1), "64x48", "cifar", 7)
    assert not shown.problem["visible"]
    assert of("?tab=explore&stage=conv3_x&block=2").place == ("conv3_x", 0)  # ResNet-18 has two there
    assert "block" not in of("?tab=explore&stage=conv9_x&block=1").problem["value"]
    assert "stage=maxpool" in of("?tab=explore&stage=maxpool&stem=cifar").problem["value"]


@pytest.mark.parametrize(
    "wrong", ["classes=0", "classes=2.5", "classes=²", "size=9x", "size=0", "stem=tiny", "block=-1"]
)
def test_what_there_is_not_gets_one_sentence_with_what_there_is(wrong: str) -> None:
    shown = of(f"?tab=explore&stage=conv2_x&{wrong}")
    assert f"asks for {wrong}" in shown.problem["value"]
    assert shown.place == ("conv2_x", 0)


def test_a_hostile_address_is_text_and_short() -> None:
    for search in (
        "?" + urlencode({"tab": EVIL, "lang": EVIL}),
        "?tab=" + "x" * 100_000,
        "?tab=%ff%00",
        "?" + "a=1&" * 9999,
    ):
        shown = of(search)
        told = str(shown.problem["value"])
        assert len(told) < 2000
        assert "img" not in [tag for tag, _ in Tags(told).found]
        assert shown._replace(problem=SKIP) == Shown()


def test_details_count_in_their_own_tab_only() -> None:
    assert of("?tab=classify&method=scorecam&stage=conv2_x&left=resnet18")._replace(problem=SKIP) == Shown()
    shown = of("?tab=compare&left=resnet101&right=resnet152&stage=fc&classes=3", language=CHINESE)
    assert (shown.left, shown.right, shown.compare_stage, shown.compare_classes) == ("resnet101", "resnet152", "fc", 3)
    assert shown.place == shown.classes == SKIP


def test_classes_of_one_name_are_told_apart_in_an_address() -> None:
    labels = [label for label, _ in class_choices(["crane", "bee", "crane"])]
    assert labels == ["crane · 0", "bee", "crane · 2"]
    query = parse_qs(urlencode([("class", label) for label in labels]))
    assert Address(urlencode(query, doseq=True)).many("class", labels) == labels
