"""Training: which pictures are taken, and that a small run learns, repeats itself and is written down."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from resnet_app import device, models, train
from resnet_app.checkpoints import read_checkpoint
from resnet_app.errors import CheckpointError, DataError, UnknownChoiceError
from resnet_app.images import Recipe
from resnet_app.predict import classify

SETTINGS = train.TrainSettings(epochs=4, batch_size=4, learning_rate=0.002, crop=64, train_crop=64, device="cpu")


def draw(path, colour, seed):
    """A noisy picture of one colour."""
    noise = np.random.default_rng(seed).integers(-40, 40, (72, 80, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Sixteen pictures, eight red and eight blue, and a broken one."""
    folder = tmp_path_factory.mktemp("data")
    for i in range(8):
        draw(folder / "red" / f"{i}.png", (200, 50, 50), i)
        draw(folder / "blue" / "deeper" / f"{i}.png", (50, 50, 200), 100 + i)
    (folder / "red" / "broken.jpg").write_bytes(b"no picture")
    (folder / "red" / "notes.txt").write_text("not asked for")
    (folder / ".hidden").mkdir()
    return folder


@pytest.fixture(scope="module")
def trained(data):
    """Settings, pictures, the trained network and its course, and what the callbacks were told."""
    training, validation = train.find_splits(data)
    steps, epochs = [], []
    network, course = train.train(
        SETTINGS, training, validation, on_step=lambda *at: steps.append(at), on_epoch=epochs.append
    )
    assert course == epochs
    return training, validation, network, course, steps


def test_pictures_are_found_by_class(data):
    found = train.find_pictures(data)
    assert found.classes == ("blue", "red")
    assert [path.parent.name for path in found.files] == ["deeper"] * 8 + ["red"] * 8
    assert found.labels == (0,) * 8 + (1,) * 8
    assert [path.name for path in found.broken] == ["broken.jpg"]


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        (None, "There is no folder data; give one that holds a folder of pictures for each class"),
        ([], "holds 0 class folders; at least two"),
        (["red"], "holds 1 class folders; at least two"),
        (["red", "empty"], "folder empty holds no picture"),
        (["green", "red"], "has the classes green, red; expected blue, red"),
    ],
)
def test_folders_that_cannot_be_trained_on(tmp_path, is_plain, classes, says):
    folder = tmp_path / "data"
    for name in classes or ():
        draw(folder / name / "a.png", (9, 9, 9), 0)
    if classes is not None:
        folder.mkdir(exist_ok=True)
    (folder / "empty" / "a.png").unlink(missing_ok=True)
    with pytest.raises(DataError, match=says) as caught:
        train.find_pictures(folder, ("blue", "red") if "green" in (classes or ()) else None)
    assert is_plain(caught.value)


def test_every_fifth_of_each_class_is_held_out(tmp_path):
    for name, count in (("a", 4), ("b", 15)):
        for i in range(count):
            draw(tmp_path / name / f"{i}.png", (9, 9, 9), i)
    (tmp_path / "a" / "broken.jpg").touch()
    training, held_out = train.find_splits(tmp_path)
    assert [(part.labels.count(0), part.labels.count(1)) for part in (training, held_out)] == [(3, 12), (1, 3)]
    assert set(training.files) | set(held_out.files) == set(train.find_pictures(tmp_path).files)
    assert train.find_splits(tmp_path) == (training, held_out)
    assert [path.name for path in (*training.broken, *held_out.broken)] == ["broken.jpg"]


def test_a_class_of_one_picture_cannot_be_split(tmp_path):
    for name in ("a", "b"):
        draw(tmp_path / name / "1.png", (9, 9, 9), 0)
    with pytest.raises(DataError, match="class a has one picture; at least two"):
        train.find_splits(tmp_path)


def test_given_splits_are_kept_and_more_folders_only_trained_on(tmp_path, data):
    for split, count in (("train", 3), ("val", 2)):
        for name in ("blue", "red"):
            for i in range(count):
                draw(tmp_path / split / name / f"{i}.png", (9, 9, 9), i)
    training, held_out = train.find_splits(tmp_path, (data,))
    assert len(training.files) == 6 + 16
    assert held_out.files == train.find_pictures(tmp_path / "val").files
    draw(tmp_path / "val" / "green" / "0.png", (9, 9, 9), 0)
    with pytest.raises(DataError, match="expected blue, red"):
        train.find_splits(tmp_path)


def test_a_small_run_learns_to_tell_red_from_blue(trained, data):
    _, validation, network, course, steps = trained
    assert [epoch.number for epoch in course] == [1, 2, 3, 4]
    assert [step[:2] for step in steps] == [(i, 16) for i in range(1, 17)]  # 14 pictures, 4 at a time, 4 times
    assert course[-1].loss < course[0].loss
    every = train.evaluate(network, train.find_pictures(data), train.inference_recipe(SETTINGS), device.resolve("cpu"))
    assert every.sum() == 16
    assert every.diagonal().sum() >= 15
    assert course[-1].accuracy == 1
    assert not network.training
    assert len(validation.files) == 2


def test_the_same_seed_gives_the_same_weights(trained):
    training, validation, network, course, _ = trained
    torch.rand(5)  # whatever was drawn before
    again, course_again = train.train(SETTINGS, training, validation)
    assert [epoch.loss for epoch in course_again] == [epoch.loss for epoch in course]
    for key, tensor in again.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[key]), key


def test_the_file_says_all_that_is_needed_to_use_and_judge_it(trained, data, tmp_path):
    training, validation, network, course, _ = trained
    path = tmp_path / "new" / "colours.safetensors"
    recipe = train.inference_recipe(SETTINGS)
    confusion = train.evaluate(network, validation, recipe, device.resolve("cpu"))
    train.save(path, network, SETTINGS, training, course=course, confusion=confusion)
    assert list(path.parent.iterdir()) == [path]
    found = read_checkpoint(path)
    assert (found.spec.name, found.stem, found.class_names, found.dtype) == (
        "resnet18",
        "imagenet",
        ("blue", "red"),
        "float16",
    )
    assert found.recipe == recipe == Recipe(resize=73, crop=64)
    assert found.metadata["data"] == {"blue": 7, "red": 7}
    assert found.metadata["metrics"] == {"epochs": 4, "accuracy": 1.0, "confusion": [[1, 0], [0, 1]]}
    assert found.metadata["recipe"]["learning_rate"] == 0.002
    assert all(not tensor.is_floating_point() or tensor.dtype == torch.float16 for tensor in load_file(path).values())
    torch.testing.assert_close(found.state_dict["fc.weight"], network.fc.weight.detach().half().float())
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    assert model.recipe == recipe
    for name in ("red/1.png", "blue/deeper/1.png"):
        assert classify(model, data / name).predictions[0].label == name.split("/")[0]


def test_a_checkpoint_to_start_from_keeps_its_body_and_gets_a_new_head(saved, small_state):
    path = str(saved({"state_dict": small_state(classes=5)}))
    network = train.initial_network(train.TrainSettings(init=path), 2)
    assert network.fc.weight.shape == (2, 512)
    state = network.state_dict()
    for key, tensor in small_state(classes=5).items():
        if not key.startswith("fc.") and not key.endswith("num_batches_tracked"):
            assert torch.equal(state[key], tensor), key
    same_head = train.initial_network(train.TrainSettings(init=path), 5)
    assert torch.equal(same_head.fc.weight, small_state(classes=5)["fc.weight"])
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"model": "resnet19"}, UnknownChoiceError, "resnet19"),
        ({"model": "resnet34"}, DataError, "holds ResNet-18; choose --model resnet18"),
        ({"init": "absent.pth"}, CheckpointError, "There is no file absent.pth"),
    ],
)
def test_starts_that_cannot_be_made(saved, small_state, settings, error, says, is_plain):
    settings = {"init": str(saved(small_state())), **settings}
    with pytest.raises(error, match=says) as caught:
        train.initial_network(train.TrainSettings(**settings), 2)
    assert is_plain(caught.value)


def test_the_warm_up_ends_at_the_peak_and_the_cosine_at_nothing():
    rates = [train._rate(step, 10, 100) for step in range(101)]
    assert rates[9] == rates[10] == 1
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
