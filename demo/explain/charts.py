"""The Explain tab's Plotly figures: deletion and insertion."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from demo.locales import text
from demo.ui.charts import GRID, layout
from resnet_app.colours import BLUE, GREY, ORANGE
from resnet_app.explain.worth.faithfulness import Curve

CURVES = {  # told apart by their strokes as well
    "map": {"color": BLUE, "width": 3},
    "random": {"color": GREY, "width": 2, "dash": "dot"},
    "centre": {"color": ORANGE, "width": 2, "dash": "dash"},
}


def faithfulness_curves(language: str, curves: Sequence[Curve], label: str) -> go.Figure:
    """Deletion beside insertion: the class's probability over the share of the pixels, for a map and its rivals."""
    kinds = ("deletion", "insertion")
    figure = make_subplots(
        1, 2, subplot_titles=[text(language, f"worth_{kind}") for kind in kinds], shared_yaxes=True,
        x_title=text(language, "worth_pixels"), horizontal_spacing=0.14,
    )  # fmt: skip
    for curve in curves:
        shares = [i / (len(curve.probabilities) - 1) for i in range(len(curve.probabilities))]
        name = text(language, f"worth_{curve.order}")
        figure.add_scatter(
            x=shares, y=curve.probabilities, mode="lines", line=CURVES[curve.order], name=name, legendgroup=name,
            showlegend=curve.kind == kinds[0], row=1, col=1 + kinds.index(curve.kind),
            hovertemplate="%{x:.0%}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        **{**layout(350), "margin": {"l": 0, "r": 30, "t": 28, "b": 100}},
        legend={"orientation": "h", "y": -0.3, "yanchor": "top", "x": 0},
    )
    figure.update_annotations(font_size=14)
    figure.update_xaxes(
        range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", gridcolor=GRID, zeroline=False, fixedrange=True,
        ticklabelstandoff=6,
    )  # fmt: skip
    figure.update_yaxes(range=[0, 1.02], gridcolor=GRID, zeroline=False, fixedrange=True)
    figure.update_yaxes(title=text(language, "worth_probability", label=label), col=1)
    return figure
