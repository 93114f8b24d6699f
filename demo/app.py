"""Composes the page: the header, the sidebar, the tabs in order, and the language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr
from markupsafe import Markup

from demo import address, api
from demo.batch import events as batch_events
from demo.batch import layout as batch_layout
from demo.classify import events as classify_events
from demo.classify import layout as classify_layout
from demo.classify import live_handlers
from demo.classroom.room import Classroom
from demo.compare import events as compare_events
from demo.compare import layout as compare_layout
from demo.explain import events as explain_events
from demo.explain import layout as explain_layout
from demo.explore import events as explore_events
from demo.explore import layout as explore_layout
from demo.fool import events as fool_events
from demo.fool import layout as fool_layout
from demo.hosting.addresses import code_for_page
from demo.hosting.limits import DELETE_CACHE, MOST_SESSIONS, middleware
from demo.lesson import events as lesson_events
from demo.lesson import layout as lesson_layout
from demo.locales import ENGLISH, LANGUAGES, best_language, text
from demo.residual import events as residual_events
from demo.residual import layout as residual_layout
from demo.sidebar import events as sidebar_events
from demo.sidebar import layout as sidebar_layout
from demo.teach import events as teach_events
from demo.teach import layout as teach_layout
from demo.ui import html, photo_input
from demo.ui.events import RING, RING_PHOTO, Page, hang_bells
from demo.ui.labels import Labels
from demo.ui.queues import EACH, PRIVATE, QUIET
from demo.ui.session import PageInputs, Session
from demo.ui.theme import ICON, head, theme
from resnet_app.checkpoints import MAX_BYTES
from resnet_app.registry import BUNDLED_MODEL, EXAMPLES, get_spec

START = "(stored) => { window.resnetExplorer.start(); return [stored, location.search]; }"
ARRIVE = "() => window.resnetExplorer.arrive()"  # the page shows itself, or first what its address asks for
ADDRESSES = (live_handlers.ADDRESS,)  # beside Gradio's, for ``demo.hosting.routes.add``
SPEAK = "(language) => window.resnetExplorer.speak(language)"
TAB_ROWS = {"#tabs": address.TABS, "#explore-rooms": explore_layout.ROOMS}
_show = html.template("page.html")


def build(
    *,
    language: str | None = None,
    model: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    shared: Sequence[str] = (),
    classroom: Classroom | None = None,
) -> gr.Blocks:
    """The app, ready to launch.

    Args:
        language: None follows each visitor's browser.
        model: what a visit begins with; the bundled one where not given.
        weights: the model's; its own first where not given.
        device: what a visit begins with.
        shared: the addresses under which others reach the app; with none the page offers no code for phones.
        classroom: of a class that follows its teacher; with none each visitor is alone.
    """
    model = model or BUNDLED_MODEL
    return App(language, model, weights or get_spec(model).default_weights, device, shared, classroom).blocks


class App:
    """The page under construction: its components, then what follows from what.

    Attributes:
        blocks: the app.
    """

    blocks: gr.Blocks

    def __init__(
        self,
        language: str | None,
        model: str,
        weights: str,
        device: str,
        shared: Sequence[str] = (),
        classroom: Classroom | None = None,
    ) -> None:
        self._classroom = classroom
        self._fixed_language = language
        self._labels = Labels(language or ENGLISH)
        self._model = model
        with gr.Blocks(
            title="ResNet Explorer", analytics_enabled=False, fill_width=True, delete_cache=DELETE_CACHE
        ) as self.blocks:
            self._labels(gr.HTML, words={"value": html.skip_link}, apply_default_css=False, elem_id="skip")
            self._side = sidebar_layout.build(
                self._labels, model=model, weights=weights, device=device, is_open=classroom is None
            )
            self._language = _header(self._labels, shared)
            self._class_bar = lesson_layout.class_bar(self._labels, shared) if classroom else None
            photo_input.camera_window(self._labels, may_encrypt=bool(shared))
            self._address_problem = gr.HTML(visible=False, apply_default_css=False, elem_id="address-problem")
            with gr.Tabs(elem_id="tabs") as self._tabs:
                self._lay_tabs_out(model)
            self._labels(gr.HTML, words={"value": html.footer}, apply_default_css=False, elem_id="foot")
            api.build()
            self._wire()

    def _lay_tabs_out(self, model: str) -> None:
        labels = self._labels
        with labels(gr.Tab, words={"label": "tab_classify"}, id="classify"):
            self._classify = classify_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_explain"}, id="explain"):
            self._explain = explain_layout.build(labels, model=model)
        with labels(gr.Tab, words={"label": "tab_fool"}, id="fool"):
            self._fool = fool_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_explore"}, id="explore"):
            self._explore = explore_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_residual"}, id="residual"):
            self._residual = residual_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_batch"}, id="batch"):
            self._batch = batch_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_compare"}, id="compare"):
            self._compare = compare_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_teach"}, id="teach"):
            self._teach = teach_layout.build(labels)
        with labels(gr.Tab, words={"label": "tab_lesson"}, id="lesson"):
            self._lesson = lesson_layout.build(labels)

    def _wire(self) -> None:
        side, photo = self._side, self._classify.photo
        room = gr.State(explore_layout.ROOMS[0])
        inputs = PageInputs(
            choice=gr.State(None), model=side.model, weights=side.weights, device=side.device, photo=photo,
            language=self._language, room=room, session=gr.State(Session()),
        )  # fmt: skip
        page = Page(inputs, hang_bells())
        self._tabs.select(None, js=RING, **PRIVATE, **EACH)
        photo.change(None, js=RING_PHOTO, **PRIVATE, **EACH)
        explore_events.wire(self._explore, page, photo)
        compare_events.wire(self._compare, page, photo)
        classify_events.wire(self._classify, page)
        explain_events.wire(self._explain, page, photo)
        fool_events.wire(self._fool, page, photo)
        residual_events.wire(self._residual, page)
        taught = gr.State(None)  # the session's latest lesson, as a ModelChoice
        load = sidebar_events.wire(side, page, taught=taught, classes=self._explore.classes, stem=self._explore.stem)
        batch_events.wire(self._batch, page, photo=photo)
        teach_events.wire(self._teach, page, taught=taught, photo=photo)
        lesson_events.wire(self._lesson, page, photo, self._classroom)
        if self._class_bar and self._classroom:
            lesson_events.wire_class(self._class_bar, page, self._classroom)
        self._search = gr.Textbox(visible=False)  # the address's values
        tabs = (self._explain, self._explore, self._compare)
        address.wire(page, self._search, self._address_problem, tabs)
        self._wire_language(taught, load)

    def _wire_language(self, taught: gr.State, load: Callable[..., None]) -> None:
        """The first visit picks a language; the switch puts every word, and all that is shown, into another.

        An event costs the page time for each of its outputs, changed or not. So what opens it has few, and the words
        come by themselves where the language is another than the one that the page was laid out in.
        """
        remembered = gr.BrowserState(None, storage_key="resnet-explorer", secret="language")
        opened = self.blocks.load(
            self._open, [remembered, self._search],
            [self._side.model, self._side.weights, self._language], js=START, **QUIET,
        )  # fmt: skip
        opened.then(None, self._language, None, js=SPEAK, **QUIET)
        load(opened.then, "start", ARRIVE)
        self._language.change(self._words, [self._language, self._batch.files, taught], self._worded, **QUIET)
        switched = self._language.input(lambda language: language, self._language, remembered, **QUIET)
        switched.then(None, self._language, None, js=SPEAK, **QUIET)
        load(switched.then, "language")

    def _open(self, remembered: str | None, search: str | None, request: gr.Request) -> list[Any]:
        """The model that the address asks for, and the visitor's language."""
        asked = request.query_params.get("lang") if request else None
        header = request.headers.get("accept-language") if request else None
        language = best_language(asked or self._fixed_language or remembered or header)
        return [*address.asked_model(language, search, self._model), language]

    @property
    def _worded(self) -> list[Any]:
        return [*self._labels.components, self._batch.result, self._teach.result]

    def _words(self, language: str, files: list[str] | None, taught: Any) -> list[Any]:
        """Every word in a language; a batch or a lesson that is there keeps the one it was made in."""
        return [
            *self._labels.updates(language),
            gr.skip() if files else html.empty(language, "batch_empty_title", "batch_empty_text"),
            gr.skip() if taught else html.empty(language, "teach_empty_title", "teach_empty_text"),
        ]


def _header(labels: Labels, shared: Sequence[str]) -> gr.Radio:
    """The mark, the switch between languages, and small buttons beside it; gives the first switch."""
    with gr.Row(elem_id="header"):
        labels(gr.HTML, words={"value": html.header}, apply_default_css=False, elem_id="brand")
        language: gr.Radio = labels(
            gr.Radio, words={"label": "language"}, choices=[(name, code) for code, name in LANGUAGES.items()],
            value=labels.language, container=False, show_label=False, interactive=True, elem_id="language",
            elem_classes="segments", min_width=120, scale=0,
        )  # fmt: skip
        if shared:
            codes = [(address, Markup(code_for_page(address))) for address in shared]
            labels(
                gr.HTML, words={"value": partial(_show, "share", codes=codes)}, apply_default_css=False,
                elem_id="share",
            )  # fmt: skip
        labels(
            gr.HTML, words={"value": html.theme_button}, apply_default_css=False, elem_id="theme",
            js_on_load="window.resnetExplorer.switchTheme(element)",
        )  # fmt: skip
    return language


def launch_options() -> dict[str, Any]:
    """What every way of starting the app passes to ``launch``."""
    return {
        "theme": theme(), "head": head(TAB_ROWS, photo_input.example_pictures()), "footer_links": ["api"],
        "show_error": False,
        "i18n": gr.I18n(**{language: {"common.complete": text(language, "done")} for language in LANGUAGES}),
        "auth_message": Markup("<br>").join(_show("login", language, language=language) for language in LANGUAGES),
        "pwa": True, "favicon_path": ICON, "app_kwargs": {"middleware": middleware()},
        "run_history": False, "ssr_mode": False, "enable_monitoring": False, "max_file_size": MAX_BYTES,
        "state_session_capacity": MOST_SESSIONS,
        "allowed_paths": [str(EXAMPLES[0].parent)] if EXAMPLES else [],
    }  # fmt: skip
