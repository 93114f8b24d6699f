"""What follows from what on the Lesson tab."""

from __future__ import annotations

import gradio as gr

from demo.classroom.room import Classroom
from demo.lesson import handlers, vote_handlers
from demo.lesson.layout import ClassBar, Lesson
from demo.ui import photo_input
from demo.ui.events import Page, on
from demo.ui.queues import LATEST, MODEL_WORK, PRIVATE, QUIET

WHERE = "(...inputs) => [...inputs.slice(0, -1), window.resnetExplorer.lesson()]"
SECRET = "(...inputs) => [...inputs.slice(0, -1), window.resnetExplorer.classSecret()]"
OPENED = "(name) => window.resnetExplorer.voteOpened(name)"


def wire(tab: Lesson, page: Page, photo: gr.Image, classroom: Classroom | None) -> None:
    """Wire the tab: all that is clicked in it rings its bell (``static/lesson/lesson.js``)."""

    def show(asked: handlers.Asked) -> handlers.Shown:
        return handlers.show(asked, classroom)

    asked, shown = handlers.Asked(page.inputs, tab.where), handlers.Shown(tab.result, tab.problem)
    on(
        page.bells.lesson.input, show, asked, shown, js=WHERE, show_progress="minimal", show_progress_on=tab.result,
        **PRIVATE, **LATEST, **MODEL_WORK,
    )  # fmt: skip
    tab.upload.upload(lambda file: file, tab.upload, photo, **QUIET)
    photo_input.wire_examples(tab.examples, photo)


def wire_class(bar: ClassBar, page: Page, classroom: Classroom) -> None:
    """Wire what the server has to do for a class; all else is asked for by ``static/lesson/classroom.js``."""

    def open_vote(asked: vote_handlers.Asked) -> vote_handlers.Shown:
        return vote_handlers.open_vote(asked, classroom)

    asked = vote_handlers.Asked(page.inputs, bar.secret)
    shown = vote_handlers.Shown(bar.opened, bar.problem)
    failed = vote_handlers.Shown(opened="")
    opened = on(bar.vote.input, open_vote, asked, shown, failed=failed, js=SECRET, **QUIET, **MODEL_WORK)
    opened.then(None, bar.opened, None, js=OPENED, **PRIVATE)
