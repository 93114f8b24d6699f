"""A GPU that is lent: what goes there, for how long, what travels, and what happens where none is to be had."""

import logging
import pickle
from dataclasses import replace

import gradio as gr
import pytest
import torch

from demo.hosting import zero_gpu
from resnet_app import device
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain import cam
from resnet_app.explain.worth import faithfulness
from resnet_app.inference import models
from resnet_app.inference.predict import classify, read_square
from resnet_app.many.batch import Batch, Photos, answered
from resnet_app.progress import Watched, finish
from resnet_app.registry import SPECS
from tests.paths import EXAMPLES

BEE = EXAMPLES / "bee-daisy.jpg"


@pytest.fixture
def lent(monkeypatch):
    """Lends the CPU as ZeroGPU lends a GPU: all that goes in or comes out is pickled. Gives what was asked for."""
    asked = []
    direct = zero_gpu._on_a_gpu

    def lend(*given):
        asked.append(given)
        for each in direct(*pickle.loads(pickle.dumps(given))):
            yield pickle.loads(pickle.dumps(each))

    monkeypatch.setattr(zero_gpu, "ON", True)
    monkeypatch.setattr(zero_gpu, "_lent", lend)
    monkeypatch.setattr(device, "_cpu_alone", True)
    zero_gpu._models.cache_clear()
    yield asked
    zero_gpu._models.cache_clear()


def failing(_model, error):
    yield 0, 1
    raise error


def asking(_model, path):
    yield 0, 1
    return path


def test_elsewhere_work_is_done_where_it_is_asked_for(bundled, monkeypatch):
    monkeypatch.setattr(zero_gpu, "_lent", None)
    here = zero_gpu.carried_out(asking, bundled, BEE, passes=10**6)
    assert finish(here) is BEE


@pytest.mark.slow
def test_maps_by_perturbation_travel_as_a_choice_and_arrays_and_are_the_same(lent, bundled):
    chosen = cam.choose(bundled.network, ["layer1"], "scorecam")  # 64 channels, a pass each
    answer = classify(bundled, BEE, keep=chosen.paths)
    passes = cam.cost(bundled.network, chosen, 1)
    steps = Watched(zero_gpu.carried_out(cam.heatmaps_in_steps, bundled, answer, [1], chosen, passes=passes))
    progress = list(steps)
    (heatmap,) = finish(cam.heatmaps_in_steps(bundled, answer, [1], chosen))
    assert steps.result[0].raw == pytest.approx(heatmap.raw, abs=1e-5)
    assert len(progress) > 2
    ((_, choice, _, _, seconds),) = lent
    assert choice == bundled.choice
    assert 10 < seconds < 20


@pytest.mark.slow
def test_the_tests_of_a_map_are_one_loan(lent, bundled):
    chosen = cam.choose(bundled.network, ["layer4"], "gradcam")
    answer = classify(bundled, BEE, keep=chosen.paths)
    (heatmap,) = cam.heatmaps(bundled, answer, [1])
    passes = faithfulness.cost(bundled.network, heatmap, chosen)
    work = zero_gpu.carried_out(faithfulness.all_tests, bundled, answer, heatmap, passes=passes, layers=chosen.layers)
    steps = Watched(work)
    parts = [part for part, *_ in steps]
    found = steps.result
    assert (sorted(set(parts)), len(lent)) == ([1, 2, 3], 1)
    assert [each.down_to for each in found.strip] == ["", *faithfulness.FROM_THE_TOP]
    assert len(found.curves) == 6
    assert found.road == pytest.approx(faithfulness.road(bundled, answer, heatmap), abs=1e-4)


@pytest.mark.slow
def test_a_batch_of_many_photos_is_lent_with_its_rows_as_they_come_and_a_short_one_is_not(
    lent, bundled, picture, tmp_path
):
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"no picture")
    files = [*[picture] * 23, torn]
    names = [f"{i}.jpg" for i in range(24)]
    photos = Photos(files, bundled.recipe)
    rows = list(zero_gpu.carried_out(answered, bundled, photos, names, passes=24, top_k=1))
    assert [row.file for row in rows] == names
    assert all(row.thumbnail.size == (224, 224) for row in rows[:23])
    assert "not a picture we can read" in rows[23].error
    (here,) = Batch(bundled, top_k=1).rows([picture], ["0.jpg"])
    (there,), (alone,) = rows[0].predictions, here.predictions
    near = pytest.approx(alone.probability, abs=1e-5)  # a group's pass rounds otherwise
    assert there == replace(alone, probability=near)
    assert len(lent) == 1
    few = Photos(files[:3], bundled.recipe)
    assert len(list(zero_gpu.carried_out(answered, bundled, few, names[:3], passes=3, top_k=1))) == 3
    assert len(lent) == 1


def test_photos_travel_as_squares_and_need_no_file_where_they_arrive(bundled, picture, tmp_path):
    """A path would be of no use to another machine, and tells of this one."""
    copy = tmp_path / "mine.jpg"
    copy.write_bytes(picture.read_bytes())
    packed = pickle.dumps(Photos([copy, tmp_path / "absent.jpg"], bundled.recipe))
    copy.unlink()
    assert str(tmp_path).encode() not in packed
    square, error = pickle.loads(packed)
    assert square.crop.tobytes() == read_square(picture, bundled.recipe).crop.tobytes()
    assert isinstance(error, ResNetAppError)


@pytest.mark.slow
def test_a_taught_head_and_the_session_s_checkpoint_come_along(lent, bundled, small_state, saved, picture):
    head = models.Head(("cat", "dog"), torch.ones(2, 512), torch.tensor([0.0, 3.0]))
    taught = models.load(replace(bundled.choice, head=head))
    own = models.load(models.choose(checkpoint=saved(small_state()), device="cpu", class_names=("one", "other")))
    for model, best in ((taught, "dog"), (own, classify(own, picture).predictions[0].label)):
        photos = Photos([picture] * 20, model.recipe)
        rows = zero_gpu.carried_out(answered, model, photos, ["a"] * 20, passes=20, top_k=1)
        assert {row.predictions[0].label for row in rows} == {best}
    assert len(lent) == 2


@pytest.mark.parametrize("name", SPECS)
def test_of_single_maps_those_of_deep_networks_gain(name):
    spec = SPECS[name]
    model = of_spec(spec)
    network = spec.skeleton()
    by_gradient = cam.cost(network, cam.choose(network, ["layer3"], "gradcam"), 2)
    at_once = cam.cost(network, cam.choose(network, ["layer4"], "gradcam"), 2)
    assert (by_gradient * zero_gpu.gmacs(model) > zero_gpu.WORTH) == (spec.gmacs > 7)
    assert at_once == 0


def of_spec(spec):
    """What of a model decides: its network and the size that it looks at."""
    return type("Model", (), {"spec": spec, "recipe": type("Recipe", (), {"crop": 224})})


def test_a_loan_is_short_and_grows_with_the_work():
    small, large = of_spec(SPECS["resnet18"]), of_spec(SPECS["resnet152"])
    assert zero_gpu.seconds(small, 24) < 11
    assert zero_gpu.seconds(small, 512) < zero_gpu.seconds(large, 512) < 20
    assert zero_gpu.seconds(large, 10**6) == zero_gpu.MOST_SECONDS
    assert zero_gpu._duration("work", "choice", 12.4) == 12


def test_an_error_of_the_work_comes_back_with_its_sentence_and_its_code(lent, bundled):
    for error in (ResNetAppError("No.", code="no_number"), UnknownChoiceError("layer", "x", ["y"])):
        with pytest.raises(ResNetAppError) as caught:
            finish(zero_gpu.carried_out(failing, bundled, error.alone(), passes=10**6))
        assert (str(caught.value), caught.value.code) == (str(error), error.code)
    assert len(lent) == 2


@pytest.mark.usefixtures("lent")
def test_where_no_gpu_is_to_be_had_the_cpu_does_the_work(bundled, monkeypatch, caplog):
    def refused(*_):
        raise gr.Error("You have exceeded your free ZeroGPU quota")
        yield

    monkeypatch.setattr(zero_gpu, "_lent", refused)
    with caplog.at_level(logging.WARNING):
        assert finish(zero_gpu.carried_out(asking, bundled, BEE, passes=10**6)) == BEE
    assert "exceeded your free ZeroGPU quota" in caplog.text


@pytest.mark.usefixtures("lent")
def test_a_gpu_that_is_taken_back_midway_is_said(bundled, monkeypatch):
    def aborted(*_):
        yield 0, 10
        raise gr.Error("GPU task aborted")

    monkeypatch.setattr(zero_gpu, "_lent", aborted)
    with pytest.raises(ResNetAppError, match="taken back") as caught:
        finish(zero_gpu.carried_out(asking, bundled, BEE, passes=10**6))
    assert caught.value.code == "gpu_taken_back"


def test_a_gpu_that_only_seems_to_be_there_is_left_alone(monkeypatch):
    monkeypatch.setattr(device, "_failed", {})
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Lent")
    monkeypatch.setattr(device, "_cpu_alone", False)
    assert device.resolve("auto").name == "cuda:0"
    device.keep_to_cpu()
    assert [each.name for each in device.available()] == ["cpu"]


@pytest.mark.slow
def test_spaces_is_imported_on_zero_gpu_alone(fresh_python, tmp_path):
    (tmp_path / "spaces.py").write_text("import sys\nGPU = lambda task, duration: task\nsys.modules['was here'] = 1\n")
    code = (
        f"import sys, gradio; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from demo.hosting import zero_gpu\nprint('spaces' in sys.modules, 'torch' in sys.modules)"
    )
    assert fresh_python("-c", code).stdout.split() == ["False", "False"]
    done = fresh_python("-c", f"import os; os.environ['SPACES_ZERO_GPU'] = 'true'\n{code}")
    assert done.stdout.split() == ["True", "True"], done.stderr
