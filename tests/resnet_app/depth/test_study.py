"""The experiment: it repeats itself, its figures are autograd's and PyTorch's own, and it shows the degradation."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image
from torch.nn import functional

from resnet_app.depth import pictures as sets
from resnet_app.depth.maps import walk
from resnet_app.depth.record import KINDS, MEASURES, Run, RunRecord, StudyRecord, StudySettings
from resnet_app.depth.study import Training, build, error_of, gradients_of, layers_of, responses_of, shares_of, study
from resnet_app.errors import DataError, ResNetAppError

SMALL = StudySettings(depths=(8,), epochs=2, width=4)


@pytest.fixture(scope="module")
def digits():
    return sets.load()


def test_the_digits_are_split_once_and_have_mean_0_and_deviation_1(digits):
    assert (len(digits.train), len(digits.test), digits.classes) == (1400, 397, 10)
    assert digits.train.shape[1:] == (1, 8, 8)
    assert float(digits.train.mean()) == pytest.approx(0, abs=1e-5)
    assert float(digits.train.std()) == pytest.approx(1, abs=1e-5)
    assert torch.equal(sets.load().train, digits.train)


def test_the_same_seed_gives_the_same_course_whatever_was_drawn_before(digits):
    def course(seed):
        training = Training(Run("residual", 8, seed), SMALL, digits)
        return [replace(training.epoch(), seconds=0) for _ in range(2)]

    first = course(0)
    before = torch.random.get_rng_state()
    assert course(0) == first
    assert torch.equal(torch.random.get_rng_state(), before)
    assert course(1) != first
    assert first[1].train_loss < first[0].train_loss


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_responses_and_shares_are_pytorchs_own(kind, digits):
    network = build(Run(kind, 8, 0), SMALL, digits)
    batch, labels = digits.train[:64], digits.train_labels[:64]
    loss = functional.cross_entropy(network(batch), labels)
    expected = torch.autograd.grad(loss, [layer.weight for layer in layers_of(network)])
    functional.cross_entropy(network(batch), labels).backward()
    assert gradients_of(network) == pytest.approx([float(each.norm()) for each in expected], rel=1e-5)
    network.eval()
    responses, shares = responses_of(network, digits.test[:64]), shares_of(network, digits.test[:64])
    assert len(responses) == 7  # all layers but fc
    with torch.no_grad():
        x = network.stem(digits.test[:64])
        block = network.blocks[0]
        first = block.conv1(functional.relu(block.bn1(x))) if kind == "preactivation" else block.bn1(block.conv1(x))
        assert responses[1] == pytest.approx(float(first.std()), rel=1e-5)
        if kind == "plain":
            assert shares == ()
        else:
            lengths = [each.flatten(1).norm(dim=1) for each in (block(x) if kind == "preactivation" else None, x)[1:]]
            residual = block.residual(x).flatten(1).norm(dim=1)
            assert shares[0] == pytest.approx(float((residual / lengths[0]).mean()), rel=1e-5)
            assert len(shares) == 3
    assert all(not module._forward_hooks for module in network.modules())


def test_a_network_that_diverges_is_told_of_and_the_others_go_on(digits):
    settings = replace(SMALL, norm=False, learning_rate=1e6, kinds=("plain", "residual"))
    trainings = [Training(run, settings, digits) for run in settings.runs]
    told = list(study(trainings, 2))
    assert [(training.run.kind, epoch.number) for training, epoch in told] == [
        ("plain", 1), ("residual", 1), ("plain", 2), ("residual", 2)
    ]  # fmt: skip
    assert told[-1][1].train_loss is None
    assert told[-1][1].train_error == 1
    assert trainings[1].has_diverged


def test_the_error_is_the_share_of_wrong_answers(digits):
    class Always(torch.nn.Module):
        def forward(self, x):
            return functional.one_hot(torch.full((len(x),), 3), 10).float()

    labels = digits.test_labels
    assert error_of(Always(), digits.test, labels) == pytest.approx(1 - float((labels == 3).float().mean()))


def test_a_record_is_read_back_from_its_json_and_has_a_row_an_epoch(digits):
    training = Training(Run("residual", 8, 0), SMALL, digits)
    epochs = [training.epoch() for _ in range(2)]
    settings = replace(SMALL, kinds=("residual",))
    record = StudyRecord("digits", settings, [RunRecord(training.run, training.parameters, epochs, training.measures)])
    written = json.loads(json.dumps(record.as_json()))
    assert {*written} == {"data", "epochs", "seed", "width", "norm", "runs"}
    assert {*written["runs"][0]} >= {
        "kind", "depth", "seed", "parameters", "train_loss", "train_error", "test_error", "seconds"
    }  # fmt: skip
    again = StudyRecord.read(written)
    assert json.loads(json.dumps(again.as_json())) == written
    assert again.settings == settings
    lines = record.as_csv().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("residual,8,0,1,")
    measured = written["runs"][0]
    assert [len(measured[name]) for name in MEASURES] == [8, 8, 7]


def test_a_picture_is_walked_through_and_answered_as_the_network_answers(digits, tmp_path):
    from safetensors.torch import save_file

    run, settings = Run("residual", 8, 0), replace(SMALL, kinds=("residual",))
    training = Training(run, settings, digits)
    training.epoch()
    save_file(training.network.state_dict(), tmp_path / "w.safetensors")
    found = walk(run, settings, digits, tmp_path / "w.safetensors", 5)
    with torch.inference_mode():
        expected = training.network.eval()(digits.test[5:6]).softmax(1)[0].tolist()
        stem = training.network.stem(digits.test[:256])
    assert found.probabilities == pytest.approx(expected, abs=1e-6)
    assert [(step.layers, step.values.shape) for step in found.steps] == [
        (1, (8, 8)), (3, (8, 8)), (5, (4, 4)), (7, (2, 2))
    ]  # fmt: skip
    torch.testing.assert_close(torch.from_numpy(found.steps[0].values), stem[5].abs().mean(0))
    own = float((stem[5] - stem.mean(0)).norm() / stem[5].norm())
    assert found.steps[0].own == pytest.approx(own, rel=1e-4)
    with pytest.raises(ResNetAppError, match="train again"):
        walk(run, settings, digits, tmp_path / "absent.safetensors", 5)


def test_a_folder_of_ones_own_is_trained_on_and_a_bad_one_gets_a_sentence(tmp_path, is_plain):
    for label, colour in (("blue", (0, 0, 250)), ("red", (250, 0, 0))):
        (tmp_path / "own" / label).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (40, 50), colour).save(tmp_path / "own" / label / f"{number}.png")
    found = sets.load(str(tmp_path / "own"))
    assert (found.name, found.train.shape, found.test.shape, found.classes) == (
        "own",
        (16, 3, 32, 32),
        (4, 3, 32, 32),
        2,
    )
    draw = torch.Generator().manual_seed(0)
    assert found.augmented(torch.tensor([0, 3]), draw).shape == (2, 3, 32, 32)
    (tmp_path / "cifar" / sets.CIFAR10_FOLDER).mkdir(parents=True)
    for folder, says in (("absent", "There is no folder"), ("cifar", "is not complete"), ("own/red", "at least two")):
        with pytest.raises(DataError, match=says) as caught:
            sets.load(str(tmp_path / folder))
        assert is_plain(caught.value)


@pytest.mark.slow
def test_deeper_is_worse_without_shortcuts_and_not_with_them(digits):
    """[He15] Fig. 1 and 6, within a few epochs."""
    losses = {}
    settings = replace(StudySettings(), epochs=5)
    for kind, depth in (("plain", 8), ("plain", 56), ("residual", 56)):
        training = Training(Run(kind, depth, 0), settings, digits)
        losses[kind, depth] = [training.epoch().train_loss for _ in range(5)][-1]
    assert losses["plain", 56] > 5 * losses["plain", 8]
    assert losses["residual", 56] < losses["plain", 56] / 10
