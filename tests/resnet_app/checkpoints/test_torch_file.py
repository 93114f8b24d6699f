"""Torch files against torch.load, and that nothing a file names is ever run."""

import argparse
import ast
import builtins
import io
import os
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet_app.checkpoints.pickle_reader import Opaque, StoredTensor
from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.checkpoints.torch_file import TorchFile
from resnet_app.errors import CheckpointError

CONTAINERS = ["torch zip", "torch legacy"]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.int32, torch.int8, torch.bool]


def read_all(path):
    """What is in a torch file, its tensors read."""
    file = TorchFile(path)
    try:
        return file.container, {
            key: file.read(value) if isinstance(value, StoredTensor) else value for key, value in file.root.items()
        }
    finally:
        file.close()


@pytest.mark.parametrize("container", CONTAINERS)
def test_tensors_are_those_of_torch_load(saved, container):
    numbers = torch.randn(6, 8)
    tensors = {
        **{str(dtype): torch.arange(-4, 4).to(dtype) for dtype in DTYPES},
        "whole": numbers,
        "same storage": numbers,
        "transposed": numbers.t(),
        "strided": numbers[1::2, ::3],
        "offset": numbers[3:],
        "expanded": torch.tensor([7.0]).expand(3, 4),
        "parameter": torch.nn.Parameter(torch.randn(3)),
        "channels last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "scalar": torch.tensor(5),
    }
    path = saved(tensors, container)
    expected = torch.load(path, weights_only=True)
    found_container, found = read_all(path)
    assert found_container == container
    assert list(found) == list(tensors)
    for key, tensor in found.items():
        assert tensor.dtype == expected[key].dtype, key
        assert torch.equal(tensor, expected[key]), key
        assert tensor.is_contiguous(), key
    found["whole"].zero_()
    assert torch.equal(found["same storage"], numbers)  # a storage of its own


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("container", CONTAINERS)
def test_plain_values_are_those_that_were_saved(tmp_path, container, protocol):
    values = {
        "epoch": 12, "big": 2**80, "negative": -3, "loss": 0.125, "done": True, "nothing": None, "name": "蜜蜂 🐝",
        "list": [1, [2, "x"], []], "tuple": (1, 2, 3, 4), "nested": {"a": {"b": (1,)}}, "ordered": OrderedDict(x=1),
        "bytes": b"abc", "weights": torch.ones(2),
    }  # fmt: skip
    options = {"_use_new_zipfile_serialization": container == "torch zip", "pickle_protocol": protocol}
    torch.save(values, tmp_path / "a.pth", **options)
    _, found = read_all(tmp_path / "a.pth")
    weights, given_bytes = found.pop("weights"), found.pop("bytes")
    assert torch.equal(weights, torch.ones(2))
    assert given_bytes == b"abc" or (protocol == 2 and isinstance(given_bytes, Opaque))  # protocol 2 calls an encoder
    assert found == {key: value for key, value in values.items() if key in found}
    assert len(found) == len(values) - 2


@pytest.mark.parametrize("container", CONTAINERS)
def test_objects_that_torch_refuses_are_passed_over(saved, container):
    history = defaultdict(list, {"loss": [1, 2]})
    content = {
        "arguments": argparse.Namespace(lr=0.1), "path": Path("x"), "set": {1}, "function": len,
        "history": history, "size": torch.Size([2]), "slice": slice(1), "weights": torch.ones(3),
    }  # fmt: skip
    _, found = read_all(saved(content, container))
    assert torch.equal(found["weights"], torch.ones(3))
    assert found["arguments"] == Opaque("argparse.Namespace")
    assert isinstance(found["function"], Opaque)


class Evil:
    """An object whose unpickling calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("place", ["root", "beside", "value", "wrapper"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("attack", ["os.system", "builtins.eval", "builtins.exec", "os.mkdir"])
def test_code_in_a_file_never_runs(saved, tmp_path, small_state, attack, container, place):
    marker = tmp_path / "ran"
    make = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    evil = {
        "os.system": Evil(os.system, f"touch {marker}"),
        "builtins.eval": Evil(builtins.eval, make),
        "builtins.exec": Evil(builtins.exec, make),
        "os.mkdir": Evil(os.mkdir, str(marker)),
    }[attack]
    state = small_state()
    content = {
        "root": evil,
        "beside": {"state_dict": state, "extra": evil},
        "value": {**state, "fc.bias": evil},
        "wrapper": {"state_dict": evil, "model": state},
    }[place]
    path = saved(content, container)
    with pytest.raises(CheckpointError, match="would run code where it is unpickled") as caught:
        read_checkpoint(path)
    assert "nothing of it was run" in str(caught.value)
    assert not marker.exists()
    torch.load(saved({"extra": evil}, name="proof.pth"), weights_only=False)
    assert marker.exists()  # the attack works where a file is unpickled


def test_no_source_unpickles(repo):
    """``torch.load`` and the unpicklers appear nowhere in the library or the app."""
    forbidden = {"torch.load", "pickle.load", "pickle.loads", "pickle.Unpickler", "torch.jit.load", "numpy.load"}
    sources = [*(repo / "resnet_app").rglob("*.py"), *(repo / "demo").rglob("*.py")]
    assert len(sources) > 15
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                named = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                named = {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
            else:
                named = {ast.unparse(node).replace("np.", "numpy.")} if isinstance(node, ast.Attribute) else set()
            assert not named & (forbidden | {"pickle", "_pickle", "dill", "joblib"}), source


@pytest.fixture(scope="module")
def small_file(small_state):
    """The bytes of a valid file, by container, and the pickle inside the zip."""
    files = {}
    for container in CONTAINERS:
        buffer = io.BytesIO()
        content = {"model_state_dict": small_state(), "epoch": 3, "classes": ["a", "b"], "by": Path("me")}
        torch.save(content, buffer, _use_new_zipfile_serialization=container == "torch zip")
        files[container] = buffer.getvalue()
    return files


def mutated(data, changes):
    data = bytearray(data)
    for position, value in changes:
        data[position % len(data)] = value
    return bytes(data)


def repacked(archive_bytes, change):
    """A torch zip with its pickle changed and every checksum right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive_bytes)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("data.pkl") else data)
    return out.getvalue()


CHANGES = st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 255)), min_size=1, max_size=12)
FUZZ = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.mark.parametrize("kind", ["legacy", "pickle in zip", "zip"])
@FUZZ
@given(changes=CHANGES, keep=st.one_of(st.none(), st.floats(0, 1)))
@pytest.mark.slow
def test_a_damaged_file_is_read_or_refused(small_file, tmp_path, kind, changes, keep):
    container = "torch legacy" if kind == "legacy" else "torch zip"

    def damage(data):
        data = data if keep is None else data[: int(len(data) * keep)] or b"."
        return mutated(data, changes)

    data = small_file[container]
    damaged = repacked(data, damage) if kind == "pickle in zip" else damage(data)
    path = tmp_path / "damaged.pth"
    path.write_bytes(damaged)
    try:
        found = read_checkpoint(path)
    except CheckpointError:
        return
    assert all(tensor.isfinite().all() for tensor in found.state_dict.values())


@pytest.mark.parametrize("opcodes", [b"(" * 100_000, b"]" + b"]a" * 5, b"0" * 9, b"\x80\x02c", b""])
def test_senseless_pickles_are_refused(small_file, tmp_path, opcodes):
    path = tmp_path / "bad.pth"
    path.write_bytes(repacked(small_file["torch zip"], lambda _: opcodes))
    with pytest.raises(CheckpointError):
        TorchFile(path)


def test_a_deeply_nested_value_is_refused_or_read(small_file, tmp_path):
    """Hashing or comparing it would overflow the C stack."""
    nested = b"\x80\x02}(" + b")" + b"\x85" * 200_000 + b"K\x01u."
    path = tmp_path / "deep.pth"
    path.write_bytes(repacked(small_file["torch zip"], lambda _: nested))
    with pytest.raises(CheckpointError):
        read_checkpoint(path)
