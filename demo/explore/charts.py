"""A network's records -> Plotly figures, pure. One figure serves both themes: the stylesheet colours the text."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from demo.explore.view import stage_cells, stage_heads
from demo.locales import text
from demo.ui.charts import CLEAR, GRID, ROW, ZEBRA, layout
from demo.ui.html import amount, memory
from resnet_app.architecture.published import Classifier
from resnet_app.architecture.records import Architecture, share
from resnet_app.colours import BLUE, DARK_BLUE, GREY, HEAD_GREY, INK, ORANGE, STAGE_BLUES, TEAL, WHITE
from resnet_app.explain.residuals import Reading


def stage_table(language: str, architecture: Architecture) -> go.Figure:
    """Operator, output shape, parameters and MACs of each stage, with their shares."""
    rows = stage_cells(language, architecture)
    align = ["left", "left", "left", "right", "right", "right", "right", "right"]
    fills = [ZEBRA if i % 2 == 0 else CLEAR for i in range(len(rows))]
    table = go.Table(
        columnwidth=[72, 124, 104, 88, 46, 70, 46, 60],
        header={
            "values": stage_heads(language), "align": align, "height": ROW, "fill": {"color": CLEAR},
            "line": {"width": 0}, "font": {"size": 13},
        },
        cells={
            "values": list(zip(*rows, strict=True)), "align": align, "height": ROW, "fill": {"color": [fills]},
            "line": {"width": 0}, "font": {"size": 14},
        },
    )  # fmt: skip
    return go.Figure(table, layout(ROW * (len(rows) + 1) + 10))


def cost_bars(language: str, architecture: Architecture) -> go.Figure:
    """Each stage's share of parameters and MACs; beside it, on a scale of its own, its peak memory in MiB."""
    stages = architecture.stages
    names = [stage.name for stage in stages]
    measures = (
        (1, "col_parameters", BLUE, "%{x:.1f} % · ", [share(s.parameters, architecture.parameters) for s in stages],
         [amount(s.parameters) for s in stages]),
        (1, "col_macs", ORANGE, "%{x:.1f} % · ", [share(s.macs, architecture.macs) for s in stages],
         [amount(s.macs) for s in stages]),
        (2, "peak_memory", TEAL, "", [s.peak_bytes / 2**20 for s in stages], [memory(s.peak_bytes) for s in stages]),
    )  # fmt: skip
    figure = make_subplots(1, 2, shared_yaxes=True, column_widths=[0.64, 0.36], horizontal_spacing=0.04)
    for column, key, colour, shown, values, exact in measures:
        figure.add_bar(
            y=names, x=values, orientation="h", name=text(language, key), marker={"color": colour}, row=1, col=column,
            text=exact if column == 2 else [f"{value:.1f}" for value in values], textposition="outside",
            cliponaxis=False, customdata=exact, width=0.4 if column == 2 else None,
            hovertemplate=f"%{{y}}: {shown}%{{customdata}}<extra>%{{fullData.name}}</extra>",
        )  # fmt: skip
    figure.update_layout(
        **layout(64 * len(names) + 60),
        barmode="group", bargap=0.22, barcornerradius=2,
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(gridcolor=GRID, zeroline=False, fixedrange=True, ticksuffix="\u202f%")
    for column, room in ((1, 1.2), (2, 2.6)):  # for the words behind a bar
        most = max(max(values) for at, _, _, _, values, _ in measures if at == column)
        figure.update_xaxes(range=[0, room * most], col=column)
    figure.update_xaxes(showticklabels=False, showgrid=False, col=2)  # each bar says its own
    figure.update_yaxes(autorange="reversed", fixedrange=True, ticksuffix="  ")
    return figure


def standing(language: str, every: Sequence[Classifier], name: str) -> go.Figure:
    """Accuracy over GMACs and over parameters: all classifiers, the networks here marked, this one ringed."""
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.05)
    groups = (
        ("standing_others", [c for c in every if not c.is_ours],
         {"color": GREY, "size": 7, "symbol": "circle-open"}),
        ("standing_ours", [c for c in every if c.is_ours and c.model != name],
         {"color": BLUE, "size": 9, "symbol": "circle"}),
        ("standing_this", [c for c in every if c.model == name],
         {"color": BLUE, "size": 17, "symbol": "diamond", "line": {"width": 2, "color": DARK_BLUE}}),
    )  # fmt: skip
    for column, measure in enumerate(("gmacs", "parameters"), start=1):
        for key, members, marker in groups:
            figure.add_scatter(
                x=[c.gmacs if measure == "gmacs" else c.parameters / 1e6 for c in members],
                y=[c.accuracy for c in members], mode="markers+text" if key == "standing_this" else "markers",
                text=[c.weights.removeprefix("IMAGENET1K_") for c in members], textposition="top center",
                marker=marker, name=text(language, key),
                legendgroup=key, showlegend=column == 1, row=1, col=column,
                customdata=[(c.model, c.weights, c.gmacs, amount(c.parameters), c.side) for c in members],
                hovertemplate="<b>%{customdata[0]}</b> %{customdata[1]}<br>%{y:.2f} % · %{customdata[2]} GMACs"
                " · %{customdata[3]} · %{customdata[4]} px<extra></extra>",
            )  # fmt: skip
    figure.update_layout(
        **{**layout(440), "margin": {"l": 0, "r": 8, "t": 40, "b": 0}},
        legend={"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(type="log", gridcolor=GRID, zeroline=False, fixedrange=True, dtick=1, minor={"showgrid": False})
    figure.update_xaxes(title=text(language, "standing_gmacs"), col=1)
    figure.update_xaxes(title=text(language, "standing_parameters"), col=2)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True)
    figure.update_yaxes(title=text(language, "standing_accuracy"), col=1)
    return figure


def residual_chart(language: str, readings: Sequence[Reading]) -> go.Figure:
    """Over the depth: the norms of shortcut and F(x), their ratio, and the cosine between them."""
    figure = make_subplots(3, 1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.46, 0.27, 0.27])
    paths = [reading.path for reading in readings]
    symbols = ["circle" if reading.is_identity else "square-open" for reading in readings]
    for row, key, values, colour in (
        (1, "scope_shortcut", [reading.shortcut for reading in readings], GREY),
        (1, "scope_residual", [reading.residual for reading in readings], BLUE),
        (2, "scope_ratio", [reading.ratio for reading in readings], BLUE),
        (3, "scope_cosine", [reading.cosine for reading in readings], BLUE),
    ):
        figure.add_scatter(
            x=paths, y=values, mode="lines+markers", name=text(language, key), row=row, col=1, showlegend=row == 1,
            line={"color": colour, "width": 2, "dash": "dot" if colour == GREY else "solid"},
            marker={"symbol": symbols, "size": 9, "color": colour},
            hovertemplate="%{x}: %{y:.3g}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(
        **{**layout(480), "margin": {"l": 0, "r": 8, "t": 36, "b": 0}},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(gridcolor=GRID, fixedrange=True, type="category")
    figure.update_yaxes(gridcolor=GRID, zeroline=False, fixedrange=True)
    ticks = log_ticks([norm for reading in readings for norm in (reading.shortcut, reading.residual) if norm])
    figure.update_yaxes(
        type="log", title=text(language, "scope_norm"), row=1, tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks]
    )
    figure.update_yaxes(title=text(language, "scope_ratio_short"), rangemode="tozero", row=2)
    figure.update_yaxes(
        title=text(language, "scope_cosine_short"),
        zeroline=True,
        zerolinecolor=GRID,
        range=[-1.05, 1.05],
        dtick=1,
        row=3,
    )
    return figure


def log_ticks(values: Sequence[float]) -> list[float]:
    """Where a logarithmic axis is labelled: 1, 2 and 5 of each power of ten; over three powers and more, 1 alone."""
    if not values:
        return []
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    steps = (1, 2, 5) if high - low <= 3 else (1,)
    return [step * 10.0**power for power in range(low, high + 1) for step in steps]


def parameter_treemap(language: str, architecture: Architecture) -> go.Figure:
    """Where the parameters live: stage, then block."""
    tiles: list[tuple[str, str, str, int, str]] = []  # id, label, parent, value, colour
    for stage in architecture.stages:
        if not stage.parameters:
            continue
        depth = int(stage.name[4]) if stage.name.startswith("conv") else 0
        colour = STAGE_BLUES[depth - 1] if depth else HEAD_GREY
        tiles.append((stage.name, stage.name, "", stage.parameters, colour))
        for number, block in enumerate(stage.blocks, start=1):
            label = text(language, "block", number=number)
            tiles.append((block.path, label, stage.name, block.parameters, colour))
    ids, labels, parents, values, colours = zip(*tiles, strict=True)
    ink = [INK if colour in STAGE_BLUES[:3] else WHITE for colour in colours]
    tree = go.Treemap(
        ids=ids, labels=labels, parents=parents, values=values, branchvalues="total",
        marker={"colors": colours, "line": {"width": 1, "color": "rgba(255,255,255,.6)"}, "cornerradius": 2},
        textfont={"color": ink}, text=[amount(value) for value in values], textinfo="label+text+percent root",
        hovertemplate="%{label}: %{value:,}<extra></extra>", pathbar={"visible": False}, tiling={"pad": 2},
    )  # fmt: skip
    figure = go.Figure(tree, layout(430))
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    return figure
