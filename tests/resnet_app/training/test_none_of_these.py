"""The third answer: who is refused, and whether the error rates are those of lessons that are really held again."""

import pickle
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from resnet_app.inference import models
from resnet_app.inference.predict import classify, classify_crop
from resnet_app.registry import EXAMPLES
from resnet_app.training.few_shot import Lesson, named_boxes
from resnet_app.training.none_of_these import FEWEST, Strangers, judged, neighbourhood


def cloud(centre, count, seed):
    draw = torch.Generator().manual_seed(seed)
    return torch.eye(8)[centre] + 0.1 * torch.randn(count, 8, generator=draw)


def test_what_is_far_from_all_is_refused_and_what_is_near_is_not():
    near = neighbourhood(torch.cat([cloud(0, 20, 1), cloud(1, 20, 2)]))
    assert sum(near.is_left_by(each) for each in torch.cat([cloud(0, 50, 3), cloud(1, 50, 4)])) <= 15
    assert all(near.is_left_by(each) for each in cloud(2, 50, 5))
    assert near.is_left_by(cloud(0, 1, 3)[0]) == near.is_left_by(100 * cloud(0, 1, 3)[0])  # length means nothing


def test_error_rates_are_those_of_real_refits():
    features, labels = (
        torch.cat([cloud(0, 9, 1), cloud(1, 12, 2), cloud(1, 7, 6)]),
        torch.tensor([0] * 9 + [1] * 12 + [2] * 7),
    )
    found = judged(features, labels)
    others = [torch.arange(len(features)) != i for i in range(len(features))]
    own = [neighbourhood(features[rest]).is_left_by(features[i]) for i, rest in enumerate(others)]
    assert (found.own, found.of) == (sum(own), len(features))
    for label, told in enumerate(found.classes):
        near = neighbourhood(features[labels != label])
        assert told == (sum(near.is_left_by(each) for each in features[labels == label]), int((labels == label).sum()))
    assert found.classes[0] == (9, 9)  # alone in its corner
    assert found.classes[2][0] <= 2  # in the same corner as class 1


def test_few_photos_give_no_third_answer():
    assert neighbourhood(cloud(0, FEWEST - 1, 1)) is None
    found = judged(torch.cat([cloud(0, FEWEST, 1), cloud(1, 2, 2)]), torch.tensor([0] * FEWEST + [1] * 2))
    assert found.classes == (None, (2, 2))


def test_the_same_photo_many_times_is_near_itself():
    near = neighbourhood(cloud(0, 1, 1).repeat(8, 1))
    assert not near.is_left_by(near.known[0])
    assert judged(cloud(0, 1, 1).repeat(8, 1), torch.tensor([0] * 4 + [1] * 4)).own == 0


def test_the_answer_is_given_only_where_it_is_of_use(monkeypatch, bundled, coloured):
    """Two colours are far apart: each is a stranger to the other; ants and bees may not be, to a network of both."""
    files = [sorted((coloured / each).rglob("*.png")) for each in ("blue", "red")]
    lesson = Lesson(bundled, named_boxes(["blue", "red"], files, "box"))
    list(lesson.look())
    taught = lesson.fit()
    assert (taught.choice.head.near is not None) == taught.strangers.is_of_use
    assert taught.strangers.of == len(taught.photos)
    with monkeypatch.context() as patch:
        patch.setattr("resnet_app.training.none_of_these.MOST", 1.1)
        assert lesson.fit().choice.head.near is None
    assert Strangers(1, 10, ((6, 10), None)).is_of_use
    assert not Strangers(1, 10, ((4, 10), None)).is_of_use
    assert not Strangers(3, 10, ((9, 10), None)).is_of_use
    assert not Strangers(0, 10, (None, None)).is_of_use


def test_a_taught_model_says_it_of_what_is_far(bundled):
    """Its own photos are near and noise is not; what it was taught with survives a journey."""
    features = torch.stack([classify(bundled, each).features.mean((2, 3))[0] for each in EXAMPLES])
    near = neighbourhood(features)
    head = models.Head(("ants", "bees"), bundled.network.fc.weight, bundled.network.fc.bias, near)
    arrived = pickle.loads(pickle.dumps(head))
    assert arrived.near.limit == near.limit
    assert torch.equal(arrived.near.known, near.known)
    model = models.load(replace(bundled.choice, head=arrived))
    assert not any(classify(model, each).is_ood for each in EXAMPLES)
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert classify_crop(model, Image.fromarray(noise)).is_ood
