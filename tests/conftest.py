"""What the tests share: no network, random-weight models, and pictures and checkpoint files made on the spot."""

import ipaddress
import os
import socket
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file

from resnet_app.cli.main import main as command_line
from resnet_app.inference import models
from resnet_app.registry import SPECS
from tests.paths import ROOT, SHARED
from tests.ports import free_port

if os.environ.get("PYTEST_XDIST_WORKER"):
    torch.set_num_threads(1)  # each worker has a core of its own
    os.environ["OMP_NUM_THREADS"] = "1"  # the same for the processes that a test starts
    if hasattr(os, "nice"):
        os.nice(19)  # as low as what trains for Why residual?, which would wait for the other worker's tests


QUICK = ("resnet18", "resnet50", "resnext50_32x4d")  # a network of each kind; the others are looked at in full runs
COMPUTED = {"inference", "explain"}  # where a network is gone through, not counted


def pytest_collection_modifyitems(items):
    """What drives a browser is marked by where it lies, what goes through a large or a further network by its name."""
    for item in items:
        parts = set(item.path.relative_to(ROOT).parts)
        if "e2e" in parts:
            item.add_marker("e2e")
        quick = QUICK[:1] if COMPUTED & parts else QUICK
        given = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if any(isinstance(each, str) and each in SPECS and each not in quick for each in given):
            item.add_marker("slow")


class NetworkBlockedError(OSError):
    """A test tried to leave this machine."""


def _require_loopback(host):
    if host in (None, "", "localhost", b"localhost"):
        return
    try:
        local = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NetworkBlockedError(f"tests have no network; asked for {host}")


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Sockets reach loopback only; proxies, which would forward from there, are taken out of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            original = getattr(socket.socket, name)

            def guarded(self, address, _original=original):
                if self.family in (socket.AF_INET, socket.AF_INET6):
                    _require_loopback(address[0])
                return _original(self, address)

            patch.setattr(socket.socket, name, guarded)
        resolve = socket.getaddrinfo

        def guarded_resolve(host, *args, **kwargs):
            if host != "0.0.0.0":
                _require_loopback(host)
            return resolve(host, *args, **kwargs)

        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_uploads(tmp_path_factory):
    """Uploads of this run alone: an app that ends takes those in its folder along, and other tests run beside these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        yield


@pytest.fixture(scope="session")
def repo():
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def photos():
    """Real photographs of ants and bees, which are no part of the repository."""
    folder = SHARED / "photos" / "hymenoptera" / "val"
    if not folder.is_dir():
        pytest.skip("../shared/photos is not here; it holds the photographs")
    return folder


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    """A JPEG of 400 x 300 pixels with structure at all scales."""
    path = tmp_path_factory.mktemp("pictures") / "drawn.jpg"
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (12, 16, 3), dtype=np.uint8))
    noise.resize((400, 300), Image.Resampling.BICUBIC).save(path, quality=92)
    return path


@pytest.fixture
def run(capsys):
    """Runs one command in this process: exit code, lines on stdout, lines on stderr."""

    def main(*arguments):
        capsys.readouterr()
        try:
            code = command_line([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return main


@pytest.fixture
def folder(tmp_path, picture):
    """A folder with two pictures and a broken one between them."""
    inside = tmp_path / "pictures"
    inside.mkdir()
    (inside / "a.jpg").write_bytes(picture.read_bytes())
    (inside / "b.jpg").write_bytes(b"no picture")
    Image.open(picture).rotate(90).save(inside / "c.png")
    return inside


@pytest.fixture(scope="session")
def random18():
    """ResNet-18 with random weights and a thousand classes."""
    return models.load(models.choose("resnet18", "random", device="cpu"))


@pytest.fixture(scope="session")
def bundled():
    """The bundled ants-or-bees model on the CPU."""
    return models.load(models.choose(device="cpu"))


@lru_cache(maxsize=32)
def _shapes(name, classes):
    with torch.device("meta"):
        network = getattr(torchvision.models, name)(num_classes=classes)
    return {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}


@pytest.fixture(scope="session")
def small_state():
    """Makes a state dict with torchvision's keys and shapes, all views into 8192 numbers, so that its file is small."""

    def make(name="resnet18", classes=2, *, dtype=torch.float32, stem="imagenet"):
        numbers = torch.randn(8192, generator=torch.Generator().manual_seed(7)).mul(0.05).to(dtype)
        shapes = dict(_shapes(name, classes))
        if stem == "cifar":
            shapes["conv1.weight"] = (64, 3, 3, 3)
        state = {}
        for i, (key, shape) in enumerate(shapes.items()):
            stride = int(sum(shape) < 7000)  # the linear layers of a VGG repeat one number
            state[key] = numbers.as_strided(shape, (stride,) * len(shape), i % 1000)
            if key.endswith("running_var"):
                state[key] = torch.ones(1, dtype=dtype).expand(shape)
            if key.endswith("num_batches_tracked"):
                state[key] = torch.tensor(3)
        return state

    return make


@pytest.fixture
def saved(tmp_path):
    """Writes an object as a torch zip, in torch's old format, or as safetensors, and gives the path."""

    def write(content, container="torch zip", *, name="weights.pth", metadata=None):
        path = tmp_path / name
        if container == "safetensors":
            own = {key: tensor.clone().contiguous() for key, tensor in content.items()}
            save_file(own, path, metadata=metadata)
        else:
            torch.save(content, path, _use_new_zipfile_serialization=container == "torch zip")
        return path

    return write


@pytest.fixture(scope="session")
def plain_two_classes(tmp_path_factory):
    """A two-class torchvision ResNet-18 in eval mode, and the file that plain PyTorch saved it to."""
    torch.manual_seed(11)
    network = torchvision.models.resnet18(num_classes=2).eval()
    path = tmp_path_factory.mktemp("plain") / "cats.pth"
    torch.save({"model_state_dict": network.state_dict(), "epoch": 4, "classes": ["cat", "dog"]}, path)
    return network, path


@pytest.fixture(scope="session")
def is_plain():
    """Tells whether a message is fit for a person: one line, a full stop, no path and no library's words."""

    def check(error):
        text = str(error)
        words = ("Traceback", "weights_only", "Error", "Exception", "/tmp", "0x")
        return text.endswith(".") and "\n" not in text and len(text) < 400 and not any(word in text for word in words)

    return check


@pytest.fixture(scope="session")
def fresh_python():
    """Runs Python code or arguments in a fresh process, from a folder, and gives what came of it."""

    def run(*arguments, cwd=ROOT):
        env = {**os.environ, "PYTHONPATH": "", "OMP_WAIT_POLICY": "PASSIVE"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=True, timeout=300
        )

    return run


@pytest.fixture(scope="session")
def address():
    """The running app, for the tests that speak to it over HTTP or through a browser."""
    from demo import app  # here, so that the library's tests run without gradio
    from demo.hosting import routes

    page = app.build()
    page.queue()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_port=free_port(), **app.launch_options())
    routes.add(page, app.ADDRESSES)
    yield url
    page.close()


@pytest.fixture(scope="session")
def draw():
    """Writes a noisy picture of one colour."""

    def write(path, colour=(9, 9, 9), seed=0):
        noise = np.random.default_rng(seed).integers(-40, 40, (72, 80, 3))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(path)
        return path

    return write


@pytest.fixture(scope="session")
def coloured(tmp_path_factory, draw):
    """Sixteen pictures, eight red and eight blue, and a broken one."""
    folder = tmp_path_factory.mktemp("coloured")
    for i in range(8):
        draw(folder / "red" / f"{i}.png", (200, 50, 50), i)
        draw(folder / "blue" / "deeper" / f"{i}.png", (50, 50, 200), 100 + i)
    (folder / "red" / "broken.jpg").write_bytes(b"no picture")
    (folder / "red" / "notes.txt").write_text("not asked for")
    (folder / ".hidden").mkdir()
    return folder
