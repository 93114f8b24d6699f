"""A 3 × 3 convolution with a quarter of the multiplications: Winograd's way, for several pictures at once.

A 3 × 3 convolution makes 4 × 4 neighbouring outputs, a tile, of 6 × 6 inputs; that takes 16 · 9 = 144 multiplications
for each pair of channels. Along one side it is a product of two polynomials, and a product is known from its values at
enough points: here at 0, ±1, ±2 and ∞. The values of a product are the products of the values, so 6 · 6 = 36
multiplications are enough. Going over to the points and back is done once for each channel, and not for each pair of
them: so it pays where there are many channels.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016, arXiv 1509.09308), F(4 × 4, 3 × 3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

TILE = 4  # outputs along one side
POINTS = TILE + 2  # along one side; as many as a tile has inputs
# Fewer channels cost more on the way to the points and back than they save; for fewer tiles than these all the time
# goes into reading the weights, which are four times as many as before.
LEAST_CHANNELS = 128
LEAST_TILES = 32
# Where it was measured. CPUs with AVX-512 have convolutions of twice the width, but not all of them get such products.
CAPABILITY = "AVX2"

# Named as in the paper: from inputs to the points, from weights (24 times the paper's matrix), and back to outputs.
B_T = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
G = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))
A_T = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
AT_ONE = POINTS + 1  # the point (1, 1): each output of a tile takes its value as it is


def suits(conv: nn.Module, x: Tensor) -> bool:
    """Whether this way is right for a convolution, and the quicker one for inputs like the given one, (B, C, h, w)."""
    plain = {"kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    return (
        isinstance(conv, nn.Conv2d)
        and torch.backends.cpu.get_cpu_capability() == CAPABILITY
        and x.dtype == torch.float32
        and len(x) > 1
        and all(getattr(conv, name) == value for name, value in plain.items())
        and min(conv.in_channels, conv.out_channels) >= LEAST_CHANNELS
        and len(x) * _tiles(x.shape[2]) * _tiles(x.shape[3]) >= LEAST_TILES
    )


class WinogradConvolution:
    """A 3 × 3 convolution with its BatchNorm folded in, as ``packed.Convolution`` but by way of points.

    Attributes:
        weight: (36, channels in, channels out), of each point.
    """

    def __init__(self, conv: nn.Module, norm: nn.Module) -> None:
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        folded = fuse_conv_bn_eval(conv, norm)
        assert folded.bias is not None
        weight = folded.weight.double().permute(2, 3, 1, 0).flatten(0, 1)
        self.weight = torch.tensordot(_both_sides(G) / 24**2, weight, 1).float()
        self._bias = folded.bias
        self._to_points, self._to_outputs = _both_sides(B_T).float(), _both_sides(A_T).float()

    def __call__(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> relu of its convolution."""
        return self._convolution(x).relu_()

    def onto(self, shortcut: Tensor, x: Tensor, spare: bool) -> Tensor:
        """relu(shortcut + the convolution of x); never into the shortcut's memory, ``spare`` or not."""
        return self._convolution(x).add_(shortcut).relu_()

    def _convolution(self, x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        rows, columns = _tiles(height), _tiles(width)
        right, bottom = TILE * columns - width + 1, TILE * rows - height + 1
        x = functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, right, 1, bottom))  # channels are last in memory, too
        squares = x.unfold(1, POINTS, TILE).unfold(2, POINTS, TILE).permute(4, 5, 0, 1, 2, 3)
        values = self._to_points @ squares.reshape(POINTS**2, -1)
        products = torch.bmm(values.view(POINTS**2, -1, channels), self.weight)
        products[AT_ONE] += self._bias
        out = self._to_outputs @ products.flatten(1)
        out = out.view(TILE, TILE, count, rows, columns, -1).permute(2, 3, 0, 4, 1, 5)
        out = out.reshape(count, TILE * rows, TILE * columns, -1)[:, :height, :width]
        return out.contiguous().permute(0, 3, 1, 2)


def _both_sides(matrix: tuple[tuple[int, ...], ...]) -> Tensor:
    """The matrix for a tile from that for one side of it."""
    side = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(side, side)


def _tiles(side: int) -> int:
    return -(-side // TILE)
