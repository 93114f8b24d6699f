"""The ribbon filled with a photo, and one unit of it number by number."""

import re
from types import SimpleNamespace

import pytest

from demo.explore import overview_handlers, overview_view
from demo.locales import LANGUAGES
from resnet_app.explain.unit import convolutions, unit
from resnet_app.inference import models
from resnet_app.inference.predict import classify
from tests.demo.helpers import BEE, Tags, plan_of
from tests.page import last, visit


def filled(**changes):
    page = visit(**{"photo": str(BEE), **changes.pop("page", {})})
    return last(overview_handlers.fill, plan_of(page, **changes), overview_handlers.Shown)


def looked_at(page=None, **event):
    asked = plan_of(page or visit(photo=str(BEE)))
    return last(overview_handlers.unit, asked, overview_handlers.Shown, SimpleNamespace(**event))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_photo_fills_every_block_of_the_network_that_looks_at_it(language):
    shown = filled(page={"language": language}).ribbon
    assert re.findall(r'data-path="([\w.]+)"', shown) == [
        "conv1", "maxpool", *(f"layer{layer}.{block}" for layer in (1, 2, 3, 4) for block in (0, 1))
    ]  # fmt: skip
    assert shown.count('class="shortcut dashed"') == 3  # layer2.0, layer3.0, layer4.0 project
    assert len(re.findall(r'<button[^>]*aria-pressed="true"', shown)) == 1
    assert "bees" in shown


def test_without_a_photo_or_of_another_network_it_is_the_plain_one():
    for shown in (filled(page={"photo": None}), filled(classes=10), filled(stem="cifar"), filled(norm="group")):
        assert "filled" not in shown.ribbon
        assert shown.ribbon.count("<svg") > 7


@pytest.mark.parametrize(("name", "closed"), [("resnet18", set()), ("resnet50", set()), ("resnet101", {"conv4_x"})])
def test_where_a_stage_has_too_many_blocks_one_tile_stands_over_them(name, closed):
    model = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}[name]
    stages = {"conv1": 112, "maxpool": 56, "conv2_x": 56, "conv3_x": 28, "conv4_x": 14, "conv5_x": 7}
    sides = {stage: overview_view.LARGEST * (size / 112) ** overview_view.GROWTH for stage, size in stages.items()}
    counts = {"conv1": 1, "maxpool": 1} | dict(zip(list(sides)[2:], model, strict=True))
    found, factor = overview_view._fitted(sides, counts)
    assert found == closed
    wide = sum(sides[stage] * factor * (1 if stage in found else count) for stage, count in counts.items())
    assert wide < overview_view.WIDTH - overview_view.PHOTO - overview_view.ANSWER
    assert min(sides.values()) * factor >= overview_view.SMALLEST


def test_a_unit_shows_numbers_that_add_up_to_the_maps_own():
    shown = looked_at(place="layer2.0", channel=114, row=8, column=13).unit
    assert "layer2.0.conv2" in shown
    assert [tag for tag, _ in Tags(shown).found if tag == "table"] == ["table"] * 9
    assert "✓" in shown
    assert "✗" not in shown
    sums = [float(value.replace("−", "-")) for value in re.findall(r"<dt>([−\d.]+)</dt>", shown)]
    assert sum(sums[:4]) == pytest.approx(sums[4], abs=0.03)  # three channels and the rest: the sum
    assert sums[5] + sums[6] == pytest.approx(sums[7], abs=0.02)  # behind the norm, plus the shortcut


def test_each_convolution_of_the_block_can_be_gone_to(bundled):
    pixels = classify(bundled, BEE).pixels
    for path in convolutions(bundled.network):
        found = unit(bundled, pixels, path, 0, 1, 1)
        beside = overview_handlers._beside(bundled, path)
        assert path in beside
        assert path in overview_view.unit("en", found, beside)
    assert overview_handlers._beside(bundled, "layer2.0.conv1") == [
        "layer2.0.conv1", "layer2.0.conv2", "layer2.0.downsample.0"
    ]  # fmt: skip


def test_closing_it_or_a_page_without_a_photo_shows_none():
    assert looked_at(place="", row=0, column=0).unit == ""
    assert looked_at(visit(), place="layer1.0", channel=0, row=0, column=0).unit == ""


def test_a_place_that_is_none_is_a_sentence_and_no_crash():
    shown = looked_at(place="layer9.7", channel=0, row=0, column=0)
    assert "layer9.7" in str(shown.problem)


def test_random_weights_fill_it_too():
    model = models.load(models.choose("resnet50", "random", device="cpu"))
    page = {"choice": model.choice, "model": "resnet50", "weights": "random"}
    assert filled(page=page, classes=1000).ribbon.count('class="tile"') == 18
