"""A network and what is known of it -> a checkpoint file; each file is put in place whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from resnet_app import __version__
from resnet_app.outputs import put_in_place

SAFETENSORS, PTH = "safetensors", "pth"
FORMATS = (SAFETENSORS, PTH)
TORCHS = frozenset((".pth", ".pt", ".pkl", ".ckpt", ".bin", ".tar", ".th"))  # how its files' names end
FULL = "perhaps the disk is full"  # neither library says what the system told it


def format_of(path: Path) -> str:
    """The format that a file's name asks for: safetensors, unless it ends as torch's files do."""
    return PTH if path.suffix.lower() in TORCHS else SAFETENSORS


def save_safetensors(path: Path, state_dict: dict[str, Tensor], facts: dict[str, Any], *, half: bool = False) -> None:
    """Numbers, and facts as JSON in the file's metadata; ``half`` stores float16, in half the size."""
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

    put_in_place(path, write)


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

    put_in_place(path, write)
