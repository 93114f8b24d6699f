"""What follows from what on the Explore and Compare tabs; a part of the page, which demo/app.py composes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo import comparing, exploring, inside, stepwise
from demo.queues import DRAWING, EACH, IN_ORDER, LATEST, MODEL_WORK, PRIVATE, QUIET

if TYPE_CHECKING:
    from demo.app import Page


def wire(page: Page, pick_example: Callable[..., str]) -> Callable[..., None]:
    """Wire both tabs; gives what shows the Explore tab anew after an event."""
    tab = page.explore
    plan = [
        page.side.model, tab.classes, tab.input_size, tab.stem, tab.dilated, tab.zero_init, tab.groups,
        tab.width_per_group, tab.norm, tab.chart_kind, page.place, page.language,
    ]  # fmt: skip
    drawn = [
        tab.headline, tab.ribbon, tab.stage, tab.block, tab.table, tab.chart, tab.dilated, tab.groups,
        tab.width_per_group, tab.problem,
    ]  # fmt: skip
    asked = [*page.asked[:5], *plan, tab.scale, tab.left_out]
    inside_shown = [
        tab.photo, tab.maps, tab.more, tab.scope, tab.readings, tab.left_out, tab.cost, tab.inside_problem,
    ]  # fmt: skip
    below = [tab.excerpts, tab.snippet, tab.tree, tab.standing, tab.published, tab.said, tab.rows, tab.whole]

    def show_room(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(exploring.show_room, [page.room, page.inner, page.choice, *plan], below, **trigger, **QUIET, **DRAWING)

    def look(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(
            look_if_seen, [page.room, page.inner, *asked], inside_shown, **trigger, **MODEL_WORK, **PRIVATE,
            show_progress="minimal", show_progress_on=[tab.maps, tab.readings],
        )  # fmt: skip

    def walk(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(
            walk_if_seen, [page.room, page.inner, *page.asked[:5], page.language], tab.steps, **trigger, **QUIET,
            **MODEL_WORK,
        )  # fmt: skip

    show_comparison = _wire_compare(page)

    def show(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(exploring.explore_network, plan, drawn, **trigger, **QUIET, **DRAWING)
        show_room(listen, **trigger)
        look(listen, **trigger)
        walk(listen, **trigger)
        show_comparison(listen, **trigger)

    for changed in (
        tab.input_size.submit, tab.input_size.blur, tab.classes.submit, tab.classes.blur, tab.stem.input,
        tab.dilated.input, tab.zero_init.input, tab.groups.input, tab.width_per_group.input, tab.norm.input,
    ):  # fmt: skip
        redrawn = changed(exploring.explore_network, plan, drawn, **QUIET, **LATEST, **DRAWING)
        show_room(redrawn.then, **EACH)
        redrawn.then(maps_if_seen, [page.room, page.inner, *asked], inside_shown, **QUIET, **EACH, **MODEL_WORK)
    # At once, not when its weights are there, which may have to be fetched; then again, with their classes and stem.
    page.side.model.input(exploring.explore_network, plan, drawn, **QUIET, **LATEST, **DRAWING)
    tab.chart_kind.input(exploring.draw_chart, plan, tab.chart, **QUIET, **LATEST, **DRAWING)
    for opened in (
        tab.ribbon.select(exploring.open_stage, plan, [tab.stage, tab.block, page.place], **QUIET, **EACH, **DRAWING),
        tab.stage.select(exploring.open_block, plan, [tab.block, page.place], **QUIET, **EACH, **DRAWING),
    ):
        opened.then(exploring.show_excerpts, [page.room, page.inner, *plan], tab.excerpts, **QUIET, **EACH, **DRAWING)
        opened.then(maps_if_seen, [page.room, page.inner, *asked], inside_shown, **QUIET, **EACH, **MODEL_WORK)
    entered = tab.rooms.select(enter_room, None, page.inner, **QUIET, **IN_ORDER)
    for listen in (entered.then, page.entered.then):
        show_room(listen, **EACH)
        look(listen, **EACH)
        walk(listen, **EACH)
    page.entered.then(None, js="() => window.resnetExplorer.makeReachable()", **PRIVATE, **EACH)
    look(page.classify.photo.change, **LATEST)
    walk(page.classify.photo.change, **LATEST)
    tab.upload.upload(lambda file: file, tab.upload, page.classify.photo, **QUIET)
    tab.examples.select(pick_example, None, page.classify.photo, **QUIET)
    tab.scale.input(inside.maps, asked, inside_shown, **QUIET, **LATEST, **MODEL_WORK)
    tab.left_out.input(inside.leave_out, asked, inside_shown, **QUIET, **LATEST, **MODEL_WORK)
    for button, every in ((tab.all_blocks, True), (tab.no_blocks, False)):
        chosen = button.click(partial(inside.choose_blocks, every), asked, tab.left_out, **QUIET, **IN_ORDER)
        chosen.then(inside.leave_out, asked, inside_shown, **QUIET, **EACH, **MODEL_WORK)
    return show


def _wire_compare(page: Page) -> Callable[..., None]:
    tab = page.compare
    asked = [tab.first, tab.second, tab.classes, tab.input_size, tab.stem, tab.stage, page.language]
    shown = [tab.stages, tab.sides, tab.problem]
    for changed in (
        tab.first.input, tab.second.input, tab.input_size.submit, tab.input_size.blur, tab.classes.submit,
        tab.classes.blur, tab.stem.input,
    ):  # fmt: skip
        changed(comparing.compare, asked, shown, **QUIET, **LATEST, **DRAWING)
    tab.stage.input(comparing.open_stage, asked, shown[:2], **QUIET, **LATEST, **DRAWING)

    def show(listen: Callable[..., Any], **trigger: Any) -> None:
        listen(compare_if_seen, [page.room, *asked], shown, **trigger, **QUIET, **DRAWING)

    show(page.entered.then, **EACH)
    return show


def look_if_seen(room: str, inner: str, *asked: Any) -> inside.Shown:
    """The room with the picture, where it is the one in sight."""
    return inside.look(*asked) if (room, inner) == ("explore", "picture") else inside.Shown()


def walk_if_seen(room: str, inner: str, *asked: Any) -> Any:
    """Inference step by step, where it is in sight."""
    return stepwise.walk(*asked) if (room, inner) == ("explore", "steps") else gr.skip()


def maps_if_seen(room: str, inner: str, *asked: Any) -> inside.Shown:
    """The feature maps, where they are in sight."""
    return inside.maps(*asked) if (room, inner) == ("explore", "picture") else inside.Shown()


def compare_if_seen(room: str, *asked: Any) -> list[Any]:
    """The two networks, where they are in sight."""
    return comparing.compare(*asked) if room == "compare" else [gr.skip()] * 3


def enter_room(event: gr.SelectData) -> str:
    """The inner room that came into sight, by its place in the row."""
    return exploring.INNER_ROOMS[int(event.index) % len(exploring.INNER_ROOMS)]
