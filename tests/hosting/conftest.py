"""Starts the app as a host does, in a process of its own, and asks it over HTTP."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import pytest

from tests.paths import EXAMPLES

BEE = EXAMPLES / "bee-daisy.jpg"


@pytest.fixture
def port():
    """Gives a port that is free."""

    def free():
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            return trial.getsockname()[1]

    return free


@pytest.fixture
def start(tmp_path):
    """Starts a server with these variables and few others, waits until it answers, and ends it after the test."""
    running = []

    def begin(command, url, *, cwd, **variables):
        home, temporary, log = (tmp_path / f"{name}-{len(running)}" for name in ("home", "tmp", "log"))
        home.mkdir()
        temporary.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary), **variables}
        with log.open("w") as file:
            how = {"cwd": cwd, "env": env, "stdout": file, "stderr": file, "start_new_session": True}
            running.append(subprocess.Popen(list(map(str, command)), **how))
        for _ in range(600):
            assert running[-1].poll() is None, log.read_text()
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    assert answer.status == 200
                    return log
            except OSError:
                time.sleep(0.2)
        raise AssertionError(log.read_text())

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it has forked, such as a lent GPU's worker


@pytest.fixture(scope="session")
def without_overruling():
    """What stands before a command so that root, too, may not write where the file's mode says no."""
    if os.geteuid() != 0:
        return []
    rights = "-dac_override,-dac_read_search,-fowner,-chown"
    command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
    if not shutil.which("setpriv") or subprocess.run([*command, sys.executable, "-c", ""]).returncode:
        pytest.skip("this is root, and setpriv cannot take its rights over files away")
    return command


def classified(url, tmp_path, **how):
    """The best answer to an example, over HTTP."""
    from gradio_client import Client, handle_file

    client = Client(url, verbose=False, download_files=tmp_path / "got", analytics_enabled=False)
    record = client.predict(handle_file(BEE), api_name="/classify", **how)
    return record["predictions"][0]["label"], client
