"""A lesson -> what the Teach tab shows of it, pure: every text from a file or a user is escaped."""

from __future__ import annotations

import re
from html import escape

from demo.locales import text
from demo.ui.html import NNBSP, data_uri, percent
from resnet_app.inference.models import LoadedModel
from resnet_app.training.few_shot import Photo, Taught

SURE_FROM = 8  # photos a class; fewer make a figure that says little


def progress(language: str, done: int, count: int) -> str:
    """How many photos are looked at."""
    words = escape(text(language, "teach_progress", done=done, total=count))
    return (
        f'<div class="lesson"><p class="downloads" role="status"><progress max="{count}" value="{done}" '
        f'aria-label="{words}"></progress> {words}</p></div>'
    )


def outcome(language: str, model: LoadedModel, taught: Taught) -> str:
    """What came of it: each photo with the answer it gets from a head that never saw it, and how to load the file."""
    names = taught.class_names
    groups = "".join(_group(language, taught, label) for label in range(len(names)))
    broken = "".join(
        f"<li><b>{escape(file)}</b> {escape(sentence.partition('. ')[0])}</li>" for file, sentence in taught.broken
    )
    left_out = (
        f'<div class="left-out"><h3>{escape(text(language, "teach_broken"))}</h3><ul>{broken}</ul></div>'
        if broken
        else ""
    )
    seconds = f"{(taught.features_ms + taught.fit_ms) / 1000:.1f}{NNBSP}s"
    return (
        f'<div class="lesson"><p class="sums" role="status"><strong>{escape(" · ".join(names))}</strong> '
        f"{escape(_verdict(language, taught))}</p>"
        f'<p class="convention">{escape(text(language, "teach_how", network=model.spec.title, time=seconds))}</p>'
        f"{_advice(language, taught)}{groups}{left_out}"
        f'<details class="snippet"><summary>{escape(text(language, "teach_snippet"))}</summary>'
        f'<pre tabindex="0"><code>{escape(snippet(model, taught))}</code></pre></details></div>'
    )


def _verdict(language: str, taught: Taught) -> str:
    if not taught.judged:
        return text(language, "teach_unjudged")
    return text(language, "teach_right", right=taught.right, judged=taught.judged)


def _advice(language: str, taught: Taught) -> str:
    fewest = min(sum(photo.label == label for photo in taught.photos) for label in range(len(taught.class_names)))
    if fewest >= SURE_FROM:
        return ""
    return f'<p class="note">{escape(text(language, "teach_few", count=fewest))}</p>'


def _group(language: str, taught: Taught, label: int) -> str:
    photos = [photo for photo in taught.photos if photo.label == label]
    right = sum(photo.is_right for photo in photos)
    judged = any(photo.answer is not None for photo in photos)
    count = text(language, "teach_group", right=right, count=len(photos)) if judged else str(len(photos))
    tiles = "".join(_tile(language, taught, photo) for photo in photos)
    return (
        f"<section><h3>{escape(taught.class_names[label])} <small>{escape(count)}</small></h3>"
        f'<div class="lesson-photos">{tiles}</div></section>'
    )


def _tile(language: str, taught: Taught, photo: Photo) -> str:
    picture = f'<img src="{data_uri(photo.thumbnail)}" alt="{escape(photo.file)}">'
    if photo.answer is None:
        return f"<figure>{picture}<figcaption>{escape(text(language, 'teach_only'))}</figcaption></figure>"
    answer = escape(taught.class_names[photo.answer])
    if photo.is_right:
        return f"<figure>{picture}<figcaption>✓ {percent(photo.probability)}</figcaption></figure>"
    return f'<figure class="wrong">{picture}<figcaption>✗ <b>{answer}</b> {percent(photo.probability)}</figcaption></figure>'


def file_name(class_names: tuple[str, ...]) -> str:
    """A file name for a taught model: its classes, as far as file systems take them."""
    parts = [re.sub(r"[^\w]+", "_", name).strip("_")[:20] for name in class_names]
    return "-".join(part for part in parts if part)[:80].lower() + ".pth" if any(parts) else "taught.pth"


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
