"""What follows from what on the Explore tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.explore import handlers, overview_handlers, picture_handlers
from demo.explore.layout import DEFAULT_PLACE, ROOMS, Explore
from demo.ui import photo_input
from demo.ui.events import Listen, Page, Show, on
from demo.ui.queues import DRAWING, EACH, IN_ORDER, LATEST, MODEL_WORK, PRIVATE, QUIET

PICTURE, STEPS, CODE = ("explore", "picture"), ("explore", "steps"), ("explore", "code")
MAKE_REACHABLE = "() => window.resnetExplorer.makeReachable()"


def wire(tab: Explore, page: Page, photo: gr.Image) -> Show:
    """Wire the tab; ``photo`` is the page's one photo box. Gives what shows the tab anew after an event."""
    plan, drawn = _records(tab, page)
    room = handlers.Room(
        tab.excerpts, tab.snippet, tab.tree, tab.standing, tab.published, tab.said, tab.rows, tab.drawing, tab.problem
    )
    show_picture, show_maps = _wire_picture(tab, plan, photo)
    fill = _wire_overview(tab, plan)

    def show_rooms(listen: Listen, **how: Any) -> None:
        on(listen, handlers.show_room, plan, room, seen=("explore",), **QUIET, **DRAWING, **how)

    def walk(listen: Listen, **how: Any) -> None:
        shown = overview_handlers.Walked(tab.steps, tab.steps_problem)
        asked = overview_handlers.Asked(plan)
        failed = overview_handlers.Walked(steps="")
        on(listen, overview_handlers.walk, asked, shown, seen=STEPS, failed=failed, **QUIET, **MODEL_WORK, **how)

    def show(listen: Listen, **how: Any) -> None:
        on(listen, handlers.draw, plan, drawn, **QUIET, **DRAWING, **how)
        fill(listen, **how)
        show_rooms(listen, **how)
        show_picture(listen, **how)
        walk(listen, **how)

    for changed in _controls(tab):
        redrawn = on(changed, handlers.draw, plan, drawn, **QUIET, **LATEST, **DRAWING)
        fill(redrawn.then, **EACH)
        show_rooms(redrawn.then, **EACH)
        show_maps(redrawn.then, **EACH)
    # At once, not when its weights are there, which may have to be fetched; then again, with their classes and stem.
    on(page.inputs.model.input, handlers.draw, plan, drawn, **QUIET, **LATEST, **DRAWING)
    on(tab.chart_kind.input, handlers.draw_chart, plan, drawn, **QUIET, **LATEST, **DRAWING)
    for chosen, open_it in ((tab.ribbon.select, handlers.open_stage), (tab.stage.select, handlers.open_block)):
        opened = on(chosen, open_it, plan, drawn, **QUIET, **EACH, **DRAWING)
        on(opened.then, handlers.show_excerpts, plan, room, seen=CODE, **QUIET, **EACH, **DRAWING)
        show_maps(opened.then, **EACH)
    entered = tab.rooms.select(enter_room, None, page.inputs.room, **QUIET, **IN_ORDER)
    for listen in (entered.then, page.entered.then):
        show_rooms(listen, **EACH)
        show_picture(listen, **EACH)
        walk(listen, **EACH)
    fill(page.entered.then, **EACH)
    page.entered.then(None, js=MAKE_REACHABLE, **PRIVATE, **EACH)
    show_picture(photo.change, **LATEST)
    walk(photo.change, **LATEST)
    fill(photo.change, **LATEST)
    return show


def _controls(tab: Explore) -> tuple[Listen, ...]:
    """What changes the network that is drawn."""
    return (
        tab.input_size.submit, tab.input_size.blur, tab.classes.submit, tab.classes.blur, tab.stem.input,
        tab.dilated.input, tab.zero_init.input, tab.groups.input, tab.width_per_group.input, tab.norm.input,
    )  # fmt: skip


def _records(tab: Explore, page: Page) -> tuple[handlers.Plan, handlers.Drawn]:
    place = gr.State(DEFAULT_PLACE)
    plan = handlers.Plan(
        page.inputs, tab.classes, tab.input_size, tab.stem, tab.dilated, tab.zero_init, tab.groups,
        tab.width_per_group, tab.norm, tab.chart_kind, place,
    )  # fmt: skip
    drawn = handlers.Drawn(
        tab.headline, tab.ribbon, tab.stage, tab.block, tab.table, tab.chart, tab.dilated, tab.groups,
        tab.width_per_group, place, tab.problem,
    )  # fmt: skip
    return plan, drawn


def _wire_overview(tab: Explore, plan: handlers.Plan) -> Show:
    """The ribbon filled with the photo, and the unit that is looked at; gives what fills it anew."""
    asked = overview_handlers.Asked(plan)
    shown = overview_handlers.Shown(tab.ribbon, tab.unit, tab.problem)

    def fill(listen: Listen, **how: Any) -> None:
        on(listen, overview_handlers.fill, asked, shown, seen=("explore",), **QUIET, **MODEL_WORK, **how)

    for pointed in (tab.ribbon.input, tab.unit.input):
        on(pointed, overview_handlers.unit, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    return fill


def _wire_picture(tab: Explore, plan: handlers.Plan, photo: gr.Image) -> tuple[Show, Show]:
    """The room "Your picture"; gives what shows all of it anew, and what shows its feature maps alone."""
    asked = picture_handlers.Asked(plan, tab.scale, tab.left_out)
    shown = picture_handlers.Shown(
        tab.input.photo, tab.maps, tab.more, tab.residual_chart, tab.readings, tab.left_out, tab.without,
        tab.inside_problem,
    )  # fmt: skip

    def show(listen: Listen, **how: Any) -> None:
        on(
            listen, picture_handlers.look, asked, shown, seen=PICTURE, failed=picture_handlers.LOOK_FAILED,
            show_progress="minimal", show_progress_on=[tab.maps, tab.readings], **MODEL_WORK, **PRIVATE, **how,
        )  # fmt: skip

    def show_maps(listen: Listen, **how: Any) -> None:
        on(listen, picture_handlers.maps, asked, shown, seen=PICTURE, **QUIET, **MODEL_WORK, **how)

    photo_input.wire(tab.input, photo)
    on(tab.scale.input, picture_handlers.maps, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    on(tab.left_out.input, picture_handlers.leave_out, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    blocks = picture_handlers.Blocks(tab.left_out, tab.inside_problem)
    for button, choose in (
        (tab.all_blocks, picture_handlers.choose_all_blocks), (tab.no_blocks, picture_handlers.choose_no_blocks),
    ):  # fmt: skip
        chosen = on(button.click, choose, asked, blocks, **QUIET, **IN_ORDER)
        on(chosen.then, picture_handlers.leave_out, asked, shown, **QUIET, **EACH, **MODEL_WORK)
    return show, show_maps


def enter_room(event: gr.SelectData) -> str:
    """The inner room that came into sight, by its place in the row."""
    return ROOMS[int(event.index) % len(ROOMS)]
