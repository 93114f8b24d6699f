"""What a checkpoint file holds: as the contract of ``inspect --json`` has it, and for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from resnet_app.checkpoints.printed import clean, printable
from resnet_app.checkpoints.read import Checkpoint, read_checkpoint
from resnet_app.checkpoints.state_dict import COUNTER
from resnet_app.errors import CheckpointError

NAMED = 20  # classes by their names; of more it is said how many there are


def count_parameters(state_dict: dict[str, Tensor]) -> int:
    """Learned numbers: everything but BatchNorm's running statistics."""
    return sum(t.numel() for key, t in state_dict.items() if not key.endswith((COUNTER, "running_mean", "running_var")))


def inspect(path: str | Path) -> dict[str, Any]:
    """The object of ``inspect --json``: what a file holds, or the sentence that says why it cannot be read."""
    try:
        return json_object(read_checkpoint(path))
    except CheckpointError as error:
        empty = dict.fromkeys(("model", "stem", "classes", "class_names", "parameters", "container"))
        nothing: dict[str, Any] = {"unwrapped": [], "stripped_prefixes": [], "dtype": None, "metadata": {}}
        return {"ok": False, "reason": str(error), **empty, **nothing}


def json_object(found: Checkpoint) -> dict[str, Any]:
    """What a file holds, as the contract has it."""
    return {
        "ok": True,
        "reason": None,
        "model": found.spec.name,
        "stem": found.stem,
        "classes": found.classes,
        "class_names": list(found.class_names) if found.class_names else None,
        "parameters": count_parameters(found.state_dict),
        "container": found.container,
        "unwrapped": [printable(key) for key in found.unwrapped],
        "stripped_prefixes": [printable(prefix) for prefix in found.stripped_prefixes],
        "dtype": found.dtype,
        "metadata": found.metadata,
    }


def as_text(found: Checkpoint) -> str:
    """What a file holds, in lines for people."""
    names = f": {', '.join(found.class_names)}" if found.class_names and found.classes <= NAMED else ""
    stem = "" if found.stem == "imagenet" else f" with the {found.stem} stem"
    classes = f"{found.classes} class{'es' if found.classes > 1 else ''}{names}"
    lines = [
        f"{found.spec.title} ({found.spec.name}){stem}, {classes}",
        f"{count_parameters(found.state_dict):,} parameters in {found.dtype}; {found.container}",
    ]
    if found.unwrapped:
        lines.append(f"the weights lie under {' > '.join(map(printable, found.unwrapped))}")
    if found.stripped_prefixes:
        lines.append(f"taken off every name: {' '.join(map(printable, found.stripped_prefixes))}")
    lines += [note.text for note in found.notes]
    if found.metadata:
        lines.append("beside the weights:")
        for key, value in found.metadata.items():
            lines.append(f"  {printable(key)}: {clean(json.dumps(value, ensure_ascii=False, default=str))}")
    return "\n".join(lines)
