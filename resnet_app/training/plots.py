"""How a training run went, as one picture: its curves and its confusion matrix; the only importer of matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from resnet_app.colours import BLUE, EDGE, INK, ORANGE, SMALL_PRINT, WHITE
from resnet_app.outputs import put_in_place
from resnet_app.training.finetune import Finished

CHINESE_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "PingFang SC", "Microsoft YaHei")  # for class names
SHOWN_CLASSES = 20  # with more, the matrix has no names and no numbers


def draw(path: Path, finished: Finished) -> None:
    """Write the picture (PNG) in one step.

    Raises:
        OutputError: it cannot be written there.
    """
    here = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(name for name in CHINESE_FONTS if name in here)]
    with mpl.rc_context({"font.family": fonts, "text.color": INK, "axes.edgecolor": EDGE, "font.size": 11}):
        figure = Figure(figsize=(13, 4.2), layout="constrained")
        loss, accuracy, matrix = figure.subplots(1, 3)
        _loss(loss, finished)
        _accuracy(accuracy, finished)
        _matrix(matrix, finished)
        put_in_place(path, lambda part: figure.savefig(part, format="png", dpi=120))


def _loss(axes: Axes, finished: Finished) -> None:
    course = finished.trained.course
    epochs = [epoch.number for epoch in course]
    axes.plot(epochs, [epoch.loss for epoch in course], color=ORANGE, marker=".", label="training")
    held_out: list[Any] = [epoch.held_out_loss for epoch in course]
    axes.plot(epochs, held_out, color=BLUE, marker=".", label="held out")
    axes.set(title="Loss (before calibration)", xlabel="epoch", ylim=(0, None))
    _mark_best(axes, finished)
    axes.legend(frameon=False)


def _accuracy(axes: Axes, finished: Finished) -> None:
    course = finished.trained.course
    shares: list[Any] = [None if epoch.accuracy is None else 100 * epoch.accuracy for epoch in course]
    axes.plot([epoch.number for epoch in course], shares, color=BLUE, marker=".")
    axes.set(title="Held out pictures answered rightly", xlabel="epoch", ylabel="%", ylim=(0, 102))
    _mark_best(axes, finished)


def _mark_best(axes: Axes, finished: Finished) -> None:
    best = finished.trained.best
    axes.axvline(best, color=EDGE, linestyle=":", linewidth=1)
    axes.annotate(
        f"kept: {best} ", (best, 0.02), xycoords=("data", "axes fraction"), ha="right", color=SMALL_PRINT, fontsize=9
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _matrix(axes: Axes, finished: Finished) -> None:
    counts = finished.held_out.confusion
    names = finished.facts["classes"]
    share = counts / counts.sum(1, keepdim=True).clamp(min=1)
    axes.imshow(share.numpy(), cmap="Blues", vmin=0, vmax=1)
    axes.set(title=f"{finished.held_out.right} of {int(counts.sum())} right", xlabel="answered", ylabel="true")
    if len(names) > SHOWN_CLASSES:
        axes.set(xticks=[], yticks=[])
        return
    axes.set_xticks(range(len(names)), names, rotation=0 if len(names) < 5 else 90, parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)  # a $ is a dollar
    for row, answers in enumerate(counts.tolist()):
        for column, count in enumerate(answers):
            colour = WHITE if share[row, column] > 0.5 else INK
            axes.text(column, row, str(count), ha="center", va="center", color=colour)
