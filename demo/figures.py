"""A network's records -> Plotly figures, pure. One figure serves both themes: the stylesheet colours the text."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from demo.drawings import stage_cells, stage_heads
from demo.html import amount
from demo.locales import text
from resnet_app.explorer import Network, share
from resnet_app.faithfulness import Curve

PARAMETERS_COLOUR, MACS_COLOUR = "#3B7DD8", "#CF6A0C"
STAGE_BLUES = ("#8CB4E8", "#6FA1E2", "#4F8BDA", "#2F6FC4", "#1F569F")  # deeper stages are darker
HEAD_GREY = "#5B6B80"
CURVES = {  # told apart by their strokes as well
    "map": {"color": "#3B7DD8", "width": 3},
    "random": {"color": "#808A97", "width": 2, "dash": "dot"},
    "centre": {"color": "#CF6A0C", "width": 2, "dash": "dash"},
}
ROW = 32  # px
_CLEAR = "rgba(0,0,0,0)"
_GRID = "rgba(128,128,128,.22)"
_ZEBRA = "rgba(128,128,128,.07)"
_FONT = "IBM Plex Sans, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"


def _layout(height: int) -> dict[str, object]:
    return {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": _FONT, "size": 14},
    }


def stage_table(language: str, network: Network) -> go.Figure:
    """Operator, output shape, parameters and MACs of each stage, with their shares."""
    rows = stage_cells(language, network)
    align = ["left", "left", "left", "right", "right", "right", "right", "right"]
    fills = [_ZEBRA if i % 2 == 0 else _CLEAR for i in range(len(rows))]
    table = go.Table(
        columnwidth=[72, 124, 104, 88, 46, 70, 46, 60],
        header={
            "values": stage_heads(language), "align": align, "height": ROW, "fill": {"color": _CLEAR},
            "line": {"width": 0}, "font": {"size": 13},
        },
        cells={
            "values": list(zip(*rows, strict=True)), "align": align, "height": ROW, "fill": {"color": [fills]},
            "line": {"width": 0}, "font": {"size": 14},
        },
    )  # fmt: skip
    return go.Figure(table, _layout(ROW * (len(rows) + 1) + 10))


def cost_bars(language: str, network: Network) -> go.Figure:
    """Each stage's share of the parameters and of the MACs."""
    names = [stage.name for stage in network.stages]
    parameters = [share(stage.parameters, network.parameters) for stage in network.stages]
    macs = [share(stage.macs, network.macs) for stage in network.stages]
    measures = (("col_parameters", PARAMETERS_COLOUR, parameters), ("col_macs", MACS_COLOUR, macs))
    figure = go.Figure(
        [
            go.Bar(
                y=names, x=values, orientation="h", name=text(language, key), marker={"color": colour},
                text=[f"{value:.1f}" for value in values], textposition="outside", cliponaxis=False,
                hovertemplate="%{y}: %{x:.1f} %<extra>%{fullData.name}</extra>",
            )
            for key, colour, values in measures
        ]
    )  # fmt: skip
    largest = max(max(values) for _, _, values in measures)
    figure.update_layout(
        **_layout(46 * len(names) + 60),
        barmode="group", bargap=0.28, barcornerradius=2,
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    figure.update_xaxes(
        range=[0, 1.17 * largest], ticksuffix="\u202f%", gridcolor=_GRID, zeroline=False, fixedrange=True
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True, ticksuffix="  ")
    return figure


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
        **{**_layout(350), "margin": {"l": 0, "r": 30, "t": 28, "b": 100}},
        legend={"orientation": "h", "y": -0.3, "yanchor": "top", "x": 0},
    )
    figure.update_annotations(font_size=14)
    figure.update_xaxes(
        range=[0, 1], tickvals=[0, 0.5, 1], tickformat=".0%", gridcolor=_GRID, zeroline=False, fixedrange=True,
        ticklabelstandoff=6,
    )  # fmt: skip
    figure.update_yaxes(range=[0, 1.02], gridcolor=_GRID, zeroline=False, fixedrange=True)
    figure.update_yaxes(title=text(language, "worth_probability", label=label), col=1)
    return figure


def parameter_treemap(language: str, network: Network) -> go.Figure:
    """Where the parameters live: stage, then block."""
    labels, parents, values, ids, colours = [], [], [], [], []

    def add(ident: str, label: str, parent: str, value: int, colour: str) -> None:
        for column, item in zip(
            (ids, labels, parents, values, colours), (ident, label, parent, value, colour), strict=True
        ):
            column.append(item)

    for stage in network.stages:
        if not stage.parameters:
            continue
        depth = int(stage.name[4]) if stage.name.startswith("conv") else 0
        colour = STAGE_BLUES[depth - 1] if depth else HEAD_GREY
        add(stage.name, stage.name, "", stage.parameters, colour)
        for number, block in enumerate(stage.blocks, start=1):
            add(block.path, text(language, "block", number=number), stage.name, block.parameters, colour)
    ink = ["#16191D" if colour in STAGE_BLUES[:3] else "#FFFFFF" for colour in colours]
    tree = go.Treemap(
        ids=ids, labels=labels, parents=parents, values=values, branchvalues="total",
        marker={"colors": colours, "line": {"width": 1, "color": "rgba(255,255,255,.6)"}, "cornerradius": 2},
        textfont={"color": ink}, text=[amount(value) for value in values], textinfo="label+text+percent root",
        hovertemplate="%{label}: %{value:,}<extra></extra>", pathbar={"visible": False}, tiling={"pad": 2},
    )  # fmt: skip
    figure = go.Figure(tree, _layout(430))
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    return figure
