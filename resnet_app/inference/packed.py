"""A convolution and a residual block as private oneDNN steps: BatchNorm folded in, weights in the CPU's own order.

For several pictures at once some convolutions go by ``winograd``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from resnet_app.inference import winograd
from resnet_app.inference.winograd import WinogradConvolution
from resnet_app.resnet import BasicBlock, Bottleneck


class Convolution:
    """A convolution with its BatchNorm folded in, its weights in oneDNN's order for an input like the given one, and in
    its type.

    Attributes:
        weight: opaque to all but oneDNN's ops.
        rest: bias, padding, stride, dilation, groups, as the ops take them.
    """

    def __init__(self, conv: nn.Module, norm: nn.Module, x: Tensor) -> None:
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_var is not None
        folded = fuse_conv_bn_eval(conv, norm).to(x.dtype)
        shape: list[Any] = [list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups]
        self.weight = torch.ops.mkldnn._reorder_convolution_weight(folded.weight, *shape, list(x.shape))
        self.rest = (folded.bias, *shape)

    def __call__(self, x: Tensor, activation: str = "relu") -> Tensor:
        """The convolution; ``activation`` is relu or none."""
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(x, self.weight, *self.rest, activation, [], "")
        return out

    def onto(self, shortcut: Tensor, x: Tensor, spare: bool) -> Tensor:
        """relu(shortcut + the convolution of x), in one step; into the shortcut's own memory where it is to spare."""
        rest = (self.weight, *self.rest, "add", 1.0, "relu", [], "")
        ops = torch.ops.mkldnn
        out: Tensor = (
            ops._convolution_pointwise_.binary(shortcut, x, *rest)
            if spare
            else ops._convolution_pointwise.binary(x, shortcut, *rest)
        )
        return out


class PackedBlock:
    """A residual block from folded convolutions."""

    def __init__(self, block: BasicBlock | Bottleneck, x: Tensor) -> None:
        self._branch: list[Convolution | WinogradConvolution] = []
        self._projection = None
        if block.downsample is not None:
            conv, norm = block.downsample.children()
            self._projection = Convolution(conv, norm, x)
        for conv, norm in _pairs(block):
            self._branch.append(
                WinogradConvolution(conv, norm) if winograd.suits(conv, x) else Convolution(conv, norm, x)
            )
            x = self._branch[-1](x)

    def __call__(self, x: Tensor, spare: bool = False) -> Tensor:
        """relu(F(x) + shortcut(x)); ``spare``: x may be overwritten."""
        shortcut = x if self._projection is None else self._projection(x, "none")
        for convolution in self._branch[:-1]:
            x = convolution(x)
        return self._branch[-1].onto(shortcut, x, spare or self._projection is not None)


def _pairs(block: BasicBlock | Bottleneck) -> Iterator[tuple[nn.Module, nn.Module]]:
    yield block.conv1, block.bn1
    yield block.conv2, block.bn2
    if isinstance(block, Bottleneck):
        yield block.conv3, block.bn3
