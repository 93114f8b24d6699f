"""A model and photographs whose classes are known -> how right it is, how sure, and what it takes for its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_app.errors import DataError, PictureError
from resnet_app.images import find_files, open_picture
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.ood import energy
from resnet_app.inference.predict import require_numbers
from resnet_app.naming import shown
from resnet_app.training.calibration import Scores, expected_calibration_error, wilson
from resnet_app.training.dataset import VALIDATION_FOLDERS, Pictures, find_pictures, require_folder
from resnet_app.training.train import score

VERY_SURE = 0.99


def evaluate(model: LoadedModel, folder: Path, *, other: Path | None = None) -> dict[str, Any]:
    """The figures for ``folder/class/picture`` (its ``val`` part where it has one).

    Args:
        model: what is judged.
        folder: a folder for each class, named as the model names its classes.
        other: folders of pictures that belong to none of the classes.

    Raises:
        DataError: the folders do not fit the model.
    """
    require_folders(folder, other)
    part = next((folder / name for name in VALIDATION_FOLDERS if (folder / name).is_dir()), folder)
    pictures = find_pictures(part)
    absent = [name for name in pictures.classes if name not in model.class_names]
    if absent:
        raise DataError(_unknown_folder(model, absent[0], pictures.classes))
    index = [model.class_names.index(name) for name in pictures.classes]
    labelled = replace(pictures, labels=tuple(index[label] for label in pictures.labels))
    scores = score(model.network, labelled, model.recipe, model.device)
    require_numbers(scores.probabilities)
    low, high = wilson(scores.right, len(scores.labels))
    return {
        "model": model.spec.name,
        "weights": model.weights_name,
        "pictures": len(scores.labels),
        "broken": [shown(path.name) for path in pictures.broken],
        "right": scores.right,
        "accuracy": scores.accuracy,
        "interval": [low, high],
        "loss": scores.loss,
        "mean_confidence": float(scores.probabilities.amax(1).mean()),
        "expected_calibration_error": expected_calibration_error(scores),
        "classes": list(model.class_names),
        "confusion": scores.confusion.tolist(),
        **({"false_alarms": _share_flagged(model, scores)} if model.ood_threshold else {}),
        **({"other": _others(model, scores, other)} if other else {}),
    }


def require_folders(folder: Path, other: Path | None) -> None:
    """Refuse folders that are not there, which can be seen without a model.

    Raises:
        DataError: one is not.
    """
    require_folder(folder)
    if other is not None:
        require_folder(other, "with pictures of other things")


def _unknown_folder(model: LoadedModel, name: str, folders: tuple[str, ...]) -> str:
    """What to do about a folder that is no class of the model."""
    if model.has_class_names:
        return f"The model has no class '{name}'; name the folders as its classes: {', '.join(model.class_names[:10])}."
    example = ",".join(folders[:10])
    notes = model.checkpoint.notes if model.checkpoint else ()
    misfit = any(note.code == "class_names" for note in notes)
    why = "The class names in the checkpoint do not fit its outputs" if misfit else "The checkpoint names no classes"
    return f"{why}; add --classes {example} with the names in the order of its outputs."


def _others(model: LoadedModel, own_kind: Scores, folder: Path) -> dict[str, Any]:
    """How well the energy tells other things from the model's own, by folder and for all of them."""
    groups = sorted(each for each in folder.iterdir() if each.is_dir()) or [folder]
    scores = {shown(group.name): _unlabelled(model, group) for group in groups}
    labels = torch.cat([each.labels for each in scores.values()])
    scores["all"] = Scores(torch.cat([each.logits for each in scores.values()]), labels)
    own = energy(own_kind.logits)
    return {
        name: {
            "pictures": len(each.labels),
            "auroc": _auroc(own, energy(each.logits)),
            "flagged": _share_flagged(model, each) if model.ood_threshold else None,
            "very_sure": float((each.probabilities.amax(1) >= VERY_SURE).double().mean()),
        }
        for name, each in scores.items()
    }


def _auroc(own_kind: Tensor, other: Tensor) -> float:
    """Probability that another thing's energy is above one of the model's own kind; 0.5 is chance, 1 is perfect."""
    from sklearn.metrics import roc_auc_score  # over a second to import

    is_other = torch.cat([torch.zeros(len(own_kind)), torch.ones(len(other))])
    return float(roc_auc_score(is_other.numpy(), torch.cat([own_kind, other]).numpy()))


def _unlabelled(model: LoadedModel, folder: Path) -> Scores:
    files = tuple(path for path in find_files([folder]) if _is_readable(path))
    if not files:
        raise DataError(f"The folder {folder.name} holds no picture that can be read; add some.")
    return score(model.network, Pictures(model.class_names, files, (0,) * len(files)), model.recipe, model.device)


def _is_readable(path: Path) -> bool:
    try:
        open_picture(path, shortest=1)
    except PictureError:
        return False
    return True


def _share_flagged(model: LoadedModel, scores: Scores) -> float:
    assert model.ood_threshold is not None
    return float((energy(scores.logits) > model.ood_threshold.threshold).double().mean())


def as_text(figures: dict[str, Any]) -> str:
    """The figures for people."""
    low, high = figures["interval"]
    wide = max(len(name) for name in (*figures["classes"], "true / answered"))
    shown = [name for name, row in zip(figures["classes"], figures["confusion"], strict=True) if sum(row)]
    lines = [
        f"{figures['model']}, {figures['weights']}",
        f"{figures['right']} of {figures['pictures']} right: {figures['accuracy']:.1%} "
        f"(Wilson's 95 % interval {low:.1%} to {high:.1%})",
        f"mean confidence {figures['mean_confidence']:.1%}, expected calibration error "
        f"{figures['expected_calibration_error']:.3f} (15 bins), cross-entropy {figures['loss']:.3f}",
    ]
    chance = 1 / len(figures["classes"])
    if high < chance:
        lines.append(
            f"That is less often than by guessing ({chance:.1%}). Perhaps the classes stand in another order than in "
            "training; --classes gives them in the order of the outputs."
        )
    if len(shown) <= 20:
        columns = [figures["classes"].index(name) for name in shown]
        lines += ["", f"{'true / answered':{wide}} " + " ".join(f"{name:>8}" for name in shown)]
        for name, column in zip(shown, columns, strict=True):
            row = figures["confusion"][column]
            lines.append(f"{name:{wide}} " + " ".join(f"{row[i]:8}" for i in columns))
    if "false_alarms" in figures:
        lines += ["", f"{figures['false_alarms']:.1%} of these pictures are called unlike the training pictures"]
    if "other" in figures:
        lines += ["", f"{'other things':16} {'pictures':>8} {'AUROC':>6} {'flagged':>8} {'99 % sure':>9}"]
        for name, group in figures["other"].items():
            flagged = "–" if group["flagged"] is None else f"{group['flagged']:.1%}"
            lines.append(
                f"{name:16} {group['pictures']:8} {group['auroc']:6.3f} {flagged:>8} {group['very_sure']:9.1%}"
            )
    return "\n".join(lines)
