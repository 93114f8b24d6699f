"""Subjects on other grounds: what is moved, what is filled in, and what a crop keeps."""

import numpy as np
import pytest
import torch

from resnet_app.training.backgrounds import Backgrounds
from resnet_app.training.dataset import Batches, find_pictures

GREEN, RED, BLUE = ((0, 160, 0), (200, 30, 30), (30, 30, 200))


def painted(ground, subject):
    """A subject of 16 x 16 px in a ground of 64 x 96, and its outline, half as large."""
    pixels = torch.tensor(ground, dtype=torch.uint8)[:, None, None].repeat(1, 64, 96)
    pixels[:, 24:40, 40:56] = torch.tensor(subject, dtype=torch.uint8)[:, None, None]
    mask = np.zeros((32, 48), bool)
    mask[12:20, 20:28] = True
    return pixels, mask


@pytest.fixture
def pair():
    """A red subject on green, and a blue one on red."""
    pictures = [painted(GREEN, RED), painted(RED, BLUE)]
    return [pixels for pixels, _ in pictures], {i: mask for i, (_, mask) in enumerate(pictures)}


def colour(pixels, down, across):
    return pixels[:, down, across].tolist()


def test_the_subject_stays_and_the_ground_becomes_the_others(pair):
    pictures, outlines = pair
    backgrounds = Backgrounds(outlines, pictures.__getitem__, share=1.0)
    seen = set()
    for seed in range(8):
        torch.manual_seed(seed)
        changed = backgrounds.changed(0)
        assert changed.shape == pictures[0].shape
        assert changed.dtype == torch.uint8
        assert colour(changed, 32, 48) == list(RED)  # its own subject
        ground = colour(changed, 4, 4)
        seen.add(tuple(ground))
        assert min(np.abs(np.subtract(ground, each)).max() for each in (GREEN, RED)) <= 2
    assert len(seen) == 2  # its own, filled, is among the grounds
    assert colour(pictures[0], 4, 4) == list(GREEN)


def test_the_other_subject_is_not_in_the_ground(pair):
    pictures, outlines = pair
    backgrounds = Backgrounds(outlines, pictures.__getitem__, share=1.0)
    filled = backgrounds._without(1)
    assert np.abs(np.subtract(filled.amax((1, 2)).tolist(), RED)).max() <= 2  # nothing blue is left
    assert torch.equal(filled[:, :8], pictures[1][:, :8])  # far from it nothing changes


def test_some_grounds_are_blurred_and_the_subject_stays_sharp():
    pixels = torch.randint(0, 256, (3, 64, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    mask = np.zeros((32, 48), bool)
    mask[12:20, 20:28] = True
    backgrounds = Backgrounds({0: mask}, lambda _: pixels, share=0.0)
    torch.manual_seed(0)
    made = [backgrounds.changed(0) for _ in range(100)]
    blurred = [each for each in made if not torch.equal(each, pixels)]
    assert 2 <= len(blurred) <= 20
    for each in blurred:
        assert torch.equal(each[:, 28:36, 44:52], pixels[:, 28:36, 44:52])
        assert each[:, :16].float().std() < 0.2 * pixels[:, :16].float().std()


@pytest.mark.parametrize("side", [1, 8, 16, 20, 21])
def test_tiny_pictures_go_through(side):
    pixels = torch.full((3, side, side), 100, dtype=torch.uint8)
    mask = np.zeros((32, 32), bool)
    mask[12:20, 12:20] = True
    for share in (0.0, 1.0):
        backgrounds = Backgrounds({0: mask}, lambda _: pixels, share)
        torch.manual_seed(0)
        assert all(backgrounds.changed(0).shape == pixels.shape for _ in range(40))


def test_grounds_beyond_the_memory_are_the_same(pair, monkeypatch):
    pictures, outlines = pair

    def made():
        backgrounds = Backgrounds(outlines, pictures.__getitem__, share=1.0)
        torch.manual_seed(1)
        return [backgrounds.changed(0) for _ in range(6)]

    kept = made()
    monkeypatch.setattr("resnet_app.training.backgrounds.KEPT_BYTES", 0)
    assert all(torch.equal(one, other) for one, other in zip(kept, made(), strict=True))


def test_no_share_and_no_outline_change_nothing_but_the_blurred(pair):
    pictures, outlines = pair
    backgrounds = Backgrounds(outlines, pictures.__getitem__, share=0.0)
    alone = Backgrounds({}, pictures.__getitem__, share=1.0)
    for seed in range(20):
        torch.manual_seed(seed)
        assert colour(backgrounds.changed(0), 4, 4) == list(GREEN)
        assert torch.equal(alone.changed(0), pictures[0])


def test_crops_keep_the_subject(pair):
    pictures, outlines = pair
    backgrounds = Backgrounds(outlines, pictures.__getitem__, share=0.0)
    free = Backgrounds({}, pictures.__getitem__, share=0.0)

    def kept(of):
        top, left, height, width = of.crop(0, pictures[0], (0.1, 0.3))
        inside = np.zeros((64, 96), bool)
        inside[24:40, 40:56] = True
        return inside[top : top + height, left : left + width].sum() / inside.sum()

    torch.manual_seed(0)
    shares = np.array([[kept(backgrounds), kept(free)] for _ in range(200)])
    assert (shares[:, 0] >= 0.3).mean() > 0.95
    assert (shares[:, 1] >= 0.3).mean() < 0.8


def test_batches_with_outlines_depend_on_the_seed_and_the_step_alone(coloured):
    pictures = find_pictures(coloured)
    mask = np.zeros((32, 32), bool)
    mask[10:20, 10:20] = True
    options = {"batch_size": 4, "crop": 64, "train_crop": 48, "augment": True, "seed": 3, "exchange": 0.5}
    outlines = dict.fromkeys(pictures.files, mask)
    whole = [pixels for pixels, _ in Batches(pictures, outlines=outlines, **options).epoch(1)]
    rest = [pixels for pixels, _ in Batches(pictures, outlines=outlines, **options).epoch(1, start=2)]
    plain = [pixels for pixels, _ in Batches(pictures, **options).epoch(1)]
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], rest, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(whole, plain, strict=True))
