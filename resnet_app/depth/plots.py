"""The experiment's curves as one picture to take along."""

from __future__ import annotations

import io

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from resnet_app.colours import EDGE, INK
from resnet_app.depth.record import Band, StudyRecord, bands

DASHES = {"plain": "--", "residual": "-", "projection": ":", "preactivation": "-."}


def as_png(record: StudyRecord) -> bytes:
    """Training and test error over the epochs, a colour for each depth, dashed without shortcuts."""
    with mpl.rc_context({"text.color": INK, "axes.edgecolor": EDGE, "font.size": 11}):
        figure = Figure(figsize=(12, 4.6), layout="constrained")
        for axes, part in zip(figure.subplots(1, 2, sharey=True), ("train", "test"), strict=True):
            for band in bands(record, part):
                _draw(axes, band)
            axes.set(title=f"{part} error, {record.data}", xlabel="epoch", ylabel="%", ylim=(0, 100))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, ncols=2)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=120)
    return out.getvalue()


def _draw(axes: mpl.axes.Axes, band: Band) -> None:
    epochs = range(1, len(band.mean) + 1)
    name = f"{band.kind} {band.depth}"
    (line,) = axes.plot(epochs, band.mean, DASHES[band.kind], color=band.colour, label=name)
    if band.least != band.most:
        axes.fill_between(epochs, band.least, band.most, color=line.get_color(), alpha=0.15, linewidth=0)
