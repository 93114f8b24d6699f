"""Who may import whom, what stays light, and that the tests themselves have no network."""

import ast
import json
import re
import shutil
import socket
import urllib.request
from graphlib import TopologicalSorter

import pytest

from tests.paths import ROOT

# Imports go to a lower floor, or stay within a room; files that lie beside the rooms are the ground floor.
LIBRARY_FLOORS = {
    "": 0,
    "checkpoints": 1,
    "architecture": 1,
    "inference": 2,
    "explain": 3,
    "explain.worth": 4,
    "training": 4,
    "depth": 5,
    "many": 5,
    "robustness": 5,
    "lesson": 6,
    "cli": 7,
}
PEERS = {  # third parties that one file alone may import
    "pytorch_grad_cam": ("explain.worth.faithfulness", "explain.worth.reference"),
    "torchinfo": ("architecture.torchinfo_counts",),
    "ray": ("many.ray_engine",),
    "pyarrow": ("many.ray_engine", "many.parquet"),
    "fsspec": ("many.remote",),
    "matplotlib": ("training.plots", "depth.plots"),
}
LIBRARY = sorted((ROOT / "resnet_app").rglob("*.py"))
TABS = ("sidebar", "classify", "explain", "fool", "residual", "explore", "batch", "compare", "teach", "lesson")
# Beside the rooms: api, app, then __main__.
PAGE_FLOORS = {"locales": 0, "hosting": 1, "ui": 1, "classroom": 2, **dict.fromkeys(TABS, 3), "": 4}
MAY_USE = {"compare": ("explore",)}  # of the tabs; otherwise none imports another
PAGE = sorted(path for path in (ROOT / "demo").rglob("*.py"))


def dotted(source):
    """A file's module name without its package: explain.cam."""
    return ".".join(source.relative_to(ROOT).with_suffix("").parts[1:])


def room_of(module):
    """The innermost room of the library that a module lies in; none is the ground floor."""
    while module and module not in LIBRARY_FLOORS:
        module = module.rpartition(".")[0]
    return module


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


def test_the_library_has_the_rooms_that_are_named_here():
    assert {dotted(path).rpartition(".")[0] for path in LIBRARY} == LIBRARY_FLOORS.keys()


@pytest.mark.parametrize("source", LIBRARY, ids=dotted)
def test_the_library_imports_nothing_from_above_or_beside(source):
    own = dotted(source)
    room = own.rpartition(".")[0]
    for name in imported(source):
        package, _, rest = name.partition(".")
        assert package not in ("gradio", "plotly", "demo"), name
        assert own in PEERS.get(package, (own,)), name
        if package == "resnet_app" and own != "__main__":
            other = room_of(rest)
            assert other == room or LIBRARY_FLOORS[other] < LIBRARY_FLOORS[room], f"{own} imports {name}"


def modules_imported(source, known):
    """The modules among the known ones that a file imports, in functions too."""
    for name in imported(source, at_run_time=True):
        while name and name not in known:
            name = name.rpartition(".")[0]
        if name:
            yield name


def test_no_files_import_each_other():
    known = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for package in ("resnet_app", "demo")
        for path in (ROOT / package).rglob("*.py")
    }
    graph = {name: set(modules_imported(path, known)) - {name} for name, path in known.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("folder", ["resnet_app", "demo"])
def test_no_folder_holds_more_than_fourteen_files(folder):
    for room in ((ROOT / folder), *(path for path in (ROOT / folder).rglob("*") if path.is_dir())):
        assert len([path for path in room.iterdir() if path.is_file()]) <= 14, room


def test_the_network_imports_torch_only():
    assert {name.split(".")[0] for name in imported(ROOT / "resnet_app" / "resnet.py")} == {
        "collections", "typing", "torch",
    }  # fmt: skip


def test_the_page_has_the_rooms_that_are_named_here():
    assert {dotted(path).rpartition(".")[0] for path in PAGE} - {""} <= PAGE_FLOORS.keys()
    assert {path.parent.name for path in PAGE} - {"demo"} == PAGE_FLOORS.keys() - {""}


@pytest.mark.parametrize("source", PAGE, ids=dotted)
def test_the_page_imports_nothing_from_above_or_beside(source):
    own = dotted(source)
    room = own.rpartition(".")[0]
    for name in imported(source):
        package, _, rest = name.partition(".")
        if package != "demo" or own == "__main__":
            continue
        other = rest.split(".")[0] if rest.split(".")[0] in PAGE_FLOORS else ""
        if room == "":
            assert other or own in ("app", "api"), f"{own} imports {name}"
            continue
        assert other == room or other in MAY_USE.get(room, ()) or PAGE_FLOORS[other] < PAGE_FLOORS[room], (
            f"{own} imports {name}"
        )


@pytest.mark.parametrize("source", [path for path in PAGE if dotted(path).split(".")[0] in TABS], ids=dotted)
def test_within_a_tab_layout_events_handlers_and_view_go_one_way(source):
    """events know layout and handlers, handlers know views, layouts and views know neither."""
    room, _, kind = dotted(source).rpartition(".")
    kind = kind.rpartition("_")[2]
    allowed = {
        "layout": {"layout", "choices"}, "view": {"view", "drawings", "charts", "choices"}, "drawings": set(),
        "charts": {"view", "choices"},
        "handlers": {"handlers", "view", "charts", "drawings", "choices"}, "choices": set(),
    }.get(kind)  # fmt: skip
    for name in imported(source):
        if allowed is not None and name.startswith(f"demo.{room}."):
            assert name.split(".")[2].rpartition("_")[2] in allowed, f"{room}.{kind} imports {name}"


@pytest.mark.parametrize("source", PAGE, ids=dotted)
def test_html_is_made_by_templates_alone(source):
    """What is put together from strings is escaped only where nobody forgets it; theme has no words of anybody's."""
    if source.stem in ("theme", "charts"):  # the page's head; Plotly's own marks
        return
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            assert not re.search("</?[a-z]", "".join(parts)), f"{source}:{node.lineno}"


@pytest.mark.parametrize("source", [path for path in PAGE if dotted(path).split(".")[0] in TABS], ids=dotted)
def test_layouts_and_events_import_nothing_heavy(source):
    """The page is up before torch is: only views may, which handlers import when they are first asked."""
    if source.stem.endswith(("view", "drawings", "charts")):
        return
    light = (
        "choices", "colours", "registry", "errors", "progress", "naming", "architecture.counting",
        "robustness.catalogue", "depth.record", "depth.process",
    )  # fmt: skip
    tree = ast.parse(source.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("resnet_app"):
            assert node.module.removeprefix("resnet_app.") in light, f"{source}: {node.module}"


@pytest.mark.slow
def test_the_library_loads_no_page_and_no_peer(fresh_python):
    """A process that has imported all of it knows neither gradio nor plotly nor what it is tested with."""
    modules = ", ".join(
        f"resnet_app.{dotted(path)}"
        for path in LIBRARY
        if dotted(path) not in ("training.plots", "depth.plots", "__main__")
    )
    done = fresh_python("-W", "error", "-c", f"import {modules}, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert {"resnet_app", "torch"} <= loaded
    assert not loaded & {
        "gradio",
        "plotly",
        "demo",
        "pytorch_grad_cam",
        "torchinfo",
        "matplotlib",
        "cv2",
        "pytest",
        "ray",
    }


def test_the_command_line_starts_without_torch(fresh_python):
    done = fresh_python("-c", "import resnet_app.cli.main, sys; print(*sys.modules)")
    assert "resnet_app.cli.main" in done.stdout.split()
    assert not {"torch", "numpy", "PIL"} & set(done.stdout.split())


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_bundled_model_answers_and_is_explained_without_torchvision(fresh_python, tmp_path, picture):
    """As with a torch that has no torchvision: only ImageNet's weights and names, and training, want it."""
    hidden = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from resnet_app.cli.main import main\nsys.exit(main(sys.argv[1:]))"
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
