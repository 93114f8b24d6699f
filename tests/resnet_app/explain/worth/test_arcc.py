"""ARCC and its three figures against pytorch-grad-cam's own; and the methods side by side."""

import copy
import warnings

import numpy as np
import pytest

from resnet_app.choices import METHODS, SAME_ON_LAST, SLOW
from resnet_app.explain.cam import choose, heatmaps
from resnet_app.explain.worth import arcc as ours
from resnet_app.explain.worth import rivals
from resnet_app.explain.worth.arcc import Arcc, arcc, coherency
from resnet_app.inference.backbone import blocks
from resnet_app.inference.predict import classify
from resnet_app.progress import Watched

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the library's own imports
    import pytorch_grad_cam
    from pytorch_grad_cam.metrics.arcc import ARCC
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

THEIRS = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "layercam": pytorch_grad_cam.LayerCAM,
    "refinecam": pytorch_grad_cam.RefineCAM,
}


@pytest.fixture(scope="module")
def example(repo):
    return repo / "assets" / "examples" / "bee-sunflower.jpg"


@pytest.mark.slow
@pytest.mark.parametrize(("method", "layer"), [("gradcam", "layer4"), ("layercam", "layer3"), ("refinecam", "layer2")])
def test_the_figures_are_pytorch_grad_cams(method, layer, bundled, example, monkeypatch):
    monkeypatch.setattr(ours, "road", lambda *_: 0.2)  # it is held against the library's in test_faithfulness.py
    paths = choose(bundled.network, [layer], method).paths
    answer = classify(bundled, example, keep=paths)
    (heatmap,) = heatmaps(bundled, answer, [1], layers=[layer], method=method)
    found = arcc(bundled, answer, heatmap, layers=[layer])

    network = copy.deepcopy(bundled.network).requires_grad_(True)
    base = THEIRS[method](network, [blocks(network)[path] for path in paths])
    library = ARCC(base)
    library.road = lambda *_: np.array([0.2])
    asked = (answer.pixels, heatmap.values[None], [ClassifierOutputTarget(1)], network)
    assert 1 - found.simplicity == pytest.approx(float(library.complexity(heatmap.values[None])[0]), abs=1e-6)
    assert found.coherency == pytest.approx(float(library.coherency(*asked, base)[0]), abs=1e-3)
    assert found.score == pytest.approx(float(library(*asked)[0]), abs=1e-3)


def test_no_figure_makes_up_for_another():
    assert Arcc(0.6, 0.6, 0.6).score == pytest.approx(0.6)
    assert Arcc(1, 1, 0).score < 1e-6
    assert Arcc(0.9, 0.5, 0.1).score == pytest.approx(3 / (1 / 0.9 + 1 / 0.5 + 1 / 0.1))


def test_a_map_of_the_whole_picture_stays_where_it_is(bundled, example):
    answer = classify(bundled, example)
    (heatmap,) = heatmaps(bundled, answer, [1])
    everything = copy.copy(heatmap)
    object.__setattr__(everything, "values", np.ones_like(heatmap.values))
    assert coherency(bundled, answer, everything, layers=["layer4"]) == 0.5  # an even map goes along with nothing


@pytest.mark.slow
def test_every_quick_method_stands_beside_the_others_with_its_own_figures(bundled, example, monkeypatch):
    asked = []
    monkeypatch.setattr(rivals, "arcc", lambda *given, **_: asked.append(given[2].method) or Arcc(0.5, 0.5, 0.5))
    answer = classify(bundled, example)
    steps = Watched(rivals.compared(bundled, answer, 1, layers=["layer4"]))
    told = list(steps)
    quick = [method for method in METHODS if method not in SLOW]
    assert told == [*((1, done, 49) for done in range(49)), *((2, done, len(quick)) for done in range(len(quick)))]
    found = steps.result
    assert [each.heatmap.method for each in found.rivals] == quick
    one_map = {*SAME_ON_LAST[1:], "refinecam"}  # Grad-CAM's; on the last block alone RefineCAM is Grad-CAM++
    assert asked == [method for method in quick if method not in one_map]
    for each in found.rivals:
        (own,) = heatmaps(bundled, answer, [1], method=each.heatmap.method)
        np.testing.assert_allclose(each.heatmap.values, own.values, atol=1e-4)
        assert each.correlation == found.patches.correlation(each.heatmap)
    assert rivals.methods(1) == [method for method in quick if method != "finercam"]
