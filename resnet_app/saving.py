"""A network and what is known of it -> a checkpoint file; each file is put in place whole."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from resnet_app import __version__
from resnet_app.outputs import writing

SAFETENSORS, PTH = "safetensors", "pth"
FORMATS = (SAFETENSORS, PTH)
FULL = "perhaps the disk is full"  # neither library says what the system told it


def format_of(path: Path) -> str:
    """The format that a file's name asks for: safetensors, unless it ends as torch's files do."""
    return PTH if path.suffix.lower() in (".pth", ".pt", ".pkl") else SAFETENSORS


def save_safetensors(path: Path, state_dict: dict[str, Tensor], facts: dict[str, Any], *, half: bool = False) -> None:
    """Numbers, and facts as JSON in the file's metadata; ``half`` halves the size."""
    tensors = {
        key: tensor.half().contiguous() if half and tensor.is_floating_point() else tensor.contiguous()
        for key, tensor in state_dict.items()
    }
    metadata = {"format": "pt"} | {key: json.dumps(value, ensure_ascii=False) for key, value in facts.items()}
    metadata["written_by"] = json.dumps(f"resnet_app {__version__}")

    def write(part: Path) -> None:
        try:
            save_file(tensors, part, metadata=metadata)
        except SafetensorError as error:
            raise OSError(FULL) from error

    whole(path, write)


def save_pth(path: Path, state_dict: dict[str, Tensor], facts: dict[str, Any], **classic: Any) -> None:
    """The tutorials' classic dict: model_state_dict, then what ``classic`` gives, classes and the other facts.

    Args:
        path: where to.
        state_dict: written as it is.
        facts: plain values.
        classic: such as ``optimizer_state_dict`` and ``epoch``.
    """
    content = {"model_state_dict": state_dict, **classic, **facts}

    def write(part: Path) -> None:
        try:
            torch.save(content, part)
        except RuntimeError as error:
            raise OSError(FULL) from error

    whole(path, write)


def save_text(path: Path, text: str) -> None:
    """Text, as UTF-8."""

    def write(part: Path) -> None:
        part.write_text(text, "utf-8")

    whole(path, write)


def whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file and move it there at the end: at its path there is never half a file.

    Raises:
        OutputError: it cannot be written there.
    """
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(part)
            part.chmod(0o644)  # safetensors writes for its owner alone
            os.replace(part, path)  # noqa: PTH105 (the same on Windows, over a file that is there)
        finally:
            part.unlink(missing_ok=True)
