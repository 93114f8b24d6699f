"""A kernel that slides by hand gives what PyTorch's convolution gives; what is said of the kernels for edges is so."""

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_app.lesson import kernels
from resnet_app.registry import SPECS

NOISE = np.random.default_rng(0).integers(0, 256, (19, 23)).astype(float)


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(3, 1, 1), (3, 1, 0), (3, 2, 1), (3, 2, 0), (7, 2, 3), (7, 1, 3)]
)
def test_the_sums_are_those_of_conv2d(size: int, stride: int, padding: int) -> None:
    weights = np.random.default_rng(1).normal(size=(size, size))
    found = kernels.slid(NOISE, weights, stride=stride, padding=padding)
    wanted = torch.nn.functional.conv2d(
        torch.from_numpy(NOISE)[None, None], torch.from_numpy(weights)[None, None], stride=stride, padding=padding
    )[0, 0]
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-9)


def step(upright: bool) -> np.ndarray:
    """Dark, then light: from left to right, or from above to below."""
    dark_then_light = np.repeat([20.0, 200.0], 6)
    return np.tile(dark_then_light, (12, 1)) if upright else np.tile(dark_then_light[:, None], (1, 12))


@pytest.mark.parametrize("name", ["upright", "level"])
def test_each_kernel_for_edges_sees_its_own_and_not_the_other(name: str) -> None:
    weights = kernels.kernel(name, SPECS["resnet18"].build())
    own, other = step(name == "upright"), step(name != "upright")
    assert np.abs(kernels.slid(own, weights, stride=1, padding=0)).max() == 4 * 180
    assert np.abs(kernels.slid(other, weights, stride=1, padding=0)).max() == 0
    for light in (0.0, 255.0):
        assert np.abs(kernels.slid(np.full((9, 9), light), weights, stride=1, padding=0)).max() == 0


def test_the_learned_kernel_does_to_a_grey_photo_what_conv1_does() -> None:
    torch.manual_seed(0)
    network = SPECS["resnet18"].build()
    weights = kernels.kernel("learned", network)
    grey = torch.from_numpy(NOISE).float()
    with torch.no_grad():
        every = network.conv1(grey.expand(1, 3, -1, -1))[0]
    found = kernels.slid(NOISE, weights, stride=2, padding=3)
    nearest = min(float((each - torch.from_numpy(found)).abs().max()) for each in every.double())
    assert nearest < 1e-4 * np.abs(found).max()
    spread = network.conv1.weight.detach().sum(1).flatten(1).std(1)
    assert weights.std(ddof=1) == pytest.approx(float(spread.max()), rel=1e-5)


def test_a_photo_becomes_grey_numbers() -> None:
    white_and_red = Image.new("RGB", (80, 80), "white")
    white_and_red.paste((255, 0, 0), (40, 0, 80, 80))
    found = kernels.grey(white_and_red, 8)
    assert found.shape == (8, 8)
    assert set(found[:, :4].flat) == {255}
    assert set(found[:, 4:].flat) == {76}  # 0.299 of red, as ITU-R 601 has it


def test_a_slanted_edge_answers_more_weakly() -> None:
    rows, columns = np.mgrid[:12, :12]
    slanted = np.where(columns > rows, 200.0, 20.0)
    weights = kernels.kernel("upright", SPECS["resnet18"].build())
    own = np.abs(kernels.slid(step(upright=True), weights, stride=1, padding=0)).max()
    other = np.abs(kernels.slid(slanted, weights, stride=1, padding=0)).max()
    assert 0 < other < own
