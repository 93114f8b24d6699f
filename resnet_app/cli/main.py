"""The command line: predict, summary, inspect, download, train, evaluate, depth, robustness."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from resnet_app import __version__
from resnet_app.cli import console, train
from resnet_app.cli.depth import add_depth
from resnet_app.cli.evaluate import add_evaluate
from resnet_app.cli.options import EXIT_FAILED, EXIT_USAGE, OneLineParser, ProgressLine
from resnet_app.cli.predict import add_predict
from resnet_app.cli.robustness import add_robustness
from resnet_app.errors import CheckpointError, ResNetAppError, WeightsError
from resnet_app.naming import shown
from resnet_app.registry import BUNDLED_MODEL, SPECS, STEMS, get_spec


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
    except ModuleNotFoundError as missing:
        print(console.missing_package(missing), file=sys.stderr)
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


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m resnet_app", description="ResNets from the command line.")
    parser.add_argument(
        "--version", action="version", version=f"resnet_app {__version__}", help="print the version and exit"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", help="each has its own --help")
    add_predict(commands.add_parser("predict", help="answer pictures"))
    _add_summary(commands.add_parser("summary", help="a network's stages: shapes, parameters, MACs"))
    _add_inspect(commands.add_parser("inspect", help="what a checkpoint file holds"))
    _add_download(commands.add_parser("download", help="fetch ImageNet weights for use without a network"))
    train.add_train(commands.add_parser("train", help="make a checkpoint from a folder of pictures"))
    add_evaluate(
        commands.add_parser(
            "evaluate", help="how right and how sure a model is, over photographs whose classes are known"
        )
    )
    add_depth(
        commands.add_parser("depth", help="why there are shortcuts: plain and residual networks trained side by side")
    )
    add_robustness(commands.add_parser("robustness", help="the answer over the range of blur, noise and others"))
    return parser


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


def _summary(options: argparse.Namespace) -> int:
    from resnet_app.architecture import counting, summary

    architecture = counting.describe(
        options.name,
        classes=options.classes,
        input_size=counting.parse_size(options.input_size),
        stem=options.stem,
        dilated=tuple(stage.strip() for stage in options.dilate.split(",") if stage.strip()),
    )
    if options.layers:
        from resnet_app.architecture import torchinfo_counts

        print(torchinfo_counts.table(architecture))
    elif options.json:
        console.print_json(summary.json_object(architecture))
    else:
        print(summary.as_text(architecture))
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from resnet_app.checkpoints import inspect, read

    if options.json:
        found = inspect.inspect(options.checkpoint)
        console.print_json(found)
        return 0 if found["ok"] else EXIT_FAILED
    try:
        read.require_file(options.checkpoint, str(options.checkpoint))
        checkpoint = read.read_checkpoint(options.checkpoint)
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(inspect.as_text(checkpoint))
    return 0


def _download(options: argparse.Namespace) -> int:
    from resnet_app.inference.download import obtain

    for name in SPECS if options.all else options.names or [BUNDLED_MODEL]:
        for version in (weights for weights in get_spec(name).weights if weights.startswith("imagenet-")):
            try:
                path = obtain(SPECS[name], version, progress=ProgressLine(f"{name} {version}"))
            except WeightsError as error:
                if error.code != "no_weights":
                    raise
                raise WeightsError(
                    "There is no network to download from; connect to one and run this again."
                ) from error
            print(f"{name} {version}: {path}")
    return 0
