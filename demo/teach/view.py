"""A lesson -> what the Teach tab shows of it, pure."""

from __future__ import annotations

import re

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from demo.locales import text
from demo.ui.errors import sentence
from demo.ui.html import NNBSP, NOTHING, data_uri, in_short, table, template
from resnet_app.explain.heatmap import enlarged
from resnet_app.explain.overlay import coloured
from resnet_app.inference.models import LoadedModel
from resnet_app.training.few_shot import THUMBNAIL, Photo, Taught

SURE_FROM = 8  # photos a class; fewer make a figure that says little
_show = template("teach.html")


def progress(language: str, done: int, count: int) -> Markup:
    """How many photos are looked at."""
    return _show("progress", language, done=done, count=count)


def outcome(language: str, model: LoadedModel, taught: Taught) -> Markup:
    """What came of it: each photo with the answer it gets from a head that never saw it, and how to load the file."""
    looks = _looks(taught)
    seconds = f"{(taught.features_ms + taught.fit_ms) / 1000:.1f}{NNBSP}s"
    return _show(
        "outcome", language, taught=taught,
        broken=[(file, in_short(sentence(error, language))) for file, error in taught.broken],
        verdict=_verdict(language, taught),
        how=text(language, "teach_how", network=model.spec.title, time=seconds), advice=_advice(language, taught),
        groups=[_group(language, taught, label, looks) for label in range(len(taught.class_names))],
        confusion=_confusion(language, taught), strangers=_strangers(language, taught), has_looks=any(looks),
        snippet=snippet(model, taught),
    )  # fmt: skip


def _verdict(language: str, taught: Taught) -> str:
    if not taught.judged:
        return text(language, "teach_unjudged")
    return text(language, "teach_right", right=taught.right, judged=taught.judged)


def _advice(language: str, taught: Taught) -> str:
    fewest = min(sum(photo.label == label for photo in taught.photos) for label in range(len(taught.class_names)))
    return "" if fewest >= SURE_FROM else text(language, "teach_few", count=fewest)


def _group(language: str, taught: Taught, label: int, looks: list[str]) -> tuple[int, str, list[tuple[Photo, str]]]:
    """A class, how many of its photos were known again, and the photos with what the head looks at."""
    tiles = [pair for pair in zip(taught.photos, looks, strict=True) if pair[0].label == label]
    if all(photo.answer is None for photo, _ in tiles):
        return label, str(len(tiles)), tiles
    right = sum(photo.is_right for photo, _ in tiles)
    return label, text(language, "teach_group", right=right, count=len(tiles)), tiles


def _confusion(language: str, taught: Taught) -> Markup:
    """Which class's photos were taken for which, of those that were judged."""
    if not taught.judged:
        return NOTHING
    heads = [text(language, "teach_confusion_true"), *taught.class_names]
    rows = [
        [name, *(str(count) for count in counts)]
        for name, counts in zip(taught.class_names, taught.confusion, strict=True)
    ]
    return table(heads, rows, kind="confusion")


def _strangers(language: str, taught: Taught) -> list[str]:
    """Whether "none of these" is among the answers, and how often it is wrong."""
    found = taught.strangers
    if found is None or not found.among:
        return [text(language, "strangers_few")]
    classes = [
        text(language, "strangers_class", name=name, refused=each[0], of=each[1])
        for name, each in zip(taught.class_names, found.classes, strict=True)
        if each
    ]
    key = "strangers_given" if found.is_of_use else "strangers_not_given"
    own = text(language, "strangers_own", refused=found.own, of=found.of)
    return [text(language, key), own, *classes]


def _looks(taught: Taught) -> list[str]:
    """For each photo what the new head looks at, to lie over its thumbnail, all on one scale; empty where unknown."""
    maps = [None if photo.map is None else photo.map.clip(0) for photo in taught.photos]
    peak = max((float(each.max()) for each in maps if each is not None), default=0.0)
    return ["" if each is None or peak <= 0 else _layer(each, peak) for each in maps]


def _layer(values: NDArray[np.float32], peak: float) -> str:
    large = enlarged(values, (THUMBNAIL, THUMBNAIL))
    return data_uri(coloured(np.clip(large / peak, 0, 1)), "WEBP")


def file_name(class_names: tuple[str, ...]) -> str:
    """A file name for a taught model: its classes, as far as file systems take them: 255 bytes at most."""
    parts = [re.sub(r"[^\w]+", "_", name).strip("_")[:20] for name in class_names]
    stem = "-".join(part for part in parts if part)[:80].lower().encode()[:240].decode(errors="ignore")
    return f"{stem or 'taught'}.pth"


def snippet(model: LoadedModel, taught: Taught) -> str:
    """How plain PyTorch loads the file."""
    lines = [
        "import torch, torchvision",
        f'checkpoint = torch.load("{file_name(taught.class_names)}")',
        f"network = torchvision.models.{model.spec.name}(num_classes={len(taught.class_names)}).eval()",
        'network.load_state_dict(checkpoint["model_state_dict"])',
    ]
    if model.stem == "cifar":
        stem = "network.conv1, network.maxpool = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False), torch.nn.Identity()"
        lines.insert(3, stem)
    return "\n".join(lines)
