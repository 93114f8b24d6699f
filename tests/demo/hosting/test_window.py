"""A window of the app's own: which way is taken, what is said, and, under Xvfb, Chromium's for real."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.hosting import window
from tests.paths import ROOT
from tests.ports import free_port

ADDRESS = "http://127.0.0.1:7860/"
NO_PYWEBVIEW = "pywebview is not installed (requirements-window.txt); trying a browser."


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen, and no pywebview."""
    monkeypatch.setenv("DISPLAY", ":0")
    whole = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "webview" else whole(name))


def stand_in(path: Path, body: str) -> str:
    """A browser that is none."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_without_a_screen_the_address_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not window.stay_open(ADDRESS)
    assert capsys.readouterr().out == f"There is no screen here for a window; open {ADDRESS} in a browser.\n"


@pytest.mark.usefixtures("screen")
def test_a_browsers_window_has_a_profile_of_its_own_that_goes_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = tmp_path / "said"
    browser = stand_in(tmp_path / "chromium", f'printf "%s\\n" "$@" > {said}')
    monkeypatch.setattr(window, "find_browser", lambda: browser)
    assert window.stay_open(ADDRESS)
    options = said.read_text().splitlines()
    assert f"--app={ADDRESS}" in options
    assert ("--no-sandbox" in options) == (os.geteuid() == 0)
    (profile,) = (each.partition("=")[2] for each in options if each.startswith("--user-data-dir="))
    assert not Path(profile).exists()
    assert capsys.readouterr().out.splitlines() == [
        NO_PYWEBVIEW, "Opening a window of chromium; closing it ends the app.",
    ]  # fmt: skip


@pytest.mark.usefixtures("screen")
@pytest.mark.parametrize("opens", [True, False])
def test_where_no_window_opens_the_usual_browser_is_asked(
    opens: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    browser = stand_in(tmp_path / "chromium", "exit 1")
    monkeypatch.setattr(window, "find_browser", lambda: browser)
    monkeypatch.setattr("webbrowser.open", lambda _: opens)
    assert not window.stay_open(ADDRESS)
    *_, failed, then = capsys.readouterr().out.splitlines()
    assert failed == "chromium could not open a window; trying the usual browser."
    shown = f"The usual browser shows {ADDRESS} instead; Ctrl-C ends the app."
    assert then == (shown if opens else f"No browser could be opened; open {ADDRESS} yourself.")


@pytest.mark.usefixtures("screen")
def test_a_machine_without_a_known_browser_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(window, "find_browser", lambda: None)
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    assert not window.stay_open(ADDRESS)
    assert "Neither Edge nor Chrome nor Chromium is here; trying the usual browser." in capsys.readouterr().out


@pytest.fixture
def x_display() -> Iterator[str]:
    if not (shutil.which("Xvfb") and shutil.which("xwininfo")):
        pytest.skip("Xvfb or xwininfo is not installed: apt-get install xvfb x11-utils")
    if not window.find_browser():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"], pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as number:
        yield f":{number.readline().strip()}"
    screen.terminate()
    screen.wait()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For temporary files; below pytest's own the path of Chromium's socket would be longer than 107 characters."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def has_window(display: str) -> bool:
    """Whether one has the page's title, which a browser's own warning would not have."""
    told = subprocess.run(
        ["xwininfo", "-root", "-tree", "-display", display], capture_output=True, text=True, check=False
    )
    return f'"{window.TITLE}"' in told.stdout


def child_with_profile(parent: int) -> tuple[int, Path] | None:
    """The browser that an app has started, and its profile."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
        for word in words:
            if above == parent and word.startswith("--user-data-dir="):
                return int(folder.name), Path(word.partition("=")[2])
    return None


def wait_for(what: object, seconds: float = 60) -> object:
    """What a question gives as soon as it gives anything."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come")


@pytest.mark.slow
def test_chromiums_window_shows_the_app_over_https_and_its_end_is_the_apps(x_display: str, short_folder: Path) -> None:
    port = free_port()
    hide = "import sys; from demo.hosting import window; window._by_pywebview = window._by_browser\n"
    run = f"{hide}from demo.__main__ import main\nsys.exit(main())"
    options = ["--window", "--port", str(port), "--device", "cpu", "--https"]
    env = {**os.environ, "DISPLAY": x_display, "TMPDIR": str(short_folder)}
    app = subprocess.Popen([sys.executable, "-c", run, *options], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: has_window(x_display))
        browser, profile = wait_for(lambda: child_with_profile(app.pid))
        assert profile.is_relative_to(short_folder)
        os.kill(browser, signal.SIGTERM)  # as the last window's end does
        said, _ = app.communicate(timeout=60)
    finally:
        app.kill()
    assert app.returncode == 0
    assert "closing it ends the app." in said
    assert not profile.exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
