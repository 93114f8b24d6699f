"""Teach: the closed-form leave-one-out answers against real refits, and the taught model everywhere it goes."""

import numpy as np
import pytest
import torch
import torchvision

from resnet_app.device import resolve
from resnet_app.errors import ClassNamesError, DataError
from resnet_app.inference import models
from resnet_app.inference.cache import ModelCache, shared_cache
from resnet_app.inference.predict import classify
from resnet_app.training import few_shot
from resnet_app.training.calibration import expected_calibration_error
from resnet_app.training.dataset import find_pictures
from resnet_app.training.few_shot import Box, Lesson, fit_head, named_boxes
from resnet_app.training.train import score

pytestmark = pytest.mark.slow


def clouds(counts, *, width=64, apart=3.0, seed=0):
    """Points around a centre for each class."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.tensor([label for label, count in enumerate(counts) for _ in range(count)])
    centres = apart * torch.randn(len(counts), width, generator=generator, dtype=torch.double)
    return centres[labels] + torch.randn(len(labels), width, generator=generator, dtype=torch.double), labels


def ridge(features, labels, *, classes, penalty, balance):
    """Weighted ridge regression with an intercept, by the normal equations: (weight, bias)."""
    x = np.hstack([features.numpy(), np.ones((len(labels), 1))])
    y = np.eye(classes)[labels.numpy()]
    weights = np.diag(balance.numpy())
    kept = penalty * np.eye(x.shape[1])
    kept[-1, -1] = 0  # the intercept is not shrunk
    solution = np.linalg.solve(x.T @ weights @ x + kept, x.T @ weights @ y)
    return solution[:-1].T, solution[-1]


@pytest.mark.parametrize("counts", [(5, 5), (4, 9), (3, 6, 2)])
@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_left_out_answers_are_those_of_real_refits(monkeypatch, counts, penalty):
    features, labels = clouds(counts)
    classes = len(counts)
    monkeypatch.setattr(few_shot, "PENALTY", penalty)
    monkeypatch.setattr(few_shot, "fit_temperature", lambda *_, **__: 1.0)
    fitted = fit_head(features, labels, classes=classes)
    balance = len(labels) / (classes * torch.bincount(labels)[labels].double())
    centre = (balance[:, None] * features).mean(0)
    unit = float((balance[:, None] * (features - centre) ** 2).sum() / len(labels))
    options = {"classes": classes, "penalty": penalty * unit}
    weight, bias = ridge(features, labels, balance=balance, **options)
    np.testing.assert_allclose(fitted.weight, weight, atol=1e-8)
    np.testing.assert_allclose(fitted.bias, bias, atol=1e-8)
    for i in range(len(labels)):
        rest = torch.arange(len(labels)) != i
        weight, bias = ridge(features[rest], labels[rest], balance=balance[rest], **options)
        expected = weight @ features[i].numpy() + bias
        if fitted.judged[i]:
            # fit_head's targets are 0 or 1 less their mean, 1 / K
            np.testing.assert_allclose(fitted.left_out[i] + 1 / classes, expected, atol=1e-8)


def test_a_class_of_one_is_not_judged():
    features, labels = clouds((1, 4))
    assert fit_head(features, labels, classes=2).judged.tolist() == [False, True, True, True, True]
    features, labels = clouds((1, 1))
    fitted = fit_head(features, labels, classes=2)
    assert not fitted.judged.any()
    answers = features @ fitted.weight.T + fitted.bias
    assert answers.argmax(1).tolist() == [0, 1]
    assert float(answers.softmax(1).max()) < 0.95  # one photo is no ground for certainty


def test_equal_photos_are_a_toss_up():
    fitted = fit_head(torch.ones(6, 8, dtype=torch.double), torch.tensor([0, 0, 0, 1, 1, 1]), classes=2)
    logits = torch.ones(8, dtype=torch.double) @ fitted.weight.T + fitted.bias
    assert logits.softmax(0).tolist() == pytest.approx([0.5, 0.5])


def test_few_photos_never_give_certainty_and_many_come_closer_to_it():
    sure = []
    for count in (3, 30):
        features, labels = clouds((count, count), apart=9)
        fitted = fit_head(features, labels, classes=2)
        assert (fitted.left_out.argmax(1) == labels).all()
        sure.append(float(fitted.left_out.softmax(1).amax(1).mean()))
    assert 0.7 < sure[0] < 0.9 < sure[1] < 0.99  # Platt's targets: (3 + 1) / (3 + 2) and (30 + 1) / (30 + 2)


def test_a_rare_class_counts_as_much():
    features, labels = clouds((40, 3), apart=1.0)
    fitted = fit_head(features, labels, classes=2)
    fresh, truth = clouds((200, 200), apart=1.0)
    answers = (fresh @ fitted.weight.T + fitted.bias).argmax(1)
    assert float((answers == truth)[truth == 1].double().mean()) > 0.8


@pytest.mark.parametrize(
    ("names", "files", "error", "says"),
    [
        (("a", ""), (["1.jpg"], []), DataError, "at least two classes"),
        ((None, None), (None, None), DataError, "at least two classes"),
        (("a", "b"), (["1.jpg"], []), DataError, "class b has no photo"),
        (("a", "a "), (["1.jpg"], ["2.jpg"]), ClassNamesError, "same name"),
        (("a", "b\x07"), (["1.jpg"], ["2.jpg"]), ClassNamesError, "printable"),
        (("a", "b"), (["1.jpg"], ["2.jpg"] * 600), DataError, "601 photos; at most 600"),
    ],
)
def test_boxes_that_cannot_be_taught(names, files, error, says, is_plain):
    with pytest.raises(error, match=says) as caught:
        named_boxes(names, files, "class")
    assert is_plain(caught.value)


def test_boxes_that_are_empty_are_left_out_and_those_without_a_name_get_one():
    boxes = named_boxes(("cats", "", None, " dogs "), (["1.jpg"], [], ["2.jpg"], ["3.jpg"]), "class")
    assert [box.name for box in boxes] == ["cats", "class 3", "dogs"]


def boxes_of(folder, *, count=None):
    return [Box(label, tuple(sorted((folder / label).rglob("*.png"))[:count])) for label in ("blue", "red")]


def taught_on(model, boxes):
    lesson = Lesson(model, boxes)
    assert list(lesson.look()) == list(range(1, lesson.count + 1))
    return lesson.fit()


@pytest.fixture(scope="module")
def taught(random18, coloured):
    """Red from blue, on random features."""
    return taught_on(random18, boxes_of(coloured))


def test_a_lesson_judges_each_photo_left_out(taught):
    assert [photo.label for photo in taught.photos] == [0] * 8 + [1] * 8
    assert taught.class_names == ("blue", "red")
    assert (taught.judged, taught.broken) == (16, ())
    assert taught.right >= 15
    assert all(0.5 <= photo.probability < 1 for photo in taught.photos)
    assert taught.features_ms > taught.fit_ms > 0


def test_who_was_taken_for_whom_adds_up_to_the_photos_that_were_judged(taught):
    table = taught.confusion
    assert sum(map(sum, table)) == taught.judged
    assert sum(table[label][label] for label in range(len(table))) == taught.right
    for label, row in enumerate(table):
        assert sum(row) == sum(photo.label == label for photo in taught.photos if photo.answer is not None)


def test_what_the_head_sees_in_a_photo_adds_up_to_its_score(taught, coloured):
    model = shared_cache().get(taught.choice)
    files = {path.name: path for path in coloured.rglob("*.png")}
    for photo in taught.photos[:4]:
        score = classify(model, files[photo.file]).logits[photo.label]
        assert photo.map.sum() + model.network.fc.bias[photo.label] == pytest.approx(float(score), abs=0.02)


def test_of_many_photos_the_first_few_of_a_class_have_maps(random18, coloured, monkeypatch):
    monkeypatch.setattr(few_shot, "MAPPED", 2)
    found = taught_on(random18, boxes_of(coloured, count=4))
    assert [photo.map is not None for photo in found.photos] == [True, True, False, False] * 2


def test_a_broken_photo_is_listed_and_a_class_of_them_refused(random18, coloured, is_plain):
    broken = coloured / "red" / "broken.jpg"
    boxes = boxes_of(coloured, count=2)
    found = taught_on(random18, [boxes[0], Box("red", (*boxes[1].files, broken))])
    assert [name for name, _ in found.broken] == ["broken.jpg"]
    assert len(found.photos) == 4
    with pytest.raises(DataError, match="No photo of the class red can be read") as caught:
        taught_on(random18, [boxes[0], Box("red", (broken,))])
    assert is_plain(caught.value)


def test_the_taught_model_shares_its_backbone_and_leaves_the_other_as_it_was(taught, random18, coloured):
    cache = ModelCache()
    before = {key: tensor.clone() for key, tensor in random18.network.state_dict().items()}
    base = cache.get(random18.choice)
    model = cache.get(taught.choice)
    assert model.network.conv1 is base.network.conv1
    assert model.network.fc is not base.network.fc
    assert (len(base.class_names), model.class_names) == (1000, ("blue", "red"))
    assert cache.memory_bytes == base.memory_bytes
    assert (model.weights_name, model.ood_threshold) == ("taught", None)
    assert classify(model, coloured / "red" / "3.png").predictions[0].label == "red"
    assert len(classify(base, coloured / "red" / "3.png").predictions) == 5
    assert all(torch.equal(tensor, before[key]) for key, tensor in random18.network.state_dict().items())
    assert not model.network.training
    assert not any(parameter.requires_grad for parameter in model.network.parameters())


def test_another_lesson_on_a_taught_model_starts_from_the_same_features(taught, coloured):
    again = taught_on(shared_cache().get(taught.choice), boxes_of(coloured))
    assert torch.equal(again.choice.head.weight, taught.choice.head.weight)
    assert again.choice != taught.choice  # another head is another choice
    assert again.choice.base == taught.choice.base


def test_the_checkpoint_gives_the_same_logits_here_and_in_plain_pytorch(taught, coloured, tmp_path):
    model = shared_cache().get(taught.choice)
    path = tmp_path / "blue-red.pth"
    few_shot.save(path, model)
    picture = coloured / "blue" / "deeper" / "2.png"
    expected = classify(model, picture).logits
    loaded = models.load(models.choose(checkpoint=path, device="cpu"))
    assert (loaded.class_names, loaded.recipe) == (("blue", "red"), model.recipe)
    assert torch.equal(classify(loaded, picture).logits, expected)
    checkpoint = torch.load(path)
    network = torchvision.models.resnet18(num_classes=2).eval()
    network.load_state_dict(checkpoint["model_state_dict"])
    from resnet_app.images import crop_for, open_picture, to_tensor

    pixels = to_tensor(crop_for(open_picture(picture), model.recipe), model.recipe)
    with torch.inference_mode():
        plain = network(pixels)[0]
        assert torch.equal(plain, model.network(pixels)[0])
        assert torch.equal(plain, loaded.network(pixels)[0])
    assert torch.allclose(plain, expected, atol=1e-4)  # the app's faster forward pass rounds otherwise
    assert checkpoint["classes"] == ["blue", "red"]


def test_twenty_photographs_a_class_suffice(photos):
    """The bundled model's features, 2 x 20 training photographs, judged by the 80 that it never saw."""
    generator = torch.Generator().manual_seed(0)
    boxes = []
    for label in ("ants", "bees"):
        files = sorted((photos.parent / "train" / label).glob("*.jpg"))
        chosen = torch.randperm(len(files), generator=generator)[:20].tolist()
        boxes.append(Box(label, tuple(files[i] for i in chosen)))
    found = taught_on(shared_cache().get(models.choose(device="cpu")), boxes)
    assert found.right >= 34
    model = shared_cache().get(found.choice)
    scores = score(model.network, find_pictures(photos), model.recipe, resolve("cpu"))
    assert scores.accuracy >= 0.85
    assert expected_calibration_error(scores) < 0.2
