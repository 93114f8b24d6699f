"""An untrusted file -> a checked state dict, its architecture and its class names.

Nothing in the file is run: safetensors holds numbers only, and torch files are read by ``torch_file``.
The network is inferred from the tensors' shapes before any of them is read, and every key and shape must fit, exactly;
so the most that a file can cost is the largest network with ``MAX_CLASSES`` outputs, and a few times its own size.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from resnet_app.checkpoints import MAX_BYTES
from resnet_app.checkpoints.class_names import CLASS_NAME_KEYS, class_names_in
from resnet_app.checkpoints.metadata import from_json, plain_metadata
from resnet_app.checkpoints.pickle_reader import DAMAGED
from resnet_app.checkpoints.printed import printable
from resnet_app.checkpoints.state_dict import (
    COUNTER,
    Note,
    expected_shapes,
    find_network,
    find_state_dict,
    infer_architecture,
    require_fit,
)
from resnet_app.checkpoints.torch_file import LEGACY_START, TorchFile
from resnet_app.errors import CheckpointError
from resnet_app.images import Recipe
from resnet_app.registry import SPECS, ModelSpec
from resnet_app.resnet import ResNet

MAX_HEADER_BYTES = 2 * 2**20  # a safetensors header for ResNet-152 has 0.1 MB
PROBE_SIDE = 64  # px of the made-up picture that new weights have to answer with numbers
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Checkpoint:
    """A file's weights, checked, and what the file says of itself.

    Attributes:
        spec: the variant that the shapes fit.
        stem: ``imagenet`` or ``cifar``.
        classes: outputs of the head.
        class_names: from the file, or None where it has none.
        recipe: the preprocessing that the file states, or None.
        state_dict: torchvision's keys -> float32 tensors, each with a storage of its own.
        container: ``safetensors``, ``torch zip`` or ``torch legacy``.
        unwrapped: wrapper keys gone through, outermost first.
        stripped_prefixes: prefixes taken off every key, outermost first.
        head: where the file has the last layer, ``fc.`` or ``fc.1.`` inside a Sequential.
        is_translated: whether the file's names are those of Hugging Face's transformers.
        is_exact: whether the file has every key of the network, step counters too, and none beside.
        dtype: the numbers' type in the file.
        metadata: plain values beside the weights (epoch, metrics, ...).
        notes: what the file holds besides and was left out, or which of several was taken.
    """

    spec: ModelSpec
    stem: str
    classes: int
    class_names: tuple[str, ...] | None
    recipe: Recipe | None
    state_dict: dict[str, Tensor]
    container: str
    unwrapped: tuple[str, ...] = ()
    stripped_prefixes: tuple[str, ...] = ()
    head: str = "fc."
    is_translated: bool = False
    is_exact: bool = True
    dtype: str = "float32"
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def network(self) -> ResNet:
        """The network with the file's own tensors, in eval mode: nothing is initialised or copied."""
        network = self.spec.skeleton(num_classes=self.classes, stem=self.stem)
        network.load_state_dict(self.state_dict, assign=True)
        return network.eval().requires_grad_(False)


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read and check a checkpoint file.

    Raises:
        CheckpointError: the file cannot be read, is no checkpoint, or of another network, or damaged.
    """
    path = Path(path)
    try:
        require_file(path, path.name)
        with path.open("rb") as file:
            start, size = file.read(32), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CheckpointError.unreadable(path.name, error) from error
    if size > MAX_BYTES:
        raise CheckpointError(
            f"This file is larger than {MAX_BYTES >> 20} MB; save the weights alone.",
            code="too_many_bytes",
            most=MAX_BYTES >> 20,
        )
    if start[:2] == b"PK" or (start[:1] == b"\x80" and LEGACY_START in start):
        with closing(TorchFile(path)) as torch_file:
            return _from_torch_file(torch_file)
    if start[8:9] == b"{":
        if not 2 <= int.from_bytes(start[:8], "little") <= min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(DAMAGED, code="damaged")
        return _from_safetensors(path)
    seems, code = _guess(start)
    raise CheckpointError(
        f"This file is not a checkpoint{seems}. Accepted: .safetensors, or .pth and .pt files written by "
        "torch.save(model.state_dict(), ...).",
        code=code,
    )


def require_file(path: Path, name: str) -> None:
    """Refuse a path with no file.

    Args:
        path: where to look.
        name: what the sentence calls it: on the command line as it was typed; the page shows no folder of the server's.

    Raises:
        CheckpointError: there is nothing, or a folder.
    """
    if path.is_dir():
        raise CheckpointError(
            f"{name} is a folder; name the checkpoint file in it.", code="checkpoint_is_folder", name=name
        )
    if not path.is_file():
        raise CheckpointError(f"There is no file {name}; check its name.", code="no_file", name=name)


_STARTS = (  # what other files begin with, what they are, and the code of the sentence that says so
    (b"\x89PNG", "it is a picture", "file_is_picture"),
    (b"\xff\xd8\xff", "it is a picture", "file_is_picture"),
    (b"%PDF", "it is a PDF", "file_is_pdf"),
    (b"GGUF", "it is a GGUF model", "file_is_gguf"),
    (b"\x08", "it looks like an ONNX model", "file_is_onnx"),
    (b"\x93NUMPY", "it is a NumPy array; save the state dict with torch.save", "file_is_numpy"),
    (b"\x1f\x8b", "it is a gzip archive; unpack it first", "file_is_gzip"),
    (b"Rar!", "it is a RAR archive; unpack it first", "file_is_rar"),
    (b"version https://git-lfs", "it is a Git LFS pointer; fetch the file itself with git lfs pull", "file_is_lfs"),
    (b"\x80", "it is a plain pickle, which is not opened", "file_is_pickle"),
)


def _is_web_page(start: bytes) -> bool:
    return start.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))


def _guess(start: bytes) -> tuple[str, str]:
    """What a file that is no checkpoint seems to be, and the code of the sentence that says so."""
    if not start:
        return "; it is empty", "file_is_empty"
    if _is_web_page(start):
        return "; it is a web page, saved in place of the download", "web_page"
    if start[4:8] == b"TFL3":
        return "; it is a TensorFlow Lite model", "file_is_tflite"
    found = ((f"; {what}", code) for sign, what, code in _STARTS if start.startswith(sign))
    return next(found, ("", "no_checkpoint"))


def _from_torch_file(file: TorchFile) -> Checkpoint:
    tensors, unwrapped = find_state_dict(file.root)
    metadata = plain_metadata(file.root, unwrapped[:1]) if unwrapped else {}
    return _checked(tensors, lambda tensor: file.read(tensor), metadata, file.container, unwrapped)


def _from_safetensors(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            shapes = {
                name: _Sliced(name, tuple(part.get_shape()), _dtype(part.get_dtype())) for name, part in tensors.items()
            }
            metadata = plain_metadata({key: from_json(value) for key, value in (file.metadata() or {}).items()})

            def read(tensor: _Sliced) -> Tensor:
                # A copy: safetensors maps the file, and who shortens it later would end the process.
                copy: Tensor = file.get_tensor(tensor.name).to(torch.float32, copy=True)
                return copy

            return _checked(shapes, read, metadata, "safetensors", ())
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(DAMAGED, code="damaged") from error


@dataclass(frozen=True)
class _Sliced:
    """A safetensors entry, not yet read."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype | str


_SAFETENSORS_DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "C64": torch.complex64,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


def _dtype(name: str) -> torch.dtype | str:
    return _SAFETENSORS_DTYPES.get(name, name.lower())


def _checked(
    tensors: dict[str, Any],
    read: Callable[[Any], Tensor],
    metadata: dict[str, Any],
    container: str,
    unwrapped: tuple[str, ...],
) -> Checkpoint:
    found = find_network(tensors)
    shapes = {key: tensor.shape for key, tensor in found.tensors.items()}
    spec, stem, classes = infer_architecture(shapes)
    expected = expected_shapes(spec.name, stem, classes)
    require_fit(spec, shapes, expected)
    _require_floats(found.tensors, expected)
    class_names = class_names_in(metadata, classes)
    checkpoint = Checkpoint(
        spec=spec,
        stem=stem,
        classes=classes,
        class_names=class_names,
        recipe=Recipe.of_metadata(metadata.get("preprocessing")),
        state_dict={
            key: torch.tensor(0) if key.endswith(COUNTER) else _sound(key, read(found.tensors[key])) for key in expected
        },
        container=container,
        unwrapped=unwrapped,
        stripped_prefixes=found.stripped,
        head=found.head,
        is_translated=found.is_translated,
        is_exact=len(found.tensors) == len(tensors) == len(expected),
        dtype=str(found.tensors["fc.weight"].dtype).removeprefix("torch."),
        metadata=metadata,
        notes=(*_notes(spec, metadata, unwrapped, class_names), *found.notes),
    )
    _require_an_answer(checkpoint)
    return checkpoint


def _require_floats(tensors: dict[str, Any], expected: dict[str, tuple[int, ...]]) -> None:
    for key in expected:
        if key in tensors and not key.endswith(COUNTER) and tensors[key].dtype not in _FLOATS:
            kind = str(tensors[key].dtype).removeprefix("torch.")
            raise CheckpointError(
                f"The numbers of {key} are {kind}; weights must be float16, "
                "bfloat16, float32 or float64. Save the model before it is quantised.",
                code="no_floats",
                tensor=key,
                kind=kind,
            )


def _sound(key: str, tensor: Tensor) -> Tensor:
    """In float32: half precision is widened here, in the open; float64 is narrowed to what the network computes in."""
    tensor = tensor.to(torch.float32)
    if not torch.isfinite(tensor).all():
        raise CheckpointError(
            f"{key} holds NaN or infinite numbers; the training run that wrote it broke down.",
            code="not_finite",
            tensor=key,
        )
    if key.endswith("running_var") and (tensor < 0).any():
        raise CheckpointError(
            f"{key} holds negative variances, which no training gives; the file is damaged.",
            code="negative_variances",
            tensor=key,
        )
    return tensor


def _require_an_answer(checkpoint: Checkpoint) -> None:
    """Finite weights may still be so large that every answer is NaN: better said now than at the first photo."""
    pixels = torch.zeros(1, 3, PROBE_SIDE, PROBE_SIDE)
    pixels[..., ::2] = 1.0
    with torch.inference_mode():
        if not torch.isfinite(checkpoint.network()(pixels)).all():
            raise CheckpointError(
                "These weights are finite, but so large that the answers are not; the training run that wrote them "
                "broke down.",
                code="too_large_numbers",
            )


def _notes(
    spec: ModelSpec, metadata: dict[str, Any], unwrapped: tuple[str, ...], class_names: tuple[str, ...] | None
) -> Iterator[Note]:
    if any("ema" in key for key in unwrapped):
        key = printable(unwrapped[-1])
        yield Note(f"The averaged weights ({key}) are used.", code="averaged", values={"where": key})
    named = metadata.get("arch") or metadata.get("model")
    if isinstance(named, str) and named in SPECS and named != spec.name:
        text = f"The file calls itself {SPECS[named].title}; its shapes are those of {spec.title}, and they count."
        yield Note(text, code="renamed", values={"said": SPECS[named].title, "found": spec.title})
    if class_names is None and any(metadata.get(key) for key in CLASS_NAME_KEYS):
        yield Note("The class names in the file do not fit its outputs and were left out.", code="class_names")
