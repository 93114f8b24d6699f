"""One photo through many networks: ranks by hand, scipy's correlation, passes counted, and what is not there."""

import csv
import gc
import io
import weakref
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torchvision.models import ResNet18_Weights

from resnet_app.errors import PictureError
from resnet_app.images import Recipe
from resnet_app.inference import download, models, predict
from resnet_app.inference.cache import ModelCache
from resnet_app.many import side_by_side
from resnet_app.many.side_by_side import Absent, Entry, Look, agreement, as_csv, compared, looked_at, named, rank_of


@pytest.fixture(scope="module")
def square(picture):
    return predict.read_square(picture, Recipe())


@pytest.fixture
def own(saved, small_state):
    """Checkpoints of one's own: two classes each, of two ResNet-18 that differ in one bias."""

    def make(number, classes=("cat", "dog")):
        state = {**small_state(), "fc.bias": torch.tensor([0.0, float(number)])}
        path = saved({"state_dict": state, "classes": list(classes)}, name=f"own{number}.pth")
        return models.choose(checkpoint=path, device="cpu")

    return make


def in_order(logits):
    return sorted(range(len(logits)), key=lambda index: -float(logits[index]))


@pytest.mark.parametrize("name", ["bee", "Toaster", " tench "])
def test_rank_and_probability_are_those_of_a_sort_by_hand(random18, square, name):
    entry = looked_at(random18, square, class_name=name, passes=1)
    answer = predict.classify_square(random18, square)
    index = [each.casefold() for each in random18.class_names].index(name.strip().casefold())
    assert entry.rank == in_order(answer.logits).index(index) + 1
    assert entry.probability == pytest.approx(float(answer.logits.softmax(0)[index]), rel=1e-4)
    assert entry.label == random18.class_names[index]
    assert entry.look.index == index


def test_without_a_class_it_is_the_best_answer(random18, square):
    entry = looked_at(random18, square, passes=1)
    assert (entry.rank, entry.label) == (1, entry.predictions[0].label)
    assert entry.probability == pytest.approx(entry.predictions[0].probability)
    assert [each.index for each in entry.predictions] == in_order(
        predict.classify_square(random18, square).logits
    )[:5]  # fmt: skip


def test_a_class_that_a_network_does_not_have_has_neither_rank_nor_probability(bundled, square):
    entry = looked_at(bundled, square, class_name="toaster", passes=1)
    assert (entry.rank, entry.probability) == (None, None)
    assert entry.label == entry.predictions[0].label  # the map is of its best answer


def test_of_two_classes_of_one_name_it_is_the_one_that_is_answered_first():
    names = ("crane", "bee", "crane")  # ImageNet has a bird and a machine
    assert named(names, torch.tensor([0.1, 0.2, 0.3]), "Crane") == 2
    assert named(names, torch.tensor([0.4, 0.2, 0.3]), "crane") == 0
    assert named(names, torch.tensor([0.4, 0.2, 0.3]), "wasp") is None
    assert [rank_of(torch.tensor([0.4, 0.2, 0.3]), index) for index in range(3)] == [1, 3, 2]


def test_the_cost_is_what_torchvision_publishes(random18, square):
    entry = looked_at(random18, square, passes=1)
    meta = ResNet18_Weights.DEFAULT.meta
    assert entry.parameters == meta["num_params"]
    assert entry.macs / 1e9 == pytest.approx(meta["_ops"], abs=0.001)


class Counting:
    """A backbone that counts how often it is gone through."""

    def __init__(self, backbone):
        self._backbone, self.passes = backbone, 0

    def __getattr__(self, name):
        return getattr(self._backbone, name)

    def __call__(self, pixels):
        self.passes += 1
        return self._backbone(pixels)

    def outputs(self, pixels, names):
        self.passes += 1
        return self._backbone.outputs(pixels, names)


def test_as_many_passes_are_timed_as_were_asked_for_after_one_that_is_not(random18, square, monkeypatch):
    counting = Counting(random18.backbone)
    times = iter([0, 1, 10, 19, 20, 24, 30, 37, 40, 42.5])  # before and after each pass
    monkeypatch.setattr(predict, "clock", lambda _: 0.0)
    monkeypatch.setattr(side_by_side, "clock", lambda _: next(times))
    entry = looked_at(replace(random18, backbone=counting), square, passes=5)
    assert counting.passes == 1 + 5
    assert entry.passes_ms == (1, 9, 4, 7, 2.5)
    assert entry.milliseconds == median([1, 9, 4, 7, 2.5]) == 4


def look(values, reach=0.875):
    return Look(0, np.asarray(values, np.float32), reach)


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(5).random((7, 7), dtype=np.float32)


def test_maps_agree_with_themselves_and_not_with_their_reverse(values):
    assert agreement(look(values), look(values)) == pytest.approx(1)
    assert agreement(look(values), look(values**3)) == pytest.approx(1)  # ranks alone count
    assert agreement(look(values), look(1 - values)) == pytest.approx(-1)


def test_an_even_map_agrees_with_none(values):
    assert agreement(look(values), look(np.full((7, 7), 0.3))) is None
    assert agreement(look(np.zeros((7, 7))), look(np.zeros((7, 7)))) is None


def test_the_correlation_is_scipys_with_ties_as_a_relu_makes_them(values):
    other = np.maximum(values.T - 0.5, 0)
    assert agreement(look(values), look(other)) == pytest.approx(spearmanr(values.ravel(), other.ravel()).statistic)


def test_maps_of_two_squares_are_read_off_at_the_same_places_of_the_photo():
    """A slope is a slope at any size, and bilinear sampling has it exactly: from -1 to 1 over the whole photo."""

    def slope(side, reach):
        centres = reach * ((2 * np.arange(side) + 1) / side - 1)
        return look(np.broadcast_to(centres, (side, side)) + 1, reach)

    large = slope(16, 1.0).within(0.5, 7)
    assert large == pytest.approx(slope(7, 0.5).within(0.5, 7), abs=1e-6)
    assert agreement(slope(16, 1.0), slope(7, 0.5)) == pytest.approx(1)


def test_the_squares_of_two_recipes_differ_and_each_is_cut_once(picture, monkeypatch):
    choices = [models.choose("resnet18", "random", device="cpu"), models.choose(device="cpu")]
    read = []
    monkeypatch.setattr(side_by_side, "read_square", lambda *of: read.append(of) or predict.read_square(*of))
    cache = ModelCache()
    first, again, other = compared([choices[0], choices[0], choices[1]], picture, models=cache, passes=1)
    assert first.crop is again.crop
    assert len(read) == len({cache.get(each).recipe for each in choices})
    assert first.look.reach == 224 / 256
    assert other.choice == choices[1]


def test_weights_that_are_not_here_are_told_of_and_not_fetched(picture, tmp_path, monkeypatch, is_plain):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(download, "fetch", lambda *_, **__: pytest.fail("a download that nobody asked for"))
    wanted = [models.choose("resnet50", weights, device="cpu") for weights in ("imagenet-v1", "imagenet-v2")]
    first, last, here = compared([*wanted, models.choose(device="cpu")], picture, models=ModelCache(), passes=1)
    for absent in (first, last):
        assert isinstance(absent, Absent)
        assert absent.reason.code == "weights_not_here"
        assert is_plain(absent.reason)
    assert isinstance(here, Entry)


def test_a_file_that_is_no_checkpoint_is_told_of_and_the_rest_go_on(picture, tmp_path, own):
    letter = tmp_path / "letter.pth"
    letter.write_text("Dear reader, these are no weights.")
    absent, entry = compared(
        [models.choose(checkpoint=letter, device="cpu"), own(1)], picture, models=ModelCache(), passes=1
    )
    assert absent.reason.code == "no_checkpoint"
    assert entry.predictions[0].label in ("cat", "dog")


def test_a_photo_that_is_none_ends_it(tmp_path, own):
    path = tmp_path / "letter.jpg"
    path.write_text("no picture")
    with pytest.raises(PictureError):
        list(compared([own(1)], path, models=ModelCache()))


def test_however_many_networks_no_more_is_held_than_the_cache_may(picture, own):
    bound = 100 * 2**20  # one ResNet-18 with its packed copy is 85 MiB
    cache, networks = ModelCache(bound), []
    get = cache.get
    cache.get = lambda choice: networks.append(weakref.ref((model := get(choice)).network)) or model
    found = []
    for entry in compared([own(number) for number in range(3)], picture, models=cache, passes=1):
        found.append(entry)
        gc.collect()
        assert 0 < cache.memory_bytes <= bound
        assert sum(network() is not None for network in networks) == 1
    assert len({entry.choice for entry in found}) == 3
    assert len(networks) == 3


def test_the_table_has_all_figures_and_no_formula(picture, own, tmp_path):
    gone = models.choose(checkpoint=tmp_path / "gone.pth", device="cpu")
    found = list(compared([own(1, ("=cmd", "dog")), gone], picture, models=ModelCache(), class_name="dog", passes=3))
    first, last = csv.DictReader(io.StringIO(as_csv(found, [("ResNet-18", "own1.pth"), ("-", "=gone.pth")])))
    entry = found[0]
    assert (first["class"], int(first["rank"]), first["passes"]) == ("dog", entry.rank, "3")
    assert float(first["median_ms"]) == pytest.approx(entry.milliseconds, rel=1e-4)
    assert float(first["probability"]) == pytest.approx(entry.probability, rel=1e-4)
    assert {first["label_1"], first["label_2"]} == {"'=cmd", "dog"}
    assert (first["label_3"], first["error"]) == ("", "")
    assert last["weights"] == "'=gone.pth"
    assert last["error"] == str(found[1].reason)
    assert last["median_ms"] == last["label_1"] == ""
