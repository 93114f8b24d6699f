"""The Fool it tab's Plotly figure: a probability over all that a change may be."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from demo.locales import text
from demo.ui.charts import GRID, layout
from resnet_app.colours import BLUE, GREY, ORANGE
from resnet_app.robustness.catalogue import find
from resnet_app.robustness.curves import Curve


def probability_curve(language: str, found: Curve, names: Sequence[str], here: float) -> go.Figure:
    """The probability of the photo's own answer: where it changes, ImageNet-C's severities, and where the slider is."""
    corruption = find(found.name)
    own = found.answers[found.clean]
    probabilities = found.probabilities(own)
    figure = go.Figure()
    figure.add_scatter(
        x=found.values, y=probabilities, mode="lines", line={"color": BLUE, "width": 3}, showlegend=False,
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    at = dict(zip(found.values, probabilities, strict=True))
    figure.add_scatter(
        x=corruption.graded, y=[at[value] for value in corruption.graded], mode="markers", showlegend=False,
        marker={"symbol": "circle-open", "size": 10, "color": BLUE, "line": {"width": 2}}, hoverinfo="skip",
    )  # fmt: skip
    for value, index in found.changes:
        figure.add_vline(
            value, line={"color": ORANGE, "dash": "dash", "width": 2}, annotation_text=f"→ {_short(names[index])}",
            annotation_position="top left" if value > corruption.neutral else "top right",
        )  # fmt: skip
    figure.add_vline(
        here, line={"color": GREY, "width": 2}, annotation_text=text(language, "fool_here"),
        annotation_position="bottom right" if here < (corruption.low + corruption.high) / 2 else "bottom left",
    )  # fmt: skip
    figure.update_layout(**{**layout(260), "margin": {"l": 0, "r": 10, "t": 24, "b": 0}})
    title = f"{text(language, f'fool_change_{found.name}')}{f' ({corruption.unit})' if corruption.unit else ''}"
    figure.update_xaxes(
        title=title, range=[corruption.low, corruption.high], gridcolor=GRID, zeroline=False, fixedrange=True
    )
    figure.update_yaxes(
        title=text(language, "fool_probability", label=_short(names[own])), range=[0, 1.02], tickformat=".0%",
        gridcolor=GRID, zeroline=False, fixedrange=True,
    )  # fmt: skip
    return figure


def _short(name: str) -> str:
    """A class's name where there is little room; Plotly takes tags in it for its own."""
    return (name if len(name) <= 18 else f"{name[:17]}…").replace("<", "‹").replace(">", "›")
