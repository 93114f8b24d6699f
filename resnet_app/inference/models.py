"""What a person picked -> a model ready on a device, from one bounded cache for everyone."""

from __future__ import annotations

import copy
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resnet_app import device as devices
from resnet_app.checkpoints.class_names import check_class_names
from resnet_app.checkpoints.read import Checkpoint, read_checkpoint
from resnet_app.choices import FLOAT32, UNSURE_BELOW_OF_TWO, is_unsure
from resnet_app.device import Device
from resnet_app.errors import UnknownChoiceError, WeightsError
from resnet_app.images import Recipe
from resnet_app.inference.backbone import Backbone
from resnet_app.inference.download import Progress, obtain
from resnet_app.inference.ood import Neighbourhood, OodThreshold
from resnet_app.naming import shown
from resnet_app.registry import BUNDLED_FILES, BUNDLED_MODEL, RANDOM, TAUGHT, WEIGHTS, ModelSpec, get_spec
from resnet_app.resnet import ResNet

# Of the 80 validation photographs: how many answers are "not sure", and how many of the others are wrong.
BUNDLED_SURE = {"threshold": round(100 * UNSURE_BELOW_OF_TWO), "photos": 80, "unsure": 11, "sure": 69, "wrong": 4}
RANDOM_SEED = 0
# Pictures at once, where there are many: on a CPU more are no quicker; a GPU is filled by no fewer.
GROUP, GPU_GROUP = 8, 32
NONE_OF_THESE, NOT_SURE = "none_of_these", "not_sure"
_SEEDING = threading.Lock()
if hasattr(os, "register_at_fork"):  # a process that is forked meanwhile would wait for it for ever
    os.register_at_fork(before=_SEEDING.acquire, after_in_parent=_SEEDING.release, after_in_child=_SEEDING.release)


@dataclass(frozen=True, eq=False)
class Head:
    """A last layer taught in a session. Each is itself and no other.

    Attributes:
        class_names: in the order of the outputs.
        weight: (K, C) on the CPU.
        bias: (K,) on the CPU.
        near: what it was taught with, to know what is none of its classes; None where these were too few, or the
            network does not tell strangers from them.
    """

    class_names: tuple[str, ...]
    weight: Tensor
    bias: Tensor
    near: Neighbourhood | None = None

    def __reduce__(self) -> Any:
        """It travels as arrays, which any process can read."""
        near = (self.near.known.numpy(), self.near.limit) if self.near else None
        return _head_of_arrays, (self.class_names, self.weight.numpy(), self.bias.numpy(), near)


def _head_of_arrays(class_names: tuple[str, ...], weight: Any, bias: Any, near: tuple[Any, float] | None) -> Head:
    known = Neighbourhood(torch.from_numpy(near[0]), near[1]) if near else None
    return Head(class_names, torch.from_numpy(weight), torch.from_numpy(bias), known)


@dataclass(frozen=True)
class ModelChoice:
    """What a person picked, checked and with the defaults filled in; equal choices share one model.

    Attributes:
        model: a name in the registry; empty with a checkpoint, which holds what it holds.
        weights: one of ``registry.WEIGHTS``; empty with a checkpoint.
        device: a device's name on this machine.
        checkpoint: a file of the person's own.
        version: the file's size and time of change, so that a rewritten file is another choice.
        class_names: what the person calls the classes.
        head: a last layer in place of the weights' own; all that is before it is shared.
        precision: one of ``choices.PRECISIONS``, in which everything before the head is computed.
    """

    model: str
    weights: str
    device: str
    checkpoint: Path | None = None
    version: tuple[int, int] = (0, 0)
    class_names: tuple[str, ...] | None = None
    head: Head | None = None
    precision: str = FLOAT32

    @property
    def base(self) -> ModelChoice:
        """What has to be loaded for it: other names, or another head, are no reason to hold the weights twice."""
        return replace(self, class_names=None, head=None)


def choose(
    model: str | None = None,
    weights: str | None = None,
    *,
    device: str = devices.AUTO,
    checkpoint: str | Path | None = None,
    class_names: tuple[str, ...] | None = None,
    precision: str = FLOAT32,
) -> ModelChoice:
    """Check what a person picked. Without weights: the bundled ones, or ImageNet's for another network than theirs.

    Raises:
        UnknownChoiceError: a name that is not a choice.
        WeightsError: weights that this network does not have, or a checkpoint, which brings its own, and others too.
        ClassNamesError: names that do not fit published weights; they need not be downloaded to see that.
        DeviceError: a device that is not there, or is slower in ``precision``.
    """
    if checkpoint is not None and weights:
        raise WeightsError("A checkpoint brings its own weights; give a checkpoint or weights, not both.")
    found = devices.resolve(device)
    device_name, precision = found.name, devices.check_precision(precision, found)
    spec = get_spec(model or BUNDLED_MODEL)
    weights = weights or spec.default_weights
    if checkpoint is not None:
        path = Path(checkpoint)
        stat = path.stat() if path.is_file() else None  # a missing file is the reader's to report
        version = (stat.st_size, stat.st_mtime_ns) if stat else (0, 0)
        return ModelChoice("", "", device_name, path, version, class_names, precision=precision)
    if weights not in WEIGHTS:
        raise UnknownChoiceError("weights", weights, list(WEIGHTS))
    if weights not in spec.weights:
        raise spec.no_such_weights(weights)
    if class_names is not None and weights not in BUNDLED_FILES:
        check_class_names(class_names, len(spec.published(weights).meta["categories"]))
    return ModelChoice(spec.name, weights, device_name, class_names=class_names, precision=precision)


@dataclass(frozen=True)
class LoadedModel:
    """A network ready to answer, shared by everyone who picked the same: it is never changed.

    Pickled, it takes its weights along: to a process, perhaps on another machine, that may have no such file.

    Attributes:
        choice: what was picked.
        spec: the variant.
        network: in eval mode, parameters frozen, on the device.
        backbone: all of the network before its head, as fast as the device allows.
        device: where it is.
        stem: ``imagenet`` or ``cifar``.
        class_names: one for each output.
        recipe: how pictures become its input.
        checkpoint: what the file said, for the bundled model and a person's own.
        load_ms: how long reading and building took.
    """

    choice: ModelChoice
    spec: ModelSpec
    network: ResNet
    backbone: Backbone
    device: Device
    stem: str
    class_names: tuple[str, ...]
    recipe: Recipe
    checkpoint: Checkpoint | None
    load_ms: float

    def __reduce__(self) -> Any:
        """It travels as arrays, which any process can read, and looks for its device anew where it arrives."""
        arrays = {name: tensor.cpu().numpy() for name, tensor in self.network.state_dict().items()}
        checkpoint = replace(self.checkpoint, state_dict={}) if self.checkpoint else None  # the arrays are the same
        kept = (self.choice, self.spec, self.stem, self.class_names, self.recipe, checkpoint, self.load_ms)
        return _model_of_arrays, (arrays, *kept)

    @cached_property
    def parameters(self) -> int:
        """Learned numbers."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def memory_bytes(self) -> int:
        """Bytes of parameters and running statistics, and of what the faster forward pass holds of them."""
        own: int = sum(tensor.nbytes for tensor in self.network.state_dict().values())
        return own + self.backbone.memory_bytes

    @cached_property
    def ood_threshold(self) -> OodThreshold | None:
        """Where its pictures end, where its checkpoint says so of its own head."""
        if self.checkpoint is None or self.choice.head is not None:
            return None
        return OodThreshold.of_metadata(self.checkpoint.metadata.get("familiarity"))

    def is_unlike(self, features: Tensor, logits: Tensor) -> bool:
        """Whether a picture is unlike all that it was trained on or taught with, as far as it can tell.

        Args:
            features: layer4's output, (1, C, h, w).
            logits: (K,).
        """
        if self.choice.head is not None:
            near = self.choice.head.near
            return near is not None and near.is_left_by(features.mean((2, 3))[0])
        return self.ood_threshold is not None and self.ood_threshold.is_exceeded_by(logits)

    def doubt(self, probability: float, is_ood: bool) -> str:
        """Why its best answer is not called one: ``NONE_OF_THESE`` or ``NOT_SURE``; empty where it is.

        Args:
            probability: of the best answer.
            is_ood: whether the picture is unlike what the model knows; one that was taught says then that it is none.
        """
        if is_ood and self.choice.head is not None:
            return NONE_OF_THESE
        return NOT_SURE if is_unsure(probability, len(self.class_names)) else ""

    def for_many(self, count: int) -> LoadedModel:
        """The same for so many pictures one after another: with a pass that takes ``group`` of them at once.

        Its packed weights are a copy of its own, in an order that suits the group; it is let go of with the model.
        """
        group = GROUP if self.device.name == devices.CPU else GPU_GROUP
        if count < 2 * group or self.backbone.group == group:
            return self
        return replace(self, backbone=_backbone(self.network, self.device, self.choice.precision, group))

    @property
    def has_class_names(self) -> bool:
        """Whether its classes are called something, and not by their numbers alone."""
        return self.class_names != _numbered(len(self.class_names))

    @property
    def file(self) -> Path | None:
        """Where its weights were read from; None for published and for random ones."""
        return self.choice.checkpoint or BUNDLED_FILES.get(self.choice.weights)

    @property
    def is_random(self) -> bool:
        """Whether nothing of it has been trained, so that its answers mean nothing."""
        return self.choice.head is None and self.choice.weights == RANDOM

    @property
    def weights_name(self) -> str:
        """The choice of weights, the checkpoint's file name, or that it was taught."""
        if self.choice.head is not None:
            return TAUGHT
        return shown(self.choice.checkpoint.name) if self.choice.checkpoint else self.choice.weights


def _model_of_arrays(
    arrays: dict[str, Any],
    choice: ModelChoice,
    spec: ModelSpec,
    stem: str,
    class_names: tuple[str, ...],
    recipe: Recipe,
    checkpoint: Checkpoint | None,
    load_ms: float,
) -> LoadedModel:
    network = spec.skeleton(num_classes=len(class_names), stem=stem)
    network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()}, assign=True)
    network.eval().requires_grad_(False)
    device = devices.resolve(choice.device)
    network.to(device.torch)
    backbone = _backbone(network, device, choice.precision)
    return LoadedModel(choice, spec, network, backbone, device, stem, class_names, recipe, checkpoint, load_ms)


def load(choice: ModelChoice, *, progress: Progress | None = None) -> LoadedModel:
    """Build the network and give it its weights.

    Raises:
        CheckpointError: the checkpoint is not one we read, or the class names do not fit it.
        WeightsError: the weights are not to be had.
    """
    return dressed(_load(choice.base, progress), choice)


def dressed(model: LoadedModel, choice: ModelChoice) -> LoadedModel:
    """The same network with the person's names for its classes, or a head of their own, where there are any."""
    if choice.head is not None:
        network = _with_head(model.network, choice.head, model.device)
        return replace(model, choice=choice, network=network, class_names=choice.head.class_names)
    if choice.class_names is None:
        return model
    return replace(model, choice=choice, class_names=check_class_names(choice.class_names, len(model.class_names)))


def _with_head(network: ResNet, head: Head, device: Device) -> ResNet:
    """A network that shares all but its last layer with another one."""
    fc = nn.Linear(head.weight.shape[1], head.weight.shape[0], device="meta")
    fc.load_state_dict({"weight": head.weight.to(device.torch), "bias": head.bias.to(device.torch)}, assign=True)
    other = copy.copy(network)
    other._modules = {**network._modules, "fc": fc.eval().requires_grad_(False)}
    return other


def _load(choice: ModelChoice, progress: Progress | None) -> LoadedModel:
    started = time.perf_counter()
    checkpoint = None
    file = choice.checkpoint or BUNDLED_FILES.get(choice.weights)
    if file is not None:
        checkpoint = read_checkpoint(file)
        spec, stem, recipe = checkpoint.spec, checkpoint.stem, checkpoint.recipe or Recipe()
        network = checkpoint.network()
        class_names = _names(checkpoint)
    else:
        spec = get_spec(choice.model)
        published = spec.published(choice.weights)
        stem, recipe = "imagenet", Recipe.of_transforms(published.transforms())
        class_names = tuple(published.meta["categories"])
        if choice.weights == RANDOM:
            network = _random(spec)
        else:
            network = read_checkpoint(obtain(spec, choice.weights, progress=progress)).network()
    network.eval().requires_grad_(False)
    device = devices.resolve(choice.device)
    network.to(device.torch)
    backbone = _backbone(network, device, choice.precision)
    load_ms = (time.perf_counter() - started) * 1000
    return LoadedModel(choice, spec, network, backbone, device, stem, class_names, recipe, checkpoint, load_ms)


def _backbone(network: ResNet, device: Device, precision: str, group: int = 1) -> Backbone:
    return Backbone(network, device.torch, group=group, dtype=getattr(torch, precision))


def _random(spec: ModelSpec) -> ResNet:
    with seeded(RANDOM_SEED):
        return spec.build()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from torch's own generator, from a seed on and as nobody else does; then it is as it was.

    There is one generator for the whole process: two threads that seed it at once would draw from each other's numbers.
    """
    with _SEEDING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _names(checkpoint: Checkpoint) -> tuple[str, ...]:
    if checkpoint.class_names:
        return checkpoint.class_names
    if checkpoint.classes == 1000:
        from torchvision.models import ResNet18_Weights  # a thousand outputs are ImageNet's

        return tuple(ResNet18_Weights.DEFAULT.meta["categories"])
    return _numbered(checkpoint.classes)


def _numbered(classes: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(classes))
