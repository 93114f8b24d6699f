"""The command line: predict, summary, inspect, download, train, evaluate."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from resnet_app import cli_train
from resnet_app.choices import METHODS
from resnet_app.errors import CheckpointError, DataError, ResNetAppError, WeightsError
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, IMAGENET, SPECS, STEMS, WEIGHTS, get_spec

if TYPE_CHECKING:
    from resnet_app.batch import Batch, Row
    from resnet_app.models import ModelChoice

EXIT_FAILED, EXIT_USAGE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 where a file failed, 2 for wrong use or bad input."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ResNetAppError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}; give another path.", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m resnet_app", description="ResNets from the command line.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_predict(commands.add_parser("predict", help="answer pictures"))
    _add_summary(commands.add_parser("summary", help="a network's stages: shapes, parameters, MACs"))
    _add_inspect(commands.add_parser("inspect", help="what a checkpoint file holds"))
    _add_download(commands.add_parser("download", help="fetch ImageNet weights for use without a network"))
    cli_train.add_train(commands.add_parser("train", help="make a checkpoint from a folder of pictures"))
    _add_evaluate(
        commands.add_parser(
            "evaluate", help="how right and how sure a model is, over photographs whose classes are known"
        )
    )
    return parser


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="a picture, or a folder of pictures")
    _add_choice(parser)
    parser.add_argument("--top-k", type=int, default=5, metavar="K", help="answers a picture, 1 to 10 (default: 5)")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON array")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    parser.add_argument("--grid", type=Path, metavar="FILE.png", help="draw the pictures with their labels, 4 columns")
    parser.add_argument(
        "--cam-dir",
        type=Path,
        metavar="DIR",
        help="write the best answer's map for each picture: overlay, raw map, table, manifest",
    )
    parser.add_argument(
        "--cam-layer", default="layer4", metavar="L",
        help="layer1 to layer4, a block such as layer3.0, or several to be fused: layer2+layer3 (default: layer4)",
    )  # fmt: skip
    parser.add_argument("--cam-method", default="gradcam", metavar="M", help=f"{', '.join(METHODS)} (default: gradcam)")
    parser.set_defaults(run=_predict)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=SPECS, metavar="NAME", help=", ".join(SPECS) + " (default: resnet18)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--weights",
        choices=WEIGHTS,
        metavar="W",
        help=f"{', '.join(WEIGHTS)} (default: {BUNDLED} for {BUNDLED_MODEL}, {IMAGENET} for the others)",
    )
    source.add_argument("--checkpoint", type=Path, metavar="FILE", help="your own .safetensors or .pth file")
    parser.add_argument("--classes", metavar="A,B|FILE", help="names of the classes, in the order of the outputs")
    parser.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:N or mps (default: auto)")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    cli_train.add_evaluate(parser)
    _add_choice(parser)
    parser.set_defaults(run=_evaluate)


def _add_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=SPECS, metavar="NAME", help=", ".join(SPECS))
    parser.add_argument("--classes", type=int, default=1000, metavar="N")
    parser.add_argument("--input-size", default="224x224", metavar="HxW")
    parser.add_argument("--stem", choices=STEMS, default="imagenet")
    parser.add_argument(
        "--dilate", default="", metavar="STAGES", help="stages that dilate instead of striding, such as conv4_x,conv5_x"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--layers", action="store_true", help="print torchinfo's table, every layer a line")
    output.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_summary)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=_inspect)


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SPECS) + " (default: resnet18)")
    parser.add_argument("--all", action="store_true", help="every network")
    parser.set_defaults(run=_download)


def _predict(options: argparse.Namespace) -> int:
    from resnet_app import batch, images, models
    from resnet_app.gradcam import parse_layers

    _check_outputs(options)
    files = images.find_files(options.paths)
    choice = _choice(options)
    run = batch.Batch(
        models.shared_cache().get(choice, progress=_ProgressLine("Downloading weights")),
        top_k=options.top_k,
        cam_dir=options.cam_dir,
        layers=parse_layers(options.cam_layer),
        method=options.cam_method,
    )
    for number, row in enumerate(run.rows(files), start=1):
        if not options.json:
            print(_line(number, len(files), row), flush=True)
    run.write_manifest()
    _write_outputs(options, run)
    return EXIT_FAILED if any(row.error for row in run.done) else 0


def _choice(options: argparse.Namespace) -> ModelChoice:
    from resnet_app import classnames, models

    names = None
    if options.classes:
        is_file = "," not in options.classes and os.path.isfile(options.classes)  # noqa: PTH113 (a long text is no path)
        read = classnames.read_class_names if is_file else classnames.parse_class_names
        names = read(options.classes)
    return models.choose(
        options.model, options.weights, device=options.device, checkpoint=options.checkpoint, class_names=names
    )


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse an output that cannot be written before the work is done, not after."""
    for path in (options.csv, options.grid):
        if path is not None and not path.resolve().parent.is_dir():
            raise DataError(f"There is no folder {path.parent} to write {path.name} to; make it first.")
    if options.grid is not None and options.grid.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise DataError(f"The grid cannot be written as '{options.grid.suffix}'; name it .png, .jpg or .webp.")
    if options.cam_dir is not None and options.cam_dir.exists() and not options.cam_dir.is_dir():
        raise DataError(f"{options.cam_dir} is a file; name a folder for the overlays.")


def _line(number: int, total: int, row: Row) -> str:
    if row.error:
        return f"{number}/{total}: {row.file}  {row.error}"
    best = row.predictions[0]
    return f"{number}/{total}: {row.file}  {best.label} {best.probability:.3f}  {row.timing.total / 1000:.3f}s"


def _write_outputs(options: argparse.Namespace, run: Batch) -> None:
    if options.json:
        print(json.dumps([row.record for row in run.done], ensure_ascii=False, indent=1))
    else:
        print(f"device {run.model.device.title}   total {run.total_ms / 1000:.3f}s   mean {run.mean_ms / 1000:.3f}s")
    if options.csv:
        options.csv.write_text(run.csv(), "utf-8")
    if options.grid:
        run.contact_sheet().save(options.grid)


def _summary(options: argparse.Namespace) -> int:
    from resnet_app import explorer, summary

    network = explorer.describe(
        options.name,
        classes=options.classes,
        input_size=explorer.parse_size(options.input_size),
        stem=options.stem,
        dilated=tuple(stage.strip() for stage in options.dilate.split(",") if stage.strip()),
    )
    if options.layers:
        from resnet_app import torchinfo_counts

        print(torchinfo_counts.table(network))
    else:
        print(json.dumps(summary.record(network), indent=1) if options.json else summary.as_text(network))
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from resnet_app import checkpoints

    if options.json:
        found = checkpoints.inspect(options.checkpoint)
        print(json.dumps(found, ensure_ascii=False, indent=1, default=str))
        return 0 if found["ok"] else EXIT_FAILED
    try:
        checkpoint = checkpoints.read_checkpoint(options.checkpoint)
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    for key, value in checkpoints.record(checkpoint).items():
        if key not in ("ok", "reason"):
            print(f"{key.replace('_', ' '):18} {json.dumps(value, ensure_ascii=False, default=str)}")
    for note in checkpoint.notes:
        print(note.text)
    return 0


def _download(options: argparse.Namespace) -> int:
    from resnet_app.weights import obtain

    for name in SPECS if options.all else options.names or [BUNDLED_MODEL]:
        for version in (weights for weights in get_spec(name).weights if weights.startswith("imagenet-")):
            try:
                path = obtain(SPECS[name], version, progress=_ProgressLine(f"{name} {version}"))
            except WeightsError as error:
                if error.code != "no_weights":
                    raise
                raise WeightsError(
                    "There is no network to download from; connect to one and run this again."
                ) from error
            print(f"{name} {version}: {path}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from resnet_app import models

    return cli_train.evaluate(
        models.shared_cache().get(_choice(options), progress=_ProgressLine("Downloading weights")), options
    )


class _ProgressLine:
    """One line on stderr that grows with a download; silent where stderr is not a screen."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            of = f" of {total >> 20}" if total else ""
            end = "\n" if done == total else ""
            print(f"\r{self._title}: {done >> 20}{of} MB", end=end, file=sys.stderr, flush=True)
