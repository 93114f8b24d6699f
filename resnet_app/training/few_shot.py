"""A few photos a class -> a new head on a network's frozen features, and what each photo gets without its own help.

The head is a ridge regression of the classes on layer4's pooled features, each class weighing the same. For it the
leave-one-out answers need no second fit: with the hat matrix H, the residual of photo i left out is r_i / (1 - H_ii)
(Allen 1974; Hastie, Tibshirani and Friedman 2009, Eq. 7.64). They choose the temperature that turns scores into
probabilities, with Platt's smoothed targets (1999), so that a class taught with few photos is never answered with
certainty. The penalty is fixed: chosen by the leave-one-out answers it came out too weak for photos that the network
itself was trained on, whose features are better than those of any new photo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from resnet_app.checkpoints.class_names import check_class_names
from resnet_app.checkpoints.write import save_pth
from resnet_app.device import clock
from resnet_app.errors import DataError, PictureError, ResNetAppError
from resnet_app.images import read_crop, to_tensor
from resnet_app.inference.models import Head, LoadedModel, ModelChoice
from resnet_app.training.calibration import Scores, fit_temperature
from resnet_app.training.none_of_these import Strangers, judged, neighbourhood

MIN_CLASSES, MAX_CLASSES = 2, 6
MAX_PHOTOS = 600
PENALTY = 1.0  # in units of the features' mean squared distance from their centre
FEW_TEMPERATURE = 0.5  # where no photo can be left out to choose it by
MAX_SHARPNESS = 100.0  # of 1 / temperature; the scores lie about 0 and 1
THUMBNAIL = 112  # px
MAPPED = 12  # photos of each class whose maps are kept: 25,000 numbers each and more


@dataclass(frozen=True)
class Box:
    """One class: its name, and the files that are to be photos of it."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Photo:
    """One photo and what it gets from a head that was fitted without it.

    Attributes:
        file: its name.
        label: the class it was put in.
        thumbnail: the square that the model saw, small.
        answer: the class it gets left out; None where it is its class's only photo: nothing is left to know it by.
        probability: of that answer; 0 where there is none.
        map: (h, w) float32, what each place adds to its own class's score in the new head, before the bias; None beyond
            the first ``MAPPED`` of a class.
    """

    file: str
    label: int
    thumbnail: Image.Image = field(repr=False)
    answer: int | None = None
    probability: float = 0.0
    map: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def is_right(self) -> bool:
        """Whether the answer is the class it was put in."""
        return self.answer == self.label


@dataclass(frozen=True)
class Taught:
    """The outcome of a lesson.

    Attributes:
        choice: the model with its new head, as every tab can use it.
        photos: in the order of the boxes.
        broken: (file, what was wrong with it).
        strangers: how often "none of these" would be wrong; None where the photos are too few for that answer.
        features_ms: reading the photos and the network's forward passes.
        fit_ms: the head.
    """

    choice: ModelChoice
    photos: tuple[Photo, ...]
    broken: tuple[tuple[str, ResNetAppError], ...]
    strangers: Strangers | None
    features_ms: float
    fit_ms: float

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        assert self.choice.head is not None
        return self.choice.head.class_names

    @property
    def judged(self) -> int:
        """Photos that have a leave-one-out answer."""
        return sum(photo.answer is not None for photo in self.photos)

    @property
    def right(self) -> int:
        """Those of them that are answered rightly."""
        return sum(photo.is_right for photo in self.photos)

    @property
    def confusion(self) -> list[list[int]]:
        """Of the photos that have a leave-one-out answer: how many of each class (row) got which one (column)."""
        table = [[0] * len(self.class_names) for _ in self.class_names]
        for photo in self.photos:
            if photo.answer is not None:
                table[photo.label][photo.answer] += 1
        return table


def named_boxes(names: Sequence[str], files: Sequence[Sequence[str | Path]], unnamed: str) -> list[Box]:
    """The boxes in use: those with a name or a photo; one without a name is called ``unnamed`` and its number.

    Raises:
        DataError: fewer than two are in use, one in use has no photos, or there are too many photos.
        ClassNamesError: two have the same name, or a name will not do.
    """
    boxes = [
        Box((name or "").strip() or f"{unnamed} {number}", tuple(map(Path, photos or ())))
        for number, (name, photos) in enumerate(zip(names, files, strict=True), start=1)
        if (name or "").strip() or photos
    ]
    if len(boxes) < MIN_CLASSES:
        raise DataError(
            "There is nothing to tell apart yet. Give at least two classes, each with a name and a few photos.",
            code="teach_one_class",
        )
    check_class_names(tuple(box.name for box in boxes), len(boxes))
    for box in boxes:
        if not box.files:
            raise DataError(
                f"The class {box.name} has no photo. Add some, or empty its name.", code="teach_empty", name=box.name
            )
    count = sum(len(box.files) for box in boxes)
    if count > MAX_PHOTOS:
        raise DataError(
            f"These are {count} photos; at most {MAX_PHOTOS} are taken. Take fewer, or use python -m resnet_app train.",
            code="teach_too_many", count=count, most=MAX_PHOTOS,
        )  # fmt: skip
    return boxes


class Lesson:
    """Photos in named boxes -> a head for a model that is left as it is."""

    def __init__(self, model: LoadedModel, boxes: Sequence[Box]) -> None:
        self.model, self.boxes = model, boxes
        self.count = sum(len(box.files) for box in boxes)
        self._photos: list[Photo] = []
        self._features: list[Tensor] = []
        self._maps: dict[int, Tensor] = {}  # of photo number i: layer4's, (C, h, w), in half precision
        self._broken: list[tuple[str, ResNetAppError]] = []
        self._ms = 0.0

    def look(self) -> Iterator[int]:
        """Compute the photos' features one by one; gives how many are done."""
        done = 0
        for label, box in enumerate(self.boxes):
            for file in box.files:
                started = clock(self.model.device)
                self._look_at(file, label)
                self._ms += clock(self.model.device) - started
                done += 1
                yield done

    def _look_at(self, file: Path, label: int) -> None:
        recipe = self.model.recipe
        try:
            crop = read_crop(file, recipe)
        except PictureError as error:
            self._broken.append((file.name, error.alone()))
            return
        with torch.inference_mode():
            maps = self.model.backbone(to_tensor(crop, recipe).to(self.model.device.torch))
            self._features.append(maps.mean((2, 3))[0].cpu().double())
        if sum(photo.label == label for photo in self._photos) < MAPPED:
            self._maps[len(self._photos)] = maps[0].cpu().half()
        self._photos.append(Photo(file.name, label, crop.resize((THUMBNAIL, THUMBNAIL))))

    def fit(self) -> Taught:
        """Fit the head, once all photos are looked at.

        Raises:
            DataError: a class has no photo that can be read.
        """
        started = clock(self.model.device)
        labels = torch.tensor([photo.label for photo in self._photos], dtype=torch.long)
        for label, box in enumerate(self.boxes):
            if label not in labels:
                raise DataError(
                    f"No photo of the class {box.name} can be read. Add others, saved as JPEG.",
                    code="teach_unreadable", name=box.name,
                )  # fmt: skip
        features = torch.stack(self._features)
        fitted = fit_head(features, labels, classes=len(self.boxes))
        names = tuple(box.name for box in self.boxes)
        probabilities, answers = fitted.left_out.softmax(1).max(1)
        weight = fitted.weight.float()
        mapped = [replace(photo, map=self._map(i, weight[photo.label])) for i, photo in enumerate(self._photos)]
        photos = tuple(
            replace(photo, answer=int(answers[i]), probability=float(probabilities[i])) if fitted.judged[i] else photo
            for i, photo in enumerate(mapped)
        )
        near = neighbourhood(features)
        strangers = judged(features, labels) if near else None
        head = Head(names, weight, fitted.bias.float(), near if strangers and strangers.is_of_use else None)
        choice = replace(self.model.choice, class_names=None, head=head)
        return Taught(choice, photos, tuple(self._broken), strangers, self._ms, clock(self.model.device) - started)

    def _map(self, photo: int, weight: Tensor) -> NDArray[np.float32] | None:
        """A photo's class activation map in the new head: the mean over its places is the score, less the bias."""
        maps = self._maps.get(photo)
        if maps is None:
            return None
        found: NDArray[np.float32] = (torch.einsum("c,chw->hw", weight, maps.float()) / maps[0].numel()).numpy()
        return found


@dataclass(frozen=True)
class FittedHead:
    """A linear head, and what each photo gets without its own help.

    Attributes:
        weight: (K, C).
        bias: (K,).
        left_out: logits (N, K) of the head that was fitted to the other N - 1 photos.
        judged: (N,), whether the photo's class had another one.
    """

    weight: Tensor
    bias: Tensor
    left_out: Tensor
    judged: Tensor


def fit_head(features: Tensor, labels: Tensor, *, classes: int) -> FittedHead:
    """Ridge regression of the classes on the features, with its leave-one-out answers.

    They are those of real refits, penalty and class weights being kept as they are for all photos.

    Args:
        features: (N, C), float64.
        labels: (N,); each class occurs.
        classes: K.
    """
    counts = torch.bincount(labels, minlength=classes)
    judged = counts[labels] > 1
    balance = len(labels) / (classes * counts[labels].double())  # (N,): each class weighs the same
    root = balance.sqrt()[:, None]
    centre = (balance[:, None] * features).mean(0)
    rows = root * (features - centre)  # (N, C)
    targets = torch.nn.functional.one_hot(labels, classes).double() - 1 / classes  # (N, K), weighted mean 0
    values, vectors = torch.linalg.eigh(rows @ rows.T)  # (N, N): the photos are few, the features many
    values = values.clamp(min=0)
    penalty = PENALTY * max(float(values.mean()), 1e-12)
    inverse = vectors * (1 / (values + penalty)) @ vectors.T
    weight = (inverse @ (root * targets)).T @ rows  # (K, C)
    bias = 1 / classes - weight @ centre

    shrunk = vectors * (values / (values + penalty)) @ vectors.T
    hat = shrunk + root @ root.T / len(labels)  # with the intercept's part
    residual = targets - (shrunk @ (root * targets)) / root
    left_out = targets - residual / (1 - hat.diagonal()[:, None]).clamp(min=1e-9)
    temperature = FEW_TEMPERATURE
    if judged.any():
        smoothing = 1 / (counts[labels[judged]].double() + 2)
        scores = Scores(left_out, labels).part(judged)
        temperature = fit_temperature(scores, smoothing=smoothing, sharpest=MAX_SHARPNESS, fewest=1)
    return FittedHead(weight / temperature, bias / temperature, left_out / temperature, judged)


def save(path: Path, model: LoadedModel) -> None:
    """Write a model as the classic dict, which this app and plain PyTorch load alike.

    Raises:
        OutputError: it cannot be written there.
    """
    state_dict = {key: tensor.cpu() for key, tensor in model.network.state_dict().items()}
    facts = {
        "model": model.spec.name,
        "classes": list(model.class_names),
        "preprocessing": model.recipe.as_dict(),
        "made_by": "a head fitted in the Teach tab to frozen features",
    }
    save_pth(path, state_dict, facts)
