"""A 3 × 3 convolution with a quarter of the multiplications: Winograd's way, for several pictures at once.

A 3 × 3 convolution makes 4 × 4 neighbouring outputs, a tile, of 6 × 6 inputs; that takes 16 · 9 = 144 multiplications
for each pair of channels. Two polynomials of 4 and 3 coefficients are multiplied with 6 multiplications, not 12, from
their values at 6 points: 0, 1, -1, 2, -2 and infinity. A convolution is that product transposed, along each side:
transform the inputs, transform the filters, multiply 6 · 6 = 36 pairs of numbers, and transform the products into
outputs. The transforms are done once for each channel, and not for each pair of them: so it pays where there are many
channels.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (CVPR 2016, arXiv 1509.09308), F(4 × 4, 3 × 3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

TILE = 4  # outputs along one side
POINTS = TILE + 2  # along one side; as many as a tile has inputs
# With fewer channels the transforms cost more than they save; for fewer tiles than these all the time goes into reading
# the transformed filters, which hold four times as many numbers.
LEAST_CHANNELS = 128
LEAST_TILES = 32
# Measured on a CPU of AMD's with AVX2. Where there is AVX-512, oneDNN's convolutions take twice as many numbers at
# once: that was not measured, so there they stay.
CAPABILITY = "AVX2"

# The transforms of inputs, filters and outputs, along one side, named as in the paper; G is 24 times the paper's.
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
AT_ONE = POINTS + 1  # the point (1, 1): its product goes into each output of a tile once, as a bias does


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
    """A 3 × 3 convolution with its BatchNorm folded in, as ``packed.Convolution`` but by Winograd's way.

    Attributes:
        weight: the transformed filters, (36, channels in, channels out).
    """

    def __init__(self, conv: nn.Module, norm: nn.Module) -> None:
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        folded = fuse_conv_bn_eval(conv, norm)
        assert folded.bias is not None
        filters = folded.weight.permute(2, 3, 1, 0).flatten(0, 1)
        self.weight = torch.tensordot(_both_sides(G) / 24**2, filters, 1)
        self._bias = folded.bias
        self._input_transform, self._output_transform = _both_sides(B_T), _both_sides(A_T)

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
        values = self._input_transform @ squares.reshape(POINTS**2, -1)
        products = torch.bmm(values.view(POINTS**2, -1, channels), self.weight)
        products[AT_ONE] += self._bias
        out = self._output_transform @ products.flatten(1)
        out = out.view(TILE, TILE, count, rows, columns, -1).permute(2, 3, 0, 4, 1, 5)
        out = out.reshape(count, TILE * rows, TILE * columns, -1)[:, :height, :width]
        return out.contiguous().permute(0, 3, 1, 2)


def _both_sides(matrix: tuple[tuple[int, ...], ...]) -> Tensor:
    """The matrix for a tile from that for one side of it."""
    side = torch.tensor(matrix, dtype=torch.float32)
    return torch.kron(side, side)


def _tiles(side: int) -> int:
    return -(-side // TILE)
