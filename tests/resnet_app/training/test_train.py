"""The training loop: a small run learns, repeats itself, keeps its best epoch, and goes on where it was stopped."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from resnet_app.device import resolve
from resnet_app.errors import CheckpointError, DataError, UnknownChoiceError
from resnet_app.images import Recipe
from resnet_app.resnet import ResNet
from resnet_app.training import settings as settings_of
from resnet_app.training import train
from resnet_app.training.dataset import find_pictures, find_splits
from resnet_app.training.settings import TrainSettings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("resnet10")]

SETTINGS = TrainSettings(
    model="resnet10", epochs=4, batch_size=4, learning_rate=0.002, crop=64, train_crop=64, device="cpu"
)


@pytest.fixture(scope="module")
def splits(coloured):
    return find_splits(coloured)


@pytest.fixture(scope="module")
def trained(splits):
    """What a small run gave, and what its callbacks were told."""
    steps, epochs = [], []
    result = train.train(SETTINGS, *splits, on_step=lambda *at: steps.append(at), on_epoch=epochs.append)
    assert result.course == epochs
    return result, steps


def same(network, other):
    state = other.state_dict()
    return all(torch.equal(tensor, state[key]) for key, tensor in network.state_dict().items())


def test_a_run_tells_of_each_step_and_each_epoch(trained, splits):
    result, steps = trained
    assert [epoch.number for epoch in result.course] == [1, 2, 3, 4]
    assert [step[:2] for step in steps] == [(i, 12) for i in range(1, 13)]  # 12 pictures, 4 at a time, 4 times
    assert not result.network.training
    assert len(splits[1].files) == 4


def test_a_small_run_learns_to_tell_red_from_blue(splits, coloured):
    """Twelve steps with mixed pictures are a matter of luck; thirty with plain ones are not (seeds 0 to 9 get all)."""
    settings = replace(SETTINGS, epochs=10, mixup=0, augment=False)
    result = train.train(settings, *splits)
    assert result.course[-1].loss < result.course[0].loss
    every = train.score(result.network, find_pictures(coloured), settings.recipe, resolve("cpu"))
    assert (every.right, len(every.labels)) == (16, 16)
    assert every.loss < 0.35  # half of what a coin gets; at most 0.17 in those ten


@pytest.mark.parametrize("can", [True, False])
def test_a_cpu_without_half_the_bits_learns_in_all_of_them(can, splits, monkeypatch):
    monkeypatch.setattr(train, "has_quick_bfloat16", lambda _device: can)
    seen, forward = set(), ResNet.forward_head
    monkeypatch.setattr(ResNet, "forward_head", lambda self, maps: seen.add(maps.dtype) or forward(self, maps))
    train.train(replace(SETTINGS, epochs=1), splits[0], None)
    assert seen == {torch.bfloat16 if can else torch.float32}


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained, splits):
    result, _ = trained
    torch.rand(5)  # whatever was drawn before
    again = train.train(SETTINGS, *splits)
    assert [replace(epoch, seconds=0) for epoch in again.course] == [
        replace(epoch, seconds=0) for epoch in result.course
    ]
    assert same(again.network, result.network)
    assert not same(train.train(replace(SETTINGS, seed=1), *splits).network, result.network)


def test_the_epoch_with_the_lowest_loss_on_the_held_out_is_kept(splits):
    """At a rate that breaks a network that has learnt, the end is not the best."""
    settings = replace(SETTINGS, epochs=6, learning_rate=0.1, mixup=0, warmup=3)
    seen = []
    result = train.train(settings, *splits, on_epoch=lambda epoch: seen.append(epoch.held_out_loss))
    assert seen[result.best - 1] == min(seen)
    scores = train.score(result.network, splits[1], settings.recipe, resolve("cpu"))
    assert scores.loss == pytest.approx(min(seen), abs=1e-4)


def test_without_held_out_pictures_the_last_epoch_is_kept(splits):
    result = train.train(replace(SETTINGS, epochs=2), splits[0])
    assert result.best == 2
    assert result.course[0].accuracy is None


@pytest.mark.parametrize("stop_after", [3, 5, 12])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(trained, splits, tmp_path, stop_after):
    """At an epoch's end, within one, and after the last step."""
    result, _ = trained
    state = tmp_path / "state.safetensors"
    done = []
    with pytest.raises(KeyboardInterrupt):
        train.train(
            SETTINGS, *splits, state=state, on_step=lambda *at: done.append(at), stop=lambda: len(done) == stop_after
        )
    assert len(done) == stop_after
    again = train.train(SETTINGS, *splits, state=state, resume=True, on_step=lambda *at: done.append(at))
    assert [step[0] for step in done] == list(range(1, 13))
    assert same(again.network, result.network)
    assert [epoch.held_out_loss for epoch in again.course] == [epoch.held_out_loss for epoch in result.course]
    assert again.best == result.best
    assert list(tmp_path.iterdir()) == [state]


def test_a_finished_run_is_read_back_without_a_step(trained, splits, tmp_path):
    state = tmp_path / "state.safetensors"
    train.train(SETTINGS, *splits, state=state)
    again = train.train(SETTINGS, *splits, state=state, resume=True, on_step=lambda *_: pytest.fail("a step was taken"))
    assert same(again.network, trained[0].network)


def test_a_state_of_another_run_is_refused(splits, coloured, tmp_path, is_plain):
    state = tmp_path / "state.safetensors"
    train.train(replace(SETTINGS, epochs=1), *splits, state=state)
    for settings, pictures, says in (
        (replace(SETTINGS, epochs=2), splits[0], "had epochs 1, not 2"),
        (replace(SETTINGS, epochs=1), find_pictures(coloured), "pictures are no longer those"),
    ):
        with pytest.raises(DataError, match=says) as caught:
            train.train(settings, pictures, splits[1], state=state, resume=True)
        assert is_plain(caught.value)
    state.write_bytes(b"half a file")
    with pytest.raises(DataError, match="damaged"):
        train.train(replace(SETTINGS, epochs=1), *splits, state=state, resume=True)


@pytest.mark.parametrize(
    ("freeze", "learned"),
    [
        ("backbone", {"fc"}), ("layer4", {"fc"}), ("layer3", {"layer4", "fc"}),
        ("layer1", {"layer2", "layer3", "layer4", "fc"}),
        ("none", {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "fc"}),
    ],
)  # fmt: skip
def test_what_is_frozen_stays_as_it_was_running_figures_too(splits, freeze, learned):
    settings = replace(SETTINGS, epochs=1, freeze=freeze)
    result = train.train(settings, *splits)
    start = train.initial_network(settings, 2).state_dict()
    changed = {key.split(".")[0] for key, tensor in result.network.state_dict().items() if not tensor.equal(start[key])}
    assert changed == learned


def test_rare_classes_weigh_as_much_as_frequent_ones(splits):
    few = splits[0].without([0, 1, 2])  # three blue and six red are left
    weights = settings_of.class_weights(few)
    assert weights.tolist() == pytest.approx([9 / (2 * 3), 9 / (2 * 6)])


def test_the_recipe_keeps_torchvisions_ratio():
    assert TrainSettings().recipe == Recipe(resize=256, crop=224)
    assert SETTINGS.recipe == Recipe(resize=73, crop=64)


def test_a_checkpoint_to_start_from_keeps_its_body_and_gets_a_new_head(saved, small_state):
    path = str(saved({"state_dict": small_state(classes=5)}))
    network = train.initial_network(TrainSettings(init=path), 2)
    assert network.fc.weight.shape == (2, 512)
    state = network.state_dict()
    for key, tensor in small_state(classes=5).items():
        if not key.startswith("fc.") and not key.endswith("num_batches_tracked"):
            assert torch.equal(state[key], tensor), key
    same_head = train.initial_network(TrainSettings(init=path), 5)
    assert torch.equal(same_head.fc.weight, small_state(classes=5)["fc.weight"])
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"model": "resnet19"}, UnknownChoiceError, "resnet19"),
        ({"model": "resnet34"}, DataError, "holds ResNet-18; choose --model resnet18"),
        ({"init": "absent.pth"}, CheckpointError, "There is no file absent.pth"),
        ({"init": "imagnet"}, CheckpointError, "no file imagnet; --init takes random, imagenet or a checkpoint file"),
        ({"init": "assets"}, CheckpointError, "assets is a folder"),
    ],
)
def test_starts_that_cannot_be_made(saved, small_state, settings, error, says, is_plain):
    settings = {"init": str(saved(small_state())), **settings}
    with pytest.raises(error, match=says) as caught:
        train.initial_network(TrainSettings(**settings), 2)
    assert is_plain(caught.value)


def test_a_cifar_stem_is_no_start_whatever_the_model(saved, small_state, is_plain):
    path = str(saved(small_state(stem="cifar")))
    for name in ("resnet18", "resnet34"):
        with pytest.raises(DataError, match="has the 3x3 stem of a CIFAR network") as caught:
            train.initial_network(TrainSettings(model=name, init=path), 2)
        assert is_plain(caught.value)


def test_the_warm_up_ends_at_the_peak_and_the_cosine_at_nothing():
    rates = [settings_of.rate_share(step, 10, 100) for step in range(101)]
    assert rates[9] == rates[10] == 1
    assert rates[55] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_a_run_goes_on_with_its_own_outlines_only(coloured, tmp_path):
    """With others it would go on with other pictures."""
    pictures, state = find_pictures(coloured), tmp_path / "state.safetensors"
    mask = np.zeros((32, 32), bool)
    mask[10:20, 10:20] = True
    where = dict.fromkeys(pictures.files, mask)
    settings = replace(SETTINGS, epochs=1)
    train.train(settings, pictures, outlines=where, state=state)
    assert train.train(settings, pictures, outlines=where, state=state, resume=True).best == 1
    for other in (None, dict.fromkeys(pictures.files, ~mask)):
        with pytest.raises(DataError, match="other outlines"):
            train.train(settings, pictures, outlines=other, state=state, resume=True)
