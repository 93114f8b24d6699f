"""What the commands' options have in common: how a wrong one is told, and which model is meant."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from resnet_app.choices import FLOAT32
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, IMAGENET, SPECS, WEIGHTS

if TYPE_CHECKING:
    from resnet_app.checkpoints.read import Checkpoint
    from resnet_app.inference.models import LoadedModel, ModelChoice


EXIT_FAILED, EXIT_USAGE = 1, 2


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{message}; see {self.prog} --help\n")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say which model is meant."""
    parser.add_argument(
        "--model", choices=SPECS, metavar="NAME", help=f"the network: {', '.join(SPECS)} (default: resnet18)"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--weights",
        choices=WEIGHTS,
        metavar="W",
        help=f"its weights: {', '.join(WEIGHTS)} (default: {BUNDLED} for {BUNDLED_MODEL}, {IMAGENET} for the others)",
    )
    source.add_argument("--checkpoint", type=Path, metavar="FILE", help="your own .safetensors or .pth file")
    parser.add_argument("--classes", metavar="A,B|FILE", help="names of the classes, in the order of the outputs")
    parser.add_argument(
        "--device",
        default="auto",
        metavar="D",
        help="what to compute on: auto, cpu, cuda, cuda:N or mps (default: auto)",
    )


def chosen_model(options: argparse.Namespace) -> ModelChoice:
    """The model that the options name; errors are those of ``models.choose`` and of the class names."""
    from resnet_app.checkpoints import class_names
    from resnet_app.checkpoints.read import require_file
    from resnet_app.inference import models

    if options.checkpoint is not None:
        require_file(options.checkpoint, str(options.checkpoint))
    names = None
    if options.classes:
        is_file = "," not in options.classes and os.path.isfile(options.classes)  # noqa: PTH113 (a long text is no path)
        read = class_names.read_class_names if is_file else class_names.parse_class_names
        names = read(options.classes)
    return models.choose(
        options.model, options.weights, device=options.device, checkpoint=options.checkpoint, class_names=names,
        precision=getattr(options, "precision", FLOAT32),
    )  # fmt: skip


def tell_notes(checkpoint: Checkpoint, *, model: str | None = None, has_names: bool = False) -> None:
    """What was done with a checkpoint, a line each on stderr: stdout is for the answers.

    Args:
        checkpoint: as it was read.
        model: the network that was asked for, where one was.
        has_names: whether the file's own names are of no account.
    """
    for note in checkpoint.notes:
        if not (has_names and note.code == "class_names"):
            print(note.text, file=sys.stderr)
    if model and model != checkpoint.spec.name:
        print(f"The file holds {checkpoint.spec.title}; --model {model} is set aside.", file=sys.stderr)


def loaded_model(options: argparse.Namespace, choice: ModelChoice) -> LoadedModel:
    """The model that was chosen, loaded; what was done with a checkpoint of one's own is told on stderr."""
    from resnet_app.inference.cache import shared_cache

    model = shared_cache().get(choice, progress=ProgressLine("Downloading weights"))
    if choice.checkpoint is not None and model.checkpoint is not None:
        tell_notes(model.checkpoint, model=options.model, has_names=bool(options.classes))
    return model


class ProgressLine:
    """One line on stderr that grows with a download; silent where stderr is not a screen."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            of = f" of {total >> 20}" if total else ""
            end = "\n" if done == total else ""
            print(f"\r{self._title}: {done >> 20}{of} MB", end=end, file=sys.stderr, flush=True)
