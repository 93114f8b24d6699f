"""The methods' maps -> what the Explain tab shows of them side by side, pure."""

from __future__ import annotations

from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.ui.html import table, template
from resnet_app.choices import METHODS
from resnet_app.explain.overlay import draw, over, signed_overlay
from resnet_app.explain.worth.rivals import Rival, Rivals
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Answer

COLUMNS = ("method", "rank", "coherency", "simplicity", "road", "arcc", "time")
_show = template("explain.html")


def side_by_side(language: str, model: LoadedModel, answer: Answer, found: Rivals, *, colours: str) -> Markup:
    """The patches' own map first, then each method's, and their figures in a table."""
    label = model.class_names[found.patches.index]
    falls = over(answer.crop, signed_overlay(found.patches.as_map()))
    figures: list[tuple[Image.Image, str, str]] = [(falls, text(language, "rivals_patches"), "")]
    figures += [
        (draw(answer.crop, each.heatmap, colours=colours), METHODS[each.heatmap.method], "") for each in found.rivals
    ]
    heads = [text(language, f"rivals_{column}") for column in COLUMNS]
    return _show(
        "rivals", language, label=label, figures=figures, layer=found.rivals[0].heatmap.layer,
        table=table(heads, [_row(each) for each in found.rivals], kind="rivals"),
        largest=signed(float(found.patches.falls.max())), smallest=signed(float(found.patches.falls.min())),
    )  # fmt: skip


def _row(each: Rival) -> list[str]:
    parts = each.arcc and (each.arcc.coherency, each.arcc.simplicity, each.arcc.road, each.arcc.score)
    return [
        METHODS[each.heatmap.method],
        "–" if each.correlation is None else signed(each.correlation),
        *(f"{part:.2f}" for part in parts or ()),
        *(() if parts else ["–"] * 4),
        f"{each.milliseconds:.0f} ms",
    ]


def signed(value: float) -> str:
    """A figure with its sign."""
    return f"{value:+.2f}".replace("-", "−")
