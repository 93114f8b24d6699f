"""Top-k against the plain torchvision pipeline, and the record that other programs read."""

import json
from dataclasses import replace

import pytest
import torch
import torchvision
from PIL import Image

from resnet_app.errors import PictureError, ResNetAppError
from resnet_app.inference import models
from resnet_app.inference.predict import Timing, classify, json_object

MODEL = {"name": "resnet18", "weights": "random", "classes": 1000, "device": "cpu"}


def test_answers_are_those_of_plain_torchvision(random18, picture):
    theirs = torchvision.models.resnet18().eval()
    theirs.load_state_dict(random18.network.state_dict())
    weights = torchvision.models.ResNet18_Weights.DEFAULT
    with torch.inference_mode():
        probabilities = theirs(weights.transforms()(Image.open(picture))[None])[0].softmax(0)
    expected = probabilities.topk(5)
    answer = classify(random18, picture)
    assert [p.index for p in answer.predictions] == expected.indices.tolist()
    assert [p.label for p in answer.predictions] == [weights.meta["categories"][i] for i in expected.indices]
    assert [p.probability for p in answer.predictions] == pytest.approx(expected.values.tolist(), abs=1e-6)
    assert answer.crop.size == (224, 224)
    assert answer.logits.shape == (1000,)
    assert answer.features.shape == (1, 512, 7, 7)
    assert answer.file == picture.name


def test_top_k_is_cut_to_the_classes(plain_two_classes, picture):
    model = models.load(models.choose(checkpoint=plain_two_classes[1], device="cpu"))
    predictions = classify(model, picture, top_k=10).predictions
    assert {p.label for p in predictions} == {"cat", "dog"}
    assert sum(p.probability for p in predictions) == pytest.approx(1, abs=1e-6)
    assert len(classify(model, picture, top_k=1).predictions) == 1


@pytest.mark.parametrize("top_k", [0, -1, 11])
def test_other_numbers_of_answers_are_refused(random18, picture, top_k):
    with pytest.raises(ResNetAppError, match=f"is {top_k}; give 1 to 10"):
        classify(random18, picture, top_k=top_k)


def test_the_record_is_the_contracts(random18, picture):
    answer = classify(random18, picture, top_k=3, name="bee.jpg")
    found = json_object(random18, answer.file, answer)
    assert list(found) == ["file", "error", "predictions", "model", "ms"]
    assert (found["file"], found["error"], found["model"]) == ("bee.jpg", None, MODEL)
    assert found["predictions"] == [
        {"index": p.index, "label": p.label, "probability": p.probability} for p in answer.predictions
    ]
    assert list(found["ms"]) == ["decode", "forward", "cam", "total"]
    assert found["ms"]["decode"] > 0
    assert found["ms"]["forward"] > 0
    assert found["ms"]["cam"] == 0
    assert found["ms"]["total"] == pytest.approx(found["ms"]["decode"] + found["ms"]["forward"], abs=0.002)
    assert json.loads(json.dumps(found)) == found
    assert json_object(random18, "a", answer, Timing(1, 2, 4))["ms"] == {
        "decode": 1,
        "forward": 2,
        "cam": 4,
        "total": 7,
    }


def test_the_record_of_a_failure(random18):
    assert json_object(random18, "bad.jpg", PictureError("It is broken.")) == {
        "file": "bad.jpg",
        "error": "It is broken.",
        "predictions": [],
        "model": MODEL,
        "ms": {"decode": 0, "forward": 0, "cam": 0, "total": 0},
    }


def test_logits_that_overflow_are_an_error_and_no_answer(random18, picture, is_plain):
    head = models.Head(("a", "b"), torch.full((2, 512), 3e38), torch.zeros(2))
    model = models.load(replace(random18.choice, head=head))
    with pytest.raises(ResNetAppError) as caught:
        classify(model, picture)
    assert is_plain(caught.value)
