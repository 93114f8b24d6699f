"""Classify: a photo, its answers, and where the score was raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from demo.components import Photo, Steps
from demo.tabs.words import Labels

_CHOOSE_IN_PAGE = """
const page = window.resnetExplorer;
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-answer]');
  if (button) page.showAnswer(element, button);
});
element.addEventListener('keydown', (event) => page.arrows(event, (button) => page.showAnswer(element, button)));
// The same photo in other colours or words keeps the answer that was chosen; another photo starts with its best.
let photo = '';
let chosen = '';
const name = (button) => button.querySelector('.label b').textContent;
element.addEventListener('click', () => { chosen = page.chosenAnswer(element); });
element.addEventListener('keydown', () => { chosen = page.chosenAnswer(element); });
watch('value', () => {
  const shown = element.querySelector('.picture img')?.src ?? '';
  const again = [...element.querySelectorAll('button[data-answer]')].find((button) => name(button) === chosen);
  if (shown === photo && again) page.showAnswer(element, again);
  else chosen = page.chosenAnswer(element);
  photo = shown;
});
"""
CHOOSE_EXAMPLE = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  if (button) trigger('select', { index: Number(button.dataset.index) });
});
"""


@dataclass(frozen=True)
class Classify:
    """The tab's components."""

    photo: Photo
    examples: gr.HTML
    problem: gr.HTML
    result: gr.HTML
    controls: gr.Row
    opacity: gr.Slider
    colours: gr.Radio
    top_k: Steps


def build(
    labels: Labels,
    *,
    heading: Callable[[str], Callable[[str], str]],
    examples: Callable[[str], str],
    empty: str,
    colours: list[str],
    most: int,
    default: int,
) -> Classify:
    """Lay the tab out; what its components do is wired by the app."""
    with gr.Row(elem_id="classify"):
        with gr.Column(elem_id="input", scale=0, min_width=248):
            photo = labels(
                Photo, words={"placeholder": "photo_placeholder", "label": "photo_label"}, type="filepath",
                sources=["upload", "webcam", "clipboard"], show_label=False, buttons=[], interactive=True, height=250,
                image_mode=None, elem_id="photo",
            )  # fmt: skip
            labels(gr.HTML, words={"value": heading("examples")}, apply_default_css=False)
            samples = labels(
                gr.HTML,
                words={"value": examples},
                apply_default_css=False,
                js_on_load=CHOOSE_EXAMPLE,
                elem_id="examples",
            )
        with gr.Column(elem_id="output"):
            problem = gr.HTML(visible=False, apply_default_css=False, elem_id="photo-problem")
            result = gr.HTML(empty, apply_default_css=False, js_on_load=_CHOOSE_IN_PAGE, elem_id="result")
            with gr.Row(elem_id="controls", visible=False) as controls:
                opacity = labels(
                    gr.Slider, words={"label": "opacity"}, minimum=0, maximum=100, value=60, step=5, buttons=[],
                    interactive=True, elem_id="opacity",
                )  # fmt: skip
                colour_box = labels(
                    gr.Radio, words={"label": "colours"}, choices=[(name.title(), name) for name in colours],
                    value=colours[0], interactive=True, elem_id="colours", elem_classes="segments",
                )  # fmt: skip
                top_k = labels(
                    Steps, words={"label": "answers"}, minimum=1, maximum=most, value=default, step=1, buttons=[],
                    interactive=True, elem_id="top-k",
                )  # fmt: skip
    opacity.input(
        None, opacity, None, js="(value) => window.resnetExplorer.setOpacity(value)", api_visibility="private"
    )
    return Classify(photo, samples, problem, result, controls, opacity, colour_box, top_k)
