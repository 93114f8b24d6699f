"""What may fail behind the server while it starts: it stays up, says what it does, and answers on what works."""

import importlib.util
import io
import logging
import os
import re
import subprocess
import sys

import pytest
import torch

from demo import __main__ as start
from resnet_app import device
from resnet_app.errors import DeviceError
from resnet_app.inference import models
from resnet_app.inference.cache import ModelCache
from tests.paths import ROOT


@pytest.fixture
def card(monkeypatch):
    """A GPU that is there, and on which the first picture fails."""
    monkeypatch.setattr(device, "_failed", {})
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Card 0")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    cache, whole, asked = ModelCache(), models.load, []
    monkeypatch.setattr("resnet_app.inference.cache.shared_cache", lambda: cache)

    def load(choice, **_):
        asked.append(choice.device)
        if choice.device != "cpu":
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return whole(choice)

    monkeypatch.setattr("resnet_app.inference.cache.load", load)
    return asked


@pytest.mark.parametrize("asked_for", ["auto", "cuda"])
def test_a_device_that_fails_gives_way_to_the_cpu_with_a_sentence(card, asked_for, caplog):
    with caplog.at_level(logging.WARNING):
        start.warm_up(None, None, asked_for)
    assert card == ["cuda:0", "cpu"]
    assert "Card 0 is set aside; CPU" in caplog.text
    assert device.resolve("auto").name == "cpu"
    assert device.failed() == ["Card 0"]
    with pytest.raises(DeviceError, match=r"'cuda' failed when it was tried; choose one of auto, cpu\."):
        device.resolve("cuda")


@pytest.mark.usefixtures("card")
def test_the_status_card_says_that_a_device_was_set_aside(bundled):
    from demo.sidebar.view import status_ready

    assert "Card 0" not in status_ready("en", bundled)
    device.set_aside(device.resolve("cuda"))
    assert "Card 0" in status_ready("en", bundled)
    assert "Card 0" in status_ready("zh-CN", bundled)


def test_the_cpu_is_never_set_aside(monkeypatch):
    monkeypatch.setattr(device, "_failed", {})
    device.set_aside(device.resolve("cpu"))
    assert device.resolve("cpu").name == "cpu"


@pytest.mark.parametrize("broken", ["_first_answer", "_import_the_rest"])
def test_whatever_fails_the_server_stays(broken, monkeypatch, caplog):
    monkeypatch.setattr(device, "_failed", {})

    def fail(*_):
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(start, broken, fail)
    start.warm_up(None, None, "cpu")
    assert "the driver is gone" in caplog.text


@pytest.fixture
def asked(monkeypatch):
    """Reads a command line as the program would."""

    def read(*words):
        monkeypatch.setattr("sys.argv", ["demo", *words])
        return start._options()

    return read


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--auth", "teacher"], "argument --auth: write it as USER:PASSWORD; see python -m demo --help"),
        (["--auth", ":honey"], "argument --auth: write it as USER:PASSWORD; see python -m demo --help"),
        (["--auth", "teacher:"], "argument --auth: write it as USER:PASSWORD; see python -m demo --help"),
        (["--https", "cert.pem"], "--https takes a certificate and its key, or nothing for one made on the spot; see"),
        (["--mcp", "--auth", "a:b"], "--mcp and --auth do not go together: Gradio's MCP server asks nobody for a"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(asked, words, says, capsys):
    with pytest.raises(SystemExit) as stop:
        asked(*words)
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(says)
    assert told.count("\n") == 1


def test_a_password_may_hold_colons(asked):
    assert asked("--auth", "teacher:a:b").auth == ("teacher", "a:b")


def test_the_environments_address_counts_where_none_is_given(asked, monkeypatch):
    assert (asked().host, asked().port) == ("127.0.0.1", None)
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8123")
    assert (asked().host, asked().port) == ("0.0.0.0", 8123)
    assert (asked("--host", "::1", "--port", "9").host, asked("--port", "9").port) == ("::1", 9)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--mcp"], "--mcp needs one package more: pip install -r requirements-mcp.txt."),
        (
            ["--https", "no.pem", "key.pem"],
            "no.pem and key.pem are no certificate with its key (No such file or directory);",
        ),
    ],
)
def test_what_is_not_here_ends_the_program_with_one_sentence(words, says, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["demo", *words])
    whole = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "mcp" else whole(name))
    assert start.main() == 2
    told = capsys.readouterr().err
    assert told.startswith(says)
    assert told.count("\n") == 1


HERE, THERE = "http://127.0.0.1:7860/", ["http://192.168.178.24:7860", "http://10.1.2.3:7860"]


def test_others_are_told_the_addresses_and_shown_a_code(capsys):
    start._tell("http://0.0.0.0:7860/", THERE)
    here, first, second, *code = capsys.readouterr().out.splitlines()
    assert (here, first, second) == (
        "* Open in a browser:  http://127.0.0.1:7860/",
        "* Others in this network open:  http://192.168.178.24:7860",
        "* Others in this network open:  http://10.1.2.3:7860",
    )
    assert "█" in code[0]
    start._tell(HERE, [])
    assert capsys.readouterr().out == "* Open in a browser:  http://127.0.0.1:7860/\n"


def test_a_teacher_is_told_two_addresses_and_which_is_whose(capsys):
    start._tell("http://[::]:7860/", THERE[:1], "abc")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "* Students open:  http://192.168.178.24:7860"
    assert last == "* You, the teacher, open:  http://192.168.178.24:7860/#teacher=abc"
    start._tell("http://[::]:7860/", [], "abc")
    assert capsys.readouterr().out == "* You, the teacher, open:  http://[::1]:7860/#teacher=abc\n"


def test_a_terminal_without_blocks_gets_the_address_alone(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    start._tell(HERE, THERE[:1])
    assert written.getvalue().decode().splitlines()[1:] == [
        "* Others in this network open:  http://192.168.178.24:7860"
    ]


@pytest.mark.parametrize("module", ["demo", "resnet_app"])
def test_a_python_without_the_requirements_gets_one_sentence(module):
    """As who follows the README and forgets the environment: a bare Python, which sees the checkout alone."""
    words = ["summary", "resnet18", "--layers"] if module == "resnet_app" else ["--port", "1"]
    bare = [sys.executable, "-S", "-E", "-m", module, *words]
    done = subprocess.run(bare, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"This Python \(.*\) has no '\w+'\. Start it with .*requirements\.txt\.\n", done.stderr)


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of glibc")
def test_threads_share_two_arenas_unless_the_user_chose_a_number():
    program = (
        "import threading; from demo.__main__ import prepare_environment; prepare_environment()\n"
        "def work(): held = [bytearray(200) for _ in range(20000)]; barrier.wait()\n"
        "barrier = threading.Barrier(8); threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[each.start() for each in threads]; [each.join() for each in threads]\n"
        "import ctypes; ctypes.CDLL(None).malloc_stats()"
    )
    for variables, most in (({}, 2), ({"MALLOC_ARENA_MAX": "7"}, 7)):
        env = {name: each for name, each in os.environ.items() if not name.startswith("MALLOC")} | variables
        told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True)
        arenas = told.stderr.count("Arena ")
        assert (2 <= arenas <= most) if most == 2 else arenas > 2, told.stderr
