"""Labelled pictures and a model of their classes -> where in each its subject is, as far as the model's map can tell.

The map of the labelled class (RefineCAM: layer3 by layer4) says where to begin; GrabCut (Rother, Kolmogorov and Blake
2004, by OpenCV) finds the edges of the colours there. Such an outline is good on most pictures and wrong on some: one
that covers next to nothing, or a large part, or runs along the picture's edge, is thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from resnet_app.errors import DataError
from resnet_app.explain.cam import REFINED, choose, heatmaps
from resnet_app.fill import Mask
from resnet_app.images import open_picture
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import classify_crop
from resnet_app.progress import Steps
from resnet_app.training.dataset import Pictures

LAYER = "layer3"  # the finest stage of the map
SHORTER = 112  # px: of the picture that is cut; an edge is no finer
SURE, LIKELY, FAR = 0.75, 0.3, 0.05  # of the map's peak: the subject, perhaps the subject, surely none of it
MIDDLE = 0.35  # of the sides: the spread of where photographers put their subjects
ROUNDS = 3  # of GrabCut
PIECE = 0.12  # of the evidence: a smaller piece is no part of the subject
MOST_ASPECT = 4  # sides
SHARES = (0.01, 0.4)  # of the picture: what a subject may cover
MOST_EDGE = 0.08  # of the picture's edge, that a subject may cover
SEED = 0
AT_ONCE = 2  # pictures: GrabCut uses one core

Outlines = Mapping[Path, Mask]


def outlines(model: LoadedModel, pictures: Pictures) -> Steps[dict[Path, Mask]]:
    """The outlines of the pictures that have a good one, (h, w) with the shorter side ``SHORTER``.

    Yields (pictures looked at, in all).

    Args:
        model: knows the pictures' classes; left as it is.
        pictures: labelled.

    Raises:
        DataError: the model has other classes.
        ResNetAppError: its weights give no numbers.
    """
    if tuple(model.class_names) != pictures.classes:
        raise DataError(
            f"The model that is to outline the pictures knows {', '.join(model.class_names[:5])}; "
            f"give one of {', '.join(pictures.classes)}."
        )
    found: dict[Path, Mask] = {}
    count = len(pictures.files)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, count, AT_ONCE):
            files = pictures.files[start : start + AT_ONCE]
            shown = [_small(file) for file in files]
            maps = [_map(model, *each) for each in zip(shown, pictures.labels[start : start + AT_ONCE], strict=True)]
            for file, mask in zip(files, pool.map(_cut, shown, maps), strict=True):
                if mask is not None and is_good(mask):
                    found[file] = mask
            yield min(start + AT_ONCE, count), count
    return found


def is_good(mask: Mask) -> bool:
    """Whether an outline may be that of a subject."""
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return bool(SHARES[0] < mask.mean() < SHARES[1] and edge.mean() <= MOST_EDGE)


def _small(file: Path) -> Image.Image | None:
    """The picture to be outlined; None of one that is too long and thin for its map to be computed whole."""
    picture = open_picture(file, shortest=2 * SHORTER)
    if max(picture.size) > MOST_ASPECT * min(picture.size):
        return None
    scale = 2 * SHORTER / min(picture.size)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC)


def _map(model: LoadedModel, picture: Image.Image | None, label: int) -> NDArray[np.float32] | None:
    """The class's map, (H, W) from 0 to 1, stronger in the middle; None where there is no evidence for the class."""
    if picture is None:
        return None
    chosen = choose(model.network, [LAYER], REFINED)
    answer = classify_crop(model, picture, top_k=1, keep=chosen.paths)
    (heatmap,) = heatmaps(model, answer, [label], layers=[LAYER], method=REFINED)
    down, across = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in heatmap.values.shape)
    middle = np.exp(-(down[:, None] ** 2 + across[None, :] ** 2) / (2 * MIDDLE**2))
    values: NDArray[np.float32] = heatmap.values * middle
    return values / values.max() if heatmap.has_evidence and values.max() > 0 else None


def _cut(picture: Image.Image | None, values: NDArray[np.float32] | None) -> Mask | None:
    """The subject by its colours, begun from a map."""
    import cv2  # comes with pytorch-grad-cam

    if picture is None or values is None:
        return None
    size = (picture.width // 2, picture.height // 2)
    pixels = np.ascontiguousarray(np.asarray(picture.resize(size, Image.Resampling.BOX))[..., ::-1])
    evidence: Any = cv2.resize(values, size, interpolation=cv2.INTER_AREA)  # OpenCV's types are wider than its values
    evidence = cv2.GaussianBlur(evidence, (0, 0), max(size) / 60)
    evidence /= evidence.max()
    sheet: Any = np.full(evidence.shape, cv2.GC_PR_BGD, np.uint8)
    sheet[evidence > LIKELY], sheet[evidence > SURE] = cv2.GC_PR_FGD, cv2.GC_FGD
    sheet[evidence < FAR] = cv2.GC_BGD
    if not (sheet == cv2.GC_BGD).any():
        return None
    cv2.setRNGSeed(SEED)  # it begins with colours drawn by lot
    nowhere: Any = None  # no rectangle
    cv2.grabCut(pixels, sheet, nowhere, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    subject: Any = ((sheet == cv2.GC_FGD) | (sheet == cv2.GC_PR_FGD)).astype(np.uint8)
    subject = cv2.morphologyEx(subject, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return _main_pieces(subject, evidence)


def _main_pieces(subject: NDArray[np.uint8], evidence: NDArray[np.float32]) -> Mask | None:
    """Its pieces with a good part of the evidence."""
    import cv2

    count, pieces = cv2.connectedComponents(subject)
    if count < 2:
        return None
    held = np.bincount(pieces.ravel(), evidence.ravel(), minlength=count)
    held[0] = 0  # the ground
    return np.asarray((held > PIECE * held.sum())[pieces])
