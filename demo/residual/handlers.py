"""The Why residual? tab's work: a guess, networks that train in a process of their own, and their curves.

Nothing here imports torch when the module is imported (see ``demo.ui.session``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from demo.locales import text
from demo.residual.choices import EMPTY, NO_IDEA, data_sets, guesses, numbered
from demo.ui import html
from demo.ui.errors import no_problem
from demo.ui.inputs import count
from demo.ui.session import PageInputs
from resnet_app.depth.process import Study
from resnet_app.depth.record import DIGITS, PLAIN, RunRecord, StudyRecord, StudySettings, recorded

REPAINT_S = 1.0  # between two looks at curves that grow: drawing them takes time from what trains
ON, OFF = gr.update(visible=True), gr.update(visible=False)
DISABLED = gr.update(interactive=False)


class Asked(NamedTuple):
    """What the tab's controls say; ``study`` is the session's experiment, or None."""

    page: PageInputs
    depths: Any
    kinds: Any
    seeds: Any
    epochs: Any
    width: Any
    norm: Any
    data: Any
    guess: Any
    measure: Any
    study: Any
    turn: Any

    @property
    def settings(self) -> StudySettings:
        """What is to be trained."""
        return StudySettings(
            depths=tuple(sorted(self.depths or ())), kinds=tuple(self.kinds or ()),
            seeds=tuple(range(count(self.seeds))), epochs=count(self.epochs), width=count(self.width),
            norm=bool(self.norm),
        )  # fmt: skip


class Shown(NamedTuple):
    """What the tab shows; what is not given stays as it is."""

    guess: Any = gr.skip()
    go: Any = gr.skip()
    stop: Any = gr.skip()
    progress: Any = gr.skip()
    verdict: Any = gr.skip()
    curves: Any = gr.skip()
    result: Any = gr.skip()
    after: Any = gr.skip()
    measured: Any = gr.skip()
    measure_words: Any = gr.skip()
    first: Any = gr.skip()
    second: Any = gr.skip()
    epoch: Any = gr.skip()
    study: Any = gr.skip()
    problem: Any = gr.skip()


FAILED = Shown(progress="", go=ON, stop=OFF)


def offer(asked: Asked) -> Shown:
    """The networks that are chosen, to guess among; what was guessed stays where it can."""
    language = asked.page.language
    offered = guesses(language, sorted(asked.depths or ()), asked.kinds or [])
    is_gone = bool(asked.guess) and asked.guess not in [value for _, value in offered]
    taken_back = {"value": None} if is_gone else {}  # one that is made meanwhile stays
    return Shown(guess=gr.update(choices=offered, **taken_back), go=DISABLED if is_gone else gr.skip())


def guessed(asked: Asked) -> Shown:
    """With a guess one may train."""
    return Shown(go=gr.update(interactive=bool(asked.guess)))


def show(asked: Asked) -> Shown:
    """All of it in the page's language, with the session's experiment where there is one."""
    shown = offer(asked)
    study: Study | None = asked.study
    if study is None:
        return shown._replace(result=html.empty(asked.page.language, *EMPTY))
    return _whole(asked, study)._replace(guess=shown.guess, go=shown.go)


def waiting(language: str) -> list[object]:
    """At once, until it is this visitor's turn: words, and Cancel in the place of the button."""
    return list(Shown(progress=html.note(text(language, "slow_waiting")), go=OFF, stop=ON))


def stopped(language: str) -> list[object]:
    """After Cancel: what was trained so far stays."""
    return list(FAILED._replace(progress=html.note(text(language, "depth_stopped"))))


def train(asked: Asked) -> Iterator[Shown]:
    """Train what is chosen; the curves as they grow, repainted at most twice a second."""
    from demo.residual import view

    study = Study(asked.settings, data_sets().get(str(asked.data), DIGITS))
    begun = painted = time.monotonic()
    yield Shown(
        study=study, progress=_progress(asked, study.record, 0.0), go=OFF, stop=ON, after=OFF, verdict="",
        result=view.curve_key(asked.page.language, study.record), problem=no_problem(),
    )  # fmt: skip
    for _ in study.run():
        now = time.monotonic()
        if now - painted >= REPAINT_S:
            painted = now
            yield Shown(progress=_progress(asked, study.record, now - begun), curves=_curves(asked, study.record))
    yield _whole(asked, study)


def play(asked: Asked) -> Shown:
    """The experiment that was recorded before, for who has no minute."""
    return _whole(asked, Study.of(recorded()))


def measure(asked: Asked) -> Shown:
    """Another measure of the same layers."""
    study: Study | None = asked.study
    return Shown() if study is None else Shown(**_measured(asked, study.record))


def _progress(asked: Asked, record: StudyRecord, seconds: float) -> Any:
    total = record.settings.epochs * len(record.runs)
    done = sum(len(each.epochs) for each in record.runs)
    left = f"{seconds * (total - done) / done:.0f}" if done > len(record.runs) else "…"
    return html.progress(text(asked.page.language, "depth_progress", done=done, total=total, left=left), done, total)


def _curves(asked: Asked, record: StudyRecord) -> Any:
    from demo.residual import charts

    return gr.update(value=charts.errors(asked.page.language, record), visible=True)


def _whole(asked: Asked, study: Study) -> Shown:
    """Everything that is to be seen of an experiment as far as it has come."""
    from demo.residual import view

    language, record = asked.page.language, study.record
    is_done = all(len(each.epochs) == record.settings.epochs for each in record.runs)
    first, second = _pair(record)
    offered = numbered(language, record.runs, with_seed=len(record.settings.seeds) > 1)
    has_weights = study.is_done
    return Shown(
        go=gr.update(visible=True), stop=OFF, progress="", curves=_curves(asked, record),
        verdict=view.verdict(language, record, asked.guess or NO_IDEA), result=view.result(language, study),
        after=gr.update(visible=is_done), first=gr.update(choices=offered, value=first, interactive=has_weights),
        second=gr.update(choices=offered, value=second, interactive=has_weights),
        epoch=gr.update(maximum=record.settings.epochs, value=record.settings.epochs), study=study,
        problem=no_problem(), **(_measured(asked, record) if is_done else {}),
    )  # fmt: skip


def _measured(asked: Asked, record: StudyRecord) -> dict[str, Any]:
    from demo.residual import charts, view

    language = asked.page.language
    words = view.measure_words(language, record, asked.measure)
    return {"measured": charts.measured(language, record, asked.measure), "measure_words": words}


def _pair(record: StudyRecord) -> tuple[str, str]:
    """The deepest network without shortcuts and the deepest with them, by their places; else the two last."""

    def deepest(runs: list[RunRecord]) -> str | None:
        best = max(runs, key=lambda each: each.run.depth, default=None)
        return None if best is None else str(record.runs.index(best))

    plain = deepest([each for each in record.runs if each.run.kind == PLAIN])
    with_shortcuts = deepest([each for each in record.runs if each.run.kind != PLAIN])
    last = str(len(record.runs) - 1)
    return plain or "0", with_shortcuts or last
