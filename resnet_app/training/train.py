"""A folder of two or more classes -> a trained network: the loop, and how an interrupted run goes on."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.transforms import v2

from resnet_app.checkpoints.read import Checkpoint, read_checkpoint, require_file
from resnet_app.checkpoints.write import save_safetensors
from resnet_app.device import Device, has_quick_bfloat16, resolve
from resnet_app.errors import CheckpointError, DataError
from resnet_app.fill import Mask
from resnet_app.images import Recipe, read_crop, to_tensor
from resnet_app.inference.download import obtain
from resnet_app.registry import get_spec
from resnet_app.resnet import ResNet
from resnet_app.training.backgrounds import digest
from resnet_app.training.calibration import Scores
from resnet_app.training.dataset import Batches, Pictures
from resnet_app.training.settings import (
    FREEZE,
    IMAGENET_INIT,
    LAST,
    RANDOM_INIT,
    TrainSettings,
    class_weights,
    decayed,
    rate_share,
)

SCORED_AT_ONCE = 32  # pictures


class BrokeDownError(DataError):
    """What a network says in training, or after it, is no number; to go on from there is of no use."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the pictures: mean training loss; loss and accuracy (0 to 1) on the held out ones, if any."""

    number: int
    loss: float
    held_out_loss: float | None
    accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Trained:
    """What a run gives.

    Attributes:
        network: the kept weights, in eval mode, on the CPU.
        course: every epoch.
        best: number of the epoch that was kept.
        optimizer: the optimizer's state dict after the last step, on the CPU.
    """

    network: ResNet
    course: list[Epoch]
    best: int
    optimizer: dict[str, Any] = field(repr=False)


def train(
    settings: TrainSettings,
    training: Pictures,
    validation: Pictures | None = None,
    *,
    outlines: Mapping[Path, Mask] | None = None,
    state: Path | None = None,
    resume: bool = False,
    on_step: Callable[[int, int, float], None] = lambda _done, _total, _loss: None,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train, and keep the epoch with the lowest loss on the held out pictures, or the last one (also without any).

    SGD with Nesterov momentum. What is judged and kept is an exponential average of the weights over the steps
    (Polyak and Juditsky 1992). The loss picks the epoch, not the accuracy: it moves with each picture's probability,
    so it is less a matter of luck than a count of right answers among few.

    Args:
        settings: how.
        training: pictures to learn from.
        validation: pictures to judge by.
        outlines: of the pictures' subjects, where they are known: crops keep them, and backgrounds are exchanged.
        state: a file that takes down where the run is, after each epoch and where it is stopped.
        resume: go on from that file, where there is one; the result is the same as of a run that was not interrupted.
        on_step: told (steps done, steps in all, loss).
        on_epoch: told each epoch's result.
        stop: asked after each step; where it says so the state is written.

    Raises:
        KeyboardInterrupt: ``stop`` said so.
        DataError: the state is of another run.
        BrokeDownError: the loss is no longer a number.
    """
    run = _Run(settings, training, resolve(settings.device), outlines or {})
    if resume and state is not None and state.is_file():
        run.load(state)
    for number in range(len(run.course) + 1, settings.epochs + 1):
        started = time.perf_counter()
        for pixels, labels in run.batches.epoch(number, start=run.step - (number - 1) * run.batches.steps):
            loss = run.learn(pixels, labels)
            on_step(run.step, run.steps_in_all, loss)
            if stop():
                run.save(state)
                raise KeyboardInterrupt
        epoch = run.judge(number, validation, seconds=time.perf_counter() - started)
        run.save(state)
        on_epoch(epoch)
    return run.result()


def initial_checkpoint(settings: TrainSettings) -> Checkpoint | None:
    """The weights to start from; None where they are random.

    Raises:
        CheckpointError: the checkpoint to start from is not there or unreadable.
        DataError: it is of another network.
        WeightsError: ImageNet weights are asked for and not to be had.
    """
    spec = get_spec(settings.model)
    if settings.init == RANDOM_INIT:
        return None
    path = obtain(spec, "imagenet") if settings.init == IMAGENET_INIT else Path(settings.init)
    if not path.exists():
        raise CheckpointError(
            f"There is no file {path}; --init takes {RANDOM_INIT}, {IMAGENET_INIT} or a checkpoint file."
        )
    require_file(path, str(path))
    checkpoint = read_checkpoint(path)
    if checkpoint.stem != "imagenet":
        raise DataError(
            f"{path.name} has the 3x3 stem of a CIFAR network, and training starts from a 7x7 stem alone; give other "
            f"weights, or {IMAGENET_INIT}."
        )
    if checkpoint.spec != spec:
        raise DataError(f"{path.name} holds {checkpoint.spec.title}; choose --model {checkpoint.spec.name}.")
    return checkpoint


def initial_network(settings: TrainSettings, classes: int) -> ResNet:
    """The network to start from, with a fresh head where the classes differ.

    Errors are those of ``initial_checkpoint``.
    """
    checkpoint = initial_checkpoint(settings)
    torch.manual_seed(settings.seed)
    network = get_spec(settings.model).build(num_classes=classes)
    if checkpoint is None:
        return network
    state_dict = checkpoint.state_dict
    if checkpoint.classes != classes:
        state_dict = {**state_dict, "fc.weight": network.fc.weight.data, "fc.bias": network.fc.bias.data}
    network.load_state_dict(state_dict)
    return network


def score(network: ResNet, pictures: Pictures, recipe: Recipe, device: Device) -> Scores:
    """What a network says of pictures whose classes are known; it is left in eval mode."""
    network.eval()
    logits = []
    for start in range(0, len(pictures.files), SCORED_AT_ONCE):
        files = pictures.files[start : start + SCORED_AT_ONCE]
        pixels = torch.cat([to_tensor(read_crop(file, recipe), recipe) for file in files])
        with torch.inference_mode():
            logits.append(network(pixels.to(device.torch)).float().cpu())
    return Scores(torch.cat(logits).clone(), torch.tensor(pictures.labels))


def require_finite(values: Tensor) -> None:
    """Refuse what a training that broke down gives.

    Raises:
        BrokeDownError: one of the values is no number.
    """
    if not torch.isfinite(values).all():
        raise BrokeDownError("The training broke down: what comes out is no number. Give a lower learning rate.")


class _Run:
    """A run between two steps: everything that the next step depends on, and nothing else."""

    def __init__(
        self, settings: TrainSettings, training: Pictures, device: Device, outlines: Mapping[Path, Mask]
    ) -> None:
        self.settings, self.training, self.device = settings, training, device
        self.outlines = outlines
        self.step, self.course, self.best, self._loss_sum = 0, list[Epoch](), 0, 0.0
        self.batches = Batches(
            training, batch_size=settings.batch_size, crop=settings.crop, train_crop=settings.train_crop,
            augment=settings.augment, seed=settings.seed, outlines=outlines, exchange=settings.exchange,
        )  # fmt: skip
        if self.batches.steps == 0:
            raise DataError("There is one picture to train on; at least two are needed.")
        self.steps_in_all = settings.epochs * self.batches.steps
        network = initial_network(settings, len(training.classes))
        for part in FREEZE[settings.freeze]:
            network.get_submodule(part).requires_grad_(False)
        self.network = network.to(device.torch).to(memory_format=torch.channels_last)
        # The average reaches back over the last twentieth of the run.
        decay = 1 - 1 / max(2.0, self.steps_in_all / 20)
        self._average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]  # torch lacks the annotation
        self.averaged = cast(ResNet, self._average.module)
        self._kept: dict[str, Tensor] = {}
        self.optimizer = torch.optim.SGD(
            decayed(self.network), lr=settings.learning_rate, momentum=0.9, nesterov=True, weight_decay=5e-4
        )
        weights = class_weights(training).to(device.torch) if settings.balance else None
        self._criterion = nn.CrossEntropyLoss(weight=weights, label_smoothing=settings.label_smoothing)
        classes = len(training.classes)
        self._mixup = v2.MixUp(num_classes=classes, alpha=settings.mixup) if settings.mixup else None

    def learn(self, pixels: Tensor, labels: Tensor) -> float:
        """One step."""
        self.network.train()
        for part in FREEZE[self.settings.freeze]:
            self.network.get_submodule(part).eval()  # a frozen BatchNorm keeps its running statistics too
        share = rate_share(self.step, round(self.settings.warmup * self.batches.steps), self.steps_in_all)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * share
        inputs = pixels.to(self.device.torch, memory_format=torch.channels_last)
        targets = labels.to(self.device.torch)
        if self._mixup is not None:
            inputs, targets = self._mixup(inputs, targets)
        with torch.autocast(self.device.torch.type, dtype=torch.bfloat16, enabled=has_quick_bfloat16(self.device)):
            logits = self.network(inputs)
        loss = self._criterion(logits.float(), targets)
        require_finite(loss)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self._average.update_parameters(self.network)
        self.step += 1
        self._loss_sum += loss.item()
        return float(loss.item())

    def judge(self, number: int, validation: Pictures | None, *, seconds: float) -> Epoch:
        """The end of an epoch: judge the averaged weights, and keep them where they are the best so far."""
        loss, self._loss_sum = self._loss_sum / self.batches.steps, 0.0
        scores = score(self.averaged, validation, self.settings.recipe, self.device) if validation else None
        if scores:
            require_finite(scores.logits)
        loss_there, accuracy = (scores.loss, scores.accuracy) if scores else (None, None)
        epoch = Epoch(number, loss, loss_there, accuracy, seconds)
        before = [each.held_out_loss for each in self.course if each.held_out_loss is not None]
        self.course.append(epoch)
        held_out = None if self.settings.keep == LAST else epoch.held_out_loss
        if held_out is None or held_out <= min(before, default=math.inf) or not self._kept:
            self.best = number
            self._kept = {key: tensor.detach().cpu().clone() for key, tensor in self.averaged.state_dict().items()}
        return epoch

    def result(self) -> Trained:
        """The kept weights."""
        network = get_spec(self.settings.model).skeleton(num_classes=len(self.training.classes))
        kept = {key: tensor.contiguous() for key, tensor in self._kept.items()}
        network.load_state_dict(kept, assign=True)
        optimizer = self.optimizer.state_dict()
        for state in optimizer["state"].values():
            state.update({key: each.cpu() for key, each in state.items() if isinstance(each, Tensor)})
        return Trained(network.eval().requires_grad_(False), self.course, self.best, optimizer)

    @property
    def _same(self) -> dict[str, Any]:
        """What must be the same for a run to go on."""
        return {
            "settings": self.settings.as_dict(), "pictures": self.training.digest, "outlines": digest(self.outlines),
        }  # fmt: skip

    def save(self, path: Path | None) -> None:
        """Take down where the run is, unless nobody wants it."""
        if path is None:
            return
        tensors = {
            **{f"network.{key}": tensor for key, tensor in self.network.state_dict().items()},
            **{f"average.{key}": tensor for key, tensor in self._average.state_dict().items()},
            **{f"kept.{key}": tensor for key, tensor in self._kept.items()},
            **{f"momentum.{name}": tensor for name, tensor in self._momentum().items()},
        }
        facts = {
            **self._same, "step": self.step, "best": self.best, "loss_sum": self._loss_sum,
            "course": [asdict(epoch) for epoch in self.course],
        }  # fmt: skip
        save_safetensors(path, {key: tensor.cpu() for key, tensor in tensors.items()}, facts)

    def load(self, path: Path) -> None:
        """Be where the run was.

        Raises:
            DataError: the file is of a run with other settings or pictures, or damaged.
        """
        try:
            with safe_open(path, framework="pt") as file:
                facts = {key: json.loads(text) for key, text in file.metadata().items() if key != "format"}
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        except (SafetensorError, OSError, ValueError, AttributeError) as error:
            raise DataError(f"The state in {path.name} is damaged; start again without --resume.") from error
        if facts.get("pictures") != self._same["pictures"]:
            raise DataError("The pictures are no longer those of the interrupted run; start again without --resume.")
        if facts.get("outlines", "") != self._same["outlines"]:
            raise DataError(
                "The interrupted run had other outlines of its subjects; give the same --outline, or start again "
                "without --resume."
            )
        mine = self._same["settings"]
        for name, value in (facts.get("settings") or {}).items():
            if mine.get(name) != value:
                raise DataError(
                    f"The interrupted run had {name.replace('_', ' ')} {value}, not {mine.get(name)}; "
                    "give the same options, or start again without --resume."
                )
        self.network.load_state_dict(_under("network.", tensors))
        self._average.load_state_dict(_under("average.", tensors))
        self._kept = _under("kept.", tensors)
        for name, momentum in _under("momentum.", tensors).items():
            parameter = self.network.get_parameter(name)
            buffer = torch.empty_like(parameter)  # in the layout that the optimizer would have given it
            self.optimizer.state[parameter]["momentum_buffer"] = buffer.copy_(momentum)
        self.step, self.best, self._loss_sum = facts["step"], facts["best"], facts["loss_sum"]
        self.course = [Epoch(**epoch) for epoch in facts["course"]]

    def _momentum(self) -> dict[str, Tensor]:
        states = {name: self.optimizer.state.get(parameter) for name, parameter in self.network.named_parameters()}
        return {name: state["momentum_buffer"] for name, state in states.items() if state}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
