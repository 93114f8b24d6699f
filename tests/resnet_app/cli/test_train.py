"""What a run tells on the screen while it goes, and that it can be stopped; test_main.py and test_outputs.py run it."""

import os
import signal
from pathlib import Path

from resnet_app.cli import train
from resnet_app.training.train import Epoch


def test_each_epoch_and_each_picture_that_is_left_out_is_a_line(capsys):
    with train._Screen() as screen:
        watch = screen.watch()
        watch.on_run(1, 1, 40)
        watch.on_step(1, 4, 0.7)
        watch.on_epoch(Epoch(1, 0.75, 0.5, 0.8125, 12.4))
        watch.on_epoch(Epoch(12, 1.25, None, None, 0.4))
        watch.on_pruned(Path("data/bees/蜜.jpg"), 0.0123)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "epoch   1   loss 0.750   held out: loss 0.500, right 81.2%   12s",
        "epoch  12   loss 1.250   0s",
        "left out, looks wrongly labelled: data/bees/蜜.jpg (bees 1.2%)",
    ]


def test_outlines_have_the_bar_until_the_runs_begin():
    with train._Screen() as screen:
        watch = screen.watch()
        watch.on_outline(2, 4)
        assert (screen._bar.n, screen._bar.total) == (2, 4)
        watch.on_outline(4, 4)
        assert screen._bar.n == 0
        watch.on_run(1, 1, 40)
        watch.on_step(1, 8, 0.7)
        assert (screen._bar.n, screen._bar.total) == (1, 8)


def test_ctrl_c_asks_the_run_to_stop_and_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    with train._Screen() as screen:
        stop = screen.watch().stop
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
    assert signal.getsignal(signal.SIGINT) is before
