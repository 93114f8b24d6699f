"""The app in a window of its own: pywebview's, else a browser's without its bars, else a tab of the usual browser."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

TITLE = "ResNet Explorer"
SIZE = (1440, 900)
_ROOT = Path(__file__).parents[2]
BROWSERS = (
    "microsoft-edge", "microsoft-edge-stable", "msedge", "google-chrome", "google-chrome-stable", "chrome", "chromium",
    "chromium-browser",
)  # fmt: skip
# Where they lie without being on the path: below Windows' folders for programs, and among macOS' applications.
_WINDOWS = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
_MACOS = ("Microsoft Edge", "Google Chrome", "Chromium")
_QUIET = (  # a new profile would greet its owner and call home
    "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-domain-reliability", "--disable-features=Translate",
)  # fmt: skip
_OPENED_S = 10  # a browser that fails sooner never had a window


class NoWindowError(Exception):
    """There is none in this way; the text is a sentence that says why."""


def stay_open(address: str, *, self_signed: bool = False) -> bool:
    """Show the app and wait until the window is closed; False where there is no window whose end could be seen.

    ``self_signed`` says that the app's certificate was made on the spot: a window of our own takes it without asking.
    """
    if not _has_screen():
        print(f"There is no screen here for a window; open {address} in a browser.", flush=True)
        return False
    ways: tuple[Callable[[str, bool], None], ...] = (_by_pywebview, _by_browser)
    for way in ways:
        try:
            way(address, self_signed)
            return True
        except NoWindowError as reason:
            print(reason, flush=True)
    if webbrowser.open(address):
        print(f"The usual browser shows {address} instead; Ctrl-C ends the app.", flush=True)
    else:
        print(f"No browser could be opened; open {address} yourself.", flush=True)
    return False


def _has_screen() -> bool:
    """Linux alone runs without one, and would open a browser made of text in this very terminal."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _by_pywebview(address: str, self_signed: bool) -> None:
    if importlib.util.find_spec("webview") is None:
        raise NoWindowError("pywebview is not installed (requirements-window.txt); trying a browser.")
    command = [sys.executable, "-m", "demo.hosting.webview_process", address]
    _run("pywebview", [*command, "--self-signed"] if self_signed else command, "trying a browser")


def _by_browser(address: str, self_signed: bool) -> None:
    browser = find_browser()
    if browser is None:
        raise NoWindowError("Neither Edge nor Chrome nor Chromium is here; trying the usual browser.")
    with _profile() as profile:
        options = [f"--app={address}", f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}", *_QUIET]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")  # which refuses the superuser
        if self_signed:
            options.append(f"--ignore-certificate-errors-spki-list={_fingerprint(address)}")
        _run(Path(browser).stem, [browser, *options], "trying the usual browser")


def _run(name: str, command: Sequence[str], then: str) -> None:
    """A program that ends with its window."""
    print(f"Opening a window of {name}; closing it ends the app.", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        code = process.wait()
    finally:
        process.terminate()
        process.wait()
    if code and time.monotonic() - started < _OPENED_S:
        raise NoWindowError(f"{name} could not open a window; {then}.")


@contextmanager
def _profile() -> Iterator[str]:
    """A folder for a browser, which may still write into it for a moment after its end."""
    folder = tempfile.mkdtemp(prefix="resnet-explorer-")
    try:
        yield folder
    finally:
        for _ in range(50):
            shutil.rmtree(folder, ignore_errors=True)
            if not Path(folder).exists():
                break
            time.sleep(0.1)


def _fingerprint(address: str) -> str:
    """The app's own key, by which a browser knows its certificate again: no other gets the same trust."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    url = urlsplit(address)
    shown = ssl.get_server_certificate((url.hostname or "localhost", url.port or 443))
    key = load_pem_x509_certificate(shown.encode()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def find_browser() -> str | None:
    """Edge, Chrome or Chromium; None where there is none of them."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    programs = filter(None, map(os.environ.get, ("PROGRAMFILES(X86)", "PROGRAMFILES", "LOCALAPPDATA")))
    candidates = [Path(folder, each) for folder in programs for each in _WINDOWS]
    candidates += [Path("/Applications", f"{name}.app", "Contents/MacOS", name) for name in _MACOS]
    return next((str(path) for path in candidates if path.is_file()), None)
