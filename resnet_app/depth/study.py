"""The experiment with depth: networks trained side by side, an epoch each in turn, and what is measured of them.

Source: [He15] (arXiv 1512.03385), section 4.2, Fig. 1 and 6 (errors), Fig. 7 (responses).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_app.depth.networks import Block, DepthNetwork
from resnet_app.depth.pictures import Pictures
from resnet_app.depth.record import PLAIN, PREACTIVATION, Epoch, Measures, Run, StudySettings

WARM_UP_FROM = 100  # layers; [He15] section 4.2 began with a tenth of the rate for 110
WARM_UP_UNTIL = 0.8  # training error; what never gets there has warmed up for a quarter of its epochs
MEASURED = 256  # pictures that responses and shortcuts are measured on


class Training:
    """One network under way.

    Attributes:
        network: it.
        measures: of its layers; complete after the last epoch.
        has_diverged: its loss is no number any more, and it is left as it is.
    """

    def __init__(self, run: Run, settings: StudySettings, pictures: Pictures) -> None:
        self.run, self.settings, self.pictures = run, settings, pictures
        self.network = build(run, settings, pictures)
        self.measures = Measures()
        self.has_diverged = False
        self.epochs_done = 0
        self._seconds = 0.0
        self._draw = torch.Generator().manual_seed(run.seed)
        self._is_warm = run.depth < WARM_UP_FROM
        # The paper's momentum and weight decay; Nesterov's step and one cycle make a dozen epochs do.
        self._optimizer = torch.optim.SGD(
            self.network.parameters(), lr=settings.learning_rate, momentum=0.9, weight_decay=1e-4, nesterov=True
        )
        self._steps = -(-len(pictures.train) // settings.batch_size)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, settings.learning_rate, total_steps=self._steps * settings.epochs, cycle_momentum=False
        )

    @property
    def parameters(self) -> int:
        """How many the network has."""
        return sum(each.numel() for each in self.network.parameters())

    def epoch(self) -> Epoch:
        """Train for an epoch, and measure."""
        started = time.perf_counter()
        self.epochs_done += 1
        loss, error = (None, 1.0) if self.has_diverged else self._train()
        self.network.eval()
        tested = error_of(self.network, self.pictures.test, self.pictures.test_labels)
        shares = shares_of(self.network, self.pictures.test[:MEASURED])
        if self.epochs_done == self.settings.epochs:
            self.measures.responses = responses_of(self.network, self.pictures.test[:MEASURED])
        self._seconds += time.perf_counter() - started
        return Epoch(self.epochs_done, loss, error, tested, shares, self._seconds)

    def _train(self) -> tuple[float | None, float]:
        """Mean loss and error of the epoch's pictures."""
        self.network.train()
        order = torch.randperm(len(self.pictures.train), generator=self._draw)
        total, wrong = 0.0, 0
        for number, places in enumerate(torch.split(order, self.settings.batch_size)):
            is_first = self.epochs_done == 1 and number == 0
            is_last = self.epochs_done == self.settings.epochs and number == self._steps - 1
            loss, missed = self._step(places)
            if is_first:
                self.measures.gradients_start = gradients_of(self.network)
            if is_last:
                self.measures.gradients_end = gradients_of(self.network)
            if not isfinite(loss):
                self.has_diverged = True
                return None, 1.0
            total, wrong = total + loss * len(places), wrong + missed
        error = wrong / len(order)
        self._is_warm = self._is_warm or error < WARM_UP_UNTIL or self.epochs_done >= self.settings.epochs / 4
        return total / len(order), error

    def _step(self, places: Tensor) -> tuple[float, int]:
        """One step down; gives the loss before it, and how many pictures were answered wrongly."""
        labels = self.pictures.train_labels[places]
        logits = self.network(self.pictures.augmented(places, self._draw))
        loss = functional.cross_entropy(logits, labels)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch wrote it without types
        for group in self._optimizer.param_groups:
            group["lr"] *= 1 if self._is_warm else 0.1
        self._optimizer.step()
        self._schedule.step()
        return loss.item(), int((logits.argmax(1) != labels).sum())


def build(run: Run, settings: StudySettings, pictures: Pictures) -> DepthNetwork:
    """A run's network as it begins: the same for the same seed, whatever was drawn before."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(run.seed)
        return DepthNetwork(
            run.kind, run.depth, channels=pictures.train.shape[1], classes=pictures.classes, width=settings.width,
            norm=settings.norm,
        )  # fmt: skip


def study(trainings: list[Training], epochs: int) -> Iterator[tuple[Training, Epoch]]:
    """Train all of them, an epoch each in turn, so that their curves grow side by side."""
    for _ in range(epochs):
        for training in trainings:
            yield training, training.epoch()


@torch.inference_mode()
def error_of(network: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    """The share of pictures (N, C, H, W) that are answered wrongly; the network is in the mode that it is in."""
    wrong = sum(
        int((network(part).argmax(1) != truth).sum())
        for part, truth in zip(torch.split(pictures, 500), torch.split(labels, 500), strict=True)
    )
    return wrong / len(labels)


def layers_of(network: DepthNetwork) -> list[nn.Module]:
    """The 6n + 2 layers that the depth counts: each 3x3 convolution, and fc."""
    inner: list[nn.Module] = [conv for block in _blocks(network) for conv in (block.conv1, block.conv2)]
    return [network.conv1, *inner, network.fc]


def gradients_of(network: DepthNetwork) -> list[float]:
    """The length of the last gradient of each layer's weights."""
    return [float(layer.weight.grad.norm()) for layer in layers_of(network)]  # type: ignore[union-attr, operator]  # Conv2d or Linear


def responses_of(network: DepthNetwork, pictures: Tensor) -> list[float]:
    """The standard deviation of each 3x3 layer's response to pictures (N, C, H, W), over all its values."""
    is_first = network.kind == PREACTIVATION  # its BatchNorm belongs to the layer that follows
    inner: list[nn.Module] = [
        each
        for block in _blocks(network)
        for each in ((block.conv1, block.conv2) if is_first else (block.bn1, block.bn2))
    ]
    found: list[float] = []
    with _watching([network.bn1, *inner], lambda _, __, out: found.append(float(out.std()))):
        network(pictures)
    return found


def shares_of(network: DepthNetwork, pictures: Tensor) -> tuple[float, ...]:
    """Of each block |F(x)| over |shortcut(x)|, mean over pictures (N, C, H, W); none in a plain network."""
    if network.kind == PLAIN:
        return ()
    shares: list[float] = []
    with torch.inference_mode():
        x = network.stem(pictures)
        for block in _blocks(network):
            residual, shortcut = (part.flatten(1).norm(dim=1) for part in (block.residual(x), block.shortcut(x)))
            shares.append(float((residual / shortcut.clamp(min=1e-12)).mean()))
            x = block(x)
    return tuple(shares)


def _blocks(network: DepthNetwork) -> list[Block]:
    return [block for block in network.blocks if isinstance(block, Block)]


@contextmanager
def _watching(modules: list[nn.Module], tell: Any) -> Iterator[None]:
    """Tell of each module's output while in here, without gradients."""
    hooks = [module.register_forward_hook(tell) for module in modules]
    try:
        with torch.inference_mode():
            yield
    finally:
        for hook in hooks:
            hook.remove()
