"""What a session has at hand: turns, a photo looked at once, and the model for what was picked."""

import threading
import time
from dataclasses import replace

import pytest
import torch

from demo.ui.session import Looked, Turn, obtain
from resnet_app.errors import ClassNamesError, PictureError
from resnet_app.inference.models import Head, choose
from tests.demo.helpers import BEE


def test_only_the_latest_turn_is_the_latest() -> None:
    turn, other = Turn(), Turn()
    first, second = turn.take(), turn.take()
    watching = turn.watch()
    other.take()
    assert (first(), second(), watching()) == (False, True, True)
    turn.take()
    assert (second(), watching()) == (False, False)


def test_two_who_ask_at_once_wait_for_the_one_who_makes_it(bundled) -> None:
    looked, made = Looked(bundled.choice, str(BEE)), []

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return len(made)

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(looked.once("key", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]


def test_a_failure_is_not_kept_in_place_of_an_answer(bundled, tmp_path) -> None:
    photo = tmp_path / "late.jpg"
    looked = Looked(bundled.choice, str(photo))
    with pytest.raises(PictureError):
        looked.answer()
    photo.write_bytes(BEE.read_bytes())
    assert looked.answer().predictions[0].label == "bees"


def test_a_signed_map_turned_round_is_its_opposite(bundled) -> None:
    looked = Looked(bundled.choice, str(BEE))
    there, back = looked.signed_map(0, 1), looked.signed_map(1, 0)
    assert there.total == pytest.approx(-back.total, abs=1e-4)
    logits, bias = looked.answer().logits, bundled.network.fc.bias
    assert there.total == pytest.approx(float(logits[0] - logits[1] - bias[0] + bias[1]), abs=1e-3)


def test_a_file_and_names_count_where_ones_own_weights_are_picked_alone(saved, small_state) -> None:
    file = str(saved(small_state()))
    mine = obtain("resnet50", "own", "cpu", checkpoint=file, class_names="梨, apple")
    assert (mine.spec.name, mine.class_names) == ("resnet18", ("梨", "apple"))
    other = obtain("resnet18", "random", "cpu", checkpoint=file, class_names="梨, apple")
    assert (other.weights_name, len(other.class_names)) == ("random", 1000)
    assert obtain("", None, "cpu", class_names=None).weights_name == "ants-bees"
    with pytest.raises(ClassNamesError, match="as JSON must be a list"):
        obtain("resnet18", "own", "cpu", checkpoint=file, class_names="[1, 2]")


def test_a_lesson_counts_where_it_is_picked_alone() -> None:
    head = Head(("a", "b", "c"), torch.zeros(3, 512), torch.tensor([1.0, 2.0, 3.0]))
    taught = replace(choose(device="cpu"), head=head)
    assert obtain("resnet18", "ants-bees", "cpu", taught=taught).class_names == ("ants", "bees")
    loaded = obtain("resnet50", "taught", "cpu", taught=taught)
    assert (loaded.spec.name, loaded.class_names) == ("resnet18", ("a", "b", "c"))
    assert torch.equal(loaded.network(torch.rand(2, 3, 32, 32)), torch.tensor([[1.0, 2.0, 3.0]] * 2))
