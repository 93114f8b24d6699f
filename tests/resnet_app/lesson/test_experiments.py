"""Each step's experiment on the live network: what it says is right follows from what it found, and the figures agree
with other ways of getting them."""

import numpy as np
import pytest
import torch

from resnet_app.images import to_tensor
from resnet_app.inference import models, predict
from resnet_app.inference.backbone import blocks
from resnet_app.lesson import experiments
from resnet_app.lesson.experiments import Sight
from tests.paths import EXAMPLES

BEE = EXAMPLES / "bee-clover.jpg"


@pytest.fixture(scope="module")
def sight() -> Sight:
    model = models.load(models.choose())
    return Sight(model, BEE, predict.classify(model, BEE))


@pytest.fixture(scope="module")
def deep() -> Sight:
    model = models.load(models.choose("resnet50", "random"))
    return Sight(model, BEE, predict.classify(model, BEE))


def test_the_picture_is_the_square_that_the_network_gets(sight: Sight) -> None:
    found = experiments.picture(sight, {})
    values = np.asarray(found.crop, np.float32) / 255
    normalised = (values - np.float32(found.mean)) / np.float32(found.std)
    np.testing.assert_allclose(normalised.transpose(2, 0, 1), to_tensor(found.crop, sight.model.recipe)[0], atol=1e-5)
    short, long = sorted(found.whole.size)
    assert found.seen == pytest.approx((224 / 256) ** 2 * short / long, rel=0.02)


@pytest.mark.parametrize("stride", ["1", "2"])
def test_the_kernel_slides_over_that_square(sight: Sight, stride: str) -> None:
    found = experiments.kernel(sight, {"kernel": "upright", "stride": stride, "padding": "1"})
    side, size = len(found.grey), len(found.kernel)
    assert len(found.sums) == (side - size + 2 * found.padding) // found.stride + 1
    row, column = 5, 9
    top, left = row * found.stride - found.padding, column * found.stride - found.padding
    window = found.grey[top : top + size, left : left + size]
    assert found.sums[row, column] == pytest.approx(float((window * found.kernel).sum()))


@pytest.mark.parametrize("which", ["sight", "deep"])
def test_a_unit_in_the_middle_of_the_last_maps_depends_on_all_of_the_square(which: str, request) -> None:
    """Shown by the gradient of that very number by the pixels, whose reach no count can fake."""
    sight = request.getfixturevalue(which)
    found = experiments.parts(sight, {})
    assert found.right == "all"
    assert [tile.path.split(".")[0] for tile in found.tiles] == ["conv1", "layer1", "layer2", "layer3", "layer4"]
    sizes = [end - start for start, end in found.spans]
    assert sizes == sorted(sizes)
    network = sight.model.network
    pixels = torch.rand(1, 3, 224, 224, requires_grad=True)
    middle = network.layer2(network.layer1(network.maxpool(network.relu(network.bn1(network.conv1(pixels))))))
    (gradient,) = torch.autograd.grad(middle[0, :, 14, 14].sum(), pixels)
    rows = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
    start, end = found.spans[2]
    assert (int(rows[0]), int(rows[-1]) + 1) == (max(0, start), min(224, end)) or (
        int(rows[0]) >= start and int(rows[-1]) < end and int(rows[-1] - rows[0]) + 1 > 0.9 * (end - start)
    )


def test_the_deeper_plain_network_is_worse_on_its_own_training_pictures() -> None:
    found = experiments.deeper(None, {})
    assert found.right == "shallow"
    assert found.train_errors["plain", 56] > 10 * found.train_errors["plain", 20]
    assert found.train_errors["residual", 56] < 0.01
    assert {len(losses) for losses in found.losses.values()} == {12}


@pytest.mark.parametrize("stage", ["layer1", "layer2", "layer3", "layer4"])
def test_a_block_without_one_of_its_two_parts_answers_as_a_network_made_so(deep: Sight, stage: str) -> None:
    found = experiments.shortcut(deep, {"stage": stage})
    network, pixels = deep.model.network, deep.answer.pixels
    block = blocks(network)[found.path]
    for changed, probability, moved in (
        (lambda x: x, found.probabilities[1], found.changes[0]),
        (lambda x: torch.relu(block.residual(x)), found.probabilities[2], found.changes[1]),
    ):
        with torch.inference_mode():
            x = network.maxpool(network.relu(network.bn1(network.conv1(pixels))))
            for path, each in blocks(network).items():
                x = changed(x) if path == found.path else each(x)
            logits = network.forward_head(x)[0]
        best = deep.answer.predictions[0].index
        assert probability == pytest.approx(float(logits.softmax(0)[best]), rel=1e-3, abs=1e-6)
        assert moved == pytest.approx(float((logits - deep.answer.logits).norm()), rel=1e-2, abs=1e-4)
    larger = max(found.changes) / max(min(found.changes), 1e-12)
    assert found.right == ("alike" if larger < 1.1 else ("residual", "shortcut")[int(np.argmax(found.changes))])


def test_the_costs_are_the_published_ones() -> None:
    """torchvision's metadata: GMACs of 224 x 224 (it calls them GFLOPS) and parameters."""
    from torchvision.models import get_model_weights

    found = experiments.cost(None, {})
    for name, network in found.networks.items():
        meta = get_model_weights(name).DEFAULT.meta
        assert network.parameters == meta["num_params"]
        assert network.macs / 1e9 == pytest.approx(meta["_ops"], rel=0.01)
    assert found.right == "tenth"
    assert 1.05 < found.ratio() < 1.2
    assert (found.weights("resnet34"), found.weights("resnet50")) == (
        2 * 9 * 64 * 64,
        256 * 64 + 9 * 64 * 64 + 64 * 256,
    )


def test_the_hottest_fifth_is_covered_and_answered_again(sight: Sight) -> None:
    found = experiments.reason(sight, {})
    changed = np.asarray(found.falls.important.after.crop) != np.asarray(found.crop)
    assert changed.any(2).mean() < 0.21
    fell = sight.answer.predictions[0].probability - found.falls.important.probability_after
    other = found.falls.important.last.index != sight.answer.predictions[0].index
    assert found.right == ("other" if other else "falls" if fell >= 0.05 else "stays")
    assert found.same.of == found.other.of
    assert found.same.right > found.other.right
    hot = found.heatmap.on_scale(found.heatmap.peak)
    assert hot[changed.any(2)].mean() > 2 * hot[~changed.any(2)].mean()


def test_the_smallest_change_that_turns_the_answer(sight: Sight) -> None:
    found = experiments.fool(sight, {})
    assert found.epsilon in (1, 2, 4, 8)
    assert found.before[0] != found.after[0]
    moved = np.abs(np.asarray(found.picture, int) - np.asarray(found.crop, int))
    assert 0 < moved.max() <= found.epsilon
    assert found.noise[0] == found.before[0]
    again = predict.classify_crop(sight.model, found.picture)
    assert (again.predictions[0].label, again.predictions[0].probability) == found.after
