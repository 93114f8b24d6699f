"""Small files that would take gigabytes, hours or the process: refused, or read at an ordinary cost."""

import io
import pickle
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from resnet_app.checkpoints.read import read_checkpoint
from resnet_app.errors import CheckpointError
from resnet_app.images import open_picture
from resnet_app.registry import SPECS
from tests.paths import ROOT

pytestmark = pytest.mark.slow

MEMORY = 400 * 2**20  # what a refusal may take beyond an idle process
SECONDS = 20


def archive(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(f"archive/{name}", data)
    return path


def refused_cheaply(path: Path) -> None:
    """Read in a process of its own with a limit on memory and processor time."""
    code = (
        "import resource, sys; from resnet_app.checkpoints.read import read_checkpoint\n"
        "from resnet_app.errors import CheckpointError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try: read_checkpoint({str(path)!r})\n"
        "except CheckpointError as error: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, preexec_fn=limit, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < MEMORY


def test_a_compressed_byte_order_is_not_inflated(tmp_path: Path) -> None:
    entries = {"data.pkl": pickle.dumps({"a": 1}, 2), "byteorder": b"little" + bytes(2**30)}
    refused_cheaply(archive(tmp_path / "bomb.pth", entries, zipfile.ZIP_DEFLATED))


def test_a_compressed_pickle_is_not_inflated(tmp_path: Path) -> None:
    stream = b"\x80\x02" + b"N0" * 2**28 + b"N."
    refused_cheaply(archive(tmp_path / "bomb.pth", {"data.pkl": stream}, zipfile.ZIP_DEFLATED))


def test_a_list_named_again_and_again_is_not_copied_again_and_again(tmp_path: Path) -> None:
    pairs = b"".join(b"X\x04\x00\x00\x00" + f"{i:04}".encode() + b"N\x86" for i in range(2000))
    made = b"ccollections\nOrderedDict\nq\x01" + b"](" + pairs + b"e\x85q\x02" + b"h\x01h\x02R" * 20_000
    refused_cheaply(archive(tmp_path / "bomb.pth", {"data.pkl": b"\x80\x02" + made + b"."}))


def test_a_number_of_a_megabyte_is_no_key(tmp_path: Path) -> None:
    number = b"\x8b" + (2**20).to_bytes(4, "little") + b"\x7f" * 2**20
    refused_cheaply(archive(tmp_path / "bomb.pth", {"data.pkl": b"\x80\x02}" + number + b"Ns."}))


def test_lists_of_the_same_list_are_not_walked_as_a_tree(tmp_path: Path) -> None:
    inner: list = [None] * 4000
    middle = [inner] * 4000
    buffer = io.BytesIO()
    state = {"model": {"w": torch.zeros(1), "x": torch.zeros(1), "y": torch.zeros(1)}, "history": [middle] * 4000}
    torch.save(state, buffer)
    (tmp_path / "bomb.pth").write_bytes(buffer.getvalue())
    refused_cheaply(tmp_path / "bomb.pth")


def test_more_classes_than_any_dataset_has_are_refused(tmp_path: Path) -> None:
    state = {
        key: torch.zeros(()).expand(tensor.shape) for key, tensor in SPECS["resnet18"].skeleton().state_dict().items()
    }
    state["fc.weight"], state["fc.bias"] = torch.zeros(()).expand(10**6, 512), torch.zeros(()).expand(10**6)
    torch.save(state, tmp_path / "bomb.pth")
    refused_cheaply(tmp_path / "bomb.pth")


def test_a_file_that_is_shortened_later_does_not_reach_the_model(tmp_path: Path) -> None:
    """Safetensors maps files into memory: reading past a file's new end would kill the process."""
    torch.manual_seed(0)
    network = SPECS["resnet18"].build(num_classes=2)
    file = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), file)
    checkpoint = read_checkpoint(file)
    assert str(file) not in Path("/proc/self/maps").read_text()
    file.write_bytes(b"")
    assert torch.equal(checkpoint.state_dict["layer4.1.conv2.weight"], network.state_dict()["layer4.1.conv2.weight"])


@pytest.mark.parametrize("name", ["deep.pth", "wide.pth"])
def test_deep_nesting_does_not_overflow(tmp_path: Path, name: str) -> None:
    depth = 200_000
    body = b"]" * depth + b"a" * (depth - 1) if name == "deep.pth" else b")" + b"\x85" * depth
    archive(tmp_path / name, {"data.pkl": b"\x80\x02}X\x01\x00\x00\x00k" + body + b"s."})
    refused_cheaply(tmp_path / name)
    with pytest.raises(CheckpointError):
        read_checkpoint(tmp_path / name)


def test_what_a_decoder_raises_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    from resnet_app.errors import PictureError

    Image.new("RGB", (8, 8)).save(tmp_path / "small.png")
    for kind in (RuntimeError, TypeError, KeyError, ZeroDivisionError, MemoryError, SyntaxError):

        def broken(*_: object, kind: type[Exception] = kind) -> None:
            raise kind("inside the decoder")

        monkeypatch.setattr(Image.Image, "load", broken)
        with pytest.raises(PictureError, match="not a picture we can read"):
            open_picture(tmp_path / "small.png")


def test_a_name_of_a_megabyte_is_not_searched(tmp_path: Path) -> None:
    torch.save({"inc." * 2**18: torch.ones(1), "b": torch.ones(1), "c": torch.ones(1)}, tmp_path / "name.pth")
    with pytest.raises(CheckpointError, match="not the weights of a ResNet"):  # in a moment; searched it takes minutes
        read_checkpoint(tmp_path / "name.pth")


def test_small_tensors_in_large_runs_of_zeros_are_not_read(tmp_path: Path, small_state) -> None:
    """Each may be a view into its own megabytes, which shrink to nothing in the zip."""
    state = small_state()
    for key in [key for key in state if key.endswith("bn1.bias")]:
        state[key] = torch.zeros(2**23)[: state[key].numel()]
    torch.save(state, tmp_path / "plain.pth")
    with zipfile.ZipFile(tmp_path / "plain.pth") as old:
        entries = {entry.filename: old.read(entry) for entry in old.infolist()}
    path = archive(tmp_path / "packed.pth", entries, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    refused_cheaply(path)


def test_a_text_named_again_and_again_is_no_metadata(saved, small_state) -> None:
    found = read_checkpoint(saved({"state_dict": small_state(), "log": ["x" * 10_000] * 200_000, "epoch": 3}))
    assert "log" not in found.metadata
