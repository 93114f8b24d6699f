"""The command line's train: options in, progress and figures out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_app.cli import console
from resnet_app.cli.options import tell_notes
from resnet_app.errors import DataError, OutputError
from resnet_app.outputs import require_folder
from resnet_app.registry import SPECS

if TYPE_CHECKING:
    from resnet_app.training import finetune, train
    from resnet_app.training.dataset import Pictures


def add_train(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``train``."""
    parser.add_argument("data_dir", type=Path, metavar="DATA_DIR", help="class/picture, or train|val/class/picture")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("model.safetensors"),
        metavar="FILE",
        help="the checkpoint to write, and beside it its chart as .png (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a checkpoint and a chart that are there")
    parser.add_argument(
        "--format", choices=("safetensors", "pth"), dest="file_format",
        help="pth is the classic dict with model_state_dict (default: by the name of FILE)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with the interrupted run that wrote to FILE")
    _add_pictures(parser.add_argument_group("pictures").add_argument)
    _add_network(parser.add_argument_group("network").add_argument)
    _add_course(parser.add_argument_group("course").add_argument)
    parser.set_defaults(run=_train)


def _add_pictures(add: Callable[..., Any]) -> None:
    add(
        "--more",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="further class/picture folders to train on, never judged by",
    )
    add(
        "--folds",
        type=int,
        default=0,
        metavar="K",
        help="cross-validate first, and calibrate on that (default: calibrate on the validation pictures)",
    )
    add(
        "--prune",
        "--weed",  # its former name
        type=float,
        default=0.0,
        metavar="P",
        help="leave out pictures whose class gets less than P in cross-validation",
    )
    add("--augment", action=argparse.BooleanOptionalAction, default=True, help="random crops, flips and colours")
    add(
        "--outline",
        default="",
        dest="outlined_by",
        metavar="CHECKPOINT",
        help="find the subjects by the maps of this model of the same classes; crops then keep them, and a few "
        "backgrounds are blurred",
    )
    add(
        "--exchange",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of the outlined subjects, that are put on another picture's background (%(default)s)",
    )
    add("--balance", action=argparse.BooleanOptionalAction, default=True, help="rare classes count as much as others")
    add("--crop", type=int, default=224, metavar="PX", help="side of the picture that the model wants (%(default)s)")
    add("--train-crop", type=int, default=192, metavar="PX", help="side of the random crops in training (%(default)s)")


def _add_network(add: Callable[..., Any]) -> None:
    add(
        "--model",
        choices=SPECS,
        default="resnet18",
        metavar="NAME",
        help=f"the network: {', '.join(SPECS)} (%(default)s)",
    )
    add("--init", default="random", metavar="random|imagenet|CHECKPOINT", help="what to start from (%(default)s)")
    add(
        "--freeze",
        default="none",
        metavar="none|layer1..layer4|backbone",
        help="keep all up to here as it is (%(default)s)",
    )


def _add_course(add: Callable[..., Any]) -> None:
    add("--epochs", type=int, default=14, metavar="N", help="passes over the pictures (%(default)s)")
    add("--batch-size", type=int, default=32, metavar="N", help="pictures in a step (%(default)s)")
    add(
        "--lr",
        type=float,
        default=0.02,
        dest="learning_rate",
        metavar="RATE",
        help="learning rate at its peak (%(default)s)",
    )
    add(
        "--warmup", type=float, default=1.0, metavar="N", help="epochs of a rising rate; a cosine follows (%(default)s)"
    )
    add(
        "--label-smoothing",
        type=float,
        default=0.1,
        metavar="SHARE",
        help="of each label that goes to all classes (%(default)s)",
    )
    add(
        "--mixup",
        type=float,
        default=0.2,
        metavar="ALPHA",
        help="how far pictures are mixed in pairs, 0 for none (%(default)s)",
    )
    add(
        "--keep",
        choices=("best", "last"),
        default="best",
        help="the epoch with the lowest loss on what is held out, or the last one (%(default)s)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of the start, the splits and the augmentation (%(default)s)")
    add(
        "--device", default="auto", metavar="D", help="what to compute on: auto, cpu, cuda, cuda:N or mps (%(default)s)"
    )


def _train(options: argparse.Namespace) -> int:
    from resnet_app.checkpoints.write import format_of
    from resnet_app.training import finetune, plots, train
    from resnet_app.training.settings import TrainSettings

    settings = TrainSettings(**{each.name: getattr(options, each.name) for each in fields(TrainSettings)})
    plan = finetune.Plan(folds=options.folds, prune=options.prune, outlined_by=options.outlined_by)
    if options.exchange and not options.outlined_by:
        raise DataError("To exchange backgrounds the subjects have to be found; give --outline CHECKPOINT as well.")
    if options.outlined_by and not options.augment:
        raise DataError("Without augmentation nothing is done with outlines; leave out --outline or --no-augment.")
    states = finetune.state_folder(options.out)
    goes_on = options.resume and states.is_dir()  # what is there was checked when it began
    _check_output(options.out, overwrite=options.overwrite or goes_on)
    if options.resume and not goes_on:
        raise DataError(f"There is no interrupted run for {options.out.name}; start it without --resume.")
    if states.is_dir() and not options.resume:
        raise DataError(
            f"There is an interrupted run for {options.out.name}. Go on with --resume, give another --out, or remove "
            f"the folder {states.name}."
        )
    if not goes_on and (start := train.initial_checkpoint(settings)) is not None:  # before the pictures are read
        tell_notes(start, has_names=True)
    own, validation, more = _pictures(options)
    try:
        with _Screen() as screen:
            finished = finetune.finetune(
                settings, own, validation,
                more=more, plan=plan, states=states, resume=options.resume, watch=screen.watch(),
            )  # fmt: skip
    except train.BrokeDownError:
        finetune.forget(states)  # the same command would come to the same end
        raise
    except KeyboardInterrupt:
        if not states.is_dir():
            raise
        print("Stopped; the run is saved. The same command with --resume goes on.", file=sys.stderr)
        return console.EXIT_STOPPED
    finetune.write(options.out, finished, file_format=options.file_format or format_of(options.out))
    chart = options.out.with_suffix(".png")
    plots.draw(chart, finished)
    finetune.forget(states)
    held_out = finished.held_out
    print(
        f"{options.out}: epoch {finished.trained.best} kept, {held_out.right} of {len(held_out.labels)} held out right"
    )
    print(f"{chart}: its curves and confusion matrix")
    return 0


def _check_output(out: Path, *, overwrite: bool) -> None:
    """Refuse what cannot or should not be written before the work is done, not after."""
    if out.is_dir():
        raise DataError(f"{out.name} is a folder; name a file to write, such as {out.name}/model.safetensors.")
    if out.suffix.lower() == ".png":
        raise DataError("The checkpoint cannot be a .png; name it .safetensors or .pth.")
    for path in (out, out.with_suffix(".png")):  # the checkpoint and its chart
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} is no ordinary file; give another --out.")
        if path.exists() and not overwrite:
            raise OutputError(f"{path} is already there; give another --out, or add --overwrite to replace it.")
    require_folder(out.parent, out.name)


def _pictures(options: argparse.Namespace) -> tuple[Pictures, Pictures, Pictures | None]:
    from resnet_app.training import dataset

    own, validation = dataset.find_splits(options.data_dir, seed=options.seed)
    more = None
    for folder in options.more:
        found = dataset.find_pictures(folder, own.classes)
        more = more.joined(found) if more else found
    found = own.joined(more) if more else own
    for path in (*found.broken, *validation.broken):
        print(f"left out, not a readable picture: {path}", file=sys.stderr)
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    print(f"{len(found.files)} pictures to train on ({counts}), {len(validation.files)} held out")
    return own, validation, more


class _Screen:
    """A bar with loss, accuracy and the time left; Ctrl-C ends the run after the step, a second one at once."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._interrupts = console.Interrupts()
        self._bar = tqdm(unit="step", mininterval=1, delay=0.5, dynamic_ncols=True)  # silent where it fails at once
        self._accuracy = ""

    def __enter__(self) -> _Screen:
        self._interrupts.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._interrupts.__exit__()
        self._bar.close()

    def watch(self) -> finetune.Watch:
        """What the run is to tell and to ask."""
        from resnet_app.training.finetune import Watch

        return Watch(
            self._on_run, self._on_outline, self._on_outlined, self._on_step, self._on_epoch, self._on_pruned,
            lambda: self._interrupts.asked,
        )  # fmt: skip

    def _on_outline(self, done: int, count: int) -> None:
        self._bar.set_description("outlines", refresh=False)
        self._bar.total = count
        self._bar.update(done - self._bar.n)
        if done == count:
            self._bar.reset()
            self._bar.set_description("")

    def _on_outlined(self, found: int, count: int) -> None:
        self._bar.write(f"{found} subjects found in {count} pictures")

    def _on_run(self, number: int, count: int, pictures: int) -> None:
        self._accuracy = ""
        if number > 1:
            self._bar.reset()
        if count > 1:
            part = "final run" if number == count else f"fold {number} of {count - 1}"
            self._bar.set_description(part, refresh=False)
            self._bar.write(f"{part}: {pictures} pictures")

    def _on_step(self, done: int, total: int, loss: float) -> None:
        self._bar.total = total
        if self._bar.n == 0 and done > 1:  # resumed: the steps before are not this session's speed
            self._bar.initial = self._bar.n = done - 1
        self._bar.set_postfix_str(f"loss {loss:.3f}{self._accuracy}", refresh=False)
        self._bar.update(done - self._bar.n)

    def _on_epoch(self, epoch: train.Epoch) -> None:
        judged = ""
        if epoch.accuracy is not None:
            self._accuracy = f", held out {epoch.accuracy:.1%}"
            judged = f"   held out: loss {epoch.held_out_loss:.3f}, right {epoch.accuracy:.1%}"
        self._bar.write(f"epoch {epoch.number:3}   loss {epoch.loss:.3f}{judged}   {epoch.seconds:.0f}s")

    def _on_pruned(self, path: Path, probability: float) -> None:
        self._bar.write(f"left out, looks wrongly labelled: {path} ({path.parent.name} {probability:.1%})")
