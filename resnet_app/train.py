"""A folder of two or more classes -> a checkpoint that knows its classes, its preprocessing and how it was made."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.transforms import v2

from resnet_app import __version__
from resnet_app.checkpoints import read_checkpoint
from resnet_app.device import Device, resolve
from resnet_app.errors import DataError, PictureError
from resnet_app.images import SUFFIXES, Recipe, crop_for, open_picture, to_tensor
from resnet_app.registry import ModelSpec, get_spec
from resnet_app.resnet import ResNet
from resnet_app.weights import obtain

RANDOM_INIT, IMAGENET_INIT = "random", "imagenet"


@dataclass(frozen=True)
class TrainSettings:
    """How to train.

    Attributes:
        model: a name in the registry.
        init: ``random``, ``imagenet`` or a checkpoint file, whose head is replaced where the classes differ.
        epochs: passes over the pictures.
        batch_size: pictures in a step.
        learning_rate: the peak, after a warm-up of one epoch; then a cosine down to 0.
        crop: side of the picture that the trained model wants, in pixels.
        train_crop: side in training; smaller than ``crop``, since random crops make things look larger
            (Touvron et al. 2019, arXiv 1906.06423).
        seed: of the initial weights, the order and the augmentation.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    model: str = "resnet18"
    init: str = RANDOM_INIT
    epochs: int = 14
    batch_size: int = 32
    learning_rate: float = 0.02
    crop: int = 224
    train_crop: int = 192
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name, least in (("epochs", 1), ("batch_size", 2), ("crop", 64), ("train_crop", 64)):
            if getattr(self, name) < least:
                raise DataError(f"{name.replace('_', ' ')} is {getattr(self, name)}; give at least {least}.")
        if not 0 < self.learning_rate < 100:
            raise DataError(f"learning rate is {self.learning_rate}; give one above 0, such as 0.02.")


@dataclass(frozen=True)
class Epoch:
    """What one pass over the pictures gave: mean loss, and the accuracy on the pictures held out (0 to 1)."""

    number: int
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Pictures:
    """Readable pictures by class: ``files[i]`` belongs to class ``labels[i]``; ``broken`` were left out."""

    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    broken: tuple[Path, ...] = ()

    def part(self, indices: list[int]) -> Pictures:
        """Some of the pictures."""
        files, labels = tuple(self.files[i] for i in indices), tuple(self.labels[i] for i in indices)
        return replace(self, files=files, labels=labels)

    def joined(self, other: Pictures) -> Pictures:
        """These pictures and those of another folder with the same classes."""
        return Pictures(self.classes, self.files + other.files, self.labels + other.labels, self.broken + other.broken)


def find_pictures(folder: Path, classes: tuple[str, ...] | None = None) -> Pictures:
    """The pictures in ``folder/class/``; each is opened, and the broken ones are listed.

    Raises:
        DataError: no such folder, fewer than two classes, a class without pictures, or other classes than asked for.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder.name}; give one that holds a folder of pictures for each class.")
    found = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")))
    if len(found) < 2:
        raise DataError(
            f"{folder.name} holds {len(found)} class folders; at least two are needed, such as ants and bees."
        )
    if classes is not None and found != classes:
        raise DataError(f"{folder.name} has the classes {', '.join(found)}; expected {', '.join(classes)}.")
    files: list[Path] = []
    labels: list[int] = []
    broken: list[Path] = []
    for label, name in enumerate(found):
        for path in sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in SUFFIXES):
            try:
                open_picture(path)
            except PictureError:
                broken.append(path)
            else:
                files.append(path)
                labels.append(label)
        if label not in labels:
            raise DataError(f"The folder {name} holds no picture that can be read; add some.")
    return Pictures(found, tuple(files), tuple(labels), tuple(broken))


def find_splits(folder: Path, more: tuple[Path, ...] = ()) -> tuple[Pictures, Pictures]:
    """Training and validation pictures: ``folder/train`` and ``folder/val``, or every fifth of each class held out.

    ``more`` folders of the same classes are trained on as well.
    """
    if (folder / "train").is_dir() and (folder / "val").is_dir():
        train = find_pictures(folder / "train")
        held_out = find_pictures(folder / "val", train.classes)
    else:
        train, held_out = _hold_out(find_pictures(folder))
    for extra in more:
        train = train.joined(find_pictures(extra, train.classes))
    return train, held_out


def _hold_out(pictures: Pictures, *, one_in: int = 5) -> tuple[Pictures, Pictures]:
    held: set[int] = set()
    for label in range(len(pictures.classes)):
        of_class = [i for i, each in enumerate(pictures.labels) if each == label]
        if len(of_class) < 2:
            raise DataError(f"The class {pictures.classes[label]} has one picture; at least two are needed.")
        random.Random(label).shuffle(of_class)
        held.update(of_class[: max(1, len(of_class) // one_in)])
    train = [i for i in range(len(pictures.files)) if i not in held]
    return pictures.part(train), replace(pictures.part(sorted(held)), broken=())


def train(
    settings: TrainSettings,
    training: Pictures,
    validation: Pictures,
    *,
    on_step: Callable[[int, int, float], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> tuple[ResNet, list[Epoch]]:
    """Fine-tune every layer and return the averaged weights (in eval mode, on the CPU) and the course of training.

    SGD with Nesterov momentum, one epoch of warm-up, then a cosine; label smoothing and mixup (Zhang et al. 2018,
    arXiv 1710.09412); the weights are an exponential average over the steps (Polyak and Juditsky 1992), which is
    smoother than the best of noisy epochs and owes nothing to the validation pictures.

    Args:
        settings: how.
        training: pictures to learn from.
        validation: pictures to judge by; they change nothing.
        on_step: told (steps done, steps in all, loss).
        on_epoch: told each epoch's result.
    """
    device = resolve(settings.device)
    random.seed(settings.seed)
    torch.manual_seed(settings.seed)
    network = initial_network(settings, len(training.classes)).to(device.torch)
    network = network.to(memory_format=torch.channels_last)
    steps_in_all = settings.epochs * math.ceil(len(training.files) / settings.batch_size)
    warm_up = max(1, steps_in_all // max(1, settings.epochs))
    optimizer = torch.optim.SGD(
        _decayed(network), lr=settings.learning_rate, momentum=0.9, nesterov=True, weight_decay=5e-4
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, warm_up, steps_in_all))
    # The average reaches back over the last twentieth of the run.
    decay = 1 - 1 / max(2.0, steps_in_all / 20)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]  # torch lacks the annotation
    averaged = cast(ResNet, average.module)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    mixup = v2.MixUp(num_classes=len(training.classes), alpha=0.2)
    recipe = inference_recipe(settings)
    shrunk = [_shrunk(path, round(settings.crop * 1.3)) for path in training.files]
    course: list[Epoch] = []
    done = 0
    for number in range(1, settings.epochs + 1):
        started, total = time.perf_counter(), 0.0
        network.train()
        for pixels, labels in _batches(shrunk, training.labels, settings):
            inputs, targets = mixup(pixels.to(device.torch, memory_format=torch.channels_last), labels.to(device.torch))
            with torch.autocast(device.torch.type, dtype=torch.bfloat16, enabled=device.name != "mps"):
                logits = network(inputs)
            loss = criterion(logits.float(), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            done += 1
            total += loss.item() * len(labels)
            if on_step is not None:
                on_step(done, steps_in_all, loss.item())
        right = evaluate(averaged, validation, recipe, device)
        accuracy = right.diagonal().sum().item() / max(1, right.sum().item())
        epoch = Epoch(number, total / len(training.files), accuracy, time.perf_counter() - started)
        course.append(epoch)
        if on_epoch is not None:
            on_epoch(epoch)
    averaged = averaged.eval().cpu().to(memory_format=torch.contiguous_format)
    return averaged, course


def initial_network(settings: TrainSettings, classes: int) -> ResNet:
    """The network to start from, with a fresh head where the classes differ.

    Raises:
        CheckpointError: the checkpoint to start from is of another network or unreadable.
        WeightsError: ImageNet weights are asked for and not to be had.
    """
    spec = get_spec(settings.model)
    network = spec.build(num_classes=classes)
    if settings.init == RANDOM_INIT:
        return network
    path = obtain(spec, "imagenet") if settings.init == IMAGENET_INIT else Path(settings.init)
    checkpoint = read_checkpoint(path)
    if checkpoint.spec != spec or checkpoint.stem != "imagenet":
        raise DataError(f"{path.name} holds {checkpoint.spec.title}; choose --model {checkpoint.spec.name}.")
    state_dict = checkpoint.state_dict
    if checkpoint.classes != classes:
        state_dict = {**state_dict, "fc.weight": network.fc.weight.data, "fc.bias": network.fc.bias.data}
    network.load_state_dict(state_dict)
    return network


def inference_recipe(settings: TrainSettings) -> Recipe:
    """The preprocessing that the trained model wants: torchvision's usual ratio of resize to crop."""
    return Recipe(resize=round(settings.crop * 256 / 224), crop=settings.crop)


def evaluate(network: ResNet, pictures: Pictures, recipe: Recipe, device: Device) -> Tensor:
    """The confusion matrix, (true class, answered class)."""
    network.eval()
    confusion = torch.zeros(len(pictures.classes), len(pictures.classes), dtype=torch.long)
    for path, label in zip(pictures.files, pictures.labels, strict=True):
        pixels = to_tensor(crop_for(open_picture(path), recipe), recipe).to(device.torch)
        with torch.inference_mode():
            confusion[label, network(pixels).argmax().item()] += 1
    return confusion


def save(
    path: Path,
    network: ResNet,
    settings: TrainSettings,
    training: Pictures,
    *,
    course: list[Epoch],
    confusion: Tensor,
) -> None:
    """Write the weights in half precision, with all that is needed to use and to judge them, in one step."""
    spec: ModelSpec = get_spec(settings.model)
    tensors = {
        key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in network.state_dict().items()
    }
    metadata: dict[str, Any] = {
        "model": spec.name,
        "classes": list(training.classes),
        "preprocessing": inference_recipe(settings).as_dict(),
        "recipe": {**asdict(settings), "init": Path(settings.init).name},
        "data": {name: training.labels.count(label) for label, name in enumerate(training.classes)},
        "metrics": {
            "epochs": len(course),
            "accuracy": round(confusion.diagonal().sum().item() / max(1, int(confusion.sum())), 4),
            "confusion": confusion.tolist(),
        },
        "written_by": f"resnet_app {__version__}",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".partial")
    save_file(tensors, part, metadata={"format": "pt"} | {key: json.dumps(value) for key, value in metadata.items()})
    part.replace(path)


def _decayed(network: nn.Module) -> list[dict[str, Any]]:
    """Weight decay for matrices and kernels only, not for norms and biases."""
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return [{"params": kernels}, {"params": others, "weight_decay": 0.0}]


def _rate(step: int, warm_up: int, steps_in_all: int) -> float:
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps_in_all - warm_up)))


def _shrunk(path: Path, side: int) -> Tensor:
    """A picture as uint8 (3, H, W), its shorter side at most ``side``, so that a whole class set stays in memory."""
    picture = open_picture(path)
    scale = side / min(picture.size)
    if scale < 1:
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
    pixels: Tensor = v2.functional.pil_to_tensor(picture)
    return pixels


def _batches(shrunk: list[Tensor], labels: tuple[int, ...], settings: TrainSettings) -> Iterator[tuple[Tensor, Tensor]]:
    recipe = Recipe()
    augment = v2.Compose(
        [
            v2.RandomResizedCrop(settings.train_crop, scale=(0.25, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.3, 0.3, 0.3),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(list(recipe.mean), list(recipe.std)),
        ]
    )
    order = torch.randperm(len(shrunk)).tolist()
    for start in range(0, len(order), settings.batch_size):
        part = order[start : start + settings.batch_size]
        yield torch.stack([augment(shrunk[i]) for i in part]), torch.tensor([labels[i] for i in part])
