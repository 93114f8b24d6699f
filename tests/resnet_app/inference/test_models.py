"""What a person picked, the models made from it, and the cache that everyone shares."""

import dataclasses
import os
import pickle
import shutil
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

from resnet_app.errors import CheckpointError, DeviceError, UnknownChoiceError, WeightsError
from resnet_app.images import Recipe
from resnet_app.inference import models
from resnet_app.inference.cache import ModelCache, shared_cache
from resnet_app.inference.predict import classify


@pytest.mark.parametrize(
    ("model", "weights", "expected"),
    [
        (None, None, ("resnet18", "ants-bees")),
        ("resnet18", None, ("resnet18", "ants-bees")),
        ("resnet50", None, ("resnet50", "imagenet")),
        (None, "random", ("resnet18", "random")),
        ("resnext101_64x4d", "imagenet-v1", ("resnext101_64x4d", "imagenet-v1")),
    ],
)
def test_defaults_are_filled_in(model, weights, expected):
    choice = models.choose(model, weights, device="cpu")
    assert (choice.model, choice.weights, choice.device) == (*expected, "cpu")
    assert choice == models.choose(*expected, device="cpu")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"model": "resnet19"}, UnknownChoiceError, "'resnet19'; choose one of resnet18,"),
        ({"weights": "coco"}, UnknownChoiceError, "'coco'; choose one of ants-bees, ants-bees-v1, imagenet,"),
        ({"model": "resnet50", "weights": "ants-bees"}, WeightsError, "no ants-bees weights for resnet50"),
        (
            {"model": "resnet18", "weights": "imagenet-v2"},
            WeightsError,
            "choose one of ants-bees, ants-bees-v1, imagenet, imagenet-v1",
        ),
        ({"device": "tpu"}, DeviceError, "'tpu'; choose one of auto"),
    ],
)
def test_wrong_choices_are_refused(arguments, error, says, is_plain):
    with pytest.raises(error, match=says) as caught:
        models.choose(**arguments)
    assert is_plain(caught.value)


def test_a_rewritten_checkpoint_is_another_choice(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"one")
    first = models.choose(checkpoint=path, device="cpu")
    assert first == models.choose(checkpoint=str(path), device="cpu")
    os.utime(path, ns=(1, 1))
    assert models.choose(checkpoint=path, device="cpu") != first


def test_the_random_model_is_seeded_frozen_and_leaves_the_generator_alone(random18):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    again = models.load(models.choose("resnet18", "random", device="cpu"))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(again.network.fc.weight, random18.network.fc.weight)
    assert not any(module.training for module in again.network.modules())
    assert not any(parameter.requires_grad for parameter in again.network.parameters())
    assert again.class_names == tuple(ResNet18_Weights.DEFAULT.meta["categories"])
    assert again.recipe == Recipe.of_transforms(ResNet18_Weights.DEFAULT.transforms())
    assert again.parameters == 11_689_512
    state = again.network.state_dict()
    convolutions = [tensor for tensor in state.values() if tensor.ndim == 4]
    assert again.memory_bytes == sum(tensor.nbytes for tensor in [*state.values(), *convolutions])  # packed once more


def test_a_checkpoint_answers_as_in_plain_pytorch(plain_two_classes, picture):
    network, path = plain_two_classes
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    assert (model.spec.name, model.class_names, model.weights_name) == ("resnet18", ("cat", "dog"), path.name)
    assert not any(module.training for module in model.network.modules())
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert not any(tensor.is_meta for tensor in model.network.state_dict().values())
    with torch.inference_mode():
        expected = network(ResNet18_Weights.DEFAULT.transforms()(Image.open(picture))[None])[0]
    torch.testing.assert_close(classify(model, picture).logits, expected, atol=1e-5, rtol=0)


def test_a_model_that_travels_answers_alike_where_its_file_is_not(plain_two_classes, picture, tmp_path):
    path = shutil.copy(plain_two_classes[1], tmp_path / "mine.pth")
    model = models.load(models.choose(checkpoint=path, device="cpu", class_names=("ant", "bee")))
    sent = pickle.dumps(model)
    (tmp_path / "mine.pth").unlink()
    arrived = pickle.loads(sent)
    assert len(sent) < 1.1 * sum(tensor.nbytes for tensor in model.network.state_dict().values())  # weights travel once
    assert torch.equal(classify(arrived, picture).logits, classify(model, picture).logits)
    assert not any(parameter.requires_grad for parameter in arrived.network.parameters())
    assert not any(module.training for module in arrived.network.modules())
    for told in ("choice", "spec", "stem", "class_names", "recipe", "weights_name", "device"):
        assert getattr(arrived, told) == getattr(model, told)


def test_what_a_model_knows_of_strangers_and_what_it_was_taught_travels_too(picture):
    model = models.load(models.choose(device="cpu"))
    assert pickle.loads(pickle.dumps(model)).ood_threshold == model.ood_threshold is not None
    head = models.Head(("a", "b", "c"), torch.randn(3, 512), torch.randn(3))
    taught = models.dressed(model, dataclasses.replace(model.choice, head=head))
    arrived = pickle.loads(pickle.dumps(taught))
    assert arrived.class_names == ("a", "b", "c")
    assert torch.equal(classify(arrived, picture).logits, classify(taught, picture).logits)


@pytest.mark.slow
def test_class_names_come_from_the_person_the_file_or_the_count(plain_two_classes, saved, small_state):
    _, path = plain_two_classes
    names = models.load(models.choose(checkpoint=path, device="cpu", class_names=("ant", "bee"))).class_names
    assert names == ("ant", "bee")
    with pytest.raises(CheckpointError, match="Outputs of the model: 2; class names given: 3"):
        models.load(models.choose(checkpoint=path, device="cpu", class_names=("a", "b", "c")))
    thousand = models.load(models.choose(checkpoint=saved(small_state(classes=1000)), device="cpu"))
    assert thousand.class_names[207] == "golden retriever"
    three = models.load(models.choose("resnet50", checkpoint=saved(small_state("resnet34", 3)), device="cpu"))
    assert three.class_names == ("class 0", "class 1", "class 2")
    assert three.spec.name == "resnet34"  # the file's own network


@pytest.mark.slow
def test_the_bundled_model_tells_ants_from_bees(photos):
    model = models.load(models.choose(device="cpu"))
    assert model.class_names == ("ants", "bees")
    right = [
        classify(model, path).predictions[0].label == folder.name
        for folder in (photos / "ants", photos / "bees")
        for path in sorted(folder.iterdir())[:8]
    ]
    assert sum(right) >= 12


def test_a_missing_checkpoint_is_reported_by_the_reader(tmp_path):
    with pytest.raises(CheckpointError, match=r"There is no file absent\.pth"):
        models.load(models.choose(checkpoint=tmp_path / "absent.pth", device="cpu"))


def pick(name):
    return models.ModelChoice(name, "random", "cpu")


def held(cache):
    """The names of the models that are in memory, ready."""
    return [choice.model for choice, future in cache._models.items() if future.done()]


@pytest.fixture
def loads(monkeypatch):
    """Replaces loading by something that takes ten bytes, and lists what was loaded."""
    made = []

    def load(choice, *, progress=None):
        made.append(choice.model)
        if choice.model == "broken":
            raise CheckpointError("It is broken.")
        return SimpleNamespace(choice=choice, memory_bytes=10, progress=progress)

    monkeypatch.setattr("resnet_app.inference.cache.load", load)
    return made


def test_the_cache_shares_a_model(loads):
    cache = ModelCache(100)
    assert held(cache) == []
    assert cache.get(pick("a")) is cache.get(pick("a"))
    assert held(cache) == ["a"]
    assert loads == ["a"]


def test_the_cache_drops_the_longest_unused(loads):
    cache = ModelCache(30)
    first = cache.get(pick("a"))
    for choice in ("b", "c", "a", "d"):
        cache.get(pick(choice))
    assert sorted(held(cache)) == ["a", "c", "d"]
    assert cache.memory_bytes == 30
    assert cache.get(pick("a")) is first
    assert loads == ["a", "b", "c", "d"]


@pytest.mark.usefixtures("loads")
def test_the_newest_stays_however_large():
    cache = ModelCache(5)
    cache.get(pick("a"))
    cache.get(pick("b"))
    assert held(cache) == ["b"]


def test_an_error_leaves_the_cache_as_it_was(loads):
    cache = ModelCache(100)
    cache.get(pick("a"))
    for _ in range(2):  # it is tried again, not remembered
        with pytest.raises(CheckpointError, match="broken"):
            cache.get(pick("broken"))
    assert loads == ["a", "broken", "broken"]
    assert held(cache) == ["a"]
    assert cache.memory_bytes == 10


@pytest.mark.parametrize("fails", [False, True])
def test_those_who_ask_at_once_share_one_load(monkeypatch, fails):
    entered, release, made, results = threading.Event(), threading.Event(), [], []

    def load(choice, *, progress=None):
        made.append(choice.model)
        entered.set()
        assert release.wait(30)
        if fails:
            raise CheckpointError("It is broken.")
        return SimpleNamespace(memory_bytes=1, progress=progress)

    monkeypatch.setattr("resnet_app.inference.cache.load", load)
    cache = ModelCache(100)

    def ask():
        try:
            results.append(cache.get(pick("a")))
        except CheckpointError as error:
            results.append(error)

    first = threading.Thread(target=ask)
    first.start()
    assert entered.wait(30)
    others = [threading.Thread(target=ask) for _ in range(4)]
    for thread in others:
        thread.start()
    while not all(_waits(thread) for thread in others):
        time.sleep(0.001)
    assert held(cache) == []
    release.set()
    for thread in (first, *others):
        thread.join(30)
    assert made == ["a"]
    assert len(results) == 5
    assert len(set(map(id, results))) == 1
    assert isinstance(results[0], CheckpointError) == fails
    assert held(cache) == ([] if fails else ["a"])


def test_other_names_for_the_classes_are_no_second_copy_of_the_weights(plain_two_classes):
    _, path = plain_two_classes
    cache = ModelCache(10**9)
    plain = cache.get(models.choose(checkpoint=path, device="cpu"))
    named = cache.get(models.choose(checkpoint=path, device="cpu", class_names=("ant", "bee")))
    assert named.network is plain.network
    assert (plain.class_names, named.class_names) == (("cat", "dog"), ("ant", "bee"))
    with pytest.raises(CheckpointError, match="Outputs of the model: 2"):
        cache.get(models.choose(checkpoint=path, device="cpu", class_names=("one",)))


def _waits(thread):
    """Whether a thread has come as far as waiting for another's load."""
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        if frame.f_code.co_name == "result":
            return True
        frame = frame.f_back
    return False


def test_the_process_has_one_cache():
    assert shared_cache() is shared_cache()
