"""An experiment's record -> Plotly figures, pure. One figure serves both themes: the stylesheet colours the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from demo.locales import text
from demo.residual.choices import run_name
from demo.ui.charts import CLEAR, GRID, layout
from resnet_app.colours import EDGE, INK, WHITE
from resnet_app.depth.record import Band, Run, RunRecord, StudyRecord, bands, colour_of

DASHES = {"plain": "dash", "residual": "solid", "projection": "dot", "preactivation": "dashdot"}
HEIGHT = 340  # px
SURFACE = "Viridis"
LEAST_LOSS = 1e-4  # below it a surface is flat; its scale is in powers of ten


def errors(language: str, record: StudyRecord) -> go.Figure:
    """Training and test error over the epochs ([He15] Fig. 1 and 6); with several seeds, their mean and their band."""
    titles = [text(language, f"depth_{part}_error") for part in ("train", "test")]
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    for column, part in enumerate(("train", "test"), start=1):
        for band in bands(record, part):
            _draw(figure, language, band, column)
    figure.update_layout(**_plain())
    figure.update_xaxes(range=[0.5, record.settings.epochs + 0.5], title=text(language, "depth_epoch_axis"), dtick=2)
    figure.update_yaxes(range=[0, 100], ticksuffix="\u202f%")
    return figure


def _draw(figure: go.Figure, language: str, band: Band, column: int) -> None:
    epochs = list(range(1, len(band.mean) + 1))
    name = run_name(language, Run(band.kind, band.depth, 0))
    if band.least != band.most:
        figure.add_scatter(
            x=[*epochs, *reversed(epochs)], y=[*band.most, *reversed(band.least)], fill="toself", mode="lines",
            line={"width": 0}, fillcolor=_faint(band.colour), hoverinfo="skip", showlegend=False, legendgroup=name,
            row=1, col=column,
        )  # fmt: skip
    figure.add_scatter(
        x=epochs, y=band.mean, name=name, legendgroup=name, showlegend=column == 1, mode="lines+markers",
        line={"color": band.colour, "dash": DASHES[band.kind], "width": 2.5}, marker={"size": 5},
        hovertemplate="%{y:.1f}\u202f%<extra>" + name + "</extra>", row=1, col=column,
    )  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},.16)"


def measured(language: str, record: StudyRecord, measure: str) -> go.Figure:
    """The gradients, the responses, or F(x) against the shortcut, of the first seed's networks."""
    runs = [each for each in record.runs if each.run.seed == record.settings.seeds[0]]
    if measure == "shares":
        return _shares(language, record, runs)
    parts = ("gradients_start", "gradients_end") if measure == "gradients" else ("responses",)
    titles = [text(language, f"depth_{part}") for part in parts]
    figure = make_subplots(1, len(parts), shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    for column, part in enumerate(parts, start=1):
        for each in runs:
            values = getattr(each.measures, part)
            _line(figure, language, each, list(range(1, len(values) + 1)), values, column)
    figure.update_layout(**_plain())
    figure.update_xaxes(title=text(language, "depth_layer_axis"))
    if measure == "gradients":
        figure.update_yaxes(type="log", exponentformat="power")
    return figure


def _shares(language: str, record: StudyRecord, runs: Sequence[RunRecord]) -> go.Figure:
    """The mean over a network's blocks, epoch by epoch; and each block's, at the end."""
    titles = [text(language, f"depth_shares_{part}") for part in ("course", "end")]
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=titles)
    for each in runs:
        if not each.epochs or not each.epochs[-1].shares:
            continue
        means = [sum(epoch.shares) / len(epoch.shares) for epoch in each.epochs]
        _line(figure, language, each, list(range(1, len(means) + 1)), means, 1)
        last = each.epochs[-1].shares
        _line(figure, language, each, list(range(1, len(last) + 1)), last, 2)
    figure.update_layout(**_plain())
    figure.update_xaxes(title=text(language, "depth_epoch_axis"), col=1, range=[0.5, record.settings.epochs + 0.5])
    figure.update_xaxes(title=text(language, "depth_block_axis"), col=2)
    figure.update_yaxes(type="log", exponentformat="power")
    return figure


def _line(
    figure: go.Figure, language: str, each: RunRecord, places: list[int], values: Sequence[float], column: int
) -> None:
    name = run_name(language, each.run)
    figure.add_scatter(
        x=places, y=list(values), name=name, legendgroup=name, showlegend=column == 1, mode="lines",
        line={"color": colour_of(each.run.depth), "dash": DASHES[each.run.kind], "width": 2},
        hovertemplate="%{x}: %{y:.3g}<extra>" + name + "</extra>", row=1, col=column,
    )  # fmt: skip


def _plain() -> dict[str, Any]:
    return {
        **layout(HEIGHT), "margin": {"l": 0, "r": 8, "t": 30, "b": 0},
        "showlegend": False,  # the key is the page's own: a phone has no room for Plotly's
        "xaxis": {"gridcolor": GRID}, "xaxis2": {"gridcolor": GRID}, "yaxis": {"gridcolor": GRID, "zeroline": False},
        "yaxis2": {"gridcolor": GRID, "zeroline": False},
    }  # fmt: skip


@dataclass
class Sampled:
    """A network's loss on a plane, as far as it was sampled; attributes as ``resnet_app.depth.surface.Plane``'s."""

    name: str
    across: list[float] = field(default_factory=list)
    up: list[float] = field(default_factory=list)
    path: list[tuple[float, float]] = field(default_factory=list)
    explained: list[float] = field(default_factory=list)
    losses: dict[tuple[int, int], float] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many points are there."""
        return len(self.losses)

    def note(self, told: dict[str, Any]) -> None:
        """What the process says: the plane, then a point each."""
        if "across" in told:
            self.across, self.up, self.path = told["across"], told["up"], told["path"]
            self.explained = told["explained"]
        else:
            self.losses[told["row"], told["column"]] = told["loss"]

    def logs(self) -> list[list[float]]:
        """The loss in powers of ten, a row for each place upwards; one that is no number is the highest there is."""
        finite = [loss for loss in self.losses.values() if loss == loss and loss < float("inf")]
        most = max(finite, default=1.0)
        rows = [[self.losses[row, column] for column in range(len(self.across))] for row in range(len(self.up))]
        return [[log10(max(LEAST_LOSS, min(loss if loss == loss else most, most))) for loss in row] for row in rows]


def surfaces(language: str, sampled: Sequence[Sampled]) -> go.Figure:
    """The loss around each network as a surface that one can turn, all on one scale."""
    figure = make_subplots(
        1, len(sampled), specs=[[{"type": "surface"}] * len(sampled)], horizontal_spacing=0.02,
        subplot_titles=[each.name for each in sampled],
    )  # fmt: skip
    low, high = _span(sampled)
    for column, each in enumerate(sampled, start=1):
        figure.add_surface(
            x=each.across, y=each.up, z=each.logs(), cmin=low, cmax=high, colorscale=SURFACE,
            showscale=column == len(sampled), colorbar=_bar(language, low, high), row=1, col=column,
            hovertemplate="10<sup>%{z:.2f}</sup><extra></extra>",
        )  # fmt: skip
    bare = {"title": "", "showticklabels": False, "backgroundcolor": CLEAR, "gridcolor": EDGE, "zeroline": False}
    figure.update_scenes(
        xaxis=bare, yaxis=bare, zaxis={**bare, "range": [low, high]}, aspectmode="cube",
        camera={"eye": {"x": 1.5, "y": 1.5, "z": 0.8}},
    )  # fmt: skip
    figure.update_layout(**{**layout(460), "margin": {"l": 0, "r": 0, "t": 30, "b": 0}})
    return figure


def contours(language: str, sampled: Sequence[Sampled]) -> go.Figure:
    """The loss on the plane in which each network moved most, with the path that its weights took."""
    figure = make_subplots(1, len(sampled), horizontal_spacing=0.06, subplot_titles=[each.name for each in sampled])
    low, high = _span(sampled)
    for column, each in enumerate(sampled, start=1):
        figure.add_contour(
            x=each.across, y=each.up, z=each.logs(), zmin=low, zmax=high, colorscale=SURFACE, ncontours=18,
            showscale=column == len(sampled), colorbar=_bar(language, low, high), row=1, col=column,
            hovertemplate="10<sup>%{z:.2f}</sup><extra></extra>",
        )  # fmt: skip
        across, up = zip(*each.path, strict=True)
        figure.add_scatter(
            x=across, y=up, mode="lines+markers", line={"color": WHITE, "width": 2}, showlegend=False,
            marker={"size": 7, "color": WHITE, "line": {"color": INK, "width": 1}}, text=list(range(len(across))),
            hovertemplate=text(language, "depth_epoch_axis") + " %{text}<extra></extra>", row=1, col=column,
        )  # fmt: skip
    figure.update_layout(**{**layout(420), "margin": {"l": 0, "r": 0, "t": 30, "b": 0}})
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False)
    return figure


def _span(sampled: Sequence[Sampled]) -> tuple[float, float]:
    values = [value for each in sampled for row in each.logs() for value in row]
    return min(values), max(values)


def _bar(language: str, low: float, high: float) -> dict[str, Any]:
    ticks = list(range(int(low) - 1, int(high) + 2))
    return {
        "title": {"text": text(language, "depth_loss")}, "tickvals": ticks, "thickness": 12, "len": 0.8,
        "ticktext": [f"{10.0**tick:g}" for tick in ticks],
    }  # fmt: skip
