"""The insect and its surroundings parted: what each variant keeps, how they are counted, and what is recorded."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import ResNetAppError
from resnet_app.images import Recipe, read_crop
from resnet_app.inference import predict
from resnet_app.outputs import sha256
from resnet_app.progress import Watched
from resnet_app.registry import BUNDLED, BUNDLED_FILES, BUNDLED_V1, EXAMPLES
from resnet_app.robustness import reason, reason_study
from resnet_app.robustness.reason import Outlined
from resnet_app.robustness.reason_record import ROWS, SWAPS, Reasons, example_outlines, recorded
from tests.paths import ROOT

SQUARE = [[(0.25, 0.25), (0.75, 0.25), (0.75, 0.5), (0.25, 0.5)]]
OUTLINES = json.loads((ROOT / "benchmarks" / "reason_masks.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def examples() -> list[Outlined]:
    """The pictures that come with the app, outlined."""
    outlines = example_outlines()
    return [
        Outlined(
            each.name, "bees" if each.name.startswith("bee") else "ants", read_crop(each, Recipe()),
            reason.outlined(outlines[each.name], 224),
        )
        for each in EXAMPLES
    ]  # fmt: skip


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture)


def repainted(photo: Outlined) -> Outlined:
    """The same surroundings with noise in the insect's place."""
    values = pixels(photo.crop).copy()
    values[photo.mask] = np.random.default_rng(5).integers(0, 256, (photo.mask.sum(), 3))
    return replace(photo, crop=Image.fromarray(values))


def test_an_outline_covers_what_is_in_it() -> None:
    mask = reason.outlined(SQUARE, 200)
    assert mask.mean() == pytest.approx(0.125, abs=0.005)
    assert mask[75, 100]
    assert not mask[125, 100]
    several = reason.outlined([*SQUARE, [(0, 0.9), (0.1, 0.9), (0.1, 1), (0, 1)]], 200)
    assert several[195, 5]
    assert (several | mask == several).all()


@pytest.mark.parametrize(
    "wrong", [[], [[(0.1, 0.1), (0.2, 0.2)]], [[(0, 0), (1.1, 0), (0, 1)]], [[(-1, -1), (2, -1), (2, 2), (-1, 2)]]]
)
def test_what_is_no_outline_gets_a_sentence(wrong: list) -> None:
    with pytest.raises(ResNetAppError, match="outline"):
        reason.outlined(wrong, 100)


def test_a_fill_needs_something_to_fill_from() -> None:
    with pytest.raises(ResNetAppError, match="Nothing is left"):
        reason.filled(Image.new("RGB", (20, 20)), np.ones((20, 20), bool))


def test_another_recipes_crop_has_the_outline_where_its_picture_has_the_insect() -> None:
    whole = Recipe(resize=224, crop=224)
    ((first, *_),) = reason.as_seen(SQUARE, whole)
    assert first == pytest.approx((0.5 - 0.25 * 224 / 256,) * 2)
    assert reason.as_seen(SQUARE, Recipe()) == [list(map(tuple, SQUARE[0]))]
    corners = reason.as_seen([[(0, 0), (1, 0), (1, 1)]], Recipe(resize=448, crop=224))
    assert corners == [[(0, 0), (1, 0), (1, 1)]]  # a narrower crop: what it cuts off is brought to its edge


def test_the_rectangle_is_around_all_of_it() -> None:
    box = reason.boxed(np.eye(9, dtype=bool)[2:7])
    assert box.sum() == 25
    assert box[:, 2:7].all()


def test_painted_out_nothing_of_the_insect_is_left_and_all_beside_it_stays(examples) -> None:
    for photo in (examples[1], examples[-1]):
        bare = pixels(reason.no_object(photo))
        place = reason.grown(photo.mask)
        assert place[photo.mask].all()
        assert place.sum() > photo.mask.sum()
        assert (bare[~place] == pixels(photo.crop)[~place]).all()
        assert (bare == pixels(reason.no_object(repainted(photo)))).all()
        box = reason.boxed(place)
        without = pixels(reason.no_box(photo))
        assert (without[~box] == pixels(photo.crop)[~box]).all()
        assert (without == pixels(reason.no_box(repainted(photo)))).all()


def test_a_fill_is_smooth_and_goes_on_with_the_colour_beside_it() -> None:
    ramp = np.broadcast_to(np.linspace(40, 200, 224)[None, :, None], (224, 224, 3)).astype(np.uint8)
    hole = reason.outlined(SQUARE, 224)
    filled = pixels(reason.filled(Image.fromarray(ramp), hole)).astype(int)
    assert np.abs(np.diff(filled[80], axis=0)).max() <= 12  # no edge, where the hole begins and ends neither
    assert np.abs(filled - ramp).max() < 40
    flat = Image.new("RGB", (64, 64), (10, 120, 230))
    assert (pixels(reason.filled(flat, reason.outlined(SQUARE, 64))) == (10, 120, 230)).all()


def test_the_insect_alone_and_on_another_ground_is_itself_pixel_for_pixel(examples) -> None:
    ant, bee = examples[0], examples[-1]
    alone = pixels(reason.only_object(bee))
    assert (alone[bee.mask] == pixels(bee.crop)[bee.mask]).all()
    assert (alone[~bee.mask] == reason.GREY).all()
    ground = reason.no_object(ant)
    both = pixels(reason.swapped(bee, ground))
    assert (both[bee.mask] == pixels(bee.crop)[bee.mask]).all()
    assert (both[~bee.mask] == pixels(ground)[~bee.mask]).all()


def test_shuffled_has_the_same_pixels_elsewhere(examples) -> None:
    before, after = (pixels(each).reshape(-1, 3) for each in (examples[0].crop, reason.shuffled(examples[0])))
    assert (before != after).any()
    assert (np.sort(before, 0) == np.sort(after, 0)).all()


def test_partners_are_drawn_once_from_each_class_and_never_oneself(examples) -> None:
    for at, photo in enumerate(examples):
        drawn = reason_study.partners(examples, at)
        assert drawn == reason_study.partners(examples, at)
        assert at not in drawn["swapped_same"]
        assert {examples[i].truth for i in drawn["swapped_same"]} == {photo.truth}
        assert photo.truth not in {examples[i].truth for i in drawn["swapped_other"]}
        assert all(len(set(each)) == len(each) <= reason_study.PARTNERS for each in drawn.values())


def test_the_counts_are_those_of_each_picture_classified(examples, bundled) -> None:
    some = [examples[0], examples[1], examples[-1]]
    watched = Watched(reason_study.measured(bundled, some, checksum="0" * 64))
    assert list(watched) == [(0, 3), (1, 3), (2, 3)]
    found = watched.result
    assert [row.variant for row in found.rows] == list(ROWS)
    emptied = [reason.no_object(each) for each in some]
    right, likely = dict.fromkeys(ROWS, 0), {name: [] for name in ROWS}
    for at, photo in enumerate(some):
        for name, picture in reason_study.pictures(some, emptied, at):
            answer = predict.classify_crop(bundled, picture, top_k=2)
            right[name] += answer.predictions[0].label == photo.truth
            likely[name] += [each.probability for each in answer.predictions if each.label == photo.truth]
    for row in found.rows:
        assert (row.total.right, row.total.of) == (right[row.variant], len(likely[row.variant]))
        assert row.total.probability == pytest.approx(np.mean(likely[row.variant]), abs=1e-6)
        assert (row.interval is None) == (row.variant in SWAPS)


def test_both_bundled_models_are_recorded() -> None:
    assert recorded().keys() == BUNDLED_FILES.keys()


@pytest.mark.parametrize("weights", BUNDLED_FILES)
def test_what_is_recorded_is_of_the_bundled_model_and_adds_up(weights: str) -> None:
    found = recorded()[weights]
    assert Reasons.read(json.loads(json.dumps(found.as_json()))) == found
    assert sha256(BUNDLED_FILES[weights]).startswith(found.model)
    assert [row.variant for row in found.rows] == list(ROWS)
    assert found.photos == len(OUTLINES) >= 44
    for row in found.rows:
        times = found.partners if row.variant in SWAPS else 1
        assert row.total.of == found.photos * times
        assert 0 <= row.total.probability <= 1
        assert row.interval is None or row.interval[0] < row.total.right / row.total.of < row.interval[1]


def test_the_words_on_the_page_and_in_the_card_fit_the_record() -> None:
    found, now = recorded()[BUNDLED_V1], recorded()[BUNDLED]
    share = {row.variant: row.total.right / row.total.of for row in found.rows}
    assert found.row("no_object").interval[0] > 0.5  # "gives it away"
    assert found.row("no_box").interval[0] > 0.5
    assert share["swapped_other"] < 0.5 < share["swapped_same"]  # "the difference is made by the surroundings"
    after = {row.variant: row.total.right / row.total.of for row in now.rows}
    assert after["swapped_other"] > share["swapped_other"] + 0.1  # what the second one was trained for
    card = (ROOT / "assets" / "ants-bees.md").read_text("utf-8")
    for name in ("no_object", *SWAPS):
        for total in (found.row(name).total, now.row(name).total):
            assert f"{total.right} of {total.of}" in card


def test_every_outline_is_small_and_one() -> None:
    assert example_outlines().keys() == {each.name for each in EXAMPLES}
    for name, outline in {**OUTLINES, **example_outlines()}.items():
        assert all(len(corners) <= 40 for corners in outline), name
        assert 0.001 < reason.outlined(outline, 224).mean() < 0.5, name


def test_recorded_figures_come_again(photos, bundled) -> None:
    """The variant that is quickest to make and needs the outlines most, over all photographs."""
    right = 0
    for photo in reason_study.read(bundled, photos, OUTLINES):
        answer = predict.classify_crop(bundled, reason.only_object(photo), top_k=1)
        right += answer.predictions[0].label == photo.truth
    assert right == recorded()[BUNDLED].row("only_object").total.right
