"""`--engine ray`: the same answers in the same order, whatever dies meanwhile, and nothing is left running."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_app.errors import ResNetAppError
from resnet_app.many.ray_engine import Pool, pool_for
from resnet_app.registry import EXAMPLES
from tests.paths import ROOT

BAD = (0, 7, 13, 14, 59)  # of the sixty
MARK = "RESNET_APP_TEST"  # in the environment of all that a test starts


def node(cores, gpus=0, alive=True):
    return {"Alive": alive, "Resources": {"CPU": float(cores), **({"GPU": float(gpus)} if gpus else {})}}


@pytest.mark.parametrize(
    ("nodes", "wanted", "gpu", "pool"),
    [
        ([node(2)], 60, False, Pool(2, 1)),
        ([node(8)], 2, False, Pool(2, 4)),
        ([node(8)], 3, False, Pool(3, 2)),
        ([node(5), node(5), node(5)], 6, False, Pool(6, 2)),
        ([node(5), node(5), node(5)], 7, False, Pool(7, 1)),
        ([node(2), node(64, alive=False)], 9, False, Pool(2, 1)),
        ([node(16, 2), node(16, 2), node(32)], 100, True, Pool(4, 8, 1)),
        ([node(16, 4)], 1, True, Pool(1, 16, 1)),
    ],
)
def test_actors_share_all_cores_and_none_lies_on_two_machines(nodes, wanted, gpu, pool):
    assert pool_for(nodes, wanted, gpu=gpu) == pool


def test_a_cluster_without_the_device_is_one_sentence():
    with pytest.raises(ResNetAppError, match=r"The Ray cluster has no free GPU; give another --device, or wait\."):
        pool_for([node(8)], 2, gpu=True)


def test_without_ray_it_is_said_what_to_install(run, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    code, out, err = run("predict", folder, "--engine", "ray")
    assert (code, out) == (2, [])
    assert err == ["--engine ray needs more packages: pip install -r requirements-ray.txt."]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ("--grid", "g.png"),
            "--engine ray brings back answers, no pictures; leave out --grid, or take --engine local.",
        ),
        (("--workers", "0"), "--engine ray answers in processes of its own; give --workers 1 or more."),
    ],
)
def test_what_ray_cannot_do_is_refused_before_anything_starts(run, folder, options, says):
    code, out, err = run("predict", folder, "--engine", "ray", *options)
    assert (code, out, err) == (2, [], [says])


@pytest.fixture(scope="module")
def needs_ray():
    pytest.importorskip("ray.data", reason="Ray is not installed: pip install -r requirements-ray.txt")
    if not sys.platform.startswith("linux"):
        pytest.skip("processes are looked for in /proc")


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    """Sixty pictures that differ, five of them broken, below a folder, in one of a name that is no UTF-8."""
    above = tmp_path_factory.mktemp("sixty")
    folder = above / os.fsdecode(b"ph\xffotos")
    folder.mkdir()
    for number in range(60):
        path = folder / f"{number:02}.jpg"
        Image.open(EXAMPLES[number % len(EXAMPLES)]).rotate(number, expand=True).save(path)
        if number in BAD:
            path.write_bytes(path.read_bytes()[:99] if number % 2 else b"")
    return above


@pytest.fixture(scope="module")
def local(sixty, tmp_path_factory):
    """Their table, as one process makes it."""
    table = tmp_path_factory.mktemp("local") / "local.csv"
    arguments = ["predict", sixty, "--csv", table, "--device", "cpu"]
    subprocess.run([sys.executable, "-m", "resnet_app", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    return rows_of(table)


def rows_of(table):
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def require_equal(found, expected):
    """The same files, words and models in the same order, and probabilities to 1e-4; times are each run's own."""
    words = ("file", "label", "error", "label_2", "bytes", "model")
    assert [[row[word] for word in words] for row in found] == [[row[word] for word in words] for row in expected]
    for column in ("probability", "probability_2"):
        figures = [np.array([float(row[column] or -1) for row in rows]) for rows in (found, expected)]
        np.testing.assert_allclose(*figures, atol=1e-4)


class Run:
    """A command in a session of its own, whose processes can be told from all others."""

    def __init__(self, *arguments):
        self.mark = uuid.uuid4().hex
        env = {**os.environ, MARK: self.mark, "OMP_NUM_THREADS": "1"}
        env.pop("RAY_ADDRESS", None)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "errors": "surrogateescape"}
        command = [sys.executable, *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, **pipes)

    def processes(self, name=""):
        """The numbers of those that run and whose command begins with the name."""
        found = []
        for each in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = f"{MARK}={self.mark}".encode() in (each / "environ").read_bytes()
                command = (each / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile, or is another person's
                continue
            if is_ours and command.startswith(name.encode()):
                found.append(int(each.name))
        return found

    def until(self, start):
        """Wait for the next line, which must begin so."""
        line = self.process.stdout.readline()
        assert line.startswith(start), line + self.process.stderr.read()

    def end(self, timeout=120):
        """Its exit code, and what else it has said; it must have left no process behind."""
        out, err = self.process.stdout.read(), self.process.stderr.read()  # communicate would skip what is buffered
        self.process.wait(timeout)
        until = time.monotonic() + 10
        while self.processes() and time.monotonic() < until:
            time.sleep(0.1)
        assert self.processes() == []
        return self.process.returncode, out, err


@pytest.mark.slow
@pytest.mark.usefixtures("needs_ray")
def test_rows_are_those_of_one_process_though_an_actor_is_killed(sixty, local, tmp_path):
    table = tmp_path / "t.csv"
    run = Run("-m", "resnet_app", "predict", sixty, "--engine", "ray", "--csv", table, "--device", "cpu")
    run.until("1/60: ")
    victim, *_ = run.processes("ray::MapWorker")
    os.kill(victim, signal.SIGKILL)
    code, out, err = run.end()
    assert (code, err) == (1, "")
    assert re.findall(r"^(\d+)/60: ", out, re.M) == [str(number) for number in range(2, 61)]
    assert [number for number, row in enumerate(local) if row["error"]] == list(BAD)
    require_equal(rows_of(table), local)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.usefixtures("needs_ray")
def test_ctrl_c_keeps_what_is_answered_and_the_next_run_goes_on(sixty, local, tmp_path):
    """The second run has one actor; what the first has answered is not asked again."""
    table = tmp_path / "t.csv"
    arguments = ("-m", "resnet_app", "predict", sixty, "--engine", "ray", "--csv", table, "--device", "cpu")
    run = Run(*arguments)
    run.until("1/60: ")
    os.killpg(run.process.pid, signal.SIGINT)
    code, out, err = run.end()
    kept = len(rows_of(table))
    assert (code, err) == (130, f"Stopped after {kept} of 60 pictures.\n")
    assert 1 <= kept < 60
    code, out, err = Run(*arguments, "--resume", "--workers", 1).end()
    assert (code, err) == (1, "")
    assert len(re.findall(r"^\d+/60: ", out, re.M)) == 60 - kept
    require_equal(rows_of(table), local)


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.usefixtures("needs_ray")
def test_actors_fetch_addresses_and_answers_are_json(sixty, local, tmp_path):
    for number, picture in enumerate(sorted(sixty.rglob("*.jpg"))[:8]):
        (tmp_path / f"{number}.jpg").write_bytes(picture.read_bytes())
    urls = [f"{tmp_path.as_uri()}/", f"{tmp_path.as_uri()}/gone.jpg"]
    run = Run("-m", "resnet_app", "predict", *urls, "--engine", "ray", "--json", "--device", "cpu")
    code, out, err = run.end()
    assert (code, err) == (1, "")
    *told, last = json.loads(out)
    assert [each["file"] for each in told] == [f"{urls[0]}{number}.jpg" for number in range(8)]
    assert [each["error"] or "" for each in told] == [row["error"] for row in local[:8]]
    for each, row in zip(told, local[:8], strict=True):
        assert [one["label"] for one in each["predictions"][:1]] == ([row["label"]] if row["label"] else [])
        for one in each["predictions"][:1]:
            assert one["probability"] == pytest.approx(float(row["probability"]), abs=1e-4)
    assert (last["file"], last["error"]) == (urls[1], "There is no file gone.jpg; check its name.")


KILLER = """
import os, sys
from pathlib import Path
from resnet_app.errors import ResNetAppError
from resnet_app.inference import models
from resnet_app.many import ray_engine

class Fragile(ray_engine.Answers):
    def __call__(self, items):
        if any(path.endswith(b"killer.jpg") for path in items["path"].to_pylist()):
            os._exit(9)
        return super().__call__(items)

ray_engine.Answers = Fragile
ray_engine.TRIES = 1
files = [Path(sys.argv[1]), Path(sys.argv[2]), Path("killer.jpg")]
rows = ray_engine.rows(models.load(models.choose(device="cpu")), files, ["a", "b", "c"], actors=1)
try:
    for row in rows:
        print(row.file, flush=True)
except ResNetAppError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.usefixtures("needs_ray")
def test_a_picture_that_ends_each_process_is_not_tried_for_ever():
    code, out, err = Run("-c", KILLER, *EXAMPLES[:2]).end()
    *answered, told = out.splitlines()
    assert (code, err) == (0, "")
    assert answered == ["a", "b"][: len(answered)]
    assert told.startswith("Ray gave up: ")
    assert told.endswith("What is answered so far is kept; --resume goes on with it.")


@pytest.mark.slow
@pytest.mark.usefixtures("needs_ray")
def test_a_cluster_that_is_not_there_is_one_sentence(sixty, monkeypatch, fresh_python):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    done = fresh_python("-m", "resnet_app", "predict", sixty, "--engine", "ray", "--device", "cpu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Ray cannot be used at '127.0.0.1:1' (")
    assert len(done.stderr.splitlines()) == 1
