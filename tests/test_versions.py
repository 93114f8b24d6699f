"""The run through the versions: which pair is the oldest, what is left out and why, what fails is said and exits so."""

import re

import pytest

from benchmarks import versions
from tests.paths import ROOT


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    monkeypatch.setattr(versions, "LOGS", tmp_path / "build" / "versions")
    (tmp_path / "requirements.txt").write_text((ROOT / "requirements.txt").read_text("utf-8"), encoding="utf-8")
    return versions.LOGS


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["versions", *arguments])
    return versions.main()


def test_the_oldest_pair_is_what_the_requirements_begin_at():
    assert versions.oldest_pair() == "torch==2.8.*\ntorchvision==0.23.*\n"


def test_a_space_s_pair_can_be_tried_too():
    assert versions.held_to("zerogpu") == "torch==2.11.0\ntorchvision==0.26.0\n"
    assert versions.held_to("newest") == ""


def test_the_pythons_that_are_tried_begin_at_the_one_that_the_project_asks_for():
    asked = re.search(r'^requires-python = ">=(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), flags=re.M)
    assert asked is not None
    assert versions.PYTHONS[0] == asked[1]
    assert f"Python {asked[1]} or newer" in (ROOT / "README.md").read_text("utf-8")


def test_the_python_that_runs_this_is_found():
    assert versions.find_python(versions.HERE) is not None


def test_a_python_that_is_not_here_is_left_out_and_no_failure(monkeypatch, capsys):
    assert run(monkeypatch, "--python", "3.99", "--pair", "oldest") == 0
    assert "left out: there is no Python 3.99 here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("printed", "missing"),
    [
        ("satisfies the requirement torch==2.8.* (from versions: 2.14.0, 2.15.0)", "torch==2.8.*"),
        ("satisfies the requirement torchvision<0.30,>=0.23 (from versions: 0.31.0)", "torchvision<0.30,>=0.23"),
        ("satisfies the requirement torch==2.8.* (from versions: none)", None),  # no registry was reached
        ("satisfies the requirement torchcam<0.6 (from versions: 0.1)", None),
        ("No space left on device", None),
    ],
)
def test_what_has_no_wheel_for_a_python_is_told_from_what_broke(printed, missing):
    assert versions.no_wheel(f"ERROR: Could not find a version that {printed}\n") == missing


@pytest.mark.parametrize(
    ("broken", "says", "exit_code"),
    [("", "works", 0), ("-m pip", "FAILED: pip; see build/versions", 1), ("resnet_app predict", "FAILED: predict", 1)],
)
def test_what_fails_is_said_with_its_log_and_exits_so(monkeypatch, capsys, logs, broken, says, exit_code):
    def step(name, command, folder, log):
        print("what it printed", file=log, flush=True)
        if broken and broken in " ".join(command):
            raise versions.BrokenError(name)
        if name == "predict":
            (folder / "cam.png").touch()
        return '[{"predictions": [{"label": "bees"}]}]' if name == "predict" else "2.8.0 0.23.0 packed"

    monkeypatch.setattr(versions, "step", step)
    assert run(monkeypatch, "--python", "here", "--pair", "oldest", "--smoke") == exit_code
    assert says in capsys.readouterr().out
    assert "what it printed" in (logs / f"oldest-{versions.HERE}.log").read_text("utf-8")
