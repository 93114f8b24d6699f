"""What the sidebar's boxes offer: torchvision's accuracies, one's own file and lesson by name, each device."""

from dataclasses import replace

import pytest
import torch
from torchvision.models import get_model_weights

from demo.locales import LANGUAGES
from demo.sidebar.choices import device_choices, weight_choices
from resnet_app import device
from resnet_app.inference.models import Head, choose
from resnet_app.registry import SPECS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_set_of_weights_is_offered_with_torchvisions_accuracy(language: str) -> None:
    for name in SPECS:
        published = [weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] for weights in get_model_weights(name)]
        words = {value: title for title, value in weight_choices(language, name)}
        versions = [value for value in words if value.startswith("imagenet-v")]
        assert len(versions) == len(published)
        for value, accuracy in zip(sorted(versions), published, strict=True):
            assert f"{accuracy:.1f} %" in words[value], name
        assert ("ants-bees" in words) == (name == "resnet18")


@pytest.mark.parametrize("own", ["{accuracy}.pth", "蚂蚁 & bees.pt", "%s<b>.bin"])
def test_ones_own_file_is_offered_by_its_name_as_it_is(own: str) -> None:
    offered = weight_choices("en", "resnet50", own)
    assert offered[-1] == (f"Yours: {own}", "own")
    assert [value for _, value in offered] == ["imagenet", "imagenet-v1", "imagenet-v2", "random", "own"]


def test_a_lesson_is_offered_last_and_only_where_there_is_one() -> None:
    choice = choose(device="cpu")
    taught = replace(choice, head=Head(("蚂蚁", "bees", "a, b"), torch.zeros(3, 512), torch.zeros(3)))
    offered = weight_choices("en", "resnet18", "mine.pth", taught)
    assert offered[-2:] == [("Yours: mine.pth", "own"), ("Taught here: 蚂蚁, bees, a, b", "taught")]
    assert weight_choices("en", "resnet18", None, choice) == weight_choices("en", "resnet18")


def test_each_device_of_the_machine_is_offered_and_the_automatic_choice_first(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(device, "has_quick_bfloat16", lambda each: each.name != "cpu")
    for language, automatic, cpu in (("en", "Automatic", "CPU · 1 thread"), ("zh-CN", "自动", "CPU · 1 线程")):
        assert device_choices(language) == [
            (automatic, "auto"), ("Card 0 · cuda:0", "cuda:0"), ("Card 1 · cuda:1", "cuda:1"), (cpu, "cpu"),
            ("Card 0 · cuda:0 · bfloat16", "cuda:0 bfloat16"), ("Card 1 · cuda:1 · bfloat16", "cuda:1 bfloat16"),
        ]  # fmt: skip
