"""Composes the page: the tabs' components, the handlers' functions, and what follows from what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from demo import (
    comparing,
    endpoints,
    explain_events,
    explaining,
    explore_events,
    exploring,
    handlers,
    html,
    loading,
    teaching,
)
from demo.locales import ENGLISH, LANGUAGES, best_language, text
from demo.queues import EACH, IN_ORDER, LATEST, LOAD_WORK, MODEL_WORK, PRIVATE, QUIET
from demo.tabs import batch as batch_tab
from demo.tabs import classify as classify_tab
from demo.tabs import compare as compare_tab
from demo.tabs import explain as explain_tab
from demo.tabs import explore as explore_tab
from demo.tabs import sidebar as sidebar_tab
from demo.tabs import teach as teach_tab
from demo.tabs.words import Labels
from demo.theme import head, theme
from resnet_app.choices import COLOURS, DEFAULT_TOP_K, LAYERS, MAX_CHECKPOINT_BYTES, MAX_CLASSES_EXPLAINED, MAX_TOP_K
from resnet_app.explorer import DILATABLE
from resnet_app.registry import BUNDLED_MODEL, get_spec

EXAMPLES = tuple(sorted((Path(__file__).parent.parent / "assets" / "examples").glob("*.jpg")))
HOLD = "(...inputs) => window.resnetExplorer.hold(inputs)"  # the list of weights, while its choices change
RELEASE = "() => window.resnetExplorer.release()"
DEFAULT_PLACE = ("conv4_x", 0)  # the stage with the most blocks, its first one


def build(
    *, language: str | None = None, model: str | None = None, weights: str | None = None, device: str = "auto"
) -> gr.Blocks:
    """The app, ready to launch; ``language`` None follows each visitor's browser."""
    return Page(language, model or BUNDLED_MODEL, weights, device).blocks


class Page:
    """The page under construction: components as attributes, then their events."""

    def __init__(self, language: str | None, model: str, weights: str | None, device: str) -> None:
        self.fixed_language = language
        words = language or ENGLISH
        labels = self.labels = Labels(words)
        weights = weights or get_spec(model).default_weights
        with gr.Blocks(
            title="ResNet Explorer", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
        ) as self.blocks:
            self.turn = gr.State(loading.Turn())  # which of the session's loads is the latest
            self.choice = gr.State(None)  # the session's ModelChoice, once one is loaded
            self.taught = gr.State(None)  # the session's latest lesson, as a ModelChoice
            self.explain_turn = gr.State(loading.Turn())  # which of its requests is the latest
            self.explained = gr.State(None)  # what the session's Explain tab shows, as explaining.Explained
            self.room = gr.State("classify")  # the tab in sight: what is not seen is not computed
            self.inner = gr.State(exploring.INNER_ROOMS[0])  # the same of the rooms below the Explore tab's network
            self.place = gr.State(DEFAULT_PLACE)  # the opened stage and block
            self.remembered = gr.BrowserState(None, storage_key="resnet-explorer", secret="language")
            self.side = sidebar_tab.build(
                labels,
                models=loading.MODEL_CHOICES, weights=loading.weight_choices(words, model),
                devices=[(text(words, "device_auto"), "auto")] + ([] if device == "auto" else [(device, device)]),
                model=model, weight=weights, device=device, status=html.status_starting(words), heading=heading,
            )  # fmt: skip
            with gr.Row(elem_id="header"):
                labels(gr.HTML, words={"value": html.header}, apply_default_css=False, elem_id="brand")
                self.language = labels(
                    gr.Radio, words={"label": "language"}, choices=[(name, code) for code, name in LANGUAGES.items()],
                    value=words, container=False, show_label=False, interactive=True, elem_id="language",
                    elem_classes="segments", min_width=120, scale=0,
                )  # fmt: skip
                labels(
                    gr.HTML, words={"value": html.theme_button}, apply_default_css=False, elem_id="theme",
                    js_on_load="element.addEventListener('click', () => window.resnetExplorer.toggleTheme());",
                )  # fmt: skip
            with gr.Tabs(elem_id="tabs") as self.tabs:
                with labels(gr.Tab, words={"label": "tab_classify"}, id="classify"):
                    self.classify = classify_tab.build(
                        labels, heading=heading, examples=example_buttons, colours=list(COLOURS), most=MAX_TOP_K,
                        default=DEFAULT_TOP_K, empty=html.empty(words, "empty_title", "empty_text", "empty_text_phone"),
                    )  # fmt: skip
                with labels(gr.Tab, words={"label": "tab_explain"}, id="explain"):
                    self.explain = explain_tab.build(
                        labels, heading=heading, examples=example_buttons, choose_example=classify_tab.CHOOSE_EXAMPLE,
                        empty=html.empty(words, "explain_empty_title", "explain_empty_text"),
                        methods=explaining.METHOD_CHOICES, layers=explaining.layer_choices(model), layer=LAYERS[-1],
                        most=MAX_CLASSES_EXPLAINED, colours=list(COLOURS),
                    )  # fmt: skip
                with labels(gr.Tab, words={"label": "tab_explore"}, id="explore"):
                    self.explore = explore_tab.build(
                        labels, heading=heading, note=note, examples=example_buttons,
                        choose_example=classify_tab.CHOOSE_EXAMPLE, empty=html.status_starting(words),
                        inside_empty=html.empty(words, "inside_empty_title", "inside_empty_text"),
                        dilatable=DILATABLE, groups=exploring.GROUPS, widths=exploring.WIDTHS,
                    )  # fmt: skip
                with labels(gr.Tab, words={"label": "tab_batch"}, id="batch"):
                    self.batch = batch_tab.build(
                        labels, empty=html.empty(words, "batch_empty_title", "batch_empty_text")
                    )
                with labels(gr.Tab, words={"label": "tab_compare"}, id="compare"):
                    self.compare = compare_tab.build(
                        labels, models=loading.MODEL_CHOICES, first=comparing.FIRST, second=comparing.SECOND,
                        stages=exploring.STAGES, stage=DEFAULT_PLACE[0],
                    )  # fmt: skip
                with labels(gr.Tab, words={"label": "tab_teach"}, id="teach"):
                    self.teach = teach_tab.build(
                        labels, most=teaching.MAX_CLASSES, shown=2, name=teaching.box_name,
                        empty=html.empty(words, "teach_empty_title", "teach_empty_text"),
                    )  # fmt: skip
            endpoints.build()
            self._wire()

    def _wire(self) -> None:
        side, classify, explore = self.side, self.classify, self.explore
        self.picked = [
            side.model,
            side.weights,
            side.checkpoint,
            side.class_names,
            side.device,
            self.choice,
            self.taught,
            self.language,
            self.turn,
        ]
        self.loaded = [
            self.choice, side.status, side.problem, side.model, side.weights, side.device, side.checkpoint,
            side.class_names, explore.classes, explore.stem,
        ]  # fmt: skip
        self.asked = [
            self.choice,
            side.model,
            side.weights,
            side.device,
            classify.photo,
            classify.top_k,
            classify.colours,
            self.language,
        ]
        self.answered = [classify.result, classify.problem, classify.controls]
        self.entered = self.tabs.select(explain_events.enter_room, None, self.room, **QUIET, **IN_ORDER)
        self.show_explanation = explain_events.wire(self, pick_example)
        self.show_network = explore_events.wire(self, pick_example)
        self._wire_language()
        self._wire_models()
        self._wire_classify()
        self._wire_batch()
        self._wire_teach()

    def _wire_language(self) -> None:
        """The first visit picks a language; the switch puts every word, and all that is shown, into another."""
        opened = self.blocks.load(
            self._first_language, self.remembered, [self.language, *self._worded],
            js="(stored) => { window.resnetExplorer.start(); return stored; }", show_progress="hidden", **PRIVATE,
        )  # fmt: skip
        self._load_then_show(opened.then, "start")
        switched = self.language.input(
            self._switch_language, [self.language, self.batch.files, self.taught], [self.remembered, *self._worded],
            show_progress="hidden", **PRIVATE,
        )  # fmt: skip
        self._load_then_show(switched.then, "language")

    def _first_language(self, remembered: str | None, request: gr.Request) -> list[Any]:
        asked = request.query_params.get("lang") if request else None
        header = request.headers.get("accept-language") if request else None
        language = best_language(asked or self.fixed_language or remembered or header)
        if language == self.labels.language:
            return [gr.skip()] * (1 + len(self._worded))
        return [language, *self._words(language)]

    def _switch_language(self, language: str, files: list[str] | None, taught: Any) -> list[Any]:
        return [language, *self._words(language, batch=bool(files), lesson=taught is not None)]

    @property
    def _worded(self) -> list[Any]:
        return [*self.labels.components, self.batch.result, self.teach.result, self.explain.result]

    def _words(self, language: str, *, batch: bool = False, lesson: bool = False) -> list[Any]:
        """Every word in a language; a batch or a lesson that is there keeps the one it was made in."""
        return [
            *self.labels.updates(language),
            gr.skip() if batch else html.empty(language, "batch_empty_title", "batch_empty_text"),
            gr.skip() if lesson else html.empty(language, "teach_empty_title", "teach_empty_text"),
            html.empty(language, "explain_empty_title", "explain_empty_text"),  # a map comes again with its words
        ]

    def _wire_models(self) -> None:
        side = self.side
        for changed, listen in (
            ("model", side.model.input), ("weights", side.weights.input), ("device", side.device.input),
            ("checkpoint", side.checkpoint.upload), ("checkpoint", side.checkpoint.clear),
            ("class_names", side.class_names.submit),
        ):  # fmt: skip
            done = self._load_then_show(listen, changed, trigger_mode="multiple", js=HOLD)
            done.then(None, js=RELEASE, trigger_mode="multiple", **PRIVATE)
        named = side.names_file.upload(
            loading.load_names, [side.names_file, *self.picked], self.loaded, show_progress="hidden", **LOAD_WORK,
            **PRIVATE,
        )  # fmt: skip
        self._show_after(named)

    def _load_then_show(self, listen: Callable[..., Any], changed: str, **trigger: Any) -> Any:
        """Load what was picked, then show the photo's answer and the network anew."""
        done = listen(
            partial(loading.load, changed), self.picked, self.loaded,
            show_progress="hidden", **trigger, **LOAD_WORK, **PRIVATE,
        )  # fmt: skip
        self._show_after(done)
        return done

    def _show_after(self, done: Any) -> None:
        """The photo's answer and the network, anew once a model is loaded."""
        # Each load has its own answer: by default one that comes while another is under way would get none.
        self.show_network(done.then, **EACH)
        done.then(handlers.answer, self.asked, self.answered, **QUIET, **EACH, **MODEL_WORK)
        self.show_explanation(done.then, **EACH)

    def _wire_classify(self) -> None:
        classify = self.classify
        for listen in (classify.photo.change, classify.top_k.change, classify.colours.input):
            listen(
                handlers.answer, self.asked, self.answered, show_progress="minimal", show_progress_on=classify.result,
                **LATEST, **MODEL_WORK, **PRIVATE,
            )  # fmt: skip
        classify.examples.select(pick_example, None, classify.photo, show_progress="hidden", **PRIVATE)

    def _wire_batch(self) -> None:
        batch = self.batch
        batch.files.change(
            lambda files: gr.update(interactive=bool(files)), batch.files, batch.go, show_progress="hidden", **PRIVATE
        )
        batch.go.click(
            handlers.answer_batch, [*self.asked[:4], batch.files, self.language], [batch.result, batch.problem],
            show_progress="hidden", **MODEL_WORK, **PRIVATE,
        )  # fmt: skip

    def _wire_teach(self) -> None:
        teach = self.teach
        teach.count.input(teaching.show_boxes, teach.count, list(teach.boxes), show_progress="hidden", **PRIVATE)
        teach.go.click(
            teaching.teach, [*self.asked[:4], teach.count, self.language, *teach.names, *teach.photos],
            [teach.result, teach.problem, self.taught, teach.after], show_progress="hidden", **MODEL_WORK, **PRIVATE,
        )  # fmt: skip
        self._load_then_show(self.taught.change, "taught")
        teach.try_it.click(lambda: gr.Tabs(selected="classify"), None, self.tabs, show_progress="hidden", **PRIVATE)
        teach.save.click(
            teaching.write_checkpoint, [self.taught, self.language], [teach.checkpoint, teach.problem],
            show_progress="hidden", **MODEL_WORK, **PRIVATE,
        ).then(
            None, teach.checkpoint, None, js="(file) => window.resnetExplorer.saveFile(file)", **PRIVATE
        )  # fmt: skip


def heading(key: str) -> Callable[[str], str]:
    """A small heading, in any language."""
    return lambda language: html.heading(text(language, key))


def note(key: str) -> Callable[[str], str]:
    """A line of small print, in any language."""
    return lambda language: html.note(text(language, key))


def example_buttons(language: str) -> str:
    """The bundled pictures, each a button."""
    buttons = []
    for index, path in enumerate(EXAMPLES):
        with Image.open(path) as picture:
            small = html.data_uri(picture.resize((160, 160)))
        name = text(language, "example_bee" if path.name.startswith("bee") else "example_ant")
        buttons.append(
            f'<button type="button" data-index="{index}"><img src="{small}" alt="{name} {index + 1}"></button>'
        )
    return f'<div class="examples">{"".join(buttons)}</div>'


def pick_example(event: gr.EventData) -> str:
    """The example that was clicked."""
    return str(EXAMPLES[int(event.index) % len(EXAMPLES)])


def launch_options() -> dict[str, Any]:
    """What every way of starting the app passes to ``launch``."""
    return {
        "theme": theme(), "head": head(), "footer_links": ["api", "settings"], "show_error": False,
        "run_history": False, "ssr_mode": False, "enable_monitoring": False, "max_file_size": MAX_CHECKPOINT_BYTES,
        "allowed_paths": [str(EXAMPLES[0].parent)] if EXAMPLES else [],
    }  # fmt: skip
