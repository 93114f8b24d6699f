"""What is told of a lesson: counts by hand, what is wrong marked as wrong, and a snippet that plain PyTorch runs."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from demo.locales import text
from demo.teach import view
from demo.teach.events import show_boxes
from resnet_app.inference.models import Head, choose, dressed, load
from resnet_app.training import few_shot
from resnet_app.training.few_shot import Photo, Taught
from resnet_app.training.none_of_these import Strangers
from tests.demo.helpers import Tags


def told(bundled, answers, *, broken=(), strangers=None, language="en"):
    """A lesson of two classes; ``answers`` has for each class what each of its photos was answered with."""
    tile = Image.new("RGB", (9, 9))
    photos = [
        Photo(f"{label}-{number}.jpg", label, tile, given, 0.0 if given is None else 0.8)
        for label, each in enumerate(answers)
        for number, given in enumerate(each)
    ]
    head = Head(("ants", "bees"), bundled.network.fc.weight, bundled.network.fc.bias)
    taught = Taught(replace(bundled.choice, head=head), tuple(photos), tuple(broken), strangers, 1240.0, 60.0)
    return view.outcome(language, bundled, taught)


def test_what_was_right_is_counted_and_what_was_wrong_is_marked(bundled) -> None:
    shown = told(bundled, [[0, 0, 1], [1, 1]])
    assert "4 of 5 right, each judged by a head fitted without it" in shown
    assert [part.split("<")[0] for part in shown.split("<small>")[1:]] == ["2 of 3 right", "2 of 2 right"]
    wrong = [figure for figure in shown.split("<figure")[1:] if 'class="wrong"' in figure]
    assert len(wrong) == 1
    assert "0-2.jpg" in wrong[0]
    assert "✗ <b>bees</b> 80.0\u202f%" in wrong[0]
    assert "ResNet-18 looked at them in 1.3\u202fs" in shown


def test_a_classs_only_photo_is_neither_right_nor_wrong(bundled) -> None:
    shown = told(bundled, [[0, 1], [None]])
    assert "1 of 2 right" in shown
    assert shown.count("the only one") == 1
    assert "<h3>bees <small>1</small></h3>" in shown
    assert "not judged" in told(bundled, [[None], [None]])


@pytest.mark.parametrize(("counts", "said"), [((8, 8), None), ((8, 7), "7 photos"), ((2, 40), "2 photos")])
def test_few_photos_are_called_few_by_the_smallest_class(bundled, counts, said) -> None:
    shown = told(bundled, [[label] * count for label, count in enumerate(counts)])
    assert ("luck decides much" in shown) == (said is not None)
    assert said is None or f"The smallest class has {said}" in shown


def test_the_third_answer_comes_with_its_error_rates(bundled) -> None:
    shown = told(bundled, [[0], [1]], strangers=Strangers(1, 20, ((9, 10), None)))
    assert text("en", "strangers_given") in Tags(shown).words
    assert "1 of 20 would be refused, wrongly" in shown
    assert "photos of ants, taken as strangers to a head fitted without that class, 9 of 10 are refused" in shown
    assert "photos of bees, taken" not in shown
    poor = Tags(told(bundled, [[0], [1]], strangers=Strangers(1, 20, ((2, 10), None)))).words
    assert text("en", "strangers_not_given") in poor
    for few in (None, Strangers(0, 6, (None, None))):
        assert text("en", "strangers_few") in Tags(told(bundled, [[0], [1]], strangers=few)).words


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_plain_pytorch_runs_the_snippet_on_the_saved_file(stem, saved, small_state, tmp_path, monkeypatch) -> None:
    base = load(choose(checkpoint=saved(small_state(stem=stem), name="base.pth"), device="cpu"))
    head = Head(("Äpfel", "梨", "big pears"), torch.randn(3, 512), torch.randn(3))
    model = dressed(base, replace(base.choice, head=head))
    taught = Taught(model.choice, (), (), None, 0, 0)
    few_shot.save(tmp_path / "äpfel-梨-big_pears.pth", model)
    monkeypatch.chdir(tmp_path)
    found: dict = {}
    exec(view.snippet(model, taught), found)  # it holds no more than the class names and the network
    pixels = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(found["network"](pixels), model.network(pixels), atol=1e-4)
    assert found["checkpoint"]["classes"] == list(head.class_names)


@pytest.mark.parametrize(("count", "visible"), [("2", 2), ("3", 3), ("6", 6)])
def test_there_are_as_many_boxes_as_classes(count, visible) -> None:
    shown = [box["visible"] for box in show_boxes(count)]
    assert shown == [True] * visible + [False] * (6 - visible)
