"""What a pick in the sidebar loads: the boxes fit each other, and what is no use leaves the session as it was."""

import json
import threading
from pathlib import Path

import gradio as gr
import pytest
import torch
import torchvision

from demo.sidebar import handlers as sidebar_handlers
from demo.ui.events import Turns
from demo.ui.session import Turn, obtain
from resnet_app.checkpoints import class_names
from resnet_app.errors import ResNetAppError
from resnet_app.inference import models
from resnet_app.inference.cache import shared_cache
from tests.demo.helpers import BEE, final, look, pick, two_classes
from tests.page import carry_out, visit


def test_a_bad_checkpoint_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    bad = tmp_path / "page.pth"
    bad.write_text("<!doctype html><html>404</html>")
    before = obtain("resnet18", device="cpu").choice
    shown = final(pick("checkpoint", "resnet18", "ants-bees", str(bad), "", "cpu", before))
    assert shown.choice == before
    assert "web page" in shown.problem["value"]
    assert shown.checkpoint is None
    assert shown.weights["value"] == "ants-bees"
    assert "Still using" in shown.status


def test_a_checkpoint_corrects_the_architecture_and_takes_typed_names(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pkl"
    torch.manual_seed(1)
    network = torchvision.models.resnet18(num_classes=2).eval()
    torch.save({"model_state_dict": network.state_dict()}, file)
    shown = final(pick("checkpoint", "resnet50", "random", str(file), "ants, bees", "cpu", None))
    assert shown.model == "resnet18"
    assert "the architecture was set to it" in shown.status
    loaded = shared_cache().get(shown.choice)
    assert loaded.class_names == ("ants", "bees")
    pixels = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.allclose(loaded.network(pixels), network(pixels), atol=1e-5)
    page = look(choice=shown.choice, photo=str(BEE)).result
    assert ">ants<" in page
    assert ">bees<" in page


def test_weights_that_are_not_there_leave_the_model_and_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    shown = final(pick("model", "resnet50", "ants-bees", None, "", "cpu", None))
    assert "python -m resnet_app download resnet50" in shown.problem["value"]
    assert shared_cache().get(shown.choice).weights_name == "ants-bees"
    assert shown.weights["value"] == "imagenet"


def test_taking_ones_file_away_leads_back_to_the_bundled_model(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = final(pick("checkpoint", "resnet18", "ants-bees", file, "", "cpu", None))
    shown = final(pick("checkpoint", "resnet18", "own", None, "a, b", "cpu", mine.choice))
    assert (shown.model, shown.weights["value"], shown.class_names) == ("resnet18", "ants-bees", "")
    assert shared_cache().get(shown.choice).class_names == ("ants", "bees")


def test_going_back_to_the_network_of_ones_file_uses_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    file = str(two_classes(tmp_path / "mine.pkl"))
    mine = final(pick("checkpoint", "resnet50", "random", file, "", "cpu", None))
    away = final(pick("model", "resnet34", "own", file, "", "cpu", mine.choice))
    assert "download resnet34" in away.problem["value"]
    back = final(pick("model", "resnet18", "imagenet", file, "", "cpu", mine.choice))
    assert back.weights["value"] == "own"
    assert back.choice == mine.choice


def test_a_bad_file_after_a_good_one_leaves_the_good_one_in_use(tmp_path: Path) -> None:
    good, bad = str(two_classes(tmp_path / "good.pkl")), tmp_path / "bad.pkl"
    bad.write_bytes(b"nothing")
    mine = final(pick("checkpoint", "resnet18", "random", good, "", "cpu", None))
    shown = final(pick("checkpoint", "resnet18", "own", str(bad), "", "cpu", mine.choice))
    assert (shown.choice, shown.weights["value"], shown.checkpoint) == (mine.choice, "own", None)
    again = final(pick("device", "resnet18", "own", None, "", "cpu", shown.choice))
    assert again.choice == mine.choice


def test_names_left_over_from_another_file_do_not_cost_the_new_one(tmp_path: Path) -> None:
    file = str(two_classes(tmp_path / "five.pkl", classes=5))
    shown = final(pick("checkpoint", "resnet18", "random", file, "cat, dog", "cpu", None))
    assert len(shared_cache().get(shown.choice).class_names) == 5
    assert "Outputs of the model: 5; class names given: 2." in shown.status


def test_of_two_loads_at_once_the_later_pick_counts() -> None:
    turn = Turn()
    first = pick("weights", "resnet34", "random", None, "", "cpu", None, turn=turn)
    next(first)  # the status card says that it is being loaded
    second = final(pick("weights", "resnet18", "random", None, "", "cpu", None, turn=turn))
    assert second.choice.model == "resnet18"
    assert list(first) == [sidebar_handlers.Shown()]  # changes nothing: Gradio would show its last words again


def test_a_download_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()

    def slow(*_: object, progress: sidebar_handlers.Download, **__: object) -> None:
        progress(30 << 20, 98 << 20)
        going_on.wait(30)
        raise ResNetAppError("The line broke.")

    monkeypatch.setattr(sidebar_handlers, "obtain", slow)
    monkeypatch.setattr(
        sidebar_handlers, "current", lambda choice: shared_cache().get(choice or models.choose(device="cpu"))
    )
    steps = pick("weights", "resnet50", "imagenet", None, "", "cpu", None)
    assert "Loading ResNet-50" in next(steps).status
    under_way = next(steps).status
    assert "Downloading weights · ResNet-50" in under_way
    assert "30 of 98 MB" in under_way
    going_on.set()
    assert "The line broke." in final(steps).problem["value"]


def test_a_taught_model_stays_until_another_is_picked_and_can_be_picked_again(lesson: list, tmp_path: Path) -> None:
    taught = lesson[2]
    for changed in ("device", "language", "class_names"):
        shown = final(pick(changed, "resnet18", "taught", None, "a, b", "cpu", taught, taught=taught))
        assert (shown.choice, shown.weights["value"]) == (taught, "taught"), changed
    away = final(pick("weights", "resnet18", "random", None, "", "cpu", taught, taught=taught))
    assert (away.choice.head, away.weights["value"]) == (None, "random")
    assert ("Taught here: ants, bees", "taught") in away.weights["choices"]
    back = final(pick("weights", "resnet18", "taught", None, "", "cpu", away.choice, taught=taught))
    assert back.choice == taught
    file = str(two_classes(tmp_path / "mine.pkl"))
    own = final(pick("checkpoint", "resnet18", "taught", file, "", "cpu", taught, taught=taught))
    assert (own.choice.head, own.weights["value"]) == (None, "own")
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"nothing")
    kept = final(pick("checkpoint", "resnet18", "taught", str(bad), "", "cpu", taught, taught=taught))
    assert (kept.choice, kept.weights["value"]) == (taught, "taught")
    forgotten = final(pick("language", "resnet18", "taught", None, "", "cpu", None))
    assert (forgotten.choice.head, forgotten.weights["value"]) == (None, "ants-bees")


def named(file, checkpoint, choice):
    asked = sidebar_handlers.AskedNames(visit(weights="own", choice=choice), checkpoint, "", None, Turn(), file)
    how = {"turns": Turns.TAKE, "failed": sidebar_handlers.names_failed}
    return carry_out(sidebar_handlers.load_names, asked, sidebar_handlers.Shown, **how)


@pytest.mark.slow
@pytest.mark.parametrize("names", [["[unk]", "cat"], ["0: a", "1: b"], ["ants", "bees"]])
def test_class_names_from_a_file_are_those_in_it(tmp_path: Path, names: list[str]) -> None:
    file = tmp_path / "names.json"
    file.write_text(json.dumps(names))
    mine = str(two_classes(tmp_path / "mine.pkl"))
    first = final(pick("checkpoint", "resnet18", "random", mine, "", "cpu", None))
    shown = final(named(str(file), mine, first.choice))
    assert shared_cache().get(shown.choice).class_names == tuple(names)
    assert class_names.parse_class_names(shown.class_names) == tuple(names)
    file.write_text('["\\ud800", "x"]')
    (refused,) = named(str(file), mine, first.choice)
    assert "printable characters" in refused.problem["value"]


def test_a_session_whose_file_was_removed_goes_back_to_the_bundled_model(tmp_path: Path) -> None:
    mine = two_classes(tmp_path / "mine.pkl")
    choice = final(pick("checkpoint", "resnet18", "random", str(mine), "", "cpu", None)).choice
    mine.unlink()
    shared_cache()._models.pop(choice.base)
    shown = final(pick("weights", "resnet18", "own", None, "", "cpu", choice))
    assert shown.choice.weights == "ants-bees"
    assert "There is no file mine.pkl" in shown.problem["value"]


def picked(changed, model, weights, checkpoint=None, choice=None, taught=None):
    asked = sidebar_handlers.Asked(visit(model=model, weights=weights, choice=choice), checkpoint, "", taught, Turn())
    return sidebar_handlers.picked(changed, asked)


@pytest.mark.parametrize(
    ("changed", "model", "weights", "file", "fits"),
    [
        ("start", "resnet18", "ants-bees", None, ("resnet18", "ants-bees")),
        ("model", "resnet50", "ants-bees", None, ("resnet50", "imagenet")),  # the bundled ones are another network's
        ("model", "resnet50", "random", None, ("resnet50", "random")),
        ("model", "resnet18", "imagenet-v2", None, ("resnet18", "ants-bees")),  # there is no second version of these
        ("model", "resnet34", "taught", None, ("resnet34", "imagenet")),
        ("model", "resnet34", "own", "mine.pth", ("resnet34", "imagenet")),
        ("weights", "resnet34", "own", "mine.pth", ("resnet34", "own")),
        ("weights", "resnet34", "own", None, ("resnet34", "imagenet")),
        ("weights", "resnet34", "random", "mine.pth", ("resnet34", "random")),
        ("checkpoint", "resnet34", "random", "mine.pth", ("resnet34", "own")),
        ("checkpoint", "resnet34", "taught", "mine.pth", ("resnet34", "own")),
        ("checkpoint", "resnet34", "random", None, ("resnet34", "random")),  # it was not in use
        ("checkpoint", "resnet34", "own", None, ("resnet18", "ants-bees")),
        ("language", "resnet34", "own", "mine.pth", ("resnet34", "own")),
        ("taught", "resnet34", "random", None, ("resnet18", "ants-bees")),  # the lesson was forgotten
    ],
)
def test_network_weights_and_file_are_made_to_fit(changed, model, weights, file, fits) -> None:
    pick = picked(changed, model, weights, file)
    assert (pick.model, pick.weights, pick.checkpoint) == (*fits, file)


def test_an_emptied_box_leaves_the_file_in_use_but_taking_it_away_does_not() -> None:
    choice = models.choose(checkpoint="/tmp/蚂蚁.pth", device="cpu")
    kept = picked("device", "resnet18", "own", None, choice)
    assert (kept.weights, kept.checkpoint, kept.own, kept.title) == ("own", "/tmp/蚂蚁.pth", "蚂蚁.pth", "蚂蚁.pth")
    assert picked("checkpoint", "resnet18", "own", None, choice) == ("resnet18", "ants-bees", None)
    assert picked("weights", "resnet50", "random", None, choice).title == "ResNet-50"


def test_the_time_left_follows_the_speed_so_far() -> None:
    download = sidebar_handlers.Download()
    download._started -= 10
    download(25, 100)
    assert download.seconds_left == 30
    download(100, 100)
    assert download.seconds_left == 0


def test_a_device_that_is_not_there_leaves_the_model_that_is() -> None:
    mine = obtain("resnet18", "random", "cpu").choice
    shown = final(pick("device", "resnet18", "random", None, "", "tpu", mine))
    assert shown.choice == mine
    assert "This machine has no device" in shown.problem["value"]
    assert "Still using" in shown.status


def test_a_network_that_there_is_not_gets_its_sentence(bundled) -> None:
    """A program may send one, whatever the box offers."""
    shown = final(pick("model", "resnet19", "ants-bees", None, "", "cpu", bundled.choice))
    assert "Unknown model" in shown.problem["value"]
    assert shown.choice == bundled.choice


def test_another_language_leaves_the_network_that_is_drawn(bundled) -> None:
    followed, left = (
        final(pick(changed, "resnet18", "ants-bees", None, "", "cpu", bundled.choice))
        for changed in ("device", "language")
    )
    assert (followed.classes, followed.stem) == (2, "imagenet")
    assert (left.classes, left.stem) == (gr.skip(), gr.skip())
