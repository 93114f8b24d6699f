"""Two networks side by side: their totals, their stages, and one stage of both; pure."""

from __future__ import annotations

from html import escape
from typing import Any

from demo.explore import view as explore_view
from demo.explore.drawings import block_drawing, plain_drawing, saved
from demo.locales import text
from demo.ui.html import amount, shape, table
from resnet_app.architecture import summary
from resnet_app.architecture.records import Architecture, StageRow


def _ratio(second: float, first: float) -> str:
    return f"×{second / first:.2f}" if first and second else "–"


def stages(language: str, pair: list[Architecture], chosen: str) -> str:
    """The stages of both in one table, the chosen one marked, with the second over the first."""

    one, two = pair
    words = [text(language, f"col_{key}") for key in ("stage", "operator", "output", "parameters", "macs")]
    ratio = text(language, "compare_ratio")
    titles = [network.title for network in pair]
    heads = [
        words[0], *(f"{title}: {word}" for title in titles for word in words[1:3]),
        *(head for word in words[3:] for head in (*(f"{title}: {word}" for title in titles), ratio)),
    ]  # fmt: skip
    rows, exact = [], []
    for left, right in zip(one.stages, two.stages, strict=True):
        kind = "plain chosen" if left.name == chosen else "plain"
        name = f'<button type="button" class="{kind}" data-compare="{left.name}">{left.name}</button>'
        rows.append([
            name, left.operator, shape(left.output_shape), right.operator, shape(right.output_shape),
            amount(left.parameters), amount(right.parameters), _ratio(right.parameters, left.parameters),
            amount(left.macs), amount(right.macs), _ratio(right.macs, left.macs),
        ])  # fmt: skip
        exact.append({
            "stage": left.name,
            **{f"{number} {net.spec.name} {key}": value
               for number, net, row in ((1, one, left), (2, two, right))
               for key, value in summary.stage_row(net, row).items() if key != "stage"},
        })  # fmt: skip
    rows.append([
        text(language, "total"), "", "", "", "", amount(one.parameters), amount(two.parameters),
        _ratio(two.parameters, one.parameters), amount(one.macs), amount(two.macs), _ratio(two.macs, one.macs),
    ])  # fmt: skip
    lines = "".join(
        f"<p><b>{escape(net.title)}</b> "
        + escape(
            text(language, "depth_line", parameters=amount(net.parameters), macs=amount(net.macs), depth=net.spec.depth)
        )
        + f" {escape(text(language, 'compare_peak', peak=explore_view.memory(net.peak_bytes)))}</p>"
        for net in pair
    )
    name = f"{one.spec.name}-{two.spec.name}"
    return f'<div class="totals">{lines}</div>{table(heads, rows, kind="compare")}{explore_view.downloads(name, exact)}'


def sides(language: str, pair: list[Architecture], chosen: str) -> str:
    """The chosen stage of both: its figures, its first block, and the one that all others are like."""
    sides = "".join(_side(language, network, chosen) for network in pair)
    return f'<div class="sides">{sides}</div>'


def _side(language: str, architecture: Architecture, chosen: str) -> str:

    stage = next((each for each in architecture.stages if each.name == chosen), None)
    title = f"<h2>{escape(architecture.title)} <small>{chosen}</small></h2>"
    if stage is None:
        return f'<section>{title}<p class="note">{escape(text(language, "compare_none", stage=chosen))}</p></section>'
    facts = text(
        language, "stage_facts", parameters=amount(stage.parameters), macs=amount(stage.macs),
        peak=explore_view.memory(stage.peak_bytes), stride=stage.stride, field=stage.receptive_field,
    )  # fmt: skip
    what = f"{escape(stage.operator)} · {shape(stage.output_shape)}"
    head = f'{title}<p class="facts">{what}</p><p class="facts">{escape(facts)}</p>'
    if not stage.blocks:
        drawing = saved(language, plain_drawing(language, stage), f"{architecture.spec.name}-{stage.name}")
        return f"<section>{head}{drawing}</section>"
    drawings = "".join(
        f"<h3>{escape(words)} <code>{block.path}</code></h3>"
        + saved(language, block_drawing(language, block), f"{architecture.spec.name}-{block.path}")
        for words, block in _two_blocks(language, stage)
    )
    return f"<section>{head}{drawings}</section>"


def _two_blocks(language: str, stage: StageRow) -> list[tuple[str, Any]]:
    """The first block, which may stride and project, and the second, which all that follow are like."""
    found = [(text(language, "compare_first"), stage.blocks[0])]
    if len(stage.blocks) > 1:
        found.append((text(language, "compare_others", count=len(stage.blocks) - 1), stage.blocks[1]))
    return found
