"""`depth`: what it prints, writes and refuses."""

import csv
import json

import pytest

from resnet_app.cli.main import main


def test_it_prints_the_contracts_object_and_writes_a_row_an_epoch(tmp_path, capsys):
    options = ["--depths", "8", "--kinds", "plain,residual", "--epochs", "2", "--width", "4", "--json"]
    assert main(["depth", *options, "--csv", str(tmp_path / "course.csv")]) == 0
    streams = capsys.readouterr()
    told = json.loads(streams.out)
    assert (told["data"], told["epochs"], told["seed"]) == ("digits", 2, 0)
    assert [(run["kind"], run["depth"]) for run in told["runs"]] == [("plain", 8), ("residual", 8)]
    for run in told["runs"]:
        assert [len(run[part]) for part in ("train_loss", "train_error", "test_error")] == [2, 2, 2]
        assert run["parameters"] > 0
        assert run["seconds"] > 0
    assert "epoch   2/2  residual        8 layers" in streams.err
    rows = list(csv.DictReader((tmp_path / "course.csv").open()))
    assert [float(row["train_loss"]) for row in rows[:2]] == pytest.approx(told["runs"][0]["train_loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--depths", "8,21"], "There is no network with 21 layers here"),
        (["--depths", "deep"], "Unknown depths 'deep'"),
        (["--kinds", "dense"], "Unknown kind 'dense'; choose one of plain"),
        (["--epochs", "0"], "Epochs are 1 to 200"),
        (["--data", "absent"], "There is no folder absent"),
        (["--csv", "/absent/x.csv"], "There is no folder /absent"),
    ],
)
def test_what_it_cannot_do_is_one_line(options, says, capsys):
    assert main(["depth", *options]) == 2
    streams = capsys.readouterr()
    assert says in streams.err
    assert streams.err.count("\n") == 1
    assert streams.out == ""
