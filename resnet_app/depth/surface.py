"""The loss around a trained network, on a plane through its weights.

Source: Li, Xu, Taylor, Studer, Goldstein: Visualizing the Loss Landscape of Neural Nets, 2018 (arXiv 1712.09913),
section 4 (filter-wise normalised random directions) and section 7 (the path of training, by PCA). As there, only
weights of layers move, neither biases nor BatchNorm's, and the network answers as after training.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from resnet_app.depth.networks import DepthNetwork

Weights = dict[str, Tensor]  # a state dict
SPAN = 1.0  # on random directions, where 1 is a step as long as the weights themselves
MARGIN = 0.15  # of the path's own extent, beyond it on each side
MOST_LOSS_PICTURES = 350  # of the training set: enough for two figures of the loss


@dataclass(frozen=True)
class Plane:
    """Two directions from the trained weights, and where they are sampled.

    Attributes:
        directions: for each, how far each moving weight goes in a step of 1.
        across, up: the positions along the first and the second; the trained network is at (0, 0).
        path: for each epoch, from before training on, where its weights lie on the plane; empty on random directions.
        explained: the share of the squared distances from the end that each direction holds; empty on random ones.
    """

    directions: tuple[Weights, Weights]
    across: tuple[float, ...]
    up: tuple[float, ...]
    path: tuple[tuple[float, float], ...] = ()
    explained: tuple[float, ...] = ()


def random_plane(weights: Weights, side: int, seed: int) -> Plane:
    """Two random directions, each filter's part as long as the filter itself; ``side`` x ``side`` points."""
    draw = torch.Generator().manual_seed(seed)
    places = tuple(torch.linspace(-SPAN, SPAN, side).tolist())
    return Plane((_random_direction(weights, draw), _random_direction(weights, draw)), places, places)


def _random_direction(weights: Weights, draw: torch.Generator) -> Weights:
    """[Li18] Eq. 1: d_ij <- d_ij / |d_ij| * |theta_ij|, for filter j of layer i; a row of fc is a filter."""
    found = {}
    for name in moving(weights):
        direction = torch.randn(weights[name].shape, generator=draw)
        lengths, wanted = (each.flatten(1).norm(dim=1) for each in (direction, weights[name]))
        scale = (wanted / (lengths + 1e-10)).view(-1, *[1] * (direction.ndim - 1))
        found[name] = direction * scale
    return found


def path_plane(course: Sequence[Weights], side: int) -> Plane:
    """The plane in which training moved most: two principal components of (weights of an epoch - the last ones)."""
    last = course[-1]
    steps = torch.stack([_flat(weights) - _flat(last) for weights in course[:-1]])  # (epochs, weights)
    _, lengths, components = torch.linalg.svd(steps, full_matrices=False)  # no mean taken off: (0, 0) is the end
    places = steps @ components[:2].T
    path = (*((float(x), float(y)) for x, y in places), (0.0, 0.0))
    across, up = (_covering([point[axis] for point in path], side) for axis in (0, 1))
    explained = tuple((lengths[:2] ** 2 / (lengths**2).sum()).tolist())
    return Plane((_named(components[0], last), _named(components[1], last)), across, up, path, explained)


def _covering(places: Sequence[float], side: int) -> tuple[float, ...]:
    low, high = min(places), max(places)
    margin = MARGIN * (high - low)
    return tuple(torch.linspace(low - margin, high + margin, side).tolist())


def evaluated(
    network: DepthNetwork, weights: Weights, plane: Plane, pictures: Tensor, labels: Tensor
) -> Iterator[tuple[int, int, float]]:
    """The mean loss over pictures (N, C, H, W) at each of the plane's points, as (row, column, loss); rows go up."""
    moved = copy.deepcopy(network).eval()
    first, second = plane.directions
    for row, up in enumerate(plane.up):
        for column, across in enumerate(plane.across):
            shifted = {name: weights[name] + across * first[name] + up * second[name] for name in first}
            moved.load_state_dict({**weights, **shifted})
            with torch.inference_mode():
                yield row, column, float(functional.cross_entropy(moved(pictures), labels))


def moving(weights: Weights) -> list[str]:
    """The weights of layers: of two dimensions or more."""
    return [name for name, tensor in weights.items() if tensor.ndim > 1]


def _flat(weights: Weights) -> Tensor:
    return torch.cat([weights[name].flatten() for name in moving(weights)])


def _named(flat: Tensor, like: Weights) -> Weights:
    names = moving(like)
    parts = torch.split(flat, [like[name].numel() for name in names])
    return {name: part.view_as(like[name]) for name, part in zip(names, parts, strict=True)}
