"""What fooled a model, to be kept and taken along: each picture, and a manifest of how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from resnet_app import __version__
from resnet_app.explain.export import MADE_BY, as_json, png, versions, weights_record, zipped
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Prediction, describe_model
from resnet_app.outputs import file_stem
from resnet_app.robustness.trial import Trial, to_save

MOST = 24  # pictures; 130 kB each
TOLD = 5  # answers of each in the manifest


@dataclass(frozen=True)
class Fooled:
    """One picture that got another answer than before.

    Attributes:
        file: the photo that it was.
        change: what was done: ``kind`` (paint, cover, slide, attack) and its settings.
        model: what answered, as the manifest has it.
        before, after: the best answers, best first.
        logit_change: of the first answer.
        png: the changed picture, with its margin (``trial.to_save``).
        resize, crop: the sides, in pixels, of that picture and of the square in its middle that the model saw.
    """

    file: str
    change: dict[str, Any]
    model: dict[str, Any]
    before: tuple[Prediction, ...]
    after: tuple[Prediction, ...]
    logit_change: float
    png: bytes = field(repr=False)
    resize: int
    crop: int


def kept(model: LoadedModel, trial: Trial, change: dict[str, Any]) -> Fooled:
    """What a gallery keeps of a trial: no tensor."""
    recipe = model.recipe
    return Fooled(
        trial.before.file, change, {**describe_model(model), "weights_of": weights_record(model)},
        trial.before.predictions[:TOLD], trial.after.predictions[:TOLD], trial.logit_change,
        png(to_save(trial.after.crop, recipe)), recipe.resize, recipe.crop,
    )  # fmt: skip


def bundle(pictures: Sequence[Fooled]) -> bytes:
    """One zip: the pictures as PNG, which ``predict`` answers as they were answered, and ``manifest.json``."""
    files: dict[str, bytes] = {}
    listed = []
    for number, each in enumerate(pictures, start=1):
        stem = each.file.rpartition(".")[0] or each.file
        name = f"{file_stem(f'{number:02}', stem, each.change['kind'], each.after[0].label)}.png"
        files[name] = each.png
        told = asdict(each)
        del told["png"]
        listed.append({"picture": name, **told})
    manifest = {"made_by": f"{MADE_BY}{__version__}", "versions": versions(), "pictures": listed}
    return zipped({**files, "manifest.json": as_json(manifest).encode()})
