"""Class activation maps: each of ``choices.CAMS``, any block or several, any classes of a picture, without a hook.

All of them weigh a block's maps A (C, h, w) and add them up. What they weigh them by:

    Grad-CAM      mean gradient of the class score by A_k      Selvaraju et al. 2017 (1610.02391), Eq. 1 and 2
    Grad-CAM++    gradients, weighted by their higher orders   Chattopadhay et al. 2018 (1710.11063), Eq. 19
    HiResCAM      the gradient itself, position by position    Draelos and Carin 2020 (2011.08891)
    XGradCAM      gradients, weighted by the activations       Fu et al. 2020 (2008.02312)
    LayerCAM      positive gradients, position by position     Jiang et al. 2021 (LayerCAM, TIP)
    EigenCAM      the first principal component; no class      Muhammad and Yeasin 2020 (2008.00299)
    FinerCAM      Grad-CAM of the score against like classes   Zhang et al. 2025 (2501.11309)
    RefineCAM     Grad-CAM++ of a stage and of all stages      Domeniconi et al. 2026 (2605.14641)
                  after it, multiplied
    Score-CAM     the score of the picture masked by A_k       Wang et al. 2020 (1910.01279)
    Ablation-CAM  the score's drop where A_k is left out       Desai and Ramaswamy 2020 (WACV)

After the last block come a mean and one linear layer, so the gradient of logit c by A_k is
``fc.weight[c, k] / (h * w)`` at every position: all classes from one product, and CAM (Zhou et al. 2016), Grad-CAM,
HiResCAM and XGradCAM are one map. Elsewhere the gradient is taken over the blocks that follow only.
tests/resnet_app/explain/test_cam.py compares every method with pytorch-grad-cam, on every stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from resnet_app.choices import LAYERS, METHODS, SAME_ON_LAST, SLOW
from resnet_app.device import clock
from resnet_app.errors import ResNetAppError, UnknownChoiceError
from resnet_app.explain.heatmap import Heatmap, SignedMap, enlarged
from resnet_app.explain.perturbation import by_channel
from resnet_app.inference.backbone import blocks, channels_after
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer
from resnet_app.progress import Steps, finish
from resnet_app.resnet import ResNet

PASSES_TRIED = 4  # before a slow method is priced
MIN_TOTAL = (
    5e-5  # of a logit, over all positions; below it a map is rounding noise, and stretching it would show a pattern
)
LIKE_CLASSES = 3  # that FinerCAM compares with
REFINED = "refinecam"  # the method that multiplies the maps of several stages


def parse_layers(text: str) -> tuple[str, ...]:
    """``layer3``, ``layer3.0`` or several to be fused, ``layer2+layer3``; without the same one twice.

    Raises:
        UnknownChoiceError: no network has a block of that name.
    """
    layers = tuple(dict.fromkeys(part.strip() for part in text.replace(",", "+").split("+")))
    for layer in layers:
        if layer.partition(".")[0] not in LAYERS:
            raise UnknownChoiceError("layer", layer, [*LAYERS, "or a block such as layer3.0"])
    return layers


@dataclass(frozen=True)
class CamChoice:
    """Which maps are wanted, checked once; it goes through all that makes them.

    Attributes:
        layers: as they were named: ``layer1`` to ``layer4``, or blocks such as ``layer3.0``.
        method: one of ``choices.METHODS``.
        paths: of the blocks that the layers stand for.
    """

    layers: tuple[str, ...]
    method: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The layers in one word: ``layer2+layer3``."""
        return "+".join(self.layers)


def choose(network: ResNet, layers: Sequence[str] = (LAYERS[-1],), method: str = "gradcam") -> CamChoice:
    """Check a choice of layers and method.

    Raises:
        UnknownChoiceError: it is not offered, or this network has no such block.
        ResNetAppError: the method compares classes, and there is only one.
    """
    if method not in METHODS:
        raise UnknownChoiceError("method", method, list(METHODS))
    if method == "finercam" and network.fc.out_features < 2:
        raise ResNetAppError(
            "FinerCAM compares a class with others, and this model has one class; choose gradcam.",
            code="finercam_one_class",
        )
    paths = [f"{layer}.{len(getattr(network, layer)) - 1}" if layer in LAYERS else layer for layer in layers]
    for layer, path in zip(layers, paths, strict=True):
        if path not in blocks(network):
            raise UnknownChoiceError(
                "layer", layer, [*LAYERS, f"or a block such as layer3.0 to {list(blocks(network))[-1]}"]
            )
    if not paths:
        raise UnknownChoiceError("layer", "", list(LAYERS))
    if method == REFINED:
        paths = _with_later_stages(network, paths)
    return CamChoice(tuple(layers), method, tuple(paths))


def _with_later_stages(network: ResNet, paths: Sequence[str]) -> list[str]:
    """The blocks, and the last block of each stage after the first of them, in the network's order."""
    order = list(blocks(network))
    first = min(map(order.index, paths))
    ends = [f"{layer}.{len(getattr(network, layer)) - 1}" for layer in LAYERS]
    return [path for at, path in enumerate(order) if path in paths or (path in ends and at > first)]


def passes(network: ResNet, chosen: CamChoice) -> int:
    """How many times a method goes through the network, or through the rest of it: one for each channel, or one."""
    found = blocks(network)
    return sum(channels_after(found[path]) for path in chosen.paths) if chosen.method in SLOW else 1


def cost(network: ResNet, chosen: CamChoice, classes: int) -> int:
    """About how many passes the maps of some classes are worth: a gradient is two, the last block's product none."""
    if chosen.method in SLOW:
        return passes(network, chosen)
    at_once = chosen.method in SAME_ON_LAST and chosen.paths == (list(blocks(network))[-1],)
    return 0 if at_once else 1 + 2 * classes


def seconds(model: LoadedModel, answer: Answer, chosen: CamChoice) -> float:
    """About how long a method will take, from the quickest of a few passes of what it does many times.

    The first one also makes what the others find there, and one that is disturbed would count for hundreds.
    """
    held = _activations(model, answer, chosen.paths)
    taken = []
    for _ in range(PASSES_TRIED):
        started = clock(model.device)
        for path, maps in held.items():
            model.backbone(answer.pixels) if chosen.method == "scorecam" else model.backbone.after(path, maps)
        taken.append(clock(model.device) - started)
    return min(taken) / 1000 / len(chosen.paths) * passes(model.network, chosen)


def heatmaps(
    model: LoadedModel,
    answer: Answer,
    classes: Sequence[int],
    *,
    layers: Sequence[str] = (LAYERS[-1],),
    method: str = "gradcam",
) -> list[Heatmap]:
    """The maps of several classes, in their order; arguments as ``heatmaps_in_steps`` and ``choose``, errors too."""
    return finish(heatmaps_in_steps(model, answer, classes, choose(model.network, layers, method)))


def heatmaps_in_steps(
    model: LoadedModel, answer: Answer, classes: Sequence[int], chosen: CamChoice
) -> Steps[list[Heatmap]]:
    """The maps of several classes; yields (passes done, passes in all) where a method takes long, and may be left then.

    Args:
        model: left as it is: no hook, no flag, no gradient.
        answer: the model's answer to the picture.
        classes: indices of outputs.
        chosen: the layers and the method; the maps of several layers are fused by their mean, RefineCAM's by their
            product.
    """
    paths, method = chosen.paths, chosen.method
    if paths == (model.backbone.last,) and method in SAME_ON_LAST:
        raw = [_closed_form(model.network, answer.features, classes)]
    else:
        held = _activations(model, answer, paths)
        if method in _BY_GRADIENT:
            targets = [_target(method, index, answer.logits) for index in classes]
            gradients = _gradients(model, held, targets)
            raw = [_BY_GRADIENT[method](maps[0], gradients[path]) for path, maps in held.items()]
        elif method == "eigencam":
            raw = [_principal(maps[0]).expand(len(classes), -1, -1) for maps in held.values()]
        else:
            raw = yield from by_channel(model, answer, classes, held, method)
    with torch.inference_mode():
        return _finished([each.relu() for each in raw], classes, answer, chosen.name, method)


def _finished(raw: list[Tensor], classes: Sequence[int], answer: Answer, layer: str, method: str) -> list[Heatmap]:
    """Raw maps (K, h, w) of each block -> heat maps; those of several blocks are stretched before they are fused."""
    size = tuple(answer.pixels.shape[-2:])
    noise = [each.amax((1, 2), keepdim=True) * each[0].numel() <= MIN_TOTAL for each in raw]
    quiet = [each.masked_fill(faint, 0) for each, faint in zip(raw, noise, strict=True)]
    each_large = [interpolate(_stretch(each)[None], size, mode="bilinear")[0] for each in quiet]
    large = each_large[0] if len(raw) == 1 else _fused(each_large, method)
    own = quiet[0] if len(raw) == 1 else large
    values, own_values = _stretch(large).cpu().numpy(), own.cpu().numpy()
    return [
        Heatmap(index, values[i].astype(np.float32), own_values[i].astype(np.float32), layer, method)
        for i, index in enumerate(classes)
    ]


def _fused(large: list[Tensor], method: str) -> Tensor:
    """Maps of several blocks as one: their mean, or where they agree."""
    if method == REFINED:
        return torch.stack([_stretch(each) for each in large]).prod(0)
    return torch.stack(large).mean(0)


def _stretch(maps: Tensor) -> Tensor:
    """Each map to [0, 1]. Done before and after enlarging, as pytorch-grad-cam does."""
    low = maps.amin((1, 2), keepdim=True)
    maps = maps - low
    return maps / (maps.amax((1, 2), keepdim=True) + 1e-7)


def _closed_form(network: ResNet, features: Tensor, classes: Sequence[int]) -> Tensor:
    """(1, C, h, w) after the last block -> (K, h, w)."""
    with torch.inference_mode():
        weights = network.fc.weight[list(classes)] / features[0, 0].numel()  # (K, C): d logit / d A_k
        return torch.einsum("kc,chw->khw", weights, features[0])


def _activations(model: LoadedModel, answer: Answer, paths: Sequence[str]) -> dict[str, Tensor]:
    """The maps after each block, (1, C, h, w), in the network's order; by the eager pass, as their gradient has it."""
    held = answer.held if set(paths) <= answer.held.keys() else model.backbone.eager_outputs(answer.pixels, paths)
    return {path: held[path] for path in blocks(model.network) if path in paths}


Target = Callable[[Tensor], Tensor]


def _target(method: str, index: int, logits: Tensor) -> Target:
    """Logits (classes,) -> the score whose gradient is taken."""
    if method != "finercam":
        return lambda outputs: outputs[index]
    nearest = (logits - logits[index]).abs().argsort().tolist()
    like = [other for other in nearest if other != index][:LIKE_CLASSES]

    def above_the_like(outputs: Tensor) -> Tensor:
        """How far the class is above each of the classes like it, weighed by their probabilities."""
        weights = outputs.softmax(0)[like]
        return (weights * (outputs[index] - outputs[like])).sum() / (weights.sum() + 1e-9)

    return above_the_like


def _gradients(model: LoadedModel, held: dict[str, Tensor], targets: Sequence[Target]) -> dict[str, Tensor]:
    """d score / d maps for each target: (K, C, h, w) by block. Only what follows the first of them is gone through."""
    first = next(iter(held))
    with torch.inference_mode(False), torch.enable_grad():
        kept = model.backbone.graph(first, held[first].clone().requires_grad_(), held)
        logits = model.network.forward_head(kept[model.backbone.last])[0]
        wanted = [kept[path] for path in held]
        taken = [torch.autograd.grad(target(logits), wanted, retain_graph=True) for target in targets]
    return {path: torch.cat([each[i] for each in taken]) for i, path in enumerate(held)}


def _grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    return torch.einsum("kc,chw->khw", gradients.mean((2, 3)), maps)


def _grad_cam_plus_plus(maps: Tensor, gradients: Tensor) -> Tensor:
    squares = gradients**2
    alpha = squares / (2 * squares + maps.sum((1, 2))[:, None, None] * squares * gradients + 1e-6)
    weights = (gradients.relu() * alpha.where(gradients != 0, 0)).sum((2, 3))
    return torch.einsum("kc,chw->khw", weights, maps)


def _hires_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    return (gradients * maps).sum(1)


def _x_grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    weights = (gradients * maps).sum((2, 3)) / (maps.sum((1, 2)) + 1e-7)
    return torch.einsum("kc,chw->khw", weights, maps)


def _layer_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    return (gradients.relu() * maps).sum(1)


# (C, h, w) and (K, C, h, w) -> (K, h, w)
_BY_GRADIENT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "gradcam": _grad_cam, "gradcam++": _grad_cam_plus_plus, "hirescam": _hires_cam, "xgradcam": _x_grad_cam,
    "layercam": _layer_cam, "finercam": _grad_cam,
    REFINED: _grad_cam_plus_plus,
}  # fmt: skip


def _principal(maps: Tensor) -> Tensor:
    """(C, h, w) -> (h, w) on the CPU: the first principal component of the positions; its larger side is up."""
    with torch.inference_mode():
        positions = maps.flatten(1).T.cpu().double()  # float32 would lose figures where one component is far above
        left, sizes, _ = torch.linalg.svd(positions - positions.mean(0), full_matrices=False)
        projection: Tensor = (left[:, 0] * sizes[0]).view(maps.shape[1:]).float()
        return -projection if -projection.min() > projection.max() else projection


def signed_map(model: LoadedModel, answer: Answer, first: int, second: int, *, layer: str = "layer4") -> SignedMap:
    """How each position of a block moves the difference of two logits, nothing cut off: HiResCAM of the difference.

    After the last block come a mean over the positions and one linear layer, so the difference is a sum over positions
    of ``(fc.weight[first] - fc.weight[second]) . A / (h * w)``, plus the biases' difference (CAM, Zhou et al. 2016).

    Args:
        model: what answered; left as it is.
        answer: to one picture.
        first: the class that positive values speak for.
        second: the class that negative values speak for.
        layer: one of ``choices.LAYERS``, or a block.

    Raises:
        UnknownChoiceError: this network has no such block.
    """
    (path,) = choose(model.network, [layer]).paths
    last = path == model.backbone.last
    if last:
        each = _closed_form(model.network, answer.features, [first, second])
        raw = each[0] - each[1]
    else:
        held = _activations(model, answer, [path])
        gradients = _gradients(model, held, [lambda logits: logits[first] - logits[second]])
        raw = _hires_cam(held[path][0], gradients[path])[0]
    raw_values = raw.cpu().numpy().astype(np.float32)
    peak = max(float(np.abs(raw_values).max()), MIN_TOTAL / raw_values.size)
    values = np.clip(enlarged(raw_values, tuple(answer.pixels.shape[-2:])) / peak, -1, 1)
    return SignedMap(values, raw_values, layer, last)
