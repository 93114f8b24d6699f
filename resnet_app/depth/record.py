"""What an experiment with depth is told of: its settings, and what came of each run; as JSON, CSV and text.

Light: the command's options and a recorded experiment need no torch.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from resnet_app.errors import DataError, UnknownChoiceError

DIGITS = "digits"
PLAIN, RESIDUAL, PROJECTION, PREACTIVATION = KINDS = ("plain", "residual", "projection", "preactivation")
MIN_DEPTH, MAX_DEPTH = 8, 110
DEPTHS = (8, 20, 32, 44, 56, 110)  # 6n + 2; those of [He15] Table 6, and a smaller one
COLOURS = ("#009e73", "#0072b2", "#56b4e9", "#cc79a7", "#d55e00", "#b08d00")  # of the depths, in that order
MOST_RUNS, MOST_EPOCHS, MOST_WIDTH = 30, 200, 64
MAX_SEEDS = 3  # that the page offers
MEASURES = ("gradients_start", "gradients_end", "responses")


def require_depth(depth: int) -> None:
    """Refuse a depth that the recipe has no network of.

    Raises:
        DataError: it is not 6n + 2, or outside of 8 to 110.
    """
    if not MIN_DEPTH <= depth <= MAX_DEPTH or depth % 6 != 2:
        message = f"There is no network with {depth} layers here; a depth is 6n + 2, from {MIN_DEPTH} to {MAX_DEPTH}"
        raise DataError(f"{message}, such as 8, 20, 56 or 110.", code="depth_unknown", depth=depth)


@dataclass(frozen=True)
class Run:
    """One network to train."""

    kind: str
    depth: int
    seed: int


@dataclass(frozen=True)
class StudySettings:
    """What is trained, and how; each default is this app's own small recipe.

    Attributes:
        width: channels of the first stage; 16 in the paper.
        norm: whether there are BatchNorm layers.
        learning_rate: the highest of the one-cycle schedule.
    """

    depths: tuple[int, ...] = (8, 20, 56)
    kinds: tuple[str, ...] = (PLAIN, RESIDUAL)
    seeds: tuple[int, ...] = (0,)
    epochs: int = 12
    width: int = 8
    norm: bool = True
    batch_size: int = 64
    learning_rate: float = 0.1

    @property
    def runs(self) -> list[Run]:
        """Each network once for each seed."""
        return [Run(kind, depth, seed) for seed in self.seeds for depth in self.depths for kind in self.kinds]

    def require_possible(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            DataError: a depth is not 6n + 2, there is nothing to train or too much of it, or a number is out of range.
            UnknownChoiceError: a kind is none of the four.
        """
        for depth in self.depths:
            require_depth(depth)
        for kind in self.kinds:
            if kind not in KINDS:
                raise UnknownChoiceError("kind", kind, list(KINDS))
        if not 1 <= len(self.runs) <= MOST_RUNS:
            message = f"{len(self.runs)} networks are chosen; choose 1 to {MOST_RUNS} (depths times kinds times seeds)."
            raise DataError(message, code="depth_runs", count=len(self.runs), most=MOST_RUNS)
        if not (1 <= self.epochs <= MOST_EPOCHS and 1 <= self.width <= MOST_WIDTH):
            message = f"Epochs are 1 to {MOST_EPOCHS} and channels 1 to {MOST_WIDTH}."
            raise DataError(message, code="depth_range", epochs=MOST_EPOCHS, width=MOST_WIDTH)


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to; errors are shares of 1, and a loss that is no number is None.

    Attributes:
        train_loss: mean over the epoch's pictures, as they were trained on; ``train_error`` likewise.
        test_error: after the epoch.
        shares: of each block, |F(x)| over |shortcut(x)|, both as lengths; empty for a plain network.
        seconds: since the run's first step, this run's own time alone.
    """

    number: int
    train_loss: float | None
    train_error: float
    test_error: float
    shares: tuple[float, ...]
    seconds: float


@dataclass
class Measures:
    """What is measured of a run's layers, from the picture's side to the answer's.

    Attributes:
        gradients_start: length of the gradient of each convolution's weights and of fc's, at the first step.
        gradients_end: the same at the last.
        responses: standard deviation of each 3x3 layer's output, after BatchNorm and before ReLU and addition
            ([He15] Fig. 7); before BatchNorm where that comes first.
    """

    gradients_start: list[float] = field(default_factory=list)
    gradients_end: list[float] = field(default_factory=list)
    responses: list[float] = field(default_factory=list)


@dataclass
class RunRecord:
    """What came of a run so far; ``parameters`` are its network's, ``measures`` empty until its last epoch."""

    run: Run
    parameters: int
    epochs: list[Epoch] = field(default_factory=list)
    measures: Measures = field(default_factory=Measures)

    @property
    def last(self) -> Epoch | None:
        """What it has come to; None before its first epoch is done."""
        return self.epochs[-1] if self.epochs else None

    def losses(self) -> list[float | None]:
        """The training loss of each epoch."""
        return [epoch.train_loss for epoch in self.epochs]

    def errors(self, part: str) -> list[float]:
        """The error of each epoch on the ``train`` or ``test`` part, as a share of 1."""
        return [getattr(epoch, f"{part}_error") for epoch in self.epochs]


@dataclass
class StudyRecord:
    """An experiment: what it is trained on, how, and what came of each run so far."""

    data: str
    settings: StudySettings
    runs: list[RunRecord]

    @classmethod
    def read(cls, found: dict[str, Any]) -> StudyRecord:
        """What ``as_json`` wrote."""
        runs = [_run(each) for each in found["runs"]]
        first = runs[0].run
        settings = StudySettings(
            depths=tuple(dict.fromkeys(each.run.depth for each in runs)),
            kinds=tuple(dict.fromkeys(each.run.kind for each in runs)),
            seeds=tuple(dict.fromkeys(each.run.seed for each in runs)) or (first.seed,),
            epochs=found["epochs"], width=found["width"], norm=found["norm"],
        )  # fmt: skip
        return cls(found["data"], settings, runs)

    def as_json(self) -> dict[str, Any]:
        """One object of plain lists and numbers; a loss that is no number is null."""
        settings = self.settings
        head = {"data": self.data, "epochs": settings.epochs, "seed": settings.seeds[0]}
        return {**head, "width": settings.width, "norm": settings.norm, "runs": [_as_json(each) for each in self.runs]}

    @property
    def lowest(self) -> RunRecord | None:
        """The run with the lowest last training loss; None before all have one, or where none has."""
        ended = [each for each in self.runs if len(each.epochs) == self.settings.epochs]
        known = [each for each in ended if each.last and each.last.train_loss is not None]
        if len(ended) < len(self.runs) or not known:
            return None
        return min(known, key=lambda each: each.losses()[-1] or 0.0)

    def as_csv(self) -> str:
        """A row for each epoch of each run."""
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["kind", "depth", "seed", "epoch", "train_loss", "train_error", "test_error", "seconds"])
        for each in self.runs:
            for epoch in each.epochs:
                figures = (epoch.train_loss, epoch.train_error, epoch.test_error, epoch.seconds)
                shown = ["" if figure is None else f"{figure:.6g}" for figure in figures]
                rows.writerow([each.run.kind, each.run.depth, each.run.seed, epoch.number, *shown])
        return out.getvalue()


@dataclass(frozen=True)
class Band:
    """The errors of one network over its seeds, in per cent, an epoch each.

    Attributes:
        colour: its depth's, the same in every figure.
        mean, least, most: over the seeds; all the same for one seed.
    """

    kind: str
    depth: int
    colour: str
    mean: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]


def bands(record: StudyRecord, part: str) -> list[Band]:
    """The errors on the ``train`` or ``test`` part, as far as every seed has come."""
    found = []
    settings = record.settings
    for depth in settings.depths:
        for kind in settings.kinds:
            runs = [each for each in record.runs if (each.run.kind, each.run.depth) == (kind, depth)]
            # While they train one seed is further on than another: what all have come to counts.
            epochs = list(zip(*(each.errors(part) for each in runs), strict=False))
            values = [[100 * sum(each) / len(each), 100 * min(each), 100 * max(each)] for each in epochs]
            mean, least, most = (tuple(column) for column in zip(*values, strict=True)) if values else ((), (), ())
            found.append(Band(kind, depth, colour_of(depth), mean, least, most))
    return found


def colour_of(depth: int) -> str:
    """A depth's colour: told apart by the colour-blind (Wong's palette)."""
    return COLOURS[DEPTHS.index(depth) % len(COLOURS)] if depth in DEPTHS else COLOURS[depth // 6 % len(COLOURS)]


def weights_file(folder: Path, at: int, epoch: int) -> Path:
    """Where the weights of a run after an epoch are kept; 0 is before the first."""
    return folder / f"{at}-{epoch}.safetensors"


def recorded() -> StudyRecord:
    """An experiment that was made before (``python -m benchmarks.depth --record``), its figures without its weights."""
    return StudyRecord.read(json.loads((Path(__file__).parent / "recorded.json").read_text("utf-8")))


def _as_json(record: RunRecord) -> dict[str, Any]:
    return {
        **asdict(record.run), "parameters": record.parameters, "train_loss": record.losses(),
        "train_error": record.errors("train"), "test_error": record.errors("test"),
        "seconds": record.last.seconds if record.last else 0.0,
        "shares": [epoch.shares for epoch in record.epochs], **asdict(record.measures),
    }  # fmt: skip


def _run(found: dict[str, Any]) -> RunRecord:
    parts = (found["train_loss"], found["train_error"], found["test_error"], found["shares"])
    epochs = [
        Epoch(number, loss, trained, tested, tuple(shares), found["seconds"] * number / len(found["shares"]))
        for number, (loss, trained, tested, shares) in enumerate(zip(*parts, strict=True), start=1)
    ]
    measures = Measures(*(found[name] for name in MEASURES))
    return RunRecord(Run(found["kind"], found["depth"], found["seed"]), found["parameters"], epochs, measures)
