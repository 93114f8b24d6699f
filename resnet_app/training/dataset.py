"""A folder of classes -> the pictures to train on and to judge by, and the augmented batches made of them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from resnet_app.checkpoints.class_names import check_class_names
from resnet_app.errors import DataError, PictureError
from resnet_app.fill import Mask
from resnet_app.images import ENOUGH, SUFFIXES, Recipe, open_picture
from resnet_app.training.backgrounds import Backgrounds

VALIDATION_FOLDERS = ("val", "valid", "validation")
SCALE = (0.25, 1.0)  # of a picture's area, that a random crop takes
MEMORY_BYTES = 2 * 2**30  # of shrunk pictures; what goes beyond is read from the disk each time


@dataclass(frozen=True)
class Pictures:
    """Readable pictures by class: ``files[i]`` belongs to class ``labels[i]``; ``broken`` were left out."""

    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    broken: tuple[Path, ...] = ()

    def part(self, indices: list[int]) -> Pictures:
        """Some of the pictures."""
        files, labels = tuple(self.files[i] for i in indices), tuple(self.labels[i] for i in indices)
        return replace(self, files=files, labels=labels, broken=())

    def without(self, indices: list[int]) -> Pictures:
        """All but some of the pictures."""
        left_out = set(indices)
        return self.part([i for i in range(len(self.files)) if i not in left_out])

    def joined(self, other: Pictures) -> Pictures:
        """These pictures, then those of another folder with the same classes."""
        return Pictures(self.classes, self.files + other.files, self.labels + other.labels, self.broken + other.broken)

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each class."""
        return {name: self.labels.count(label) for label, name in enumerate(self.classes)}

    @property
    def digest(self) -> str:
        """Tells whether two sets are the same pictures in the same order, by class and name."""
        names = "\n".join(
            f"{label}/{file.parent.name}/{file.name}" for file, label in zip(self.files, self.labels, strict=True)
        )
        return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def require_folder(folder: Path, holds: str = "that holds a folder of pictures for each class") -> None:
    """Refuse a path with no folder.

    Raises:
        DataError: there is nothing, or a file.
    """
    if folder.is_file():
        raise DataError(f"{folder} is a file; give a folder {holds}.")
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}; give one {holds}.")


def find_pictures(folder: Path, classes: tuple[str, ...] | None = None) -> Pictures:
    """The pictures in ``folder/class/``; each is opened, and the broken ones are listed.

    Raises:
        DataError: no such folder, fewer than two classes, a class without pictures, or other classes than asked for.
    """
    require_folder(folder)
    try:
        found = tuple(sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")))
    except OSError as error:
        raise DataError(
            f"The folder {folder.name} cannot be read ({error.strerror}); check who may open it."
        ) from error
    if len(found) < 2:
        raise DataError(
            f"{folder.name} holds {len(found)} class folders; at least two are needed, such as ants and bees."
        )
    if classes is not None and found != classes:
        raise DataError(f"{folder.name} has the classes {', '.join(found)}; expected {', '.join(classes)}.")
    check_class_names(found, len(found))
    files: list[Path] = []
    labels: list[int] = []
    broken: list[Path] = []
    for label, name in enumerate(found):
        for path in sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in SUFFIXES):
            try:
                open_picture(path, shortest=1)
            except PictureError:
                broken.append(path)
            else:
                files.append(path)
                labels.append(label)
        if label not in labels:
            raise DataError(f"The folder {name} holds no picture that can be read; add some.")
    return Pictures(found, tuple(files), tuple(labels), tuple(broken))


def find_splits(folder: Path, *, seed: int = 0) -> tuple[Pictures, Pictures]:
    """Training and validation pictures: ``folder/train`` and ``folder/val``, or a fifth of each class held out.

    Raises:
        DataError: the folder cannot be trained on.
    """
    validation = next((folder / name for name in VALIDATION_FOLDERS if (folder / name).is_dir()), None)
    if not (folder / "train").is_dir():
        return _hold_out(find_pictures(folder), seed)
    training = find_pictures(folder / "train")
    return (training, find_pictures(validation, training.classes)) if validation else _hold_out(training, seed)


def _hold_out(pictures: Pictures, seed: int) -> tuple[Pictures, Pictures]:
    held = folds(pictures, 5, seed=seed)[0]
    for label, name in enumerate(pictures.classes):
        of_class = [i for i, each in enumerate(pictures.labels) if each == label]
        if len(of_class) < 2:
            raise DataError(f"The class {name} has one picture; at least two are needed.")
    return replace(pictures.without(held), broken=pictures.broken), pictures.part(held)


def folds(pictures: Pictures, count: int, *, seed: int = 0) -> list[list[int]]:
    """The pictures' indices dealt out to ``count`` folds, each class evenly; the same for the same seed."""
    dealt: list[list[int]] = [[] for _ in range(count)]
    for label, name in enumerate(pictures.classes):
        of_class = [i for i, each in enumerate(pictures.labels) if each == label]
        random.Random(f"{seed} {name}").shuffle(of_class)
        for place, index in enumerate(of_class):
            dealt[place % count].append(index)
    return [sorted(fold) for fold in dealt]


class Batches:
    """Augmented batches (torchvision's v2 transforms); what step n gets depends on the seed and n alone.

    So a run that was interrupted after any step goes on exactly as if it had not been.
    """

    def __init__(
        self,
        pictures: Pictures,
        *,
        batch_size: int,
        crop: int,
        train_crop: int,
        augment: bool,
        seed: int,
        outlines: Mapping[Path, Mask] | None = None,
        exchange: float = 0.0,
    ) -> None:
        self._pictures, self._batch_size, self._seed = pictures, batch_size, seed
        known = outlines or {}
        self._backgrounds = Backgrounds(
            {i: known[file] for i, file in enumerate(pictures.files) if file in known}, self._pixels, exchange
        )
        self._shrunk: dict[int, Tensor] = {}
        self._side = round(crop * 1.3)
        self._bytes_left = MEMORY_BYTES
        self._train_crop, self._augment = train_crop, augment
        recipe = Recipe()
        change = (
            [v2.RandomHorizontalFlip(), v2.ColorJitter(0.3, 0.3, 0.3)]
            if augment
            else [v2.Resize(train_crop, antialias=True), v2.CenterCrop(train_crop)]
        )
        self._transform = v2.Compose(
            [*change, v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(recipe.mean), list(recipe.std))]
        )

    @property
    def steps(self) -> int:
        """Batches in an epoch; a last one of a single picture, which BatchNorm cannot train on, is left out."""
        whole, rest = divmod(len(self._pictures.files), self._batch_size)
        return whole + (rest > 1)

    def epoch(self, number: int, *, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches (pixels (B, 3, H, W), labels (B,)) of an epoch, from step ``start`` on."""
        order = list(range(len(self._pictures.files)))
        random.Random(f"{self._seed} {number}").shuffle(order)
        for step in range(start, self.steps):
            torch.manual_seed(_mixed(self._seed, number, step))
            part = order[step * self._batch_size : (step + 1) * self._batch_size]
            pixels = torch.stack([self._transform(self._part(i)) for i in part])
            yield pixels, torch.tensor([self._pictures.labels[i] for i in part])

    def _part(self, index: int) -> Tensor:
        """A random part of a picture, perhaps on another ground; all of it where nothing is to be changed."""
        if not self._augment:
            return self._pixels(index)
        pixels = self._backgrounds.changed(index)
        crop = self._backgrounds.crop(index, pixels, SCALE)
        side = [self._train_crop, self._train_crop]
        part: Tensor = v2.functional.resized_crop(pixels, *crop, side, antialias=True)
        return part

    def _pixels(self, index: int) -> Tensor:
        found = self._shrunk.get(index)
        if found is None:
            found = shrunk(self._pictures.files[index], self._side)
            if found.nbytes <= self._bytes_left:
                self._bytes_left -= found.nbytes
                self._shrunk[index] = found
        return found


def _mixed(*numbers: int) -> int:
    return int.from_bytes(hashlib.sha256(repr(numbers).encode()).digest()[:8], "little") >> 1


def shrunk(path: Path, side: int) -> Tensor:
    """A picture as uint8 (3, H, W), its shorter side at most ``side``, so that a whole class set stays in memory."""
    picture = open_picture(path, shortest=round(ENOUGH * side))
    scale = side / min(picture.size)
    if scale < 1:
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
    pixels: Tensor = v2.functional.pil_to_tensor(picture)
    return pixels
