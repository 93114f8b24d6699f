"""The networks of the experiment with depth, with and without shortcuts, in one file that reads like the papers.

Sources:
    [He15] He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015 (arXiv 1512.03385), section 4.2.
    [He16] He, Zhang, Ren, Sun: Identity Mappings in Deep Residual Networks, 2016 (arXiv 1603.05027), Fig. 1b.

Shapes are (B, C, H, W): pictures in the batch, channels, height, width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from resnet_app.depth.record import PLAIN, PREACTIVATION, PROJECTION, require_depth


class Block(nn.Module):
    """Two 3x3 convolutions, with the shortcut that its kind has.

    plain: relu(F(x)); residual and projection: relu(F(x) + shortcut(x)), [He15] Eq. 1; pre-activation: F(x) + shortcut
    of x, with ReLU and normalisation before the convolutions, [He16] Eq. 1.
    """

    def __init__(self, kind: str, inplanes: int, planes: int, stride: int, *, norm: bool) -> None:
        super().__init__()
        self.kind, self.stride, self.widening = kind, stride, planes - inplanes
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=not norm)
        self.bn1 = _norm(inplanes if kind == PREACTIVATION else planes, norm)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=not norm)
        self.bn2 = _norm(planes, norm)
        self.projection: nn.Module | None = None
        if kind in (PROJECTION, PREACTIVATION) and inplanes != planes:
            self.projection = nn.Conv2d(inplanes, planes, 1, stride, bias=False)

    def residual(self, x: Tensor) -> Tensor:
        """F(x): (B, inplanes, H, W) -> (B, planes, H/stride, W/stride)."""
        if self.kind == PREACTIVATION:
            x = self.conv1(functional.relu(self.bn1(x)))
            pre_activated: Tensor = self.conv2(functional.relu(self.bn2(x)))
            return pre_activated
        x = functional.relu(self.bn1(self.conv1(x)))
        residual: Tensor = self.bn2(self.conv2(x))
        return residual

    def shortcut(self, x: Tensor) -> Tensor:
        """What is added to F(x): x, in its shape; nothing (zeros) in a plain block.

        Without a projection that is option A of [He15] section 4.1: every second position, new channels zero.
        """
        if self.projection is not None:
            projected: Tensor = self.projection(x)
            return projected
        x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.widening))
        return torch.zeros_like(x) if self.kind == PLAIN else x

    def forward(self, x: Tensor) -> Tensor:
        """(B, inplanes, H, W) -> (B, planes, H/stride, W/stride)."""
        out = self.residual(x)
        if self.kind != PLAIN:
            out = out + self.shortcut(x)
        return out if self.kind == PREACTIVATION else functional.relu(out)


class DepthNetwork(nn.Module):
    """6n + 2 layers for small pictures: a 3x3 convolution, three stages of n blocks, a mean over all positions, fc.

    The stages have ``width``, 2 ``width`` and 4 ``width`` channels and halve the picture twice ([He15] section 4.2,
    where the width is 16).
    """

    def __init__(self, kind: str, depth: int, *, channels: int, classes: int, width: int, norm: bool) -> None:
        super().__init__()
        require_depth(depth)
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=not norm)
        self.bn1 = nn.Identity() if kind == PREACTIVATION else _norm(width, norm)
        blocks: list[Block] = []
        inplanes = width
        for stage in range(3):
            planes = width * 2**stage
            for number in range((depth - 2) // 6):
                stride = 2 if stage and number == 0 else 1
                blocks.append(Block(kind, inplanes, planes, stride, norm=norm))
                inplanes = planes
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Sequential(_norm(inplanes, norm), nn.ReLU()) if kind == PREACTIVATION else nn.Identity()
        self.fc = nn.Linear(inplanes, classes)
        self.kind = kind
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)  # as [He15] does, after their arXiv 1502.01852

    def stem(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> (B, width, H, W)."""
        x = self.bn1(self.conv1(x))
        return x if self.kind == PREACTIVATION else functional.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> logits (B, classes)."""
        x = self.last(self.blocks(self.stem(x)))
        logits: Tensor = self.fc(x.mean((2, 3)))
        return logits


def _norm(planes: int, there: bool) -> nn.Module:
    return nn.BatchNorm2d(planes) if there else nn.Identity()
