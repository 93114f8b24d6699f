"""What all Plotly figures have in common. One figure serves both themes: the stylesheet colours the text."""

from __future__ import annotations

from resnet_app.colours import INK, WHITE

ROW = 32  # px
CLEAR = "rgba(0,0,0,0)"
GRID = "rgba(128,128,128,.22)"
ZEBRA = "rgba(128,128,128,.07)"
_FONT = "IBM Plex Sans, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"


def layout(height: int) -> dict[str, object]:
    """Of a figure that is so many pixels high: no margins, no ground of its own."""
    return {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"family": _FONT, "size": 14},
        "hoverlabel": {"bgcolor": INK, "font": {"color": WHITE}},
    }
