"""The folder for Hugging Face: what is in it, what is refused, and the app started in it as a Space starts it."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading

import httpx
import pytest
from gradio_client import handle_file

from tests.hosting.conftest import BEE, classified
from tests.paths import ROOT
from tools import space

PYTHON = os.environ.get("SPACE_PYTHON", sys.executable)  # another one: that of an environment with a Space's versions


@pytest.fixture
def made(tmp_path):
    out = tmp_path / "space"
    space.write(space.free(str(out)))
    return out


def make(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["space", *map(str, arguments)])
    return space.main()


def test_it_holds_what_the_app_needs_and_nothing_else(made):
    assert {path.name for path in made.iterdir()} == set(space.WRITTEN)
    models = {"ants-bees.safetensors", "ants-bees-v1.safetensors"}
    assert {path.name for path in (made / "assets").iterdir()} == {*models, "examples"}
    assert {path.suffix for path in made.rglob("*") if path.is_file()} <= {
        "", ".md", ".txt", ".py", ".safetensors", ".jpg", ".json", ".css", ".js", ".svg", ".html",
    }  # fmt: skip
    assert not list(made.rglob("__pycache__"))


def test_what_is_large_goes_into_lfs(made):
    by_lfs = re.findall(r"^\*(\S+) filter=lfs diff=lfs merge=lfs -text$", (made / ".gitattributes").read_text(), re.M)
    large = [path for path in made.rglob("*") if path.is_file() and path.stat().st_size > 10 * 2**20]
    assert {path.name for path in large} == {"ants-bees.safetensors", "ants-bees-v1.safetensors"}
    assert all(path.suffix in by_lfs for path in large)
    (made / "demo" / "huge.bin").write_bytes(bytes(space.LARGEST + 1))
    assert "demo/huge.bin filter=lfs" in space.attributes_of(made)


def test_its_front_matter_and_its_requirements_fit_our_own(made):
    front = dict(re.findall(r"^(\w+): (.+)$", (made / "README.md").read_text("utf-8").split("---")[1], re.M))
    assert (front["sdk"], front["app_file"], front["python_version"]) == ("gradio", "app.py", "3.12.12")
    least = re.search(r"^gradio>=([\d.]+),<(\d+)$", (ROOT / "requirements.txt").read_text(), re.M)
    version = [int(part) for part in front["sdk_version"].split(".")]
    assert [int(part) for part in least[1].split(".")] <= version
    assert version[0] < int(least[2])
    lines = (made / "requirements.txt").read_text().splitlines()
    assert {"torch==2.11.0", "torchvision==0.26.0", "spaces"} <= set(lines)
    assert len(lines) == len((ROOT / "requirements.txt").read_text().splitlines()) + 1


def test_a_folder_that_is_missing_or_not_ours_is_refused_with_one_sentence(monkeypatch, tmp_path, capsys):
    (tmp_path / "letter.txt").write_text("mine")
    for given in ("", tmp_path, tmp_path / "letter.txt"):
        assert make(monkeypatch, given) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_clone_is_filled_and_a_folder_of_ours_is_written_anew(monkeypatch, tmp_path, capsys):
    (tmp_path / ".git").mkdir()
    assert make(monkeypatch, tmp_path) == 0
    (tmp_path / "demo" / "old.py").touch()
    assert make(monkeypatch, tmp_path) == 0
    assert "files" in capsys.readouterr().out
    assert (tmp_path / ".git").is_dir()
    assert not (tmp_path / "demo" / "old.py").exists()


def read_only(folder):
    """A checkout that nobody may write into."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def variables(at, **others):
    return {
        "SPACE_ID": "someone/resnet-explorer", "SYSTEM": "spaces", "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(at), "GRADIO_NUM_PORTS": "1", "OMP_WAIT_POLICY": "PASSIVE", **others,
    }  # fmt: skip


@pytest.mark.slow
def test_started_as_on_a_space_it_answers_a_photo(made, start, port, tmp_path, without_overruling):
    read_only(made)
    at = port()
    url = f"http://127.0.0.1:{at}"
    log = start([*without_overruling, PYTHON, "app.py"], url, cwd=made, **variables(at))
    best, client = classified(url, tmp_path)
    assert best == "bees"
    assert not re.search("resnet_explorer (WARNING|ERROR)", log.read_text())
    for path in (made / "app.py", made / "assets" / "ants-bees.safetensors", "/etc/passwd", tmp_path / "log-0"):
        assert httpx.get(f"{url}/gradio_api/file={path}").status_code in (403, 404), path
    config = client.config
    assert config["max_file_size"] == 600 * 2**20


@pytest.fixture(scope="session")
def spaces_package(tmp_path_factory):
    """Hugging Face's `spaces`, in a folder of its own; needs the network."""
    folder = tmp_path_factory.mktemp("spaces")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), "spaces"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip("spaces cannot be installed here (no network?)")
    return folder


@pytest.fixture
def lender():
    """Stands for the host's own server: notes what `spaces` asks, and lends a GPU that is not there."""
    asked = []

    class Lender(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            told = {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "none", "allowToken": "token"}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing on the screen."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lender)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


# Lends this machine's CPU: `spaces` forks, pickles and hands back as ever, but no CUDA is begun in the forked process.
ON_THE_CPU = """
import runpy, spaces.zero.torch as lent
lent.init = lambda uuid: None
lent.move = lambda callback=None: None
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.thorough
def test_started_as_on_zero_gpu_it_passes_the_start_up_check_and_borrows_for_slow_maps(
    made, start, port, tmp_path, without_overruling, spaces_package, lender
):
    read_only(made)
    at, (api, asked) = port(), lender
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/space\n")
    env = variables(
        at, SPACES_ZERO_GPU="true", SPACES_ZERO_DEVICE_API_URL=api, ZEROGPU_PROC_SELF_CGROUP_PATH=str(cgroup),
        PYTHONPATH=str(spaces_package), OMP_NUM_THREADS="2",
    )  # fmt: skip
    url = f"http://127.0.0.1:{at}"
    log = start([*without_overruling, PYTHON, "-c", ON_THE_CPU], url, cwd=made, **env)
    assert asked == ["/startup-report"]
    best, client = classified(url, tmp_path)
    assert best == "bees"
    assert asked == ["/startup-report"]  # one answer borrows nothing
    record, overlay = client.predict(
        handle_file(BEE), class_name="bees", layer="layer1", method="scorecam", api_name="/explain"
    )
    assert record["predictions"][0]["label"] == "bees"
    assert overlay
    (schedule,) = [path for path in asked if path.startswith("/schedule")]
    assert 10 <= int(re.search(r"durationSeconds=(\d+)", schedule)[1]) <= 20
    assert any(path.startswith("/allow") for path in asked)  # the forked process was reached
    assert "no GPU" not in log.read_text()
    assert "release?allowToken=token&fail=false" in asked[-1]
