"""A lesson -> what the Teach tab shows of it, pure."""

from __future__ import annotations

import re

from markupsafe import Markup

from demo.locales import text
from demo.ui.errors import sentence
from demo.ui.html import NNBSP, in_short, template
from resnet_app.inference.models import LoadedModel
from resnet_app.training.few_shot import Photo, Taught

SURE_FROM = 8  # photos a class; fewer make a figure that says little
_show = template("teach.html")


def progress(language: str, done: int, count: int) -> Markup:
    """How many photos are looked at."""
    return _show("progress", language, done=done, count=count)


def outcome(language: str, model: LoadedModel, taught: Taught) -> Markup:
    """What came of it: each photo with the answer it gets from a head that never saw it, and how to load the file."""
    seconds = f"{(taught.features_ms + taught.fit_ms) / 1000:.1f}{NNBSP}s"
    return _show(
        "outcome", language, taught=taught,
        broken=[(file, in_short(sentence(error, language))) for file, error in taught.broken],
        verdict=_verdict(language, taught),
        how=text(language, "teach_how", network=model.spec.title, time=seconds), advice=_advice(language, taught),
        groups=[_group(language, taught, label) for label in range(len(taught.class_names))],
        snippet=snippet(model, taught),
    )  # fmt: skip


def _verdict(language: str, taught: Taught) -> str:
    if not taught.judged:
        return text(language, "teach_unjudged")
    return text(language, "teach_right", right=taught.right, judged=taught.judged)


def _advice(language: str, taught: Taught) -> str:
    fewest = min(sum(photo.label == label for photo in taught.photos) for label in range(len(taught.class_names)))
    return "" if fewest >= SURE_FROM else text(language, "teach_few", count=fewest)


def _group(language: str, taught: Taught, label: int) -> tuple[int, str, list[Photo]]:
    """A class, how many of its photos were known again, and the photos."""
    photos = [photo for photo in taught.photos if photo.label == label]
    if all(photo.answer is None for photo in photos):
        return label, str(len(photos)), photos
    right = sum(photo.is_right for photo in photos)
    return label, text(language, "teach_group", right=right, count=len(photos)), photos


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
