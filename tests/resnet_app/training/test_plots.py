"""A run's picture: the lines and numbers on its axes are the run's own, and nothing of matplotlib is left changed."""

from math import nan

import matplotlib as mpl
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from resnet_app.training import plots
from resnet_app.training.calibration import Scores
from resnet_app.training.finetune import Finished
from resnet_app.training.train import Epoch, Trained

COURSE = [Epoch(1, 1.5, 1.25, 0.5, 9.0), Epoch(2, 0.75, 0.5, 0.875, 9.0), Epoch(3, 0.5, 0.625, 0.75, 9.0)]


def finished(confusion, *, names=None, course=COURSE, best=2):
    """A run whose held out pictures were answered as the matrix says."""
    count = len(confusion)
    pairs = [
        (true, answered) for true in range(count) for answered in range(count) for _ in range(confusion[true][answered])
    ]
    labels = torch.tensor([true for true, _ in pairs], dtype=torch.long)
    logits = torch.nn.functional.one_hot(torch.tensor([a for _, a in pairs], dtype=torch.long), count).float()
    facts = {"classes": names or [f"class {i}" for i in range(count)]}
    return Finished(None, facts, Trained(None, list(course), best, {}), Scores(logits, labels), None)


def drawn(draw, run):
    axes = Figure().subplots()
    draw(axes, run)
    return axes


def test_the_curves_are_the_epochs():
    run = finished([[1, 0], [0, 1]])
    loss = {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in drawn(plots._loss, run).lines}
    assert loss["training"] == [(1, 1.5), (2, 0.75), (3, 0.5)]
    assert loss["held out"] == [(1, 1.25), (2, 0.5), (3, 0.625)]
    accuracy = drawn(plots._accuracy, run)
    assert list(accuracy.lines[0].get_ydata()) == [50, 87.5, 75]
    assert {tuple(axes.lines[-1].get_xdata()) for axes in (accuracy, drawn(plots._loss, run))} == {
        (2, 2)
    }  # what was kept
    assert "kept: 2" in accuracy.texts[0].get_text()


def test_the_matrix_has_every_count_in_its_place_and_can_be_read():
    axes = drawn(plots._matrix, finished([[7, 3, 0], [0, 0, 0], [1, 0, 1]]))
    told = {tuple(map(int, text.get_position()[::-1])): text.get_text() for text in axes.texts}
    assert told == {
        (0, 0): "7", (0, 1): "3", (0, 2): "0", (1, 0): "0", (1, 1): "0", (1, 2): "0",
        (2, 0): "1", (2, 1): "0", (2, 2): "1",
    }  # fmt: skip
    assert axes.get_title() == "8 of 12 right"
    shares = axes.images[0].get_array()
    assert shares[0].tolist() == pytest.approx([0.7, 0.3, 0])
    assert shares[1].tolist() == [0, 0, 0]  # a class without pictures
    white = {text.get_text() for text in axes.texts if text.get_color() == plots.WHITE}
    assert white == {"7"}  # on dark blue; half and half is not


@pytest.mark.parametrize(("count", "shown"), [(2, True), (20, True), (21, False)])
def test_names_and_numbers_are_left_out_where_there_are_too_many(count, shown):
    run = finished(torch.eye(count, dtype=torch.long).tolist())
    axes = drawn(plots._matrix, run)
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == (run.facts["classes"] if shown else [])
    assert len(axes.texts) == (count**2 if shown else 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "course", [[Epoch(1, 0.5, None, None, 1.0)], [Epoch(1, nan, nan, 0.0, 1.0)], [Epoch(1, 0.0, 0.0, 1.0, 0.0)]]
)
def test_a_run_of_one_epoch_and_one_without_figures_are_drawn(tmp_path, course):
    before = dict(mpl.rcParams)
    plots.draw(tmp_path / "new" / "run.png", finished([[1]], names=["größe"], course=course, best=1))
    assert dict(mpl.rcParams) == before
    with Image.open(tmp_path / "new" / "run.png") as picture:
        picture.load()
        assert picture.format == "PNG"
    assert len(list((tmp_path / "new").iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["$_$", "a$x^$", "$a$"])
def test_a_dollar_in_a_name_is_a_dollar(tmp_path, name):
    """It was taken for mathematics, and what is none ended the run after its last epoch."""
    path = tmp_path / "run.png"
    plots.draw(path, finished([[1, 0], [0, 1]], names=[name, "bees"]))
    axes = drawn(plots._matrix, finished([[1, 0], [0, 1]], names=[name, "bees"]))
    assert [label.get_parse_math() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())] == [False] * 4
    with Image.open(path) as picture:
        assert picture.width > 1000
