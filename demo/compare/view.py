"""Two networks side by side: their totals, their stages, and one stage of both; pure."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from demo.explore import view as explore_view
from demo.explore.drawings import block_drawing, plain_drawing, saved
from demo.locales import text
from demo.locales.names import operator
from demo.ui.html import NOTHING, amount, shape, table, template, warning
from resnet_app.architecture import summary
from resnet_app.architecture.records import Architecture, BlockRow, StageRow

_show = template("compare/architectures.html")


def _ratio(second: float, first: float) -> str:
    return f"×{second / first:.2f}" if first and second else "–"


def stages(language: str, pair: list[Architecture], chosen: str) -> Markup:
    """The stages of both in one table, the chosen one marked, with the second over the first."""
    one, two = pair
    rows = [_row(language, left, right, chosen) for left, right in zip(one.stages, two.stages, strict=True)]
    total = [text(language, "total"), "", "", "", "", *_costs(one, two)]
    exact = [_exact(one, two, *both) for both in zip(one.stages, two.stages, strict=True)]
    ends = [("left", one.spec.name), ("right", two.spec.name), ("stage", chosen)]
    return (
        _show("totals", language, pair=pair, address=[*ends, *explore_view.address(one)])
        + table(_heads(language, pair), [*rows, total], kind="compare")
        + explore_view.downloads(f"{one.spec.name}-{two.spec.name}", exact)
    )


def _heads(language: str, pair: list[Architecture]) -> list[str]:
    stage, *words = (text(language, f"col_{key}") for key in ("stage", "operator", "output", "parameters", "macs"))
    titles = [network.title for network in pair]
    kinds = [f"{title}: {word}" for title in titles for word in words[:2]]
    ratio = text(language, "compare_ratio")
    return [stage, *kinds, *(head for word in words[2:] for head in (*(f"{each}: {word}" for each in titles), ratio))]


def _row(language: str, left: StageRow, right: StageRow, chosen: str) -> list[str]:
    name = _show("stage_button", language, name=left.name, is_chosen=left.name == chosen)
    kinds = [
        cell
        for stage in (left, right)
        for cell in (operator(language, stage.operator), shape(stage.output_shape, flat=stage.is_flat))
    ]
    return [name, *kinds, *_costs(left, right)]


def _costs(left: Architecture | StageRow, right: Architecture | StageRow) -> list[str]:
    """Parameters and MACs of both, each with the second over the first."""
    return [
        cell
        for one, two in ((left.parameters, right.parameters), (left.macs, right.macs))
        for cell in (amount(one), amount(two), _ratio(two, one))
    ]


def _exact(one: Architecture, two: Architecture, left: StageRow, right: StageRow) -> dict[str, Any]:
    """A row to take along, each figure under the number and the name of its network."""
    return {
        "stage": left.name,
        **{f"{number} {network.spec.name} {key}": value
           for number, network, row in ((1, one, left), (2, two, right))
           for key, value in summary.stage_row(network, row).items() if key != "stage"},
    }  # fmt: skip


def sides(language: str, pair: list[Architecture], chosen: str) -> Markup:
    """The chosen stage of both: its figures, its first block, and the one that all others are like."""
    return _show("sides", language, sections=[_side(language, network, chosen) for network in pair])


def _side(language: str, architecture: Architecture, chosen: str) -> Markup:
    stage = next((each for each in architecture.stages if each.name == chosen), None)
    title = _show("title", language, network=architecture, stage=chosen)
    if stage is None:
        return title + warning(text(language, "compare_none", stage=chosen))
    head = title + _show("facts", language, stage=stage, facts=explore_view.facts(language, stage))
    if not stage.blocks:
        return head + saved(language, plain_drawing(language, stage), f"{architecture.spec.name}-{stage.name}")
    return head + NOTHING.join(
        _show(
            "block", language, words=words, path=block.path,
            drawing=saved(language, block_drawing(language, block), f"{architecture.spec.name}-{block.path}"),
        )
        for words, block in _two_blocks(language, stage)
    )  # fmt: skip


def _two_blocks(language: str, stage: StageRow) -> list[tuple[str, BlockRow]]:
    """The first block, which may stride and project, and the second, which all that follow are like."""
    found = [(text(language, "compare_first"), stage.blocks[0])]
    if len(stage.blocks) > 1:
        found.append((text(language, "compare_others", count=len(stage.blocks) - 1), stage.blocks[1]))
    return found
