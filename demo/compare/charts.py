"""The Compare tab's Plotly figure: what each network costs, and how much probability it gives."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from demo.compare.photo_view import Point
from demo.locales import text
from demo.ui.charts import CLEAR, GRID, layout
from resnet_app.colours import BLUE, GREY

SIDES = ("top center", "bottom center")  # of a point, where its number stands: the next one's is on the other side


def cost_and_probability(language: str, points: Sequence[Point], axis: str, class_name: str) -> go.Figure:
    """Each network as its number in the table: milliseconds or multiply-adds across, the probability upwards.

    Trained networks are filled discs, untrained ones rings; a line leads from V1 to V2 of one network.

    Args:
        language: of the words.
        points: of the networks.
        axis: one of ``choices.AXES``.
        class_name: whose probability it is; empty for each network's best answer.
    """
    figure = go.Figure()
    for first, second in _versions(points):
        figure.add_scatter(
            x=[_cost(first, axis), _cost(second, axis)], y=[first.probability, second.probability], mode="lines",
            line={"color": GREY, "width": 2, "dash": "dot"}, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    across = sorted(points, key=lambda point: _cost(point, axis))
    sides = {point.number: SIDES[place % 2] for place, point in enumerate(across)}
    for is_random, fill in ((False, BLUE), (True, CLEAR)):
        of_kind = [point for point in points if point.is_random == is_random]
        figure.add_scatter(
            x=[_cost(point, axis) for point in of_kind], y=[point.probability for point in of_kind],
            mode="markers+text", text=[str(point.number) for point in of_kind],
            textposition=[sides[point.number] for point in of_kind],
            customdata=[_plain(point.title) for point in of_kind], textfont={"size": 14}, showlegend=False,
            marker={"size": 13, "color": fill, "line": {"color": BLUE, "width": 2}}, cliponaxis=False,
            hovertemplate="%{customdata}<br>%{x:.3~g}, %{y:.1%}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(**{**layout(320), "margin": {"l": 0, "r": 16, "t": 16, "b": 0}})
    most = max(_cost(point, axis) for point in points)
    figure.update_xaxes(
        title=text(language, f"compare_axis_{axis}_long"), range=[0, 1.08 * most], gridcolor=GRID, zeroline=False,
        fixedrange=True,
    )  # fmt: skip
    label = _plain(class_name) or text(language, "compare_best_short")
    figure.update_yaxes(
        title=text(language, "compare_probability_of", label=label), range=[-0.04, 1.1],
        tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", gridcolor=GRID, zeroline=False, fixedrange=True,
    )  # fmt: skip
    return figure


def _cost(point: Point, axis: str) -> float:
    return point.milliseconds if axis == "ms" else point.macs / 1e9


def _versions(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """V1 and V2 of one network, where both are there."""
    first, second = ({each.model: each for each in points if each.version == version} for version in (1, 2))
    return [(first[model], second[model]) for model in first if model in second]


def _plain(name: str) -> str:
    """A name as text; Plotly takes tags in it for its own."""
    return (name if len(name) <= 40 else f"{name[:39]}…").replace("<", "‹").replace(">", "›")
