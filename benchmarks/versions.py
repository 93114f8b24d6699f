"""Whether the app works on other versions: the tests on the oldest and the newest torch with each Python that is here.

The oldest pair of torch and torchvision is what requirements.txt begins at; the newest is what pip takes by itself for
that Python. One environment at a time, in the folder for temporary files (TMPDIR says which): some 6 GB each, removed
when its tests are through. All that was printed on the way stays in build/versions. Standard library only.

Run: python -m benchmarks.versions [--python 3.10 3.12] [--pair oldest] [--smoke]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

from tools import space

ROOT = Path(__file__).parent.parent
LOGS = ROOT / "build" / "versions"
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PAIRS = ("oldest", "newest")
ALL_PAIRS = (*PAIRS, "zerogpu")  # the last is what a Space gets (tools/space.py)
COLUMNS = ("torch", "torchvision", "Python", "tests", "passed", "failed", "skipped", "forward pass", "ending")
IMPORT_ALL = """
import importlib, pkgutil, demo, resnet_app
for package in (resnet_app, demo):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""
WHAT_RUNS = """
import torch, torchvision
from resnet_app.inference import models
backbone = models.load(models.choose("resnet18", "ants-bees", device="cpu")).backbone
backbone.prepare(224, 224)
print(torch.__version__, torchvision.__version__, "packed" if backbone.is_packed else "eager")
"""


class LeftOutError(Exception):
    """A combination that cannot be had here; the text says why."""


class BrokenError(Exception):
    """A step that should have worked and did not; the text says which."""


@dataclass
class Outcome:
    """What came of one combination: how many tests, what runs there, and how it ended."""

    python: str
    runs: tuple[str, ...]  # torch, torchvision, forward pass
    counts: tuple[str, ...] = ("–",) * 4  # tests, passed, failed, skipped
    ending: str = "works"


def main() -> int:
    """Try what is asked for, one after another, and print a table; 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--python", nargs="+", metavar="3.X", default=PYTHONS, help="which; 'here' is the one that runs this"
    )
    parser.add_argument("--pair", nargs="+", choices=ALL_PAIRS, default=PAIRS, help="which torch and torchvision")
    parser.add_argument("--smoke", action="store_true", help="no tests: all imports, one answer and its map")
    args = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for python in (HERE if name == "here" else name for name in args.python):
        for pair in args.pair:
            started = time.monotonic()
            outcomes.append(attempt(python, pair, smoke=args.smoke))
            took = time.monotonic() - started
            print(f"{pair} pair on Python {python}: {outcomes[-1].ending} ({took:.0f} s)", flush=True)
    print(f"\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for outcome in outcomes:
        *versions, forward = outcome.runs
        print(f"| {' | '.join((*versions, outcome.python, *outcome.counts, forward, outcome.ending))} |")
    return int(any(outcome.ending.startswith("FAILED") for outcome in outcomes))


def attempt(python: str, pair: str, *, smoke: bool) -> Outcome:
    """Install one combination, run its tests or the smoke run, and remove it."""
    outcome = Outcome(python, runs=(pair, pair, "–"))
    path = LOGS / f"{pair}-{python}.log"
    with tempfile.TemporaryDirectory(prefix="versions-") as name, path.open("w+", encoding="utf-8") as log:
        folder = Path(name)
        try:
            installed = install(python, pair, folder, log, smoke=smoke)
            outcome.runs = tuple(step("the bundled model", [installed, "-c", WHAT_RUNS], folder, log).split())
            if smoke:
                smoke_run(installed, folder, log)
            else:
                outcome.counts = run_tests(installed, folder, log)
                if outcome.counts[2] != "0":
                    raise BrokenError(f"{outcome.counts[2]} tests")
        except LeftOutError as error:
            outcome.ending = f"left out: {error}"
        except BrokenError as error:
            outcome.ending = f"FAILED: {error}; see {path.relative_to(ROOT)}"
            log.seek(0)
            print("...", *log.read().splitlines()[-25:], sep="\n")
    return outcome


def install(python: str, pair: str, folder: Path, log: TextIO, *, smoke: bool) -> str:
    """Make an environment with what the app wants, for tests or without them; gives its Python."""
    interpreter = find_python(python)
    if interpreter is None:
        raise LeftOutError(f"there is no Python {python} here")
    installed = str(folder / "environment" / "bin" / "python")
    step("making an environment", [interpreter, "-m", "venv", str(folder / "environment")], folder, log)
    (folder / "pair.txt").write_text(held_to(pair), encoding="utf-8")
    wanted = ROOT / ("requirements.txt" if smoke else "requirements-dev.txt")
    try:
        step("pip", [installed, "-m", "pip", "install", "-r", str(wanted), "-c", str(folder / "pair.txt")], folder, log)
    except BrokenError:
        log.seek(0)
        missing = no_wheel(log.read())
        if missing:
            raise LeftOutError(f"there is no wheel of {missing} for Python {python}") from None
        raise
    return installed


def find_python(version: str) -> str | None:
    """A Python of that version that can make environments: the one that runs this, one on PATH, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys.executable if version == HERE else "", shutil.which(f"python{version}") or ""]
    candidates += [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    asked = "import ensurepip, sys, venv; print(*sys.version_info[:2], sep='.')"
    for candidate in filter(None, candidates):
        answer = subprocess.run([candidate, "-c", asked], capture_output=True, text=True)  # a pyenv shim may be empty
        if answer.stdout.strip() == version:
            return candidate
    return None


def held_to(pair: str) -> str:
    """What holds pip to a pair of torch and torchvision; nothing for the newest."""
    if pair == "zerogpu":
        return "".join(f"{name}=={version}\n" for name, version in space.PAIR.items())
    return oldest_pair() if pair == "oldest" else ""


def oldest_pair() -> str:
    """What holds pip to the oldest torch and torchvision that requirements.txt allows."""
    least = re.findall(r"^(torch|torchvision)>=([\d.]+)", (ROOT / "requirements.txt").read_text("utf-8"), flags=re.M)
    return "".join(f"{name}=={version}.*\n" for name, version in least)


def no_wheel(printed: str) -> str | None:
    """The torch or torchvision that pip found, but not for this Python; None where it failed otherwise."""
    found = re.search(r"satisfies the requirement ((?:torch|torchvision)\b\S*) \(from versions: (?!none)", printed)
    return found[1] if found else None


def step(name: str, command: list[str], folder: Path, log: TextIO) -> str:
    """Run one command in the repository, with its temporary files in a folder; gives what it printed, as the log does.

    Raises:
        BrokenError: it exited non-zero.
    """
    print(f"$ {' '.join(command)}", file=log, flush=True)
    env = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    print(done.stdout, file=log, flush=True)
    if done.returncode:
        raise BrokenError(name)
    return done.stdout


def run_tests(installed: str, folder: Path, log: TextIO) -> tuple[str, ...]:
    """All but the browser tests: how many, and how many of them passed, failed and were skipped."""
    report = folder / "tests.xml"
    options = ["--ignore=tests/e2e", "-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider", "-rs"]
    try:
        step("pytest", [installed, "-m", "pytest", *options, f"--junitxml={report}"], folder, log)
    except BrokenError:
        if not report.exists():
            raise
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        raise BrokenError("pytest")
    total, failures, errors, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    return str(total), str(total - failed - skipped), str(failed), str(skipped)


def smoke_run(installed: str, folder: Path, log: TextIO) -> None:
    """Every module imports, the bundled model answers an example, and its map is written."""
    step("the imports", [installed, "-c", IMPORT_ALL], folder, log)
    example = str(ROOT / "assets" / "examples" / "bee-daisy.jpg")
    command = [installed, "-m", "resnet_app", "predict", example, "--json", "--cam-dir", str(folder)]
    printed = step("predict", command, folder, log)
    (answer,) = json.loads(printed)
    if answer["predictions"][0]["label"] != "bees" or not list(folder.glob("*.png")):
        raise BrokenError("predict without its answer or its map")


if __name__ == "__main__":
    sys.exit(main())
