"""The code beside the picture: the lines of ``resnet.py`` that make a part, its modules and parameters by name, and the
few lines that rebuild the network in plain torchvision. All of it is read off what runs.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from torch import nn

from resnet_app import resnet
from resnet_app.architecture.counting import DILATABLE
from resnet_app.architecture.records import Architecture
from resnet_app.registry import BATCH, GROUP, IMAGENET_V1, IMAGENET_V2, LAYER_OF_STAGE, NO_NORM, NORM_GROUPS, SPECS
from resnet_app.resnet import NormLayer

PARTS_OF_STAGE = {"conv1": ("conv1", "bn1"), "maxpool": ("maxpool",), "avgpool": ("avgpool",), "fc": ("fc",)}


@dataclass(frozen=True)
class Excerpt:
    """Some lines of ``resnet.py``.

    Attributes:
        title: what they are, e.g. ``Bottleneck.__init__``.
        first: the number of the first line in the file.
        text: the lines.
        marked: numbers (in the file) of the lines that matter here.
    """

    title: str
    first: int
    text: str
    marked: frozenset[int]


def excerpts(architecture: Architecture, stage: str, *, block: int | None = None) -> list[Excerpt]:
    """The lines that make a stage of a network and run it; with ``block``, those of the block's class before them.

    Args:
        architecture: taken apart.
        stage: its name, e.g. ``conv4_x``.
        block: the block's index in the stage.
    """
    found = []
    layer = LAYER_OF_STAGE.get(stage)
    parts = (layer,) if layer else PARTS_OF_STAGE[stage]
    if layer and block is not None:
        row = next(each for each in architecture.stages if each.name == stage).blocks[block]
        used = {each.path.split(".")[2] for each in row.layers}
        way = ({"downsample"}, "") if row.shortcut else ({"x"}, "downsample")
        found += [
            _excerpt(f"{architecture.spec.block}.__init__", used),
            _excerpt(f"{architecture.spec.block}.residual", used),
            _excerpt("ResidualBlock.shortcut", way[0], but=way[1]),
            _excerpt("ResidualBlock.forward", {"residual", "shortcut"}),
        ]
        wide = {f"conv{layer.kernel}x{layer.kernel}" for layer in row.layers if layer.kind == "conv"}
        found += [_excerpt(name, {"Conv2d"}) for name in sorted(wide)]
    if layer:
        found.append(_excerpt("ResNet._make_layer", {None: set(), 0: {"downsample"}}.get(block, {"blocks"})))
    other_stem = "conv3x3" if architecture.stem == "imagenet" else "Conv2d"
    found += [
        _excerpt(f"ResNet.{name}", set(parts), but=other_stem if stage == "conv1" else "", only_near=True)
        for name in ("__init__", "forward_features", "forward_head")
    ]
    if layer or stage == "conv1":
        started = {"kaiming_normal_"} | (set() if architecture.norm == NO_NORM else {"constant_"})
        found.append(_excerpt("ResNet._init_weights", started, but="" if architecture.zero_init else "last_norm"))
    if architecture.spec == SPECS[architecture.spec.name]:
        found.append(_excerpt(architecture.spec.name, {"ResNet"}))
    return [excerpt for excerpt in found if excerpt.text]


def _excerpt(title: str, parts: set[str], *, but: str = "", only_near: bool = False) -> Excerpt:
    """A function's lines, with those marked that speak of ``parts`` but not of ``but``; ``only_near``: those alone."""
    function, lines = _functions()[title], _lines()
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    touched = [node for node in statements if parts & _named(node) and but not in _named(node)]
    marked = {number for node in touched for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    first, last = function.lineno, function.end_lineno or function.lineno
    if only_near:
        if not marked:
            return Excerpt(title, first, "", frozenset())
        first, last = max(first, min(marked) - 1), min(last, max(marked) + 1)
    return Excerpt(title, first, "\n".join(lines[first - 1 : last]), frozenset(marked))


def _named(node: ast.AST) -> set[str]:
    """All that a statement speaks of: plain names, and x of each ``self.x``."""
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)} | {
        each.id for each in ast.walk(node) if isinstance(each, ast.Name)
    }


@lru_cache(maxsize=1)
def _lines() -> list[str]:
    return inspect.getsource(resnet).splitlines()


@lru_cache(maxsize=1)
def _functions() -> dict[str, ast.FunctionDef]:
    tree = ast.parse("\n".join(_lines()))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {
        f"{each.name}.{node.name}": node for each in classes for node in each.body if isinstance(node, ast.FunctionDef)
    }
    return methods | {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@dataclass(frozen=True)
class ModuleRow:
    """A line of ``named_modules()``, with the parameters and buffers that it holds itself.

    Attributes:
        path: its name; empty for the network.
        kind: its class.
        details: what its ``repr`` adds, e.g. ``3, 64, kernel_size=(7, 7)``.
        parameters: name and shape of each of its own, as in ``named_parameters()``.
        buffers: the same of its buffers (BatchNorm's running statistics), which are saved but not learned.
        depth: how many modules it lies in.
    """

    path: str
    kind: str
    details: str
    parameters: tuple[tuple[str, tuple[int, ...]], ...]
    buffers: tuple[tuple[str, tuple[int, ...]], ...]
    depth: int


def modules(architecture: Architecture) -> list[ModuleRow]:
    """All modules of a network in the order of ``named_modules()``."""
    rows = []
    for path, module in skeleton(architecture).named_modules():
        prefix = f"{path}." if path else ""
        parameters, buffers = (
            tuple((prefix + name, tuple(tensor.shape)) for name, tensor in own)
            for own in (module.named_parameters(recurse=False), module.named_buffers(recurse=False))
        )
        depth = path.count(".") + 1 if path else 0
        rows.append(ModuleRow(path, type(module).__name__, module.extra_repr(), parameters, buffers, depth))
    return rows


def skeleton(architecture: Architecture) -> nn.Module:
    """The network that was taken apart, as modules with shapes and no numbers (on the meta device)."""
    return architecture.spec.skeleton(
        num_classes=architecture.classes, stem=architecture.stem, norm_layer=norm_layer(architecture.norm),
        replace_stride_with_dilation=[stage in architecture.dilated for stage in DILATABLE],
    )  # fmt: skip


def norm_layer(norm: str) -> NormLayer:
    """What makes a norm from a count of channels: ``norm`` is ``batch``, ``group`` or ``none``."""
    if norm == GROUP:
        return lambda channels: nn.GroupNorm(gcd(NORM_GROUPS, channels), channels)
    return {BATCH: nn.BatchNorm2d, NO_NORM: nn.Identity}[norm]


def in_torchvision(architecture: Architecture, weights: str | None = None) -> str:
    """The lines that rebuild this very network without this project.

    Args:
        architecture: taken apart.
        weights: ``imagenet``, ``imagenet-v1`` or ``imagenet-v2`` to load those too; they fit the published network
            with the ImageNet stem only.
    """
    height, width = architecture.input_size
    return "\n".join([
        *(["import math", ""] if architecture.norm == GROUP else []), "import torch", "import torchvision", "",
        *assembled(architecture, weights), "model.eval()", "",
        f"with torch.inference_mode():\n    logits = model(torch.randn(1, 3, {height}, {width}))"
        f"  # (1, {architecture.classes})",
    ]) + "\n"  # fmt: skip


def assembled(architecture: Architecture, weights: str | None) -> list[str]:
    """The lines that make ``model`` in plain torchvision; arguments are those of ``in_torchvision``."""
    published = weights is not None and architecture.stem == "imagenet" and architecture.is_as_published
    builder, arguments = _call(architecture, weights if published else None)
    lines = [f"model = torchvision.models.{builder}({', '.join(arguments)})"]
    if architecture.stem == "cifar":
        lines += [
            "model.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)",
            'torch.nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")',
            "model.maxpool = torch.nn.Identity()",
        ]
    if published and architecture.classes != 1000:
        lines.append(f"model.fc = torch.nn.Linear(model.fc.in_features, {architecture.classes})")
    return lines


def _call(architecture: Architecture, weights: str | None) -> tuple[str, list[str]]:
    """The name in ``torchvision.models`` that makes a network, and its arguments; ``weights`` where they are loaded."""
    spec, arguments = architecture.spec, []
    if weights is not None:
        version = {IMAGENET_V1: "IMAGENET1K_V1", IMAGENET_V2: "IMAGENET1K_V2"}.get(weights, "DEFAULT")
        arguments.append(f'weights="{version}"')
    elif architecture.classes != 1000:
        arguments.append(f"num_classes={architecture.classes}")
    if architecture.dilated:
        arguments.append(f"replace_stride_with_dilation={[stage in architecture.dilated for stage in DILATABLE]}")
    if architecture.zero_init and weights is None:
        arguments.append("zero_init_residual=True")
    if architecture.norm != BATCH:
        group_norm = f"lambda channels: torch.nn.GroupNorm(math.gcd({NORM_GROUPS}, channels), channels)"
        arguments.append(f"norm_layer={group_norm if architecture.norm == GROUP else 'torch.nn.Identity'}")
    if spec == SPECS[spec.name]:
        return spec.name, arguments
    own = [f"torchvision.models.resnet.{spec.block}", str(list(spec.depths)), f"groups={spec.groups}",
           f"width_per_group={spec.width_per_group}"]  # fmt: skip
    return "ResNet", own + arguments
