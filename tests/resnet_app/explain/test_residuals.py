"""The microscope against plain PyTorch: torchvision's network, hooks, and branches set to zero by hand."""

import pytest
import torch
import torchvision
from torch import nn

from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain import residuals
from resnet_app.explain.residuals import feature_maps, identity_blocks, logits_without, readings
from resnet_app.inference import models, predict
from resnet_app.inference.backbone import Backbone
from resnet_app.inference.cache import shared_cache
from resnet_app.registry import SPECS
from resnet_app.resnet import ResNet


@pytest.fixture(scope="module", params=["resnet18", "resnet50", "resnext50_32x4d"])
def looked(request, picture):
    """A model, its answer to a picture, and torchvision's network with the same weights."""
    weights = "ants-bees" if request.param == "resnet18" else "random"
    model = shared_cache().get(models.choose(request.param, weights, device="cpu"))
    theirs = getattr(torchvision.models, request.param)(num_classes=len(model.class_names)).eval()
    theirs.load_state_dict(model.network.state_dict())
    return model, predict.classify(model, picture), theirs


def hooked(theirs, pixels):
    """Each block's input, its shortcut, F(x) and output, caught by hooks."""
    caught, handles = {}, []
    blocks = {
        f"layer{stage}.{i}": block
        for stage in range(1, 5)
        for i, block in enumerate(getattr(theirs, f"layer{stage}"))
    }  # fmt: skip

    def keep(path, key):
        return lambda _module, inputs, output: caught.setdefault(path, {}).update(
            {key: output.clone(), f"{key}_in": inputs[0].clone()}
        )

    for path, block in blocks.items():
        last = block.bn3 if hasattr(block, "bn3") else block.bn2
        handles += [last.register_forward_hook(keep(path, "residual")), block.register_forward_hook(keep(path, "out"))]
        if block.downsample is not None:
            handles.append(block.downsample.register_forward_hook(keep(path, "shortcut")))
    with torch.no_grad():
        logits = theirs(pixels)[0]
    for handle in handles:
        handle.remove()
    return blocks, caught, logits


def test_readings_are_those_of_hooks(looked):
    model, answer, theirs = looked
    blocks, caught, _ = hooked(theirs, answer.pixels)
    found = readings(model.backbone, answer.pixels)
    assert [each.path for each in found] == list(blocks)
    for each in found:
        seen = caught[each.path]
        residual = seen["residual"].double()
        shortcut = seen.get("shortcut", seen["out_in"]).double()
        assert each.is_identity == (blocks[each.path].downsample is None)
        assert each.shortcut == pytest.approx(shortcut.norm().item(), rel=1e-5)
        assert each.residual == pytest.approx(residual.norm().item(), rel=1e-5)
        assert each.ratio == pytest.approx((residual.norm() / shortcut.norm()).item(), rel=1e-5)
        cosine = nn.functional.cosine_similarity(residual.flatten(), shortcut.flatten(), dim=0).item()
        assert each.cosine == pytest.approx(cosine, abs=1e-5)
        assert each.error <= residuals.TOLERANCE
        peak = float(seen["out"].abs().max())
        torch.testing.assert_close(torch.relu(residual + shortcut).float(), seen["out"], rtol=0, atol=1e-5 * peak)


def test_a_pass_that_does_not_add_up_is_seen(looked):
    model, answer, _ = looked
    backbone = Backbone(model.network, torch.device("cpu"))
    steps = backbone.prepare(*answer.pixels.shape[2:])
    whole = steps["layer2.1"]
    steps["layer2.1"] = lambda x: 1.001 * whole(x)  # one block's sum is off by a thousandth
    errors = {each.path: each.error for each in readings(backbone, answer.pixels)}
    assert errors["layer2.1"] > 100 * residuals.TOLERANCE / 2
    assert max(error for path, error in errors.items() if path != "layer2.1") <= residuals.TOLERANCE


def test_leaving_f_out_is_its_last_norm_set_to_zero(looked):
    model, answer, theirs = looked
    known = identity_blocks(model.network)
    for left_out in (known[:1], known[-1:], known[1:3], known):
        changed = getattr(torchvision.models, model.spec.name)(num_classes=len(model.class_names)).eval()
        changed.load_state_dict(theirs.state_dict())
        for path in left_out:
            block = changed.get_submodule(path)
            norm = block.bn3 if hasattr(block, "bn3") else block.bn2
            nn.init.zeros_(norm.weight), nn.init.zeros_(norm.bias)
        with torch.no_grad():
            expected = changed(answer.pixels)[0]
        found = logits_without(model, answer.pixels, left_out)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert known
    torch.testing.assert_close(logits_without(model, answer.pixels, []), answer.logits, rtol=0, atol=0)


def test_the_model_is_left_as_it_was(looked, picture):
    model, answer, _ = looked
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    logits = predict.classify(model, picture).logits
    readings(model.backbone, answer.pixels)
    logits_without(model, answer.pixels, identity_blocks(model.network))
    feature_maps(model, answer.pixels, "layer3.1")
    with pytest.raises(UnknownChoiceError):
        logits_without(model, answer.pixels, ["layer2.0"])
    assert torch.equal(predict.classify(model, picture).logits, logits)
    after = model.network.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.network.modules())
    assert not model.network.training
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in model.network.parameters())


def test_feature_maps_are_the_strongest_channels_of_hooks(looked):
    model, answer, theirs = looked
    blocks, caught, _ = hooked(theirs, answer.pixels)
    with torch.no_grad():
        conv1 = theirs.relu(theirs.bn1(theirs.conv1(answer.pixels)))
        places = {"conv1": conv1, "maxpool": theirs.maxpool(conv1)} | {path: caught[path]["out"] for path in blocks}
    for path, expected in places.items():
        found = feature_maps(model, answer.pixels, path, count=5)
        means = expected[0].mean((1, 2))
        scale = float(expected.abs().max())
        assert found.of == expected.shape[1]
        assert list(found.means) == sorted(found.means, reverse=True)
        assert found.means == pytest.approx(means.sort(descending=True).values[:5].tolist(), rel=1e-3)
        torch.testing.assert_close(found.maps, expected[0][list(found.channels)], rtol=1e-3, atol=1e-4 * scale)
        assert abs(found.silent - int((expected[0].amax((1, 2)) <= 0).sum())) <= 2  # the faster pass may round to 0


def test_blocks_that_start_as_the_identity_add_nothing():
    torch.manual_seed(0)
    network = SPECS["resnet18"].build(num_classes=2, zero_init_residual=True).eval()
    for each in readings(Backbone(network, torch.device("cpu")), torch.randn(1, 3, 64, 96)):
        assert (each.residual, each.ratio, each.cosine) == (0, 0, 0)


def test_the_cifar_stem_and_odd_sizes():
    torch.manual_seed(0)
    network = SPECS["resnet34"].build(num_classes=3, stem="cifar").eval()
    assert isinstance(network, ResNet)
    found = readings(Backbone(network, torch.device("cpu")), torch.randn(1, 3, 33, 17))
    assert len(found) == 16
    assert max(each.error for each in found) <= residuals.TOLERANCE


def test_what_is_not_there_is_refused(looked):
    model, answer, _ = looked
    with pytest.raises(UnknownChoiceError, match=r"'layer2\.0'.*layer1"):
        logits_without(model, answer.pixels, ["layer2.0"])  # a projection: without F(x) the shapes would still change
    with pytest.raises(ResNetAppError, match="'avgpool'"):
        feature_maps(model, answer.pixels, "avgpool")
