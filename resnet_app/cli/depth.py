"""`depth`: He et al.'s experiment with depth, made again; why there are shortcuts."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from resnet_app.cli import console
from resnet_app.depth.record import DEPTHS, KINDS, PLAIN, RESIDUAL, RunRecord, StudyRecord, StudySettings
from resnet_app.errors import DataError

DEFAULT = StudySettings()


def add_depth(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``depth``."""
    depths = ",".join(map(str, DEPTHS))
    parser.add_argument(
        "--depths", default="8,20,56", metavar="N,N", help=f"layers, each 6n + 2, such as {depths} (%(default)s)"
    )
    parser.add_argument(
        "--kinds", default=f"{PLAIN},{RESIDUAL}", metavar="A,B", help=f"of {', '.join(KINDS)} (%(default)s)"
    )
    parser.add_argument(
        "--epochs", type=int, default=DEFAULT.epochs, metavar="N", help="rounds over the pictures (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of weights and order (%(default)s)")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="so many seeds, from --seed on (%(default)s)")
    parser.add_argument(
        "--width", type=int, default=DEFAULT.width, metavar="N", help="channels of the first stage (%(default)s)"
    )
    parser.add_argument("--no-norm", action="store_true", help="without BatchNorm")
    parser.add_argument(
        "--data",
        default="digits",
        metavar="DIR",
        help="digits (scikit-learn's, no download), a folder with CIFAR-10, or a folder for each class (%(default)s)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each epoch of each network")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_depth)


def _depth(options: argparse.Namespace) -> int:
    from resnet_app import outputs

    settings = _settings(options)
    settings.require_possible()
    if options.csv:
        outputs.require_file(options.csv)
    record = _studied(settings, options.data, quiet=options.json)
    if options.csv:
        outputs.save_text(options.csv, record.as_csv())
    if options.json:
        console.print_json(record.as_json())
    return 0


def _settings(options: argparse.Namespace) -> StudySettings:
    try:
        depths = tuple(int(each) for each in options.depths.split(","))
    except ValueError:
        raise DataError(f"Unknown depths '{options.depths[:60]}'; give numbers such as 8,20,56.") from None
    return replace(
        DEFAULT, depths=tuple(dict.fromkeys(depths)), epochs=options.epochs, width=options.width,
        kinds=tuple(dict.fromkeys(kind.strip() for kind in options.kinds.split(","))), norm=not options.no_norm,
        seeds=tuple(range(options.seed, options.seed + max(1, options.runs))),
    )  # fmt: skip


def _studied(settings: StudySettings, data: str, *, quiet: bool) -> StudyRecord:
    """Train all of them here; a line for each epoch, on stderr where stdout is for JSON."""
    import torch

    from resnet_app.depth import pictures as sets
    from resnet_app.depth.study import Training, study

    torch.set_num_threads(1)  # these networks are too small to share out
    pictures = sets.load(data)
    trainings = [Training(run, settings, pictures) for run in settings.runs]
    records = {training: RunRecord(training.run, training.parameters) for training in trainings}
    for training, epoch in study(trainings, settings.epochs):
        records[training].epochs.append(epoch)
        loss = "diverged" if epoch.train_loss is None else f"{epoch.train_loss:.3f}"
        print(
            f"epoch {epoch.number:3}/{settings.epochs}  {training.run.kind:13} {training.run.depth:3} layers  "
            f"loss {loss:8}  training error {100 * epoch.train_error:5.1f} %  "
            f"test error {100 * epoch.test_error:5.1f} %  {epoch.seconds:.1f}s",
            file=sys.stderr if quiet else sys.stdout, flush=True,
        )  # fmt: skip
    for training, record in records.items():
        record.measures = training.measures
    return StudyRecord(pictures.name, settings, list(records.values()))
