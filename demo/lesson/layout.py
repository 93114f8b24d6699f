"""Lesson: one step at a time, and the ways to another photo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import gradio as gr
from markupsafe import Markup

from demo.hosting.addresses import code_for_page
from demo.lesson.choices import STEPS, Step
from demo.locales import text
from demo.ui import html, photo_input
from demo.ui.labels import Labels

_show = html.template("lesson/lesson.html")


class Lesson(NamedTuple):
    """The tab's components."""

    where: gr.Textbox
    problem: gr.HTML
    result: gr.HTML
    upload: gr.UploadButton
    examples: gr.HTML


class ClassBar(NamedTuple):
    """What a class has above the tabs; ``secret`` and ``opened`` carry values between the page and the server."""

    bar: gr.HTML
    problem: gr.HTML
    vote: gr.HTML
    secret: gr.Textbox
    opened: gr.Textbox


def class_bar(labels: Labels, shared: Sequence[str] = ()) -> ClassBar:
    """The teacher's buttons and the way to join, or a student's switch; the page shows the one or the other.

    Args:
        labels: of the page.
        shared: the addresses under which others reach it; the first one is shown large.
    """
    words = partial(_show, "class_bar", shared=shared, code=Markup(code_for_page(shared[0])) if shared else "")
    bar = labels(gr.HTML, words={"value": words}, apply_default_css=False, elem_id="class")
    problem = gr.HTML(visible=False, apply_default_css=False, elem_id="class-problem")
    vote = gr.HTML("<i></i>", js_on_load="window.resnetExplorer.hang('vote', trigger)", elem_id="class-vote")
    return ClassBar(bar, problem, vote, gr.Textbox(visible=False), gr.Textbox(visible=False))


def build(labels: Labels) -> Lesson:
    """Lay the tab out."""
    where = gr.Textbox(visible=False)  # the page writes into it where it is and what was guessed
    problem = gr.HTML(visible=False, apply_default_css=False, elem_id="lesson-problem")
    empty = html.empty(labels.language, "lesson_empty", "loading_text")
    result = gr.HTML(empty, apply_default_css=False, elem_id="lesson-result")
    with labels(gr.Accordion, words={"label": "lesson_photo"}, open=False, elem_id="lesson-photo"):
        upload = labels(gr.UploadButton, words={"label": "explain_upload"}, size="sm")
        photo_input.camera_button(labels)
        examples = photo_input.example_buttons(labels, "lesson-examples")
    labels(gr.HTML, words={"value": _sheet}, apply_default_css=False, elem_id="lesson-sheet")
    return Lesson(where, problem, result, upload, examples)


def _sheet(language: str) -> Markup:
    """The sheet for students: the questions, and room to write; it is seen in print alone."""
    return _show("sheet", language, questions=questions(language))


def questions(language: str) -> list[tuple[str, str, str, list[str]]]:
    """Each step's title, what there is to say before, its question and its choices; terms are left as plain words."""
    blanks = {"count": f"{3 * 224**2:,}", "places": 7, "all": 49, "probability": "____", "path": "layer3.1"}

    def words(step: Step, key: str) -> str:
        return html.without_terms(text(language, f"lesson_{step.name}_{key}", **blanks))

    return [
        (words(step, "title"), words(step, "tell"), words(step, "ask"), [words(step, each) for each in step.choices])
        for step in STEPS
    ]
