"""What follows from what on the Explore tab."""

from __future__ import annotations

import gradio as gr

from demo.explore import handlers, overview_handlers, picture_handlers
from demo.explore.layout import ROOMS, Explore
from demo.ui import photo_input
from demo.ui.events import Listen, Page, on
from demo.ui.queues import DRAWING, EACH, IN_ORDER, LATEST, MODEL_WORK, PRIVATE, QUIET

DRAWN = "() => { resnetExplorer.makeReachable(); resnetExplorer.ringDrawn(); }"  # then the ribbon and the room follow
CHANGED = "() => resnetExplorer.ringDrawn('maps')"  # the same, where photo and model are as they were
OPENED = "() => resnetExplorer.ringOpened()"  # then the maps or the lines of what is opened
ENTERED = "() => resnetExplorer.ringRoom()"


def wire(tab: Explore, page: Page, photo: gr.Image) -> None:
    """Wire the tab; ``photo`` is the page's one photo box."""
    plan, drawn = _records(tab, page)
    shown = on(page.bells.explore.input, handlers.draw, plan, drawn, **QUIET, **EACH, **DRAWING)
    shown.then(None, js=DRAWN, **PRIVATE, **EACH)
    for changed in _controls(tab):
        redrawn = on(changed, handlers.draw, plan, drawn, **QUIET, **LATEST, **DRAWING)
        redrawn.then(None, js=CHANGED, **PRIVATE, **EACH)
    # At once, not when its weights are there, which may have to be fetched; then again, with their classes and stem.
    on(page.inputs.model.input, handlers.draw, plan, drawn, **QUIET, **LATEST, **DRAWING)
    on(tab.chart_kind.input, handlers.draw_chart, plan, drawn, **QUIET, **LATEST, **DRAWING)
    for chosen, open_it in ((tab.ribbon.select, handlers.open_stage), (tab.stage.select, handlers.open_block)):
        opened = on(chosen, open_it, plan, drawn, **QUIET, **EACH, **DRAWING)
        opened.then(None, js=OPENED, **PRIVATE, **EACH)
    tab.rooms.select(enter_room, None, page.inputs.room, **QUIET, **IN_ORDER).then(None, js=ENTERED, **PRIVATE, **EACH)
    _wire_rooms(tab, page, plan)
    _wire_picture(tab, page, plan, photo)
    _wire_overview(tab, page, plan)


def _wire_rooms(tab: Explore, page: Page, plan: handlers.Plan) -> None:
    """The rooms about the network alone."""
    room = handlers.Room(
        tab.excerpts, tab.snippet, tab.tree, tab.standing, tab.published, tab.said, tab.rows, tab.drawing, tab.problem
    )
    on(page.bells.about.input, handlers.show_room, plan, room, **QUIET, **EACH, **DRAWING)
    on(page.bells.excerpts.input, handlers.show_excerpts, plan, room, **QUIET, **EACH, **DRAWING)


def _controls(tab: Explore) -> tuple[Listen, ...]:
    """What changes the network that is drawn."""
    return (
        tab.input_size.submit, tab.input_size.blur, tab.classes.submit, tab.classes.blur, tab.stem.input,
        tab.dilated.input, tab.zero_init.input, tab.groups.input, tab.width_per_group.input, tab.norm.input,
    )  # fmt: skip


def _records(tab: Explore, page: Page) -> tuple[handlers.Plan, handlers.Drawn]:
    plan = handlers.Plan(
        page.inputs, tab.classes, tab.input_size, tab.stem, tab.dilated, tab.zero_init, tab.groups,
        tab.width_per_group, tab.norm, tab.chart_kind, tab.place,
    )  # fmt: skip
    drawn = handlers.Drawn(
        tab.headline, tab.ribbon, tab.stage, tab.block, tab.table, tab.chart, tab.dilated, tab.groups,
        tab.width_per_group, tab.place, tab.problem,
    )  # fmt: skip
    return plan, drawn


def _wire_overview(tab: Explore, page: Page, plan: handlers.Plan) -> None:
    """The ribbon filled with the photo, the unit that is looked at, and inference step by step."""
    shown = overview_handlers.Shown(tab.ribbon, tab.unit, tab.problem)
    on(
        page.bells.ribbon.input, overview_handlers.fill, plan, shown, failed=overview_handlers.plain, **QUIET, **EACH,
        **MODEL_WORK,
    )  # fmt: skip
    for pointed in (tab.ribbon.input, tab.unit.input):
        on(pointed, overview_handlers.unit, plan, shown, **QUIET, **EACH, **MODEL_WORK)
    walked = overview_handlers.Walked(tab.steps, tab.steps_problem)
    failed = overview_handlers.Walked(steps="")
    on(page.bells.steps.input, overview_handlers.walk, plan, walked, failed=failed, **QUIET, **EACH, **MODEL_WORK)


def _wire_picture(tab: Explore, page: Page, plan: handlers.Plan, photo: gr.Image) -> None:
    """The room "Your picture"."""
    asked = picture_handlers.Asked(plan, tab.scale, tab.left_out)
    shown = picture_handlers.Shown(
        tab.input.photo, tab.maps, tab.more, tab.residual_chart, tab.readings, tab.left_out, tab.without,
        tab.inside_problem,
    )  # fmt: skip
    on(
        page.bells.picture.input, picture_handlers.look, asked, shown, failed=picture_handlers.LOOK_FAILED,
        show_progress="minimal", show_progress_on=[tab.maps, tab.readings], **MODEL_WORK, **PRIVATE, **EACH,
    )  # fmt: skip
    on(page.bells.maps.input, picture_handlers.maps, asked, shown, **QUIET, **EACH, **MODEL_WORK)
    photo_input.wire(tab.input, photo)
    on(tab.scale.input, picture_handlers.maps, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    on(tab.left_out.input, picture_handlers.leave_out, asked, shown, **QUIET, **LATEST, **MODEL_WORK)
    blocks = picture_handlers.Blocks(tab.left_out, tab.inside_problem)
    for button, choose in (
        (tab.all_blocks, picture_handlers.choose_all_blocks), (tab.no_blocks, picture_handlers.choose_no_blocks),
    ):  # fmt: skip
        chosen = on(button.click, choose, asked, blocks, **QUIET, **IN_ORDER)
        on(chosen.then, picture_handlers.leave_out, asked, shown, **QUIET, **EACH, **MODEL_WORK)


def enter_room(event: gr.SelectData) -> str:
    """The inner room that came into sight, by its place in the row."""
    return ROOMS[int(event.index) % len(ROOMS)]
