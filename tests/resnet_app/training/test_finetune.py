"""Around the final run: cross-validation, label-noise pruning, calibration, and what the file says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.checkpoints.write import format_of
from resnet_app.device import resolve
from resnet_app.errors import DataError, OutputError
from resnet_app.images import Recipe
from resnet_app.inference import models
from resnet_app.inference.predict import classify
from resnet_app.training import finetune, plots, train
from resnet_app.training.calibration import Scores
from resnet_app.training.dataset import find_pictures, find_splits
from resnet_app.training.finetune import Plan, Watch
from resnet_app.training.settings import TrainSettings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("resnet10")]

SETTINGS = TrainSettings(
    model="resnet10", epochs=2, batch_size=4, learning_rate=0.002, crop=64, train_crop=64, device="cpu"
)


@pytest.fixture(scope="module")
def many(tmp_path_factory, draw):
    """Sixteen red and sixteen blue ones, of which one lies in the wrong folder."""
    folder = tmp_path_factory.mktemp("many")
    for i in range(16):
        draw(folder / "blue" / f"{i}.png", (50, 50, 200), i)
        draw(folder / "red" / f"{i}.png", (200, 50, 50), 100 + i)
    draw(folder / "blue" / "wrong.png", (200, 50, 50), 300)
    return folder


@pytest.fixture(scope="module")
def finished(many):
    """A run with cross-validation and label-noise pruning, and what was told of it."""
    own, validation = find_splits(many)
    runs, pruned = [], []
    watch = Watch(on_run=lambda *at: runs.append(at), on_pruned=lambda path, p: pruned.append((path.name, p)))
    settings = replace(SETTINGS, epochs=5, mixup=0, label_smoothing=0)
    found = finetune.finetune(settings, own, validation, plan=Plan(folds=2, prune=0.2), watch=watch)
    return found, own, validation, runs, pruned


def test_folds_come_before_the_final_run_which_has_all_but_the_weeded(finished):
    found, own, _, runs, pruned = finished
    assert [run[:2] for run in runs] == [(1, 3), (2, 3), (3, 3)]
    assert runs[0][2] + runs[1][2] == len(own.files)
    assert ("wrong.png" in [name for name, _ in pruned]) == ("wrong.png" in [path.name for path in own.files])
    assert all(probability < 0.2 for _, probability in pruned)
    assert runs[2][2] == len(own.files) - len(pruned)
    assert found.facts["data"]["weeded"] == len(pruned)


def test_the_facts_are_the_figures(finished):
    found, own, validation, _, _ = finished
    scores = train.score(found.network, validation, SETTINGS.recipe, resolve("cpu"))
    assert found.facts["metrics"]["accuracy"] == round(scores.accuracy, 4)
    assert found.facts["metrics"]["confusion"] == scores.confusion.tolist()
    assert sum(map(sum, found.facts["metrics"]["cross_validation"]["confusion"])) == len(own.files)
    assert found.facts["data"]["validated_on"] == validation.counts
    assert found.facts["calibration"]["fitted_on"] == "cross-validation"
    assert found.cross_validated.accuracy > 0.7  # blue and red by hardly more than guessing would be 0.5


def test_the_temperature_is_in_the_head(many):
    """The same run without pictures enough to calibrate on differs by that factor, and by nothing else."""
    own, validation = find_splits(many)
    few = validation.part([0, 1, -1])
    settings = replace(SETTINGS, epochs=1)
    plain = finetune.finetune(settings, own, few)
    assert plain.facts["calibration"]["temperature"] == 1
    assert "familiarity" not in plain.facts
    calibrated = finetune.finetune(settings, own, few, plan=Plan(folds=2))
    temperature = calibrated.facts["calibration"]["temperature"]
    assert temperature != 1
    undone = calibrated.network.fc.weight * temperature
    torch.testing.assert_close(undone, plain.network.fc.weight, rtol=2e-3, atol=1e-4)
    assert torch.equal(calibrated.network.conv1.weight, plain.network.conv1.weight)


def test_more_pictures_are_trained_on_and_never_judged_by(many, coloured):
    own, validation = find_splits(many)
    more = find_pictures(coloured)
    found = finetune.finetune(replace(SETTINGS, epochs=1), own, validation, more=more, plan=Plan(folds=2))
    assert sum(found.facts["data"]["trained_on"].values()) == len(own.files) + 16
    assert found.facts["data"]["broken"] == 1
    assert len(found.cross_validated.labels) == len(own.files)


def test_a_note_that_would_stand_under_its_own_kind_is_left_out():
    logits = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    scores = Scores(logits, torch.zeros(100, dtype=torch.long))
    assert finetune._ood_threshold(scores, scores) is not None
    assert finetune._ood_threshold(scores, Scores(logits - 20, scores.labels)) is None


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_the_file_says_all_that_is_needed_to_use_and_judge_it(finished, many, tmp_path, suffix):
    found, *_ = finished
    path = tmp_path / "new" / f"colours.{suffix}"
    finetune.write(path, found, file_format=format_of(path))
    assert list(path.parent.iterdir()) == [path]
    checkpoint = read_checkpoint(path)
    assert (checkpoint.spec.name, checkpoint.stem, checkpoint.class_names) == ("resnet10", "imagenet", ("blue", "red"))
    assert checkpoint.recipe == SETTINGS.recipe == Recipe(resize=73, crop=64)
    assert checkpoint.dtype == ("float16" if suffix == "safetensors" else "float32")
    for key in ("model", "recipe", "data", "metrics", "calibration"):
        assert checkpoint.metadata[key] == found.facts[key], key
    for key, tensor in found.network.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(checkpoint.state_dict[key], tensor), key
    model = models.load(models.choose(checkpoint=path, device="cpu"))
    assert model.ood_threshold is not None
    assert classify(model, many / "red" / "1.png").predictions[0].label == "red"


def test_the_classic_dict_for_plain_pytorch(finished, tmp_path):
    found, *_ = finished
    path = tmp_path / "classic.pth"
    finetune.write(path, found, file_format="pth")
    content = torch.load(path)  # plain values and tensors alone: torch's own safe loader takes it
    assert {"model_state_dict", "optimizer_state_dict", "epoch", "classes"} <= content.keys()
    assert (content["classes"], content["epoch"]) == (["blue", "red"], found.trained.best)
    blocks = torchvision.models.resnet.BasicBlock
    network = torchvision.models.ResNet(blocks, [1, 1, 1, 1], num_classes=2).eval()
    network.load_state_dict(content["model_state_dict"])
    own = found.network.state_dict()
    assert all(torch.equal(tensor, own[key]) for key, tensor in network.state_dict().items())
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():  # torch 2.8 rounds otherwise where the weights lie otherwise in memory
        assert torch.allclose(network(pixels), found.network(pixels), atol=1e-5)
    parameters = [p for p in network.parameters() if p.ndim > 1], [p for p in network.parameters() if p.ndim <= 1]
    torch.optim.SGD([{"params": each} for each in parameters], lr=1.0).load_state_dict(content["optimizer_state_dict"])


def test_a_file_that_cannot_be_written_leaves_the_old_one(finished, tmp_path, monkeypatch):
    found, *_ = finished
    path = tmp_path / "colours.safetensors"
    path.write_text("what was there")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resnet_app.checkpoints.write.save_file", full)
    with pytest.raises(OutputError, match="No space"):
        finetune.write(path, found, file_format="safetensors")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["what was there"]


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"folds": 1}, "2 to 20"),
        ({"prune": 2, "folds": 2}, "0 to 1"),
        ({"prune": 0.1}, "Pruning needs cross-validation"),
    ],
)
def test_plans_that_cannot_be_carried_out(plan, says, is_plain):
    with pytest.raises(DataError, match=says) as caught:
        Plan(**plan)
    assert is_plain(caught.value)


def test_weeding_never_empties_a_class(many):
    pictures = find_pictures(many)
    logits = torch.tensor([[-9.0, 9.0]] * len(pictures.files))
    outside = Scores(logits, torch.tensor(pictures.labels))
    with pytest.raises(DataError, match="would leave a class empty"):
        finetune._pruned(pictures, outside, 0.5, Watch())


def test_a_class_of_one_cannot_be_cross_validated(many, is_plain):
    own, validation = find_splits(many)
    one = own.part([0, *[i for i, label in enumerate(own.labels) if label == 1]])
    with pytest.raises(DataError, match="class blue has 1 picture to train on; cross-validation needs two") as caught:
        finetune.finetune(SETTINGS, one, validation, plan=Plan(folds=2))
    assert is_plain(caught.value)


@pytest.mark.parametrize("names", [("blue", "red"), ("蚂蚁", "<b>&"), tuple(f"class {i}" for i in range(25))], ids=len)
def test_the_picture_of_a_run_is_drawn(finished, tmp_path, names):
    found, *_ = finished
    count = len(names)
    scores = Scores(torch.eye(count).repeat(4, 1), torch.arange(count).repeat(4))
    path = tmp_path / "run.png"
    plots.draw(path, replace(found, facts={**found.facts, "classes": list(names)}, held_out=scores))
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
        assert len(set(picture.convert("L").resize((64, 32)).tobytes())) > 20


@pytest.mark.parametrize(("keep", "kept"), [("best", 2), ("last", 3)])
def test_the_last_epoch_is_kept_where_nothing_may_be_chosen(many, monkeypatch, keep, kept):
    own, validation = find_splits(many)
    sure = iter([1.0, 3.0, 2.0])  # the second epoch is made the best
    labels = torch.tensor(validation.labels)
    monkeypatch.setattr(
        train, "score", lambda *_: Scores(next(sure) * torch.nn.functional.one_hot(labels, 2).float(), labels)
    )
    found = finetune.finetune(replace(SETTINGS, epochs=3, keep=keep), own, validation)
    assert found.trained.best == kept == found.facts["metrics"]["epoch"]
    losses = [epoch.held_out_loss for epoch in found.trained.course]
    assert losses[1] < losses[2] < losses[0]


def test_every_run_is_given_the_outlines_of_the_whole_set(many, monkeypatch):
    """What computes them is tested with photographs in test_outlines.py; that they matter, in test_backgrounds.py."""
    own, validation = find_splits(many)
    outline = np.zeros((64, 64), bool)
    outline[20:40, 20:40] = True
    known = dict.fromkeys(own.files, outline)
    given, told, found_in = [], [], []

    def of(_, pictures):
        assert pictures == own
        yield 1, 2
        yield 2, 2
        return known

    original = train.train
    monkeypatch.setattr(finetune, "outlines", of)
    monkeypatch.setattr(finetune, "load", lambda choice: choice)
    monkeypatch.setattr(finetune, "train", lambda *a, **k: given.append(k["outlines"]) or original(*a, **k))
    found = finetune.finetune(
        replace(SETTINGS, epochs=1, exchange=0.5), own, validation,
        plan=Plan(folds=2, outlined_by="/somebody's/earlier.safetensors"),
        watch=Watch(on_outline=lambda *at: told.append(at), on_outlined=lambda *at: found_in.append(at)),
    )  # fmt: skip
    assert given == [known] * 3
    assert told == [(1, 2), (2, 2)]
    assert found_in == [(len(own.files), len(own.files))]
    assert found.facts["data"]["outlined"] == len(own.files)
    assert found.facts["recipe"]["outlined_by"] == "earlier.safetensors"
    assert found.facts["recipe"]["exchange"] == 0.5


def test_stopping_while_outlines_are_made(many, monkeypatch):
    own, validation = find_splits(many)

    def of(*_):
        yield 1, 2
        raise AssertionError("went on")

    monkeypatch.setattr(finetune, "outlines", of)
    monkeypatch.setattr(finetune, "load", lambda choice: choice)
    with pytest.raises(KeyboardInterrupt):
        finetune.finetune(SETTINGS, own, validation, plan=Plan(outlined_by="a.pth"), watch=Watch(stop=lambda: True))


def test_a_run_that_breaks_down_says_so(many, is_plain):
    own, validation = find_splits(many)
    with pytest.raises(DataError, match="Give a lower learning rate") as caught:
        finetune.finetune(replace(SETTINGS, learning_rate=50.0), own, validation)
    assert is_plain(caught.value)
