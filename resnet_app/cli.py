"""The command line: predict, summary, inspect, download, train, evaluate."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from resnet_app import __version__, cli_train, console
from resnet_app.choices import METHODS
from resnet_app.errors import CheckpointError, ResNetAppError, WeightsError
from resnet_app.naming import as_given, shown
from resnet_app.registry import BUNDLED, BUNDLED_MODEL, IMAGENET, SPECS, STEMS, WEIGHTS, get_spec

if TYPE_CHECKING:
    from resnet_app.batch import Batch, Row
    from resnet_app.models import ModelChoice
    from resnet_app.sheets import SheetPages

EXIT_FAILED, EXIT_USAGE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    The exit code is 0, 1 where a file failed, 2 for wrong use or bad input, 130 after Ctrl-C, and 141 where nobody
    reads on.
    """
    console.speak_any_locale()
    try:
        return _run(arguments)
    except BrokenPipeError:
        return console.EXIT_NO_READER
    except ResNetAppError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(_told(error), file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return console.EXIT_STOPPED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    finally:
        console.flush()


def _told(error: OSError) -> str:
    """What the system says, of a file or of the terminal, as a sentence."""
    why = error.strerror or str(error)
    if error.filename is None:
        return f"Reading or writing failed ({why}); free some space, or write elsewhere."
    return f"{shown(error.filename)}: {why}; give another path."


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m resnet_app", description="ResNets from the command line.")
    parser.add_argument(
        "--version", action="version", version=f"resnet_app {__version__}", help="print the version and exit"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", help="each has its own --help")
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
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a picture, or a folder with pictures in it or below")
    _add_choice(parser)
    parser.add_argument("--top-k", type=int, default=5, metavar="K", help="answers a picture, 1 to 10 (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table, each line as it is answered")
    parser.add_argument(
        "--grid",
        type=Path,
        metavar="FILE.png",
        help="draw the pictures with their labels, 4 columns, 400 a page: FILE.png, FILE-2.png, ...",
    )
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
    parser.add_argument(
        "--cam-method", choices=METHODS, default="gradcam", metavar="M",
        help=f"how the maps are made: {', '.join(METHODS)} (default: gradcam)",
    )  # fmt: skip
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the files that an earlier run wrote to the --cam-dir"
    )
    parser.set_defaults(run=_predict)


def _add_choice(parser: argparse.ArgumentParser) -> None:
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


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    cli_train.add_evaluate(parser)
    _add_choice(parser)
    parser.set_defaults(run=_evaluate)


def _add_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=SPECS, metavar="NAME", help=f"the network: {', '.join(SPECS)}")
    parser.add_argument(
        "--classes", type=int, default=1000, metavar="N", help="outputs of the last layer (%(default)s)"
    )
    parser.add_argument(
        "--input-size", default="224x224", metavar="HxW", help="of the picture, in pixels (%(default)s)"
    )
    parser.add_argument("--stem", choices=STEMS, default="imagenet", help="the layers before conv2_x (%(default)s)")
    parser.add_argument(
        "--dilate", default="", metavar="STAGES", help="stages that dilate instead of striding, such as conv4_x,conv5_x"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--layers", action="store_true", help="print torchinfo's table, every layer a line")
    output.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_summary)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="a .safetensors or .pth file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_inspect)


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"networks: {', '.join(SPECS)} (default: resnet18)")
    parser.add_argument("--all", action="store_true", help="every network")
    parser.set_defaults(run=_download)


def _predict(options: argparse.Namespace) -> int:
    from resnet_app import batch, gradcam, images, models, predict

    predict.check_top_k(options.top_k)
    layers = gradcam.parse_layers(options.cam_layer)
    found = [(path, as_given(given, path)) for given in options.paths for path in images.find_files([Path(given)])]
    choice = _choice(options)
    if choice.model:  # what a checkpoint holds is known when it is read
        gradcam.check_choice(get_spec(choice.model).skeleton(), layers, options.cam_method)
    _check_outputs(options, len(found))
    run = batch.Batch(
        models.shared_cache().get(choice, progress=_ProgressLine("Downloading weights")),
        top_k=options.top_k,
        cam_dir=options.cam_dir,
        layers=layers,
        method=options.cam_method,
    )
    if not _answer(options, run, found):
        print(f"Stopped after {len(run.done)} of {len(found)} pictures.", file=sys.stderr)
        return console.EXIT_STOPPED
    _print_whole(options, run)
    return EXIT_FAILED if any(row.error for row in run.done) else 0


def _answer(options: argparse.Namespace, run: Batch, found: Sequence[tuple[Path, str]]) -> bool:
    """Answer the pictures, and write what is asked for as they come; False where Ctrl-C ended it before the last."""
    from resnet_app import mapfolder
    from resnet_app.sheets import SheetPages
    from resnet_app.table import TableFile

    files, names = zip(*found, strict=True)
    with console.Interrupts() as interrupts, ExitStack() as at_the_end:
        table = at_the_end.enter_context(closing(TableFile(options.csv, run.answers))) if options.csv else None
        sheets = SheetPages(options.grid) if options.grid else None
        if sheets:
            at_the_end.callback(_finish, sheets)
        if options.cam_dir:
            mapfolder.clear(options.cam_dir)
            at_the_end.callback(run.write_manifest)
        for number, row in enumerate(run.rows(files, names), start=1):
            if table:
                table.add(row)
            if sheets:
                sheets.add(row)
            if not options.json:
                print(_line(number, len(found), row), flush=True)
            if interrupts.asked and number < len(found):
                return False
    return True


def _finish(sheets: SheetPages) -> None:
    sheets.finish()
    if sheets.written:
        print(f"Written: {', '.join(map(shown, sheets.written))}", file=sys.stderr)


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


def _check_outputs(options: argparse.Namespace, pictures: int) -> None:
    """Refuse an output that cannot be written before the work is done, not after."""
    from resnet_app import mapfolder, outputs, sheets

    if options.csv is not None:
        outputs.require_file(options.csv)
    if options.grid is not None:
        sheets.require_pages(options.grid, pictures)
    if options.cam_dir is not None:
        mapfolder.require_free(options.cam_dir, overwrite=options.overwrite)


def _line(number: int, total: int, row: Row) -> str:
    if row.error:
        return f"{number}/{total}: {row.file}  {row.error}"
    best = row.predictions[0]
    return f"{number}/{total}: {row.file}  {best.label} {best.probability:.3f}  {row.timing.total / 1000:.3f}s"


def _print_whole(options: argparse.Namespace, run: Batch) -> None:
    if options.json:
        console.print_json([row.record for row in run.done])
    else:
        print(f"device {run.model.device.title}   total {run.total_ms / 1000:.3f}s   mean {run.mean_ms / 1000:.3f}s")


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
    elif options.json:
        console.print_json(summary.record(network))
    else:
        print(summary.as_text(network))
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from resnet_app import checkpoints

    if options.json:
        found = checkpoints.inspect(options.checkpoint)
        console.print_json(found)
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
    from resnet_app import evaluate, models

    evaluate.require_folders(options.data_dir, options.other)
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
