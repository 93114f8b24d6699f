"""Every method on every stage against pytorch-grad-cam and TorchCAM; that the shared model is left as it was found."""

import copy
import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_app.choices import CAMS, LAYERS, METHODS, OWN_WAY, SAME_ON_LAST, SLOW
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain.cam import choose, heatmaps, heatmaps_in_steps, parse_layers, passes, signed_map
from resnet_app.explain.heatmap import Heatmap, enlarged
from resnet_app.inference.backbone import Backbone, blocks, channels_after
from resnet_app.inference.predict import Answer, Timing, classify
from resnet_app.progress import Watched, finish
from resnet_app.registry import SPECS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the libraries' own imports
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

SIZE = (96, 128)  # height, width
LARGE = ("resnext101_32x8d", "resnext101_64x4d", "wide_resnet101_2")  # some 10 s each
SMALL = tuple(name for name in SPECS if name not in LARGE)
EXACT, PACKED = 1e-5, 1e-4  # of the peak: with the eager forward pass, which theirs is, and with the faster one


@pytest.fixture(scope="module")
def asked(random18):
    """Makes a model of five classes and its answer to a made-up picture; all of them at once would take 7 GB."""

    @lru_cache(maxsize=6)
    def make(name="resnet18", *, classes=5, size=SIZE, pack=False):
        torch.manual_seed(6)
        network = SPECS[name].build(num_classes=classes).eval().requires_grad_(False)
        backbone = Backbone(network, torch.device("cpu"), pack=pack)
        model = replace(random18, spec=SPECS[name], network=network, backbone=backbone, class_names=("a",) * classes)
        return model, answer_of(model, size)

    return make


def answer_of(model, size=SIZE):
    pixels = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(8))
    held = model.backbone.outputs(pixels, ())
    with torch.inference_mode():
        logits = model.network.forward_head(held[model.backbone.last])[0]
    return Answer("made up", (), Image.new("RGB", size[::-1]), pixels, logits.clone(), held, Timing())


def theirs(model, answer, index, layers, method):
    """The map of pytorch-grad-cam, used as its README does, on a copy that keeps gradients."""
    network = copy.deepcopy(model.network).requires_grad_(True)
    targets = [blocks(network)[path] for path in choose(network, layers, method).paths]
    cam = getattr(pytorch_grad_cam, CAMS[method].library)(network, targets)  # its hooks go with the copy
    if method == "finercam":
        return cam(answer.pixels, target_idx=index)[0]
    return cam(answer.pixels, [ClassifierOutputTarget(index)])[0]


@pytest.mark.parametrize("name", [*SMALL, *(pytest.param(name, marks=pytest.mark.thorough) for name in LARGE)])
@pytest.mark.slow
def test_same_maps_as_pytorch_grad_cam_on_every_network(name, asked):
    model, answer = asked(name)
    found = heatmaps(model, answer, [3, 0, 4])
    packed = heatmaps(*asked(name, pack=True), [3, 0, 4])
    assert [heatmap.index for heatmap in found] == [3, 0, 4]
    for ours, faster in zip(found, packed, strict=True):
        assert ours.values.shape == SIZE
        assert ours.values.dtype == np.float32
        expected = theirs(model, answer, ours.index, ["layer4"], "gradcam")
        np.testing.assert_allclose(ours.values, expected, atol=EXACT)
        np.testing.assert_allclose(faster.values, expected, atol=PACKED)


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d"])
@pytest.mark.parametrize("method", [method for method in METHODS if method not in (*OWN_WAY, *SLOW)])
def test_same_maps_as_pytorch_grad_cam_on_every_stage(method, name, layer, asked):
    model, answer = asked(name)
    found = heatmaps(model, answer, [1, 2], layers=[layer], method=method)
    packed = heatmaps(*asked(name, pack=True), [1, 2], layers=[layer], method=method)
    for ours, faster in zip(found, packed, strict=True):
        assert (ours.layer, ours.method) == (layer, method)
        expected = theirs(model, answer, ours.index, [layer], method)
        hint = "another map than the library's: a mistake, or by intent (then choices.CAMS says why, as own_way)?"
        np.testing.assert_allclose(ours.values, expected, atol=EXACT, err_msg=hint)
        np.testing.assert_allclose(faster.values, expected, atol=PACKED if layer == "layer4" else EXACT, err_msg=hint)


@pytest.mark.parametrize("layer", ["layer2", "layer4"])
@pytest.mark.slow
def test_with_real_weights_on_real_photographs_the_maps_are_pytorch_grad_cams(layer, bundled, photos):
    """The bundled model as the page has it, packed: before layer4 by way of plain PyTorch, so to 1e-5 too."""
    assert bundled.backbone.is_packed in (True, None)
    for path in sorted(photos.rglob("*.jpg"))[::8]:
        answer = classify(bundled, path, keep=choose(bundled.network, [layer]).paths)
        for method in ("gradcam", "hirescam", "layercam"):
            (ours,) = heatmaps(bundled, answer, [0], layers=[layer], method=method)
            expected = theirs(bundled, answer, 0, [layer], method)
            np.testing.assert_allclose(ours.values, expected, atol=PACKED if layer == "layer4" else EXACT)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50_32x4d"])
def test_eigencam_is_pytorch_grad_cams_up_to_the_sign_that_svd_leaves_open(name, layer, asked):
    model, answer = asked(name)
    one, other = heatmaps(model, answer, [0, 1], layers=[layer], method="eigencam")
    assert (one.values == other.values).all()  # it knows no class
    network = model.network
    maps = model.backbone.outputs(answer.pixels, choose(network, [layer]).paths)[choose(network, [layer]).paths[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection_with_sign_correction as project
    expected = np.maximum(project(maps.double().numpy())[0], 0)  # theirs, with the figures that float32 loses
    np.testing.assert_allclose(one.raw, expected, atol=EXACT * expected.max())


@pytest.mark.parametrize(("name", "layer"), [*(("resnet18", layer) for layer in LAYERS), ("resnet50", "layer1")])
@pytest.mark.parametrize("method", SLOW)
@pytest.mark.slow
def test_the_slow_methods_are_pytorch_grad_cams(method, name, layer, asked):
    model, answer = asked(name, size=(64, 64))
    best = int(answer.logits.argmax())  # its score is positive; of the others see the next test
    expected = theirs(model, answer, best, [layer], method)
    steps = Watched(heatmaps_in_steps(model, answer, [0, best], choose(model.network, [layer], method)))
    told = list(steps)
    found = steps.result
    # Ablation-CAM divides differences of nearly equal scores, in which float32 has fewer figures left.
    np.testing.assert_allclose(found[1].values, expected, atol=EXACT if method == "scorecam" else 5e-5)
    total = passes(model.network, choose(model.network, [layer], method))
    assert total == channels_after(getattr(model.network, layer)[-1])
    assert told[0] == (0, total)
    assert [done for done, _ in told] == list(range(0, total, 16))


def test_ablation_shows_what_speaks_for_a_class_whose_score_is_negative_too(asked):
    """The library divides by the score itself, which turns such a map around."""
    model, answer = asked("resnet18", size=(64, 64))
    worst = int(answer.logits.argmin())
    assert answer.logits[worst] < 0
    (heatmap,) = heatmaps(model, answer, [worst], method="ablationcam")
    drops = model.network.fc.weight[worst] * answer.features[0].mean((1, 2))  # of the score, without each channel
    expected = torch.einsum("c,chw->hw", drops / -answer.logits[worst], answer.features[0]).relu()
    np.testing.assert_allclose(heatmap.raw, expected, atol=1e-4 * float(expected.max()))


def test_a_map_that_is_the_same_everywhere_is_evidence_and_flat(asked):
    model, answer = asked("resnet18", size=(32, 32))  # layer4 has one position here
    best = int(answer.logits.argmax())
    (heatmap,) = heatmaps(model, answer, [best])
    assert heatmap.raw.shape == (1, 1)
    assert heatmap.has_evidence
    assert heatmap.is_flat


@pytest.mark.parametrize("method", ["gradcam", "layercam", "finercam"])
def test_several_layers_are_fused_as_pytorch_grad_cam_does(method, asked):
    model, answer = asked("resnet18")
    layers = ["layer2", "layer4", "layer3.0"]
    (heatmap,) = heatmaps(model, answer, [1], layers=layers, method=method)
    assert heatmap.layer == "layer2+layer4+layer3.0"
    np.testing.assert_allclose(heatmap.values, theirs(model, answer, 1, layers, method), atol=1e-5)
    assert not heatmap.in_logits
    assert heatmap.raw.shape == SIZE


@pytest.mark.parametrize("layer", ["layer2", "layer3", "layer4"])
@pytest.mark.parametrize(("method", "theirs"), [("gradcam", "GradCAM"), ("layercam", "LayerCAM")])
def test_the_raw_maps_are_torchcams(method, theirs, layer, asked):
    methods = pytest.importorskip("torchcam.methods", reason="TorchCAM wants Python 3.11 or newer")
    model, answer = asked("resnet18")
    network = copy.deepcopy(model.network).requires_grad_(True)
    with getattr(methods, theirs)(network, target_layer=getattr(network, layer)) as cam:
        scores = network(answer.pixels)
        (expected,) = cam(3, scores, normalized=False)
    (heatmap,) = heatmaps(model, answer, [3], layers=[layer], method=method)
    np.testing.assert_allclose(heatmap.raw / heatmap.peak, expected[0].detach() / expected.max().detach(), atol=1e-5)


def test_the_peak_is_the_largest_mean_gradient_times_activation(asked):
    """Eq. 1 and 2 of the paper, by autograd."""
    model, answer = asked("resnet18")
    features = answer.features.clone().requires_grad_()
    model.network.forward_head(features)[0, 3].backward()
    raw = (features.grad.mean((2, 3), keepdim=True) * features.detach()).sum(1).relu()[0]
    (heatmap,) = heatmaps(model, answer, [3])
    assert heatmap.peak == pytest.approx(raw.max().item(), rel=1e-5)
    assert heatmap.in_logits
    np.testing.assert_allclose(heatmap.raw, raw, atol=1e-6)
    np.testing.assert_allclose(heatmap.on_scale(heatmap.peak), enlarged(heatmap.raw, SIZE) / heatmap.peak, atol=1e-6)
    assert heatmap.on_scale(2 * heatmap.peak).max() == pytest.approx(0.5, abs=0.05)


def test_on_layer4_four_methods_are_one_and_on_layer3_they_part(asked):
    model, answer = asked("resnet18")
    for layer, same in (("layer4", True), ("layer3", False)):
        grad, *others = (heatmaps(model, answer, [2], layers=[layer], method=method)[0] for method in SAME_ON_LAST)
        assert all(np.allclose(grad.values, other.values, atol=1e-5) for other in others) is same


def test_a_class_without_evidence_has_no_map(asked):
    model, _ = asked("resnet18")
    network = copy.deepcopy(model.network)
    network.fc.weight[0].fill_(-1)  # every feature is 0 or more, so nothing raises this class
    network.fc.weight[1].fill_(1)
    model = replace(model, network=network, backbone=Backbone(network, torch.device("cpu")))
    none, some = heatmaps(model, answer_of(model), [0, 1])
    assert (none.has_evidence, some.has_evidence) == (False, True)
    assert none.peak == 0
    assert not none.values.any()
    assert not none.on_scale(1.0).any()
    assert not none.is_flat
    assert some.values.max() == pytest.approx(1, abs=1e-5)


def test_rounding_noise_is_no_evidence(asked):
    model, _ = asked("resnet18")
    network = copy.deepcopy(model.network)
    network.fc.weight.mul_(1e-8)
    model = replace(model, network=network, backbone=Backbone(network, torch.device("cpu")))
    assert not any(heatmap.has_evidence for heatmap in heatmaps(model, answer_of(model), [0, 1]))


def test_a_map_that_is_about_the_same_everywhere_is_flat():
    values = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    assert Heatmap(0, values, 0.9 + values / 10).is_flat
    assert not Heatmap(0, values, values).is_flat


def test_the_hottest_place_and_how_much_lies_in_how_little():
    values = np.zeros((4, 8), np.float32)
    values[3, 1] = 1
    values[0, 0] = 0.25
    heatmap = Heatmap(0, values, values)
    assert heatmap.hottest == (1.5 / 8, 3.5 / 4)
    assert heatmap.concentration == pytest.approx((0.8, 1 / 32))


def memory():
    """Resident memory of this process in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("resident memory is read from Linux's /proc")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.slow
@pytest.mark.thorough
def test_the_shared_model_is_left_as_it_was_after_many_explanations_and_failures(asked):
    model, answer = asked("resnet18", size=(64, 64), pack=True)
    network = model.network
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    modules = [type(module) for module in network.modules()]
    choices = [(method, layer) for method in METHODS if method not in SLOW for layer in (*LAYERS, "layer2.0")]

    def explain(count):
        for number in range(count):
            method, layer = choices[number % len(choices)]
            heatmaps(model, answer, [0, 1], layers=[layer], method=method)

    explain(40)  # the allocator's own pools fill up
    resident = memory()
    explain(200)
    for number in range(50):
        with pytest.raises((ResNetAppError, IndexError)):
            heatmaps(model, answer, [99], layers=[LAYERS[number % 3]], method="gradcam" if number % 2 else "hirescam")
        with pytest.raises(UnknownChoiceError):
            heatmaps(model, answer, [0], layers=["layer9"])
        steps = heatmaps_in_steps(model, answer, [0], choose(model.network, ["layer3"], SLOW[number % 2]))
        next(steps)
        next(steps)
        steps.close()  # somebody pressed Cancel
    assert memory() - resident < 40
    assert all(torch.equal(tensor, before[key]) for key, tensor in network.state_dict().items())
    assert [type(module) for module in network.modules()] == modules
    assert not any(module.training for module in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in network.modules())
    assert torch.is_grad_enabled()


def test_layers_as_they_are_written():
    assert parse_layers("layer3") == ("layer3",)
    assert parse_layers("layer2 + layer3.0,layer2") == ("layer2", "layer3.0")


@pytest.mark.parametrize(
    ("layers", "method"), [(["layer9"], "gradcam"), (["layer4.2"], "gradcam"), (["layer4"], "lime"), ([], "gradcam")]
)
def test_other_layers_and_methods_are_refused(layers, method, asked, is_plain):
    model, answer = asked("resnet18")
    assert choose(model.network).paths == ("layer4.1",)
    with pytest.raises(UnknownChoiceError, match="choose one of") as caught:
        heatmaps(model, answer, [0], layers=layers, method=method)
    assert is_plain(caught.value)


def test_finercam_wants_two_classes(asked, is_plain):
    model, answer = asked("resnet18", classes=1)
    with pytest.raises(ResNetAppError, match="compares a class with others") as caught:
        heatmaps(model, answer, [0], method="finercam")
    assert is_plain(caught.value)
    heatmaps(model, answer, [0], method="gradcam++")


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_the_signed_map_adds_up_to_the_difference_of_the_logits(name, asked):
    model, answer = asked(name)
    signed = signed_map(model, answer, 2, 0)
    bias = model.network.fc.bias
    expected = float((answer.logits[2] - answer.logits[0]) - (bias[2] - bias[0]))
    assert signed.exact
    assert signed.total == pytest.approx(expected, rel=1e-5)
    assert signed.values.shape == SIZE
    assert 0.5 < np.abs(signed.values).max() <= 1
    other = signed_map(model, answer, 0, 2)
    np.testing.assert_allclose(other.values, -signed.values, atol=1e-6)
    assert other.total == pytest.approx(-signed.total, abs=1e-6)


@pytest.mark.parametrize("layer", ["layer4", "layer3", "layer1.0"])
def test_the_signed_map_is_the_difference_of_two_raw_maps(layer, asked):
    """By autograd over the plain network, gradient times activation, without cutting off what is negative."""
    model, answer = asked("resnet18")
    network = model.network
    held = {}
    (path,) = choose(network, [layer]).paths
    hook = blocks(network)[path].register_forward_hook(lambda *given: held.update(maps=given[2].requires_grad_()))
    logits = network(answer.pixels)[0]
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[0] - logits[1], held["maps"])
    raw = (gradient * held["maps"]).sum(1)[0].detach()
    signed = signed_map(model, answer, 0, 1, layer=layer)
    np.testing.assert_allclose(signed.raw, raw, atol=1e-4 * float(raw.abs().max()))
    assert signed.peak == pytest.approx(float(raw.abs().max()), rel=1e-4)
    assert signed.exact == (layer == "layer4")


def test_a_signed_map_of_equal_classes_is_empty(asked):
    model, _ = asked("resnet18")
    network = copy.deepcopy(model.network)
    torch.nn.init.zeros_(network.fc.weight)
    model = replace(model, network=network)
    signed = signed_map(model, answer_of(model), 0, 1)
    assert (signed.total, signed.peak) == (0, 0)
    assert not signed.values.any()


@pytest.mark.slow
def test_steps_give_what_the_whole_gives(asked):
    model, answer = asked("resnet18", size=(64, 64))
    (whole,) = heatmaps(model, answer, [1], layers=["layer1"], method="scorecam")
    (stepped,) = finish(heatmaps_in_steps(model, answer, [1], choose(model.network, ["layer1"], "scorecam")))
    assert (whole.values == stepped.values).all()
