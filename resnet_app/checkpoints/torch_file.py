"""A file written by ``torch.save`` -> its tensors and plain values, without unpickling.

Unpickling runs code that the file names, and even torch's restricted unpickler can be crashed by a few hundred bytes.
So ``pickle_reader`` follows the pickle's opcodes without importing, calling or hashing what the file names.
Both formats that torch has written are read: the zip of 1.6 and later, and the older one.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_app.checkpoints.pickle_reader import (
    DAMAGED,
    MAX_PICKLE_BYTES,
    Storage,
    StoredTensor,
    first_array,
    follow,
    numpy_values,
)
from resnet_app.errors import CheckpointError

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of an old-format file
MAX_RATIO = 50  # of a large entry to its compressed size: weights hardly shrink, pickles by ten, bombs by a thousand
MAX_GROWTH = 4  # of all that is read over the file's size: real weights do not shrink to a quarter
SPARE_BYTES = 16 * 2**20  # beyond that, for small files
LARGE = 2**20  # bytes; a small run of zeros shrinks as bombs do, and does no harm
LEGACY_START = LEGACY_MAGIC.to_bytes(10, "little")


class TorchFile:
    """An open torch file: ``root`` is what was saved, ``read`` gives one of its tensors.

    Raises:
        CheckpointError: on construction or reading, where the file is not sound.
    """

    def __init__(self, path: Path) -> None:
        self._values: dict[str, Tensor] = {}  # each storage is read once, however many tensors look into it
        self._given: set[str] = set()  # storages that a tensor was given whole
        self._legacy: dict[str, tuple[int, int]] = {}  # storage key -> (position, numbers) in an old-format file
        self._is_big_endian = False  # the old format is little-endian whatever machine writes it
        self._archive: zipfile.ZipFile | None = None
        self._path = path
        self._bytes_left = SPARE_BYTES + MAX_GROWTH * path.stat().st_size
        try:
            if zipfile.is_zipfile(path):
                self.container = "torch zip"
                self._archive = zipfile.ZipFile(path)
                self.root = self._read_zip(self._archive)
            else:
                self.container = "torch legacy"
                self.root = self._read_legacy()
        except CheckpointError:
            self.close()
            raise
        except _UNSOUND as error:
            self.close()
            raise CheckpointError(DAMAGED, code="damaged") from error

    def close(self) -> None:
        """Let go of the file."""
        if self._archive is not None:
            self._archive.close()

    def _read_zip(self, archive: zipfile.ZipFile) -> Any:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise _other_zip(archive.namelist())
        self._folder = pickles[0].rpartition("/")[0]
        names = set(archive.namelist())
        if f"{self._folder}/constants.pkl" in names:
            raise CheckpointError(
                "This is a TorchScript program, which would have to be run. Save its weights with "
                "torch.save(model.state_dict(), 'weights.pth') and give that file.",
                code="torchscript",
            )
        order = f"{self._folder}/byteorder"
        self._is_big_endian = order in names and self._entry(order, most=16) == b"big"
        if archive.getinfo(pickles[0]).file_size > MAX_PICKLE_BYTES:
            with archive.open(pickles[0]) as entry:
                start = entry.read(LARGE)
            array = first_array(io.BytesIO(start))
            raise CheckpointError(DAMAGED, code="damaged") if array is None else numpy_values(array)
        return follow(io.BytesIO(self._entry(pickles[0], most=MAX_PICKLE_BYTES)))

    def _entry(self, name: str, *, most: int, exactly: int | None = None) -> bytes:
        """One entry of the zip, of a size that is wanted; torch never compresses, but who packs the file anew does."""
        assert self._archive is not None
        info = self._archive.getinfo(name)
        fits = info.file_size <= most and exactly in (None, info.file_size)
        if not fits or info.file_size > max(LARGE, MAX_RATIO * info.compress_size):
            raise CheckpointError(DAMAGED, code="damaged")
        with self._archive.open(info) as entry:
            data = entry.read(info.file_size + 1)  # no more than it says, whatever the compressed data would give
        if len(data) != info.file_size:
            raise CheckpointError(DAMAGED, code="damaged")
        return data

    def _read_legacy(self) -> Any:
        with self._path.open("rb") as file:
            if follow(file) != LEGACY_MAGIC:
                raise CheckpointError(DAMAGED, code="damaged")
            follow(file)  # protocol version
            follow(file)  # byte order and sizes of the machine that wrote it
            root = follow(file)
            keys = follow(file)
            known = {storage.key: storage for storage in _storages(root)}
            if not isinstance(keys, list):
                raise CheckpointError(DAMAGED, code="damaged")
            for key in keys:
                numel = struct.unpack("<q", file.read(8))[0]
                if not isinstance(key, str) or key not in known or numel != known[key].numel:
                    raise CheckpointError(DAMAGED, code="damaged")
                self._legacy[key] = (file.tell(), numel)
                file.seek(numel * known[key].dtype.itemsize, io.SEEK_CUR)
            return root

    def read(self, stored: StoredTensor) -> Tensor:
        """The tensor itself, contiguous, in a storage of its own.

        Raises:
            CheckpointError: the file holds fewer numbers than the tensor needs.
        """
        try:
            values = self._storage(stored.storage)
            needed = stored.offset + sum((n - 1) * s for n, s in zip(stored.shape, stored.stride, strict=True)) + 1
            if 0 not in stored.shape and needed > values.numel():
                raise CheckpointError(DAMAGED, code="damaged")
            view = values.as_strided(stored.shape, stored.stride, stored.offset)
            whole = view.is_contiguous() and view.numel() == values.numel()
            if whole and stored.storage.key not in self._given:
                self._given.add(stored.storage.key)
                return view
            return view.clone(memory_format=torch.contiguous_format)
        except _UNSOUND as error:
            raise CheckpointError(DAMAGED, code="damaged") from error

    def _storage(self, storage: Storage) -> Tensor:
        if storage.key not in self._values:
            values = torch.frombuffer(bytearray(self._bytes(storage)), dtype=storage.dtype)
            if self._is_big_endian:
                values.untyped_storage().byteswap(storage.dtype)  # type: ignore[no-untyped-call]  # torch has no types there
            self._values[storage.key] = values
        values = self._values[storage.key]
        return values if values.dtype == storage.dtype else values.view(storage.dtype)

    def _bytes(self, storage: Storage) -> bytes:
        expected = storage.numel * storage.dtype.itemsize
        self._bytes_left -= expected
        if self._bytes_left < 0:
            raise CheckpointError(DAMAGED, code="damaged")
        if self._archive is not None:
            return self._entry(f"{self._folder}/data/{storage.key}", most=expected, exactly=expected)
        position, _ = self._legacy[storage.key]
        with self._path.open("rb") as file:
            file.seek(position)
            data = file.read(expected)
        if len(data) != expected:
            raise CheckpointError(DAMAGED, code="damaged")
        return data


_UNSOUND = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OSError, OverflowError, struct.error,
    zipfile.BadZipFile, NotImplementedError, RuntimeError, RecursionError, MemoryError, UnicodeError,
)  # fmt: skip


def _other_zip(names: list[str]) -> CheckpointError:
    """What a zip file is that torch did not write."""
    inside = next((name for name in names if name.lower().endswith((".pth", ".pt", ".pkl", ".safetensors"))), None)
    if inside and not inside.endswith("/data.pkl"):
        return CheckpointError(
            "This is a zip file with a checkpoint inside. Unpack it and give the checkpoint itself.",
            code="zipped_checkpoint",
        )
    if names and all(name.endswith(".npy") for name in names):
        return CheckpointError(
            "This is a NumPy archive. Save the state dict with torch.save and give that file.", code="numpy_archive"
        )
    return CheckpointError("This zip file holds no PyTorch checkpoint. Give the .pth file itself.", code="other_zip")


def _storages(root: Any) -> Iterator[Storage]:
    """Every storage named below a value, however it is nested."""
    waiting, seen = [root], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, StoredTensor):
            yield value.storage
        elif isinstance(value, Storage):
            yield value
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(value.values() if isinstance(value, dict) else value)
