"""`robustness`: the answer over the whole range of blur, noise and others, for a photo or for folders of them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_app.cli import console
from resnet_app.cli.options import EXIT_FAILED, add_choice, chosen_model, loaded_model
from resnet_app.errors import PictureError, ResNetAppError
from resnet_app.naming import as_given
from resnet_app.robustness.catalogue import CORRUPTIONS, find

if TYPE_CHECKING:
    from resnet_app.inference.models import LoadedModel
    from resnet_app.robustness.folder import Row

MOST_POINTS = 101


def add_robustness(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``robustness``."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a picture, or a folder with pictures in it or below; a folder named "
        "as a class says what is right",
    )  # fmt: skip
    add_choice(parser)
    parser.add_argument(
        "--corruptions", default=",".join(CORRUPTIONS), metavar="A,B",
        help=f"ways to change a picture: {', '.join(CORRUPTIONS)} (default: all of them)",
    )  # fmt: skip
    parser.add_argument(
        "--points", type=int, default=9, metavar="N",
        help=f"values over a range, 2 to {MOST_POINTS}, beside the neutral one and ImageNet-C's five (default: 9)",
    )  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a line for each photo and value")
    parser.set_defaults(run=_robustness)


def _robustness(options: argparse.Namespace) -> int:
    from resnet_app import images, outputs
    from resnet_app.robustness import folder

    if not 2 <= options.points <= MOST_POINTS:
        raise ResNetAppError(f"--points is {options.points}; give 2 to {MOST_POINTS}.")
    for name in _named(options):
        find(name)
    found = [(path, as_given(given, path)) for given in options.paths for path in images.find_files([Path(given)])]
    choice = chosen_model(options)
    if options.csv is not None:
        outputs.require_file(options.csv)
    model = loaded_model(options, choice)
    with console.Interrupts() as interrupts:
        rows, failed, looked = _measure(options, model, found, interrupts)
    if rows:
        print(folder.as_text(rows))
    if options.csv is not None:
        outputs.save_text(options.csv, folder.as_csv(rows))
    if looked < len(found):
        print(f"Stopped after {looked} of {len(found)} pictures.", file=sys.stderr)
        return console.EXIT_STOPPED
    return EXIT_FAILED if failed else 0


def _named(options: argparse.Namespace) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in options.corruptions.split(",")))


def _measure(
    options: argparse.Namespace, model: LoadedModel, found: Sequence[tuple[Path, str]], interrupts: console.Interrupts
) -> tuple[list[Row], int, int]:
    """All photos' rows, how many could not be read, and how many were looked at before Ctrl-C."""
    from resnet_app.robustness import folder

    corruptions = [find(name) for name in _named(options)]
    rows: list[Row] = []
    failed = number = 0
    for number, (path, name) in enumerate(found, start=1):
        started = time.perf_counter()
        try:
            own = folder.measured(model, path, name, corruptions=corruptions, points=options.points)
        except PictureError as error:
            failed += 1
            print(f"{number}/{len(found)}: {name}  {error}", flush=True)
        else:
            rows += own
            kept = sum(row.is_kept for row in own)
            took = time.perf_counter() - started
            print(f"{number}/{len(found)}: {name}  {own[0].clean}, kept {kept} of {len(own)}  {took:.1f}s", flush=True)
        if interrupts.asked:
            break
    return rows, failed, number
