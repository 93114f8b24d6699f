"""The app as an installed package: all it needs is inside, and it works from any folder."""

import json
import re
import subprocess
import sys
import zipfile

import pytest

from tests.hosting.conftest import BEE, classified
from tests.paths import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of what git knows, so that no build folder stays in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no checkout")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    pip(["wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source"])
    (built,) = folder.glob("*.whl")
    return built


def pip(arguments):
    done = subprocess.run([sys.executable, "-m", "pip", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_wheel_holds_all_that_lies_in_the_packages_and_its_metadata_the_requirements(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (metadata,) = [file.read(name).decode() for name in names if name.endswith("/METADATA")]
    suffixes = {".py", ".json", ".html", ".css", ".js", ".svg"}
    lying = [path for package in ("demo", "resnet_app") for path in (ROOT / package).rglob("*")]
    wanted = {path.relative_to(ROOT).as_posix() for path in lying if path.suffix in suffixes}
    assert wanted <= names
    assert {f"resnet_app/assets/{name}.safetensors" for name in ("ants-bees", "ants-bees-v1")} <= names
    assert len([name for name in names if name.endswith(".jpg")]) == 6
    required = re.findall(r"^Requires-Dist: ([\w-]+)", metadata, re.M)
    assert required == re.findall(r"^([\w-]+)", (ROOT / "requirements.txt").read_text(), re.M)


@pytest.mark.slow
def test_installed_the_two_commands_work_from_another_folder(wheel, start, port, tmp_path):
    pip(["install", "--no-deps", "--no-compile", "--target", tmp_path / "installed", wheel])
    commands, elsewhere = tmp_path / "installed" / "bin", tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"PYTHONPATH": str(tmp_path / "installed"), "OMP_WAIT_POLICY": "PASSIVE"}
    asked = [commands / "resnet-app", "predict", BEE, "--json", "--device", "cpu"]
    done = subprocess.run(list(map(str, asked)), cwd=elsewhere, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[0]["predictions"][0]["label"] == "bees"
    at = port()
    url = f"http://127.0.0.1:{at}"
    start([commands / "resnet-explorer", "--port", at], url, cwd=elsewhere, **env)
    assert classified(url, tmp_path)[0] == "bees"
