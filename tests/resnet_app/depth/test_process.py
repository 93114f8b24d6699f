"""The process that trains: the same figures as here, an end in every case, and sentences."""

import os
import signal
import subprocess
import sys
import time

import pytest

from resnet_app.depth import pictures as sets
from resnet_app.depth.process import DepthProcessError, Study
from resnet_app.depth.record import StudySettings
from resnet_app.depth.study import Training
from resnet_app.errors import ResNetAppError
from tests.paths import ROOT

SMALL = StudySettings(depths=(8,), kinds=("residual",), epochs=2, width=4)
ENDLESS = StudySettings(depths=(110,), epochs=200)
WORKER = "resnet_app.depth.worker"
needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")  # noqa: PTH112 (a condition, no path)


def workers_of(parent):
    """The processes of that kind whose parent it is, zombies included."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,stat,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()[1:]]
    return [row for row in rows if int(row[1]) == parent and (WORKER in row[3] or row[2].startswith("Z"))]


@pytest.mark.slow
def test_it_trains_as_here_and_samples_surfaces_of_what_it_kept():
    work = Study(SMALL, "digits")
    for _ in work.run():
        pass
    training = Training(SMALL.runs[0], SMALL, sets.load())
    expected = [training.epoch() for _ in range(2)]
    (run,) = work.record.runs
    assert work.is_done
    assert run.parameters == training.parameters
    assert [epoch.train_loss for epoch in run.epochs] == pytest.approx(
        [epoch.train_loss for epoch in expected], rel=1e-4
    )
    assert run.measures.gradients_end == pytest.approx(training.measures.gradients_end, rel=1e-3)
    for plane, points in (("random", 0), ("path", 3)):
        told = [each for each in work.surface(0, plane=plane, side=3) if each is not None]
        assert len(told[0]["path"]) == points
        assert sorted((each["row"], each["column"]) for each in told[1:]) == [
            (r, c) for r in range(3) for c in range(3)
        ]
    folder = work.folder
    assert len(list(folder.iterdir())) == 3
    del work
    assert not folder.exists()


@pytest.mark.slow
def test_left_half_way_it_is_over_and_leaves_no_zombie():
    course = Study(ENDLESS, "digits").run()
    next(course)
    assert len(workers_of(os.getpid())) == 1
    course.close()
    assert workers_of(os.getpid()) == []


@pytest.mark.slow
def test_its_time_is_limited_and_what_it_refuses_is_a_sentence(is_plain):
    with pytest.raises(DepthProcessError, match="After 4 seconds it was stopped; choose fewer") as caught:
        list(Study(ENDLESS, "digits", limit_s=4).run())
    assert is_plain(caught.value)
    with pytest.raises(ResNetAppError, match="There is no folder"):
        list(Study(SMALL, "/absent").run())
    assert workers_of(os.getpid()) == []


@pytest.mark.slow
@needs_proc
def test_it_ends_with_a_starter_that_is_killed():
    program = (
        "from resnet_app.depth.process import Study; from resnet_app.depth.record import StudySettings\n"
        "course = Study(StudySettings(depths=(110,), epochs=200), 'digits').run()\n"
        "while True: next(course); print('on', flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        starter.stdout.readline()
        (worker,) = workers_of(starter.pid)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    for _ in range(100):
        if not os.path.isdir(f"/proc/{worker[0]}"):  # noqa: PTH112 (a process, no path)
            break
        time.sleep(0.1)
    else:
        pytest.fail("the worker lives on")
