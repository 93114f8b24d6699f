"""What visitors bring lies in a folder of this run alone: no other app's end takes it along, and its own end does."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from demo.hosting import uploads
from tests.paths import EXAMPLES, ROOT
from tests.ports import free_port

BEE = EXAMPLES / "bee-daisy.jpg"


@pytest.fixture
def start(tmp_path):
    """Starts an app whose temporary files are in ``tmp_path``: its process and its address."""
    running = []

    def begin():
        port = free_port()
        env = {name: value for name, value in os.environ.items() if name != uploads.VARIABLE}
        command = [sys.executable, "-m", "demo", "--port", str(port)]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        running.append(subprocess.Popen(command, cwd=ROOT, env=env | {"TMPDIR": str(tmp_path)}, **pipes))
        for _ in range(300):
            assert running[-1].poll() is None
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5):
                break
            time.sleep(0.2)
        return running[-1], f"http://127.0.0.1:{port}"

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def brought(address):
    """Where the app has put the bee."""
    with BEE.open("rb") as photo:
        return Path(httpx.post(f"{address}/gradio_api/upload", files={"files": photo}, timeout=60).json()[0])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="another system's signals")
def test_an_apps_end_takes_its_own_uploads_and_no_others(start, tmp_path):
    (first, here), (second, there) = start(), start()
    one, other = brought(here), brought(there)
    assert one != other
    assert one.read_bytes() == other.read_bytes() == BEE.read_bytes()
    for process, how, gone in ((first, signal.SIGTERM, one), (second, signal.SIGINT, other)):
        assert gone.exists()
        process.send_signal(how)  # it may be bringing torch in, and an import would swallow what a signal raises
        told = process.communicate(timeout=240)[1].decode()
        assert (process.returncode, told) == (0, "")
        assert not gone.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_chosen_is_kept(fresh_python, monkeypatch, tmp_path):
    monkeypatch.setenv(uploads.VARIABLE, str(tmp_path))
    code = "from demo.__main__ import prepare_environment as p; p()\nimport os; print(os.environ['GRADIO_TEMP_DIR'])"
    assert fresh_python("-c", code).stdout.strip() == str(tmp_path)
    assert tmp_path.exists()
