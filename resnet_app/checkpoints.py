"""An untrusted file -> a checked state dict, its architecture and its class names.

Nothing in the file is run: safetensors holds numbers only, and torch files are read by ``resnet_app.torchfile``.
The network is inferred from the tensors' shapes before any of them is read, and every key and shape must fit, exactly;
so the most that a file can cost is the largest network with ``MAX_CLASSES`` outputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from resnet_app.classnames import class_names_in
from resnet_app.errors import CheckpointError
from resnet_app.images import Recipe
from resnet_app.picklewalk import DAMAGED, StoredTensor
from resnet_app.registry import SPECS, ModelSpec
from resnet_app.torchfile import LEGACY_START, TorchFile

WRAPPERS = ("model_state_dict", "state_dict", "model_state", "model", "net", "ema")
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "net.", "encoder.")
MAX_FILE_BYTES = 2 * 2**30
MAX_HEADER_BYTES = 2 * 2**20  # a safetensors header for ResNet-152 has 0.1 MB
MAX_CLASSES = 25_000  # ImageNet-21k has 21,843; a file of a few bytes may claim any number
MAX_METADATA = 300_000  # plain values looked at, however the file nests or repeats them
READS = "This app reads ResNet-18 to 152, ResNeXt and Wide ResNet"
COUNTER = "num_batches_tracked"  # BatchNorm's step counter; files older than 2018 have none, and inference needs none
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
        dtype: the numbers' type in the file.
        metadata: plain values beside the weights (epoch, metrics, ...).
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
    dtype: str = "float32"
    metadata: dict[str, Any] = field(default_factory=dict)


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read and check a checkpoint file.

    Raises:
        CheckpointError: the file is no checkpoint, or of another network, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"There is no file {path.name}; check its name.")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise CheckpointError(f"This file is larger than {MAX_FILE_BYTES >> 30} GB; save the weights alone.")
    with path.open("rb") as file:
        start = file.read(32)
    if start[:2] == b"PK" or (start[:1] == b"\x80" and LEGACY_START in start):
        with closing(TorchFile(path)) as torch_file:
            return _from_torch_file(torch_file)
    if start[8:9] == b"{":
        if not 2 <= int.from_bytes(start[:8], "little") <= min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(DAMAGED)
        return _from_safetensors(path)
    raise CheckpointError(
        f"This file is not a checkpoint{_guess(start)}. Accepted: .safetensors, or .pth and .pt files written by "
        "torch.save(model.state_dict(), ...)."
    )


def _guess(start: bytes) -> str:
    text = start.lstrip().lower()
    if not start:
        return "; it is empty"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "; it is a web page, saved in place of the download"
    return "; it is a plain pickle" if start[:1] == b"\x80" else ""


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
            metadata = plain_metadata({key: _from_json(value) for key, value in (file.metadata() or {}).items()})

            def read(tensor: _Sliced) -> Tensor:
                # A copy: safetensors maps the file, and who shortens it later would end the process.
                copy: Tensor = file.get_tensor(tensor.name).to(torch.float32, copy=True)
                return copy

            return _checked(shapes, read, metadata, "safetensors", ())
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(DAMAGED) from error


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


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)  # NaN and Infinity are not JSON
    except (ValueError, RecursionError):
        return text


def find_state_dict(root: Any) -> tuple[dict[str, StoredTensor], tuple[str, ...]]:
    """The dict of tensors in what a file holds, and the wrapper keys that led there.

    Raises:
        CheckpointError: there is none.
    """
    unwrapped: list[str] = []
    for _ in range(8):
        if not isinstance(root, dict):
            break
        tensors = {
            key: value for key, value in root.items() if isinstance(key, str) and isinstance(value, StoredTensor)
        }
        wrapper = next((key for key in WRAPPERS if isinstance(root.get(key), dict)), None)
        if len(tensors) > 2 or wrapper is None:
            if not tensors:
                break
            return tensors, tuple(unwrapped)
        unwrapped.append(wrapper)
        root = root[wrapper]
    raise CheckpointError(
        "This file holds no weights by name; a whole pickled model cannot be read without running it. Save "
        "torch.save(model.state_dict(), 'weights.pth') and upload that."
    )


def plain_metadata(root: dict[Any, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The short plain values beside the weights (epoch, class names, metrics), as JSON can hold them."""
    left = [MAX_METADATA]
    return {
        key: value
        for key, value in root.items()
        if isinstance(key, str) and key not in without and "optim" not in key and _is_plain(value, left, depth=5)
    }


def _is_plain(value: Any, left: list[int], *, depth: int) -> bool:
    left[0] -= 1
    if left[0] < 0:
        return False
    if isinstance(value, int):
        return value.bit_length() <= 64
    if isinstance(value, float):
        return isfinite(value)
    if value is None or isinstance(value, str):
        return value is None or len(value) <= 10_000
    if depth == 0 or not isinstance(value, dict | list | tuple):
        return False
    parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
    return all(_is_plain(part, left, depth=depth - 1) for part in parts)


def _checked(
    tensors: dict[str, Any],
    read: Callable[[Any], Tensor],
    metadata: dict[str, Any],
    container: str,
    unwrapped: tuple[str, ...],
) -> Checkpoint:
    tensors, stripped = strip_prefixes(tensors)
    shapes = {key: tensor.shape for key, tensor in tensors.items()}
    spec, stem, classes = infer_architecture(shapes)
    expected = _expected_shapes(spec.name, stem, classes)
    _require_fit(spec, shapes, expected)
    for key in expected:
        if key in tensors and not key.endswith(COUNTER) and tensors[key].dtype not in _FLOATS:
            raise CheckpointError(
                f"The numbers of {key} are {str(tensors[key].dtype).removeprefix('torch.')}; weights must be float16, "
                "bfloat16, float32 or float64. Save the model before it is quantised."
            )
    state_dict = {}
    for key in expected:
        if key.endswith(COUNTER):
            state_dict[key] = torch.tensor(0)
            continue
        # Half precision is widened here, in the open; float64 is narrowed to what the network computes in.
        tensor = read(tensors[key]).to(torch.float32)
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{key} holds NaN or infinite numbers; the training run that wrote it broke down.")
        if key.endswith("running_var") and (tensor < 0).any():
            raise CheckpointError(f"{key} holds negative variances, which no training gives; the file is damaged.")
        state_dict[key] = tensor
    return Checkpoint(
        spec=spec,
        stem=stem,
        classes=classes,
        class_names=class_names_in(metadata, classes),
        recipe=Recipe.of_metadata(metadata.get("preprocessing")),
        state_dict=state_dict,
        container=container,
        unwrapped=unwrapped,
        stripped_prefixes=stripped,
        dtype=str(tensors["fc.weight"].dtype).removeprefix("torch."),
        metadata=metadata,
    )


def strip_prefixes(tensors: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take off what wrappers such as DataParallel put before every key."""
    stripped: list[str] = []
    while prefix := next((p for p in PREFIXES if tensors and all(key.startswith(p) for key in tensors)), None):
        tensors = {key.removeprefix(prefix): tensor for key, tensor in tensors.items()}
        stripped.append(prefix)
    return tensors, tuple(stripped)


def infer_architecture(shapes: dict[str, tuple[int, ...]]) -> tuple[ModelSpec, str, int]:
    """The variant, the stem and the class count that a state dict's shapes say.

    Raises:
        CheckpointError: they are of no variant in the registry.
    """
    depths = tuple(_block_count(shapes, stage) for stage in range(1, 5))
    conv = shapes.get("layer1.0.conv2.weight", ())
    head, stem = shapes.get("fc.weight", ()), shapes.get("conv1.weight", ())
    if 0 in depths or len(conv) != 4:
        raise CheckpointError(f"These are not the weights of a ResNet (no layer1 to layer4). {READS}.")
    if len(head) != 2 or not 1 <= head[0] <= MAX_CLASSES:
        raise CheckpointError(
            "These weights have no classifier (fc.weight is missing or misshapen). Save the whole model."
        )
    block = "Bottleneck" if "layer1.0.conv3.weight" in shapes else "BasicBlock"
    for spec in SPECS.values():
        width = 64 * spec.width_per_group // 64 * spec.groups
        if (spec.block, spec.depths, (width, width // spec.groups)) == (block, depths, conv[:2]):
            return spec, "cifar" if stem[2:] == (3, 3) else "imagenet", head[0]
    raise CheckpointError(
        f"These are ResNet weights of a depth or width that is not offered ({block}, blocks {list(depths)}, "
        f"width {conv[0]}, {conv[0] // max(conv[1], 1)} groups). {READS}."
    )


def _block_count(shapes: dict[str, tuple[int, ...]], stage: int) -> int:
    found = {int(match[1]) for key in shapes if (match := re.match(rf"layer{stage}\.(\d{{1,3}})\.", key))}
    return len(found) if found == set(range(len(found))) else 0


@lru_cache(maxsize=64)
def _expected_shapes(name: str, stem: str, classes: int) -> dict[str, tuple[int, ...]]:
    network = SPECS[name].skeleton(num_classes=classes, stem=stem)
    return {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}


def _require_fit(spec: ModelSpec, found: dict[str, tuple[int, ...]], expected: dict[str, tuple[int, ...]]) -> None:
    for key, shape in expected.items():
        if key not in found:
            if not key.endswith(COUNTER):
                raise CheckpointError(f"This looks like {spec.title}, but {key} is missing. Save the whole state dict.")
        elif tuple(found[key]) != shape:
            raise CheckpointError(
                f"This looks like {spec.title}, but {key} has the shape {list(found[key])}, not {list(shape)}. {READS}."
            )
    surplus = [key for key in found if key not in expected]
    if surplus:
        raise CheckpointError(
            f"This looks like {spec.title} with something added: {surplus[0][:80]!r} is not part of it. {READS}."
        )


def count_parameters(state_dict: dict[str, Tensor]) -> int:
    """Learned numbers: everything but BatchNorm's running figures."""
    return sum(t.numel() for key, t in state_dict.items() if not key.endswith((COUNTER, "running_mean", "running_var")))


def inspect(path: str | Path) -> dict[str, Any]:
    """The object of ``inspect --json``: what a file holds, or the sentence that says why it cannot be read."""
    try:
        found = read_checkpoint(path)
    except CheckpointError as error:
        empty = dict.fromkeys(("model", "stem", "classes", "class_names", "parameters", "container"))
        nothing: dict[str, Any] = {"unwrapped": [], "stripped_prefixes": [], "dtype": None, "metadata": {}}
        return {"ok": False, "reason": str(error), **empty, **nothing}
    return {
        "ok": True,
        "reason": None,
        "model": found.spec.name,
        "stem": found.stem,
        "classes": found.classes,
        "class_names": list(found.class_names) if found.class_names else None,
        "parameters": count_parameters(found.state_dict),
        "container": found.container,
        "unwrapped": list(found.unwrapped),
        "stripped_prefixes": list(found.stripped_prefixes),
        "dtype": found.dtype,
        "metadata": found.metadata,
    }
