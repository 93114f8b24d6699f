"""One answer a photo: what changes the look alone neither decodes the file nor runs the network again."""

import copy
import gc
import weakref
from collections import Counter
from typing import Any

import pytest

from demo.classify import handlers as classify
from demo.explain import handlers as explain
from demo.explore import overview_handlers, picture_handlers
from demo.ui.session import PageInputs, Session, Turn
from resnet_app import images
from resnet_app.explain import cam, overlay
from resnet_app.inference import walkthrough
from resnet_app.inference.backbone import Backbone
from resnet_app.inference.cache import shared_cache
from resnet_app.resnet import ResNet
from tests.demo.helpers import plan_of
from tests.page import carry_out, visit
from tests.paths import EXAMPLES

BEE, ANT = str(EXAMPLES / "bee-daisy.jpg"), str(EXAMPLES / "ant-sand.jpg")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often a picture is decoded, and the network or a part of it is gone through."""
    counted: Counter[str] = Counter()

    def count(owner: Any, name: str, as_name: str) -> None:
        original = getattr(owner, name)

        def counting(*args: Any, **options: Any) -> Any:
            counted[as_name] += 1
            return original(*args, **options)

        monkeypatch.setattr(owner, name, counting)

    for module in (images, overlay, walkthrough):
        count(module, "open_picture", "decoded")
    count(Backbone, "outputs", "passes")
    count(Backbone, "eager_outputs", "passes")
    count(Backbone, "graph", "passes")
    count(ResNet, "forward_features", "passes")
    count(ResNet, "forward_head", "heads")
    return counted


def classified(page: PageInputs, colours: str = "inferno", top_k: int = 2, scale: str = "shared") -> classify.Shown:
    (shown,) = carry_out(classify.answer, classify.Asked(page, top_k, colours, scale, 2), classify.Shown)
    return shown


def explained(page: PageInputs, kept: Any = None, **changes: Any) -> explain.Shown:
    usual = {
        "method": "gradcam", "layers": ["layer3"], "classes": ["0", "1"], "view": "crop", "lines": "colours",
        "threshold": 20, "colours": "inferno", "first": "0", "second": "1", "turn": Turn(), "subject": Turn(),
        "kept": kept,
    }  # fmt: skip
    *_, shown = carry_out(explain.explain, explain.Asked(page, **{**usual, **changes}), explain.Shown)
    return shown


def explored(page: PageInputs, scale: str = "shared") -> picture_handlers.Shown:
    asked = picture_handlers.Asked(plan_of(page), scale, [])
    (shown,) = carry_out(picture_handlers.look, asked, picture_handlers.Shown)
    return shown


def test_colours_language_and_the_number_of_answers_cost_no_work(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    first = classified(page)
    assert work["decoded"] == 1
    before = work.copy()
    others = [
        classified(page, "viridis"),
        classified(page, scale="own"),
        classified(page, top_k=1),
        classified(page._replace(language="zh-CN")),
    ]
    assert work == before
    assert len({first.result, *(each.result for each in others)}) == 5


def test_every_tab_draws_from_the_one_answer(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    classified(page)
    explained(page, layers=["layer4"])
    explored(page)
    assert work["decoded"] == 1


def test_another_look_at_a_map_costs_no_work(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    kept = explained(page).kept
    whole = explained(page, kept, view="whole")  # the photo beyond the crop, once
    before = work.copy()
    for changes in ({"colours": "cividis"}, {"lines": "contours"}, {"view": "whole"}, {"view": "crop"}):
        assert explained(page, kept, **changes).result
    other = explained(page._replace(language="zh-CN"), kept)
    assert work == before
    assert other.kept.maps == whole.kept.maps == kept.maps


def test_another_language_or_scale_of_the_microscope_costs_no_work(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    explored(page)
    before = work.copy()
    assert "通道" in explored(page._replace(language="zh-CN")).maps
    explored(page, "own")
    assert work == before


def test_the_steps_of_inference_are_carried_out_once_a_photo(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    seen = []
    for language in ("en", "zh-CN", "en"):
        (shown,) = carry_out(
            overview_handlers.walk,
            plan_of(page._replace(language=language)),
            overview_handlers.Walked,
        )
        seen.append((work.copy(), shown.steps))
    assert seen[0] == seen[2]
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_another_photo_or_model_is_answered_anew(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    bee = classified(page).result
    ant = classified(page._replace(photo=ANT)).result
    random = classified(page._replace(photo=ANT, weights="random")).result
    assert work["decoded"] == 3
    assert len({bee, ant, random}) == 3


def test_blocks_that_were_not_kept_cost_one_pass_and_no_decoding(work: Counter[str]) -> None:
    page = visit(photo=BEE)
    first = explained(page, layers=["layer4"]).kept
    assert work["decoded"] == 1
    later = explained(page, first, layers=["layer2", "layer3.0"]).kept
    assert work["decoded"] == 1
    assert {"layer2.1", "layer3.0"} <= later.answer.held.keys()
    fresh = Session().look(later.looked.model, BEE).answer(later.chosen.paths)
    theirs = cam.heatmaps(later.looked.model, fresh, [0], layers=later.chosen.layers)
    assert abs(theirs[0].values - later.maps[0].values).max() < 1e-5


def test_a_session_holds_no_model_that_the_cache_has_dropped() -> None:
    """However many visitors have looked: what is in memory is the cache's to bound."""
    page = visit(photo=BEE, weights="random")
    kept = explained(page, layers=["layer4"]).kept
    explored(page)
    cache = shared_cache()
    network = weakref.ref(kept.looked.model.network)
    with cache._lock:
        cache._models.pop(kept.looked.choice.base)
    gc.collect()
    assert network() is None
    assert classified(page, "viridis").result  # it is loaded again where it is needed


def test_each_visitor_begins_with_nothing() -> None:
    one = Session()
    page = visit(photo=BEE, session=one)
    classified(page)
    assert one._looked is not None
    assert copy.deepcopy(one)._looked is None
