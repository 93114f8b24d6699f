"""Who may import whom, what stays light, and that the tests themselves have no network."""

import ast
import json
import shutil
import socket
import urllib.request
from pathlib import Path

import pytest

# Imports go to a lower rank only.
RANKS = {
    "naming": -1, "errors": 0, "choices": 0, "steps": 0, "console": 0, "outputs": 1, "device": 1, "resnet": 1,
    "classnames": 1, "picklewalk": 1,
    "families": 1, "torchfile": 2, "registry": 2, "calibration": 2, "saving": 2, "inference": 2, "images": 3,
    "weights": 3, "statedict": 3, "anatomy": 3, "dataset": 4, "checkpoints": 4, "arithmetic": 4, "models": 5,
    "heatmap": 5, "explorer": 4, "published": 5, "predict": 6, "source": 6, "summary": 6, "microscope": 6,
    "teach": 6, "train": 6, "channelwise": 7, "finetune": 7, "overlays": 7, "gradcam": 8, "evaluate": 8,
    "report": 8, "torchinfo_counts": 7, "walkthrough": 7, "faithfulness": 9, "reference_cam": 9, "export": 9,
    "cli_train": 9, "mapfolder": 10, "batch": 11, "sheets": 12, "table": 12, "cli": 13, "__main__": 14,
}  # fmt: skip
ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "resnet_app").glob("*.py"))
TABS = sorted((ROOT / "demo" / "tabs").glob("*.py"))


def imported(source, *, at_run_time=False):
    """The dotted names that a source imports, in functions too; without those for type checkers where asked."""
    tree = ast.parse(source.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if at_run_time and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_has_its_rank():
    assert {path.stem for path in LIBRARY} - {"__init__"} == RANKS.keys()


@pytest.mark.parametrize("source", LIBRARY, ids=lambda path: path.stem)
def test_imports_go_one_way(source):
    below = {name for name, rank in RANKS.items() if rank < RANKS.get(source.stem, 0)}
    for name in imported(source):
        package, _, rest = name.partition(".")
        assert package not in ("gradio", "plotly", "demo"), name
        assert package != "pytorch_grad_cam" or source.stem in ("faithfulness", "reference_cam")
        assert package != "torchinfo" or source.stem == "torchinfo_counts"
        assert package != "matplotlib" or source.stem == "report"
        if package == "resnet_app" and rest != "__version__":
            assert rest.split(".")[0] in below, f"{source.stem} imports {name}"


def test_the_network_imports_torch_only():
    assert {name.split(".")[0] for name in imported(ROOT / "resnet_app" / "resnet.py")} == {
        "collections", "typing", "torch",
    }  # fmt: skip


@pytest.mark.parametrize("source", TABS, ids=lambda path: path.stem)
def test_tabs_build_components_and_nothing_else(source):
    """A tab is given its callables; it knows neither the library's work nor the app."""
    assert TABS
    names = {name for name in imported(source, at_run_time=True) if name.split(".")[0] in ("resnet_app", "demo")}
    heavy = ("models", "predict", "batch", "train", "cli", "checkpoints", "torchfile", "weights", "images", "resnet")
    forbidden = {f"resnet_app.{module}" for module in heavy} | {"demo.app", "demo.handlers", "demo.endpoints"}
    assert not {".".join(name.split(".")[:2]) for name in names} & forbidden


def test_the_library_loads_no_page_and_no_peer(fresh_python):
    """A process that has imported all of it knows neither gradio nor plotly nor what it is tested with."""
    modules = ", ".join(f"resnet_app.{name}" for name in RANKS if name not in ("report", "__main__"))
    done = fresh_python("-W", "error", "-c", f"import {modules}, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert {"resnet_app", "torch"} <= loaded
    assert not loaded & {"gradio", "plotly", "demo", "pytorch_grad_cam", "torchinfo", "matplotlib", "cv2", "pytest"}


def test_the_command_line_starts_without_torch(fresh_python):
    done = fresh_python("-c", "import resnet_app.cli, sys; print(*sys.modules)")
    assert "resnet_app.cli" in done.stdout.split()
    assert not {"torch", "numpy", "PIL"} & set(done.stdout.split())


def test_a_copy_alone_answers_with_the_bundled_model(fresh_python, tmp_path, picture):
    """Nothing beside the repository (the shared folder, say) is needed."""
    for name in ("resnet_app", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = fresh_python("-m", "resnet_app", "predict", picture, "--json", "--device", "cpu", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (answer,) = json.loads(done.stdout)
    assert answer["model"] == {"name": "resnet18", "weights": "ants-bees", "classes": 2, "device": "cpu"}
    assert {p["label"] for p in answer["predictions"]} == {"ants", "bees"}
    assert sum(p["probability"] for p in answer["predictions"]) == pytest.approx(1, abs=1e-5)


def test_the_bundled_model_answers_and_is_explained_without_torchvision(fresh_python, tmp_path, picture):
    """As with a torch that has no torchvision: only ImageNet's weights and names, and training, want it."""
    hidden = (
        "import sys; sys.modules['torchvision'] = None; from resnet_app.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    for command in (
        ["predict", picture, "--json", "--device", "cpu", "--cam-dir", tmp_path / "maps"],
        ["summary", "resnet50", "--json"],
        ["inspect", ROOT / "assets" / "ants-bees.safetensors", "--json"],
    ):
        done = fresh_python("-c", hidden, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert json.loads(done.stdout)
    assert list((tmp_path / "maps").glob("*.png"))


@pytest.mark.parametrize("address", [("93.184.215.14", 80), ("8.8.8.8", 53), ("::ffff:8.8.8.8", 53)])
def test_sockets_beyond_loopback_are_blocked(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as sock:
            for connect in (sock.connect, sock.connect_ex):
                with pytest.raises(OSError, match="tests have no network"):
                    connect(address)


def test_names_and_addresses_beyond_loopback_are_blocked():
    with pytest.raises(OSError, match="tests have no network"):
        socket.getaddrinfo("download.pytorch.org", 443)
    with pytest.raises(OSError, match="tests have no network"):
        urllib.request.urlopen("https://download.pytorch.org/models/resnet18-f37072fd.pth", timeout=5)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
