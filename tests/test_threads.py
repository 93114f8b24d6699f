"""OpenMP is set up before torch comes, and never against the person's own settings."""

import sys

import pytest

from resnet_app import threads


def test_settings_are_there_before_torch(fresh_python):
    code = (
        "import os, sys; own = [n for n in os.environ if n.startswith(('OMP_', 'GOMP_', 'KMP_'))]\n"
        "for n in own: del os.environ[n]\n"
        "from demo.__main__ import prepare_environment; prepare_environment()\n"
        "print('torch' in sys.modules, *(os.environ.get(n) for n in ('OMP_PROC_BIND', 'OMP_PLACES', 'GOMP_SPINCOUNT')))"
    )
    done = fresh_python("-c", code)
    expected = "False true cores 20000" if sys.platform == "linux" else "False None None None"
    assert done.stdout.strip() == expected, done.stderr


@pytest.mark.parametrize("own", ["OMP_NUM_THREADS", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_a_persons_own_settings_stand(own, monkeypatch):
    environment = {own: "1"}
    monkeypatch.setattr(threads.os, "environ", environment)
    threads.settle()
    assert environment == {own: "1"}


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(threads.sys, "platform", "darwin")
    monkeypatch.setattr(threads.os, "environ", {})
    threads.settle()
    assert threads.os.environ == {}
