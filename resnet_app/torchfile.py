"""A file written by ``torch.save`` -> its tensors and plain values, without unpickling.

Unpickling runs code that the file names, and even torch's restricted unpickler can be crashed by a few hundred bytes.
So the pickle's opcodes are parsed by ``pickletools.genops`` and followed by a small machine that knows containers,
plain values and torch's own recipe for a tensor. Whatever else the file names becomes an ``Opaque``: it is never
imported, called or hashed. Both formats that torch has written are read: the zip of 1.6 and later, and the older one.
"""

from __future__ import annotations

import io
import pickletools
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from resnet_app.errors import CheckpointError

MAX_PICKLE_BYTES = 16 * 2**20  # ResNet-152 with Adam's state needs 0.3 MB
MAX_OPCODES = 2_000_000
MAX_COPIED = 2_000_000  # elements copied out of lists that the file may name again and again
MAX_INT_BITS = 128  # torch's magic number has 77; a step counter needs 64
MAX_DIMENSIONS = 8
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of an old-format file
LEGACY_START = LEGACY_MAGIC.to_bytes(10, "little")
DAMAGED = "This checkpoint is damaged or cut short. Save or download it again."

DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
}


@dataclass(frozen=True)
class Opaque:
    """Something the file names that is neither imported nor called."""

    name: str


@dataclass(frozen=True)
class Storage:
    """A flat run of numbers in the file."""

    key: str
    dtype: torch.dtype
    numel: int


@dataclass(frozen=True)
class StoredTensor:
    """A view into a storage, not yet read."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def dtype(self) -> torch.dtype:
        """The type of its numbers."""
        return self.storage.dtype


class TorchFile:
    """An open torch file: ``root`` is what was saved, ``read`` gives one of its tensors.

    Raises:
        CheckpointError: on construction or reading, where the file is not sound.
    """

    def __init__(self, path: Path) -> None:
        self._values: dict[str, Tensor] = {}  # each storage is read once, however many tensors look into it
        self._given: set[str] = set()  # storages that a tensor was given whole
        self._legacy: dict[str, tuple[int, int]] = {}  # storage key -> (position, numbers) in an old-format file
        self._archive: zipfile.ZipFile | None = None
        self._path = path
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
            raise CheckpointError(DAMAGED) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._archive is not None:
            self._archive.close()

    def _read_zip(self, archive: zipfile.ZipFile) -> Any:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise CheckpointError("This zip file holds no PyTorch checkpoint. Upload the .pth file itself.")
        self._folder = pickles[0].rpartition("/")[0]
        names = set(archive.namelist())
        if f"{self._folder}/constants.pkl" in names:
            raise CheckpointError(
                "This is a TorchScript program, which would have to be run. Save its weights with "
                "torch.save(model.state_dict(), 'weights.pth') and upload that."
            )
        order = f"{self._folder}/byteorder"
        if order in names and self._entry(order, most=16) != b"little":
            raise CheckpointError("This checkpoint was saved on a big-endian machine; save it on an ordinary one.")
        return _follow(io.BytesIO(self._entry(pickles[0], most=MAX_PICKLE_BYTES)))

    def _entry(self, name: str, *, most: int, exactly: int | None = None) -> bytes:
        """One entry of the zip; torch never compresses, so what is compressed here is there to blow up."""
        assert self._archive is not None
        info = self._archive.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > most or exactly not in (None, info.file_size):
            raise CheckpointError(DAMAGED)
        return self._archive.read(info)

    def _read_legacy(self) -> Any:
        with self._path.open("rb") as file:
            if _follow(file) != LEGACY_MAGIC:
                raise CheckpointError(DAMAGED)
            _follow(file)  # protocol version
            _follow(file)  # byte order and sizes of the machine that wrote it
            root = _follow(file)
            keys = _follow(file)
            known = {storage.key: storage for storage in _storages(root)}
            if not isinstance(keys, list):
                raise CheckpointError(DAMAGED)
            for key in keys:
                numel = struct.unpack("<q", file.read(8))[0]
                if not isinstance(key, str) or key not in known or numel != known[key].numel:
                    raise CheckpointError(DAMAGED)
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
                raise CheckpointError(DAMAGED)
            view = values.as_strided(stored.shape, stored.stride, stored.offset)
            whole = view.is_contiguous() and view.numel() == values.numel()
            if whole and stored.storage.key not in self._given:
                self._given.add(stored.storage.key)
                return view
            return view.clone(memory_format=torch.contiguous_format)
        except _UNSOUND as error:
            raise CheckpointError(DAMAGED) from error

    def _storage(self, storage: Storage) -> Tensor:
        if storage.key not in self._values:
            self._values[storage.key] = torch.frombuffer(bytearray(self._bytes(storage)), dtype=storage.dtype)
        values = self._values[storage.key]
        return values if values.dtype == storage.dtype else values.view(storage.dtype)

    def _bytes(self, storage: Storage) -> bytes:
        expected = storage.numel * storage.dtype.itemsize
        if self._archive is not None:
            return self._entry(f"{self._folder}/data/{storage.key}", most=expected, exactly=expected)
        position, _ = self._legacy[storage.key]
        with self._path.open("rb") as file:
            file.seek(position)
            data = file.read(expected)
        if len(data) != expected:
            raise CheckpointError(DAMAGED)
        return data


_UNSOUND = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OSError, OverflowError, struct.error,
    zipfile.BadZipFile, NotImplementedError, RuntimeError, RecursionError, MemoryError, UnicodeError,
)  # fmt: skip


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


def _follow(stream: Any) -> Any:
    """Follow one pickle's opcodes and return the value it describes, built of plain Python values only."""
    machine = _Machine()
    for count, (opcode, argument, position) in enumerate(pickletools.genops(stream)):
        if count > MAX_OPCODES or (position or 0) > MAX_PICKLE_BYTES + (1 << 32):
            raise CheckpointError(DAMAGED)
        if opcode.name == "STOP":
            return machine.stack[-1]
        machine.step(opcode.name, argument)
    raise CheckpointError(DAMAGED)


class _Machine:
    """The stack machine of the pickle protocol, without the power to import or call."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.copied = 0

    def step(self, name: str, argument: Any) -> None:
        """Carry out one opcode; a name that is not known here is an error."""
        if name in _LITERALS:
            if isinstance(argument, int) and argument.bit_length() > MAX_INT_BITS:
                raise CheckpointError(DAMAGED)
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        else:
            getattr(self, f"_{name.lower()}")(argument)

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def _proto(self, _: Any) -> None: ...

    def _frame(self, _: Any) -> None: ...

    def _memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _mark(self, _: Any) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _tuple(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(tuple(items))

    def _take(self, count: int) -> tuple[Any, ...]:
        items = tuple(self.stack[-count:])
        if len(items) != count:
            raise CheckpointError(DAMAGED)
        del self.stack[-count:]
        return items

    def _tuple1(self, _: Any) -> None:
        self.stack.append(self._take(1))

    def _tuple2(self, _: Any) -> None:
        self.stack.append(self._take(2))

    def _tuple3(self, _: Any) -> None:
        self.stack.append(self._take(3))

    def _list(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(items)

    def _dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append({})
        self._put_items(items)

    def _append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._since_mark())

    _additems = _appends

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def _setitem(self, _: Any) -> None:
        self._put_items(list(self._take(2)))

    def _setitems(self, _: Any) -> None:
        self._put_items(self._since_mark())

    def _put_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, dict):
            # Only plain keys: hashing a deeply nested tuple overflows the C stack.
            target.update((k, v) for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, str | int))

    def _frozenset(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(items)

    def _global(self, argument: str) -> None:
        self.stack.append(Opaque(argument.replace(" ", ".")))

    def _stack_global(self, _: Any) -> None:
        module, name = self._take(2)
        self.stack.append(Opaque(f"{module}.{name}"))

    def _binpersid(self, _: Any) -> None:
        """Torch's name for a storage: ('storage', its type, key, device, count of numbers[, view])."""
        described = self.stack.pop()
        tag, kind, key, _device, numel = described[:5]
        dtype = DTYPES.get(kind.name.rpartition(".")[2]) if isinstance(kind, Opaque) else None
        if tag != "storage" or not isinstance(key, str) or not isinstance(numel, int) or numel < 0:
            raise CheckpointError(DAMAGED)
        self.stack.append(Storage(key, dtype, numel) if dtype is not None else Opaque("storage of another type"))

    def _reduce(self, _: Any) -> None:
        function, arguments = self._take(2)
        described = _describe_call(function, arguments)
        self.copied += len(described) if isinstance(described, dict) else 0
        if self.copied > MAX_COPIED:
            raise CheckpointError(DAMAGED)
        self.stack.append(described)

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        function, _arguments, _options = self._take(3)
        self.stack.append(_describe_call(function, None))

    def _obj(self, _: Any) -> None:
        self.stack.append(_describe_call(self._since_mark()[0], None))

    def _inst(self, argument: str) -> None:
        self._since_mark()
        self.stack.append(Opaque(argument.replace(" ", ".")))

    def _build(self, _: Any) -> None:
        self.stack.pop()  # attributes of an object (a state dict's _metadata): not needed


def _describe_call(function: Any, arguments: Any) -> Any:
    """What a call in the file stands for: a tensor, a dict, or something opaque. Nothing is called."""
    name = function.name if isinstance(function, Opaque) else "?"
    if name in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
        storage, offset, shape, stride = arguments[:4]
        if not isinstance(storage, Storage):
            return Opaque("tensor of another type")
        if len(shape) != len(stride) or len(shape) > MAX_DIMENSIONS:
            raise CheckpointError(DAMAGED)
        if not all(type(n) is int and n >= 0 for n in (offset, *shape, *stride)):
            raise CheckpointError(DAMAGED)
        return StoredTensor(storage, offset, tuple(shape), tuple(stride))
    if name in ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"):
        return arguments[0]
    if name in ("collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict"):
        pairs = arguments[0] if arguments and isinstance(arguments[0], list) else []
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and isinstance(pair[0], str | int)}
    return Opaque(name)


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
}
_LITERALS = frozenset(
    [
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    ]
)
