"""The status card: the model's own figures, and what a file held."""

import re
from dataclasses import replace

import pytest
import torch
import torchvision

from demo.locales import LANGUAGES
from demo.sidebar import view
from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.inference.models import Head, choose, dressed, load
from tests.demo.helpers import EVIL, Tags


def rows(card: str) -> dict[str, str]:
    return {key: value.replace("\u202f", " ") for key, value in re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", card)}


def test_the_card_has_the_networks_own_figures(random18) -> None:
    network = torchvision.models.resnet18()
    card = rows(view.status_ready("en", random18))
    assert card["Parameters"] == f"{sum(each.numel() for each in network.parameters()) / 1e6:.1f} M" == "11.7 M"
    assert (card["Classes"], card["Input"], card["From"]) == ("1,000", "256 → 224 × 224", "seed 0")
    least = sum(tensor.nbytes for tensor in network.state_dict().values()) / 2**20
    assert float(card["Weights in memory"].partition(" MiB")[0]) >= round(least, 1)
    assert card["Weights"] == "Random (untrained)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_says_what_the_doctor_found_in_a_file(saved, small_state, language: str) -> None:
    content = {
        "arch": "resnet50", "epoch": 14, "best_acc": 91.5, "accuracy": 3, "acc": "high", "step": None,
        "model": {f"module.{key}": tensor for key, tensor in small_state(dtype=torch.float16).items()},
    }  # fmt: skip
    card = view.status_ready(language, load(choose(checkpoint=saved(content, name="mine.pth"), device="cpu")))
    values = list(rows(card).values())
    assert values[0] == "mine.pth"
    assert values[-3:-1] == ["model → module.", "float16"] or values[-4:-2] == ["model → module.", "float16"]
    assert values[-1] == "best_acc 91.5"
    assert "ResNet-50" in Tags(card).words  # the note: it calls itself that, and its shapes are another's
    assert "<h3>ResNet-18</h3>" in card


def test_only_numbers_of_a_file_are_repeated_and_two_at_most(saved, small_state) -> None:
    content = {"model_state_dict": small_state(), "epoch": "<b>", "best_acc": [1], "acc": 0.5, "step": 7}
    told = view.diagnosis(read_checkpoint(saved(content)))
    assert [value for key, value in told if key == "card_said"] == ["step 7", "acc 0.5"]
    wrapped = {"a" * 90: {"b" * 90: small_state()}}
    assert all(len(value) <= 60 for _, value in view.diagnosis(read_checkpoint(saved(wrapped))))


def test_a_lesson_on_a_file_is_no_longer_the_file(saved, small_state) -> None:
    base = load(choose(checkpoint=saved({"model": small_state(), "epoch": 3}, name="mine.pth"), device="cpu"))
    taught = dressed(base, replace(base.choice, head=Head((EVIL, "梨"), torch.zeros(2, 512), torch.zeros(2))))
    card = view.status_ready("en", taught, note="A note.")
    assert "mine.pth" not in card
    assert "epoch" not in card
    assert f"Taught here: {EVIL}, 梨" in Tags(card).words
    assert '<p class="note">A note.</p>' in card
    assert rows(card)["From"] == "your photos"


def test_half_a_character_in_a_file_does_not_keep_the_page_from_its_card(saved, small_state) -> None:
    """What the page sends is UTF-8, which has no half of a surrogate pair."""
    path = saved({f"\ud802x.{key}": tensor for key, tensor in small_state().items()}, name="mine\udcff.pth")
    card = view.status_ready("en", load(choose(checkpoint=path, device="cpu")))
    assert card.encode("utf-8")
    assert "mine\\udcff.pth" in card
