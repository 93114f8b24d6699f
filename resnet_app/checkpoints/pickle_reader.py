"""One pickle's opcodes -> the value they describe, built of plain Python values only; nothing is imported or called.

``pickletools.genops`` parses; a small machine follows what it finds. It knows containers, plain values and torch's own
recipe for a tensor; whatever else the file names becomes an ``Opaque``.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from resnet_app.checkpoints.printed import printable
from resnet_app.errors import CheckpointError

MAX_PICKLE_BYTES = 16 * 2**20  # ResNet-152 with Adam's state needs 0.3 MB
MAX_OPCODES = 2_000_000
MAX_COPIED = 2_000_000  # elements copied out of lists that the file may name again and again
MAX_INT_BITS = 128  # torch's magic number has 77; a step counter needs 64
MAX_DIMENSIONS = 8
TENSOR_OF_ANOTHER_TYPE = "tensor of another type"
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


# Nothing of these is ever called here; a file that names one was made to run code elsewhere, and its owner should know.
_DANGEROUS_MODULES = frozenset(
    [
        *("os", "posix", "nt", "sys", "subprocess", "commands", "pty", "shutil", "socket", "ctypes", "webbrowser"),
        *("importlib", "runpy", "code", "codeop", "pdb", "pickle", "_pickle", "marshal", "multiprocessing", "asyncio"),
    ]
)
_DANGEROUS_BUILTINS = frozenset({"exec", "eval", "compile", "open", "input", "__import__", "breakpoint"})


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


def follow(stream: Any) -> Any:
    """Follow one pickle's opcodes and return the value it describes, built of plain Python values only."""
    machine = _Machine()
    for count, (opcode, argument, position) in enumerate(pickletools.genops(stream)):
        if count > MAX_OPCODES or (position or 0) > MAX_PICKLE_BYTES + (1 << 32):
            raise CheckpointError(DAMAGED, code="damaged")
        if opcode.name == "STOP":
            return machine.stack[-1]
        machine.step(opcode.name, argument)
    raise CheckpointError(DAMAGED, code="damaged")


def first_array(start: Any) -> str | None:
    """The name in its dict of the first NumPy array, by the beginning of a pickle; None where that has none.

    A pickle holds the numbers of arrays itself, and those of tensors lie beside it: only the former makes it large.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(start):
            machine.step(opcode.name, argument)
            made = machine.stack[-1] if opcode.name == "REDUCE" else None
            if isinstance(made, Opaque) and made.name.startswith("numpy.") and made.name.endswith("._reconstruct"):
                return machine.stack[-2] if isinstance(machine.stack[-2], str) else None
    except CheckpointError:  # what names code to run is refused as that
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):  # the beginning ends somewhere
        pass
    return None


def numpy_values(name: str) -> CheckpointError:
    """A refusal of arrays in the place of tensors."""
    name = printable(name)
    return CheckpointError(
        f"{name} is a NumPy array, not a tensor. Convert the arrays with torch.from_numpy, and save the state dict "
        "with torch.save.",
        code="numpy_values",
        tensor=name,
    )


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
                raise CheckpointError(DAMAGED, code="damaged")
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
            raise CheckpointError(DAMAGED, code="damaged")
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
        self.stack.append(_named(argument.replace(" ", ".")))

    def _stack_global(self, _: Any) -> None:
        module, name = self._take(2)
        self.stack.append(_named(f"{module}.{name}"))

    def _binpersid(self, _: Any) -> None:
        """Torch's name for a storage: ('storage', its type, key, device, count of numbers[, view])."""
        described = self.stack.pop()
        tag, kind, key, _device, numel = described[:5]
        dtype = DTYPES.get(kind.name.rpartition(".")[2]) if isinstance(kind, Opaque) else None
        if tag != "storage" or not isinstance(key, str) or not isinstance(numel, int) or numel < 0:
            raise CheckpointError(DAMAGED, code="damaged")
        self.stack.append(Storage(key, dtype, numel) if dtype is not None else Opaque(TENSOR_OF_ANOTHER_TYPE))

    def _reduce(self, _: Any) -> None:
        function, arguments = self._take(2)
        described = _describe_call(function, arguments)
        self.copied += len(described) if isinstance(described, dict) else 0
        if self.copied > MAX_COPIED:
            raise CheckpointError(DAMAGED, code="damaged")
        self.stack.append(described)

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        function, _arguments, _options = self._take(3)
        self.stack.append(_describe_call(function, None))

    def _obj(self, _: Any) -> None:
        self.stack.append(_describe_call(self._since_mark()[0], None))

    def _inst(self, argument: str) -> None:
        self._since_mark()
        self.stack.append(_named(argument.replace(" ", ".")))

    def _build(self, _: Any) -> None:
        self.stack.pop()  # attributes of an object (a state dict's _metadata): not needed


def _named(name: str) -> Opaque:
    """What a file names.

    Raises:
        CheckpointError: it is there to run code.
    """
    name = name.replace("__builtin__.", "builtins.")  # as Python 2 and old pickle protocols call it
    module, _, rest = name.partition(".")
    dangerous = module in _DANGEROUS_MODULES or (module == "builtins" and rest in _DANGEROUS_BUILTINS)
    if dangerous:
        raise CheckpointError(
            f"This file would run code where it is unpickled (it names {name[:40]}); nothing of it was run. "
            "Get the weights from someone you trust, as .safetensors.",
            code="runs_code",
            name=name[:40],
        )
    return Opaque(name)


def _describe_call(function: Any, arguments: Any) -> Any:
    """What a call in the file stands for: a tensor, a dict, or something opaque. Nothing is called."""
    name = function.name if isinstance(function, Opaque) else "?"
    if name in ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"):
        storage, offset, shape, stride = arguments[:4]
        if not isinstance(storage, Storage):
            return Opaque(TENSOR_OF_ANOTHER_TYPE)
        if len(shape) != len(stride) or len(shape) > MAX_DIMENSIONS:
            raise CheckpointError(DAMAGED, code="damaged")
        if not all(type(n) is int and n >= 0 for n in (offset, *shape, *stride)):
            raise CheckpointError(DAMAGED, code="damaged")
        return StoredTensor(storage, offset, tuple(shape), tuple(stride))
    if name in ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"):
        return arguments[0]
    if name in ("collections.OrderedDict", "collections.defaultdict", "builtins.dict"):
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
