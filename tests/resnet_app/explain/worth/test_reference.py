"""pytorch-grad-cam asked for the map that we have: the difference that a person is shown is the true one."""

import numpy as np
import pytest

from demo.explain import handlers, worth_handlers, worth_view
from demo.ui.events import Turns
from demo.ui.session import Turn
from resnet_app.choices import METHODS, OWN_WAY, SLOW
from resnet_app.errors import ResNetAppError
from resnet_app.explain.cam import choose, heatmaps
from resnet_app.explain.export import manifest
from resnet_app.explain.heatmap import Heatmap
from resnet_app.explain.worth.reference import reference
from resnet_app.inference.predict import classify
from tests.page import last, visit


@pytest.fixture(scope="module")
def example(repo):
    return repo / "assets" / "examples" / "bee-daisy.jpg"


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["layer2", "layer4"])
@pytest.mark.parametrize("method", [method for method in METHODS if method not in SLOW])
def test_the_library_gives_our_map_but_for_those_that_go_their_own_way(method, layer, bundled, example):
    before = {name: tensor.clone() for name, tensor in bundled.network.state_dict().items()}
    answer = classify(bundled, example, keep=choose(bundled.network, [layer]).paths)
    (heatmap,) = heatmaps(bundled, answer, [1], layers=[layer], method=method)
    found = reference(bundled, answer, heatmap, layers=[layer])
    assert found.values.shape == heatmap.values.shape
    if method not in OWN_WAY:
        assert found.agrees, found.difference
    assert found.difference == pytest.approx(np.abs(found.values - heatmap.values).max())
    assert all((tensor == before[name]).all() for name, tensor in bundled.network.state_dict().items())
    assert not any(parameter.requires_grad for parameter in bundled.network.parameters())
    assert not any(module._forward_hooks for module in bundled.network.modules())


def test_a_map_that_is_off_is_told_apart(bundled, example):
    answer = classify(bundled, example)
    (heatmap,) = heatmaps(bundled, answer, [1])
    off = Heatmap(1, np.clip(heatmap.values + 0.01, 0, 1).astype(np.float32), heatmap.raw)
    found = reference(bundled, answer, off, layers=["layer4"])
    assert not found.agrees
    shown = worth_view.beside_reference("en", answer, off, found, colours="inferno")
    assert "gives another map: the two differ by up to 1e-02 of the peak" in shown


def test_a_slow_method_is_refused_with_a_sentence(bundled, example):
    answer = classify(bundled, example)
    heatmap = Heatmap(0, *(np.zeros((4, 4), np.float32),) * 2, method="scorecam")
    with pytest.raises(ResNetAppError, match="takes minutes"):
        reference(bundled, answer, heatmap, layers=["layer4"])


def test_where_ours_is_another_map_by_intent_the_manifest_and_the_choice_say_so(bundled):
    from demo.explain import view as explain_view

    for method in METHODS:
        told = manifest(bundled, [], layer="layer4", method=method)["unlike_pytorch_grad_cam"]
        assert told == OWN_WAY.get(method)
        shown = explain_view.notice("en", method, is_last=True)
        assert ("pytorch-grad-cam" in shown) == (method in OWN_WAY)


def test_the_page_compares_the_map_that_stands_first(bundled, example):
    asked = handlers.Asked(
        visit(choice=bundled.choice, photo=str(example)), "gradcam", ["layer3"], ["1"], "crop", "colours", 20,
        "inferno", None, None, Turn(), Turn(), None,
    )  # fmt: skip
    shown = last(handlers.explain, asked, handlers.Shown, turns=Turns.TAKE)
    how = {"turns": Turns.WATCH, "failed": worth_handlers.NOT_REFERRED}
    found = last(worth_handlers.refer, asked._replace(kept=shown.kept), worth_handlers.Referred, **how)
    assert "gives the same map" in found.reference
    assert found.problem["visible"] is False
    assert found.button["interactive"] is True
    found = last(worth_handlers.refer, asked, worth_handlers.Referred, **how)
    assert found.reference == ""
    assert "no map yet" in found.problem["value"]
