"""What the experiment trains on: scikit-learn's digits, which need no download, or pictures that are already here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from resnet_app.depth.record import DIGITS
from resnet_app.errors import DataError

TRAINED_DIGITS = 1400  # of 1,797; the others are the test
CIFAR10_FOLDER = "cifar-10-batches-py"
SIDE = 32  # pixels of the pictures of a folder, as CIFAR-10's
MOST_PICTURES = 5000  # that are trained on; more take a laptop too long


@dataclass(frozen=True)
class Pictures:
    """Pictures with mean 0 and deviation 1, as (N, C, H, W), and the numbers of their classes (N).

    Attributes:
        name: what is told of them.
        classes: how many there are.
        shifts: whether training shifts and mirrors them at random, as [He15] section 4.2 does; not for digits.
    """

    name: str
    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    classes: int
    shifts: bool = False

    def augmented(self, places: Tensor, draw: torch.Generator) -> Tensor:
        """A batch to train on: where that is done, all of it shifted by one draw of up to 4 px, and mirrored or not."""
        batch = self.train[places]
        if not self.shifts:
            return batch
        down, right, mirrored = (int(torch.randint(high, (), generator=draw)) for high in (9, 9, 2))
        height, width = batch.shape[2:]
        batch = functional.pad(batch, (4, 4, 4, 4))[:, :, down : down + height, right : right + width]
        return batch.flip(3) if mirrored else batch


def load(data: str = DIGITS) -> Pictures:
    """The digits, or what is in a folder: CIFAR-10 as torchvision keeps it, or a folder for each class.

    Raises:
        DataError: there is no such folder, or nothing in it to train on.
    """
    if data == DIGITS:
        return _digits()
    folder = Path(data)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder.name}; choose {DIGITS}, or name a folder of pictures.")
    return _cifar10(folder) if (folder / CIFAR10_FOLDER).is_dir() else _folder(folder)


def _digits() -> Pictures:
    """1,797 handwritten digits of 8 x 8 pixels (scikit-learn, from UCI's optical recognition set)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = torch.randperm(len(found.target), generator=torch.Generator().manual_seed(0))
    pixels = torch.from_numpy(found.images).float()[order, None]
    labels = torch.from_numpy(found.target).long()[order]
    return _split(
        DIGITS, pixels[:TRAINED_DIGITS], labels[:TRAINED_DIGITS], pixels[TRAINED_DIGITS:], labels[TRAINED_DIGITS:]
    )


def _cifar10(folder: Path) -> Pictures:
    """The first pictures of CIFAR-10's training set and of its test set, 32 x 32."""
    from torchvision.datasets import CIFAR10

    try:
        train, test = (CIFAR10(str(folder), train=is_train, download=False) for is_train in (True, False))
    except (RuntimeError, OSError) as error:  # its files are not those whose sums torchvision knows
        raise DataError(
            f"The CIFAR-10 in {folder.name} is not complete; fetch it again, or choose {DIGITS}."
        ) from error
    parts = []
    for part, most in ((train, MOST_PICTURES), (test, MOST_PICTURES // 5)):
        parts += [torch.from_numpy(part.data[:most]).permute(0, 3, 1, 2).float(), torch.tensor(part.targets[:most])]
    return _split("CIFAR-10", *parts, shifts=True)


def _folder(folder: Path) -> Pictures:
    """A folder for each class (or train/ and val/ with those in them), each picture's middle at 32 x 32."""
    from resnet_app.images import Recipe, crop_for, open_picture, to_tensor
    from resnet_app.training.dataset import find_splits

    recipe = Recipe(resize=SIDE, crop=SIDE)
    parts = []
    for found in find_splits(folder):
        if found is None:
            raise DataError(f"{folder.name} holds no pictures to test on; put some into each class.")
        if len(found.files) > MOST_PICTURES:
            raise DataError(
                f"{folder.name} holds {len(found.files)} pictures; at most {MOST_PICTURES} are trained on here."
            )
        pixels = [to_tensor(crop_for(open_picture(path), recipe), recipe)[0] for path in found.files]
        parts += [torch.stack(pixels), torch.tensor(found.labels)]
    return _split(folder.name, *parts, shifts=True)


def _split(
    name: str, train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor, *, shifts: bool = False
) -> Pictures:
    """Both parts by the training part's mean and deviation."""
    mean, deviation = train.mean(), train.std()
    return Pictures(
        name, (train - mean) / deviation, train_labels, (test - mean) / deviation, test_labels,
        int(train_labels.max()) + 1, shifts,
    )  # fmt: skip
