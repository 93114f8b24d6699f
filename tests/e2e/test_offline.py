"""The page where there is no network at all: no card but loopback, for the app and for the browser."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

MAIN_PATHS = (
    "test_browser.py::test_pick_a_model_upload_a_photo_see_label_and_overlay_open_the_stage_table",
    "test_browser.py::test_many_photos_at_once",
    "test_overview.py::test_pointing_frames_the_photo_and_clicking_takes_a_unit_apart",
)
# Within the namespace: loopback is up, the rest of the world is out of reach, then the tests of the main paths, each of
# which records what the page asks for (see open_page).
WITHIN = """
import fcntl, socket, struct, sys
import pytest
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
    fcntl.ioctl(card, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
assert [name for _, name in socket.if_nameindex()] == ["lo"]
with socket.socket() as outside:
    outside.settimeout(5)
    try:
        outside.connect(("192.0.2.1", 80))
    except OSError as error:
        assert "unreachable" in str(error), error
sys.exit(pytest.main(["-m", "e2e", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def can_be_cut_off() -> bool:
    """Whether this machine lends a network namespace."""
    unshare = shutil.which("unshare")
    return bool(unshare) and subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode == 0


def test_the_main_paths_work_without_any_network(tmp_path: Path) -> None:
    if not can_be_cut_off():
        pytest.skip("this machine lends no network namespace (unshare -rn)")
    tests = [f"tests/e2e/{each}" for each in MAIN_PATHS]
    own = f"--basetemp={tmp_path / 'within'}"  # else it clears up after earlier runs, whose files are not all its own
    command = ["unshare", "-rn", sys.executable, "-c", WITHIN, own, *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{len(MAIN_PATHS)} passed" in done.stdout
