"""An experiment's record -> the words and tables of the Why residual? tab, pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from demo.locales import text
from demo.residual.choices import NO_IDEA, key, run_name
from demo.ui.html import NOTHING, amount, download, note, percent, table, template
from resnet_app.colours import COLOUR_MAPS
from resnet_app.depth.maps import Walk
from resnet_app.depth.process import Study
from resnet_app.depth.record import RunRecord, StudyRecord, colour_of

TILE = 48  # px
LINES = {"plain": "5 4", "residual": "", "projection": "1 4", "preactivation": "8 3 1 3"}  # as the charts' dashes
_show = template("residual.html")


class _Tile(NamedTuple):
    """One step of a walk: its picture, how many layers are behind it, how much of it is the picture's own."""

    picture: Image.Image
    layers: int
    own: float


def curve_key(language: str, record: StudyRecord) -> Markup:
    """What each line of the charts is."""
    runs = [each.run for each in record.runs if each.run.seed == record.settings.seeds[0]]
    lines = [(run_name(language, run), colour_of(run.depth), LINES[run.kind]) for run in runs]
    return _show("curve_key", language, lines=lines)


def measure_words(language: str, record: StudyRecord, measure: str) -> Markup:
    """The key again, and what is measured."""
    return curve_key(language, record) + note(text(language, f"depth_about_{measure}"))


def verdict(language: str, record: StudyRecord, guess: str) -> Markup:
    """Which ended lowest, and whether that was guessed; nothing before all have ended."""
    lowest = record.lowest
    if lowest is None:
        return NOTHING
    loss = f"{lowest.losses()[-1]:.3g}"
    names = {key(each.run): run_name(language, each.run) for each in record.runs}
    said = "depth_verdict"
    if guess != NO_IDEA and guess in names:
        said = "depth_verdict_right" if guess == key(lowest.run) else "depth_verdict_wrong"
    words = text(language, said, lowest=names[key(lowest.run)], loss=loss, guess=names.get(guess, ""))
    return _show("verdict", language, words=words)


def result(language: str, study: Study) -> Markup:
    """A row for each network, what of it is like the paper, and all of it to take along."""
    record = study.record
    heads = [
        text(language, f"depth_col_{part}") for part in ("network", "parameters", "loss", "train", "test", "seconds")
    ]
    several = len(record.settings.seeds) > 1
    rows = [_row(language, each, with_seed=several) for each in record.runs if each.epochs]
    return _show(
        "result", language, key=curve_key(language, record), table=table(heads, rows, kind="depth"),
        links=_links(record), is_recorded=study.is_recorded, data=record.data, settings=record.settings,
    )  # fmt: skip


def _row(language: str, each: RunRecord, *, with_seed: bool) -> list[str]:
    last = each.epochs[-1]
    loss = text(language, "depth_diverged") if last.train_loss is None else f"{last.train_loss:.3g}"
    return [
        run_name(language, each.run, with_seed=with_seed), amount(each.parameters), loss,
        f"{100 * last.train_error:.1f}\u202f%", f"{100 * last.test_error:.1f}\u202f%", f"{last.seconds:.1f}\u202fs",
    ]  # fmt: skip


def _links(record: StudyRecord) -> Markup:
    from resnet_app.depth.plots import as_png

    png = base64.b64encode(as_png(record)).decode()
    link = Markup('<a class="button" download="depth.png" href="data:image/png;base64,{}">PNG</a>').format(png)
    return download("CSV", "depth.csv", record.as_csv(), "text/csv") + link


def walks(language: str, digit: np.ndarray, truth: int, found: Sequence[tuple[str, Walk]]) -> Markup:
    """A picture's way through two networks, a tile for each block, all tiles of a network on its own scale."""
    rows = []
    for name, walk in found:
        best = int(np.argmax(walk.probabilities))
        tiles = [_Tile(_picture(step.values), step.layers, step.own) for step in walk.steps]
        answer = text(language, "depth_answer", label=best, probability=percent(walk.probabilities[best]))
        rows.append((name, answer, best == truth, tiles))
    return _show("walks", language, digit=_grey(digit), truth=truth, rows=rows)


def _picture(values: np.ndarray) -> Image.Image:
    """A map from its least to its largest, in the colours of all maps; one that is even everywhere is dark."""
    span = float(np.ptp(values))
    shown = (values - values.min()) / span if span > 1e-6 * max(1.0, float(np.abs(values).max())) else 0 * values
    stops = np.array([[int(hexed[at : at + 2], 16) for at in (0, 2, 4)] for hexed in COLOUR_MAPS["inferno"].split()])
    places = shown * (len(stops) - 1)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    picture = Image.fromarray(np.stack(channels, -1).round().astype(np.uint8))
    return picture.resize((TILE, TILE), Image.Resampling.NEAREST)


def _grey(digit: np.ndarray) -> Image.Image:
    shown = 255 * (digit - digit.min()) / max(1e-9, float(np.ptp(digit)))
    return Image.fromarray(shown.round().astype(np.uint8)).resize((2 * TILE, 2 * TILE), Image.Resampling.NEAREST)
