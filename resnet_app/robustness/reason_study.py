"""Many outlined photographs -> how each variant of them is answered: is it the bee, or the flower?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from resnet_app.images import read_crop
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import classify_crop
from resnet_app.progress import Steps
from resnet_app.robustness import reason
from resnet_app.robustness.reason import Outlined, Polygons
from resnet_app.robustness.reason_record import ROWS, SWAPS, Reasons, Row, Tally
from resnet_app.training.calibration import wilson

PARTNERS = 4  # other photographs that each insect is pasted into, of each class
SEED = 0  # of their draw

Answers = dict[tuple[str, str], list[tuple[bool, float]]]  # (variant, truth) -> right or not, the truth's probability


def read(model: LoadedModel, folder: Path, outlines: Mapping[str, Polygons]) -> list[Outlined]:
    """The photographs that are outlined (``class/file``), as the model sees them, in the order of their names.

    Raises:
        PictureError: one is not there, or is no picture.
        ResNetAppError: an outline is none.
    """
    side = model.recipe.crop
    return [
        Outlined(
            name, name.partition("/")[0], read_crop(folder / name, model.recipe), reason.outlined(outlines[name], side)
        )
        for name in sorted(outlines)
    ]  # fmt: skip


def partners(photos: Sequence[Outlined], at: int) -> dict[str, list[int]]:
    """Which others a photograph's insect is pasted into: ``PARTNERS`` of its own class, as many of the other ones."""
    draw = np.random.default_rng((SEED, at))
    groups = {
        "swapped_same": [i for i, each in enumerate(photos) if each.truth == photos[at].truth and i != at],
        "swapped_other": [i for i, each in enumerate(photos) if each.truth != photos[at].truth],
    }
    return {name: draw.permutation(group)[:PARTNERS].tolist() for name, group in groups.items()}


def pictures(photos: Sequence[Outlined], emptied: Sequence[Image.Image], at: int) -> Iterator[tuple[str, Image.Image]]:
    """A photograph's variants by their row: itself, what is done to it, and its insect in others.

    Args:
        photos: all of them.
        emptied: all of them, without their insects.
        at: which one.
    """
    photo = photos[at]
    yield "photo", photo.crop
    yield "no_object", emptied[at]
    yield "no_box", reason.no_box(photo)
    yield "only_object", reason.only_object(photo)
    for name, others in partners(photos, at).items():
        for other in others:
            yield name, reason.swapped(photo, emptied[other])
    yield "shuffled", reason.shuffled(photo)


def measured(model: LoadedModel, photos: Sequence[Outlined], *, checksum: str) -> Steps[Reasons]:
    """Answer all variants of all photographs; yields (photographs done, in all).

    Args:
        model: what answers; its classes are the photographs' truths.
        photos: outlined.
        checksum: the SHA-256 of the model's file.

    Raises:
        ResNetAppError: the weights give no numbers.
    """
    emptied = [reason.no_object(each) for each in photos]
    found: Answers = {}
    for at, photo in enumerate(photos):
        yield at, len(photos)
        for name, picture in pictures(photos, emptied, at):
            found.setdefault((name, photo.truth), []).append(_answered(model, picture, photo.truth))
    rows = tuple(_row(name, found) for name in ROWS)
    return Reasons(checksum[:12], date.today().isoformat(), len(photos), PARTNERS, rows)


def _answered(model: LoadedModel, picture: Image.Image, truth: str) -> tuple[bool, float]:
    answer = classify_crop(model, picture, top_k=1)
    probability = float(answer.logits.softmax(0)[model.class_names.index(truth)])
    return answer.predictions[0].label == truth, probability


def _row(name: str, found: Answers) -> Row:
    classes = {truth: _tally(each) for (variant, truth), each in sorted(found.items()) if variant == name}
    row = Row(name, classes)
    if name in SWAPS:
        return row
    return Row(name, classes, wilson(row.total.right, row.total.of))


def _tally(answers: Sequence[tuple[bool, float]]) -> Tally:
    return Tally(sum(right for right, _ in answers), len(answers), float(np.mean([share for _, share in answers])))
