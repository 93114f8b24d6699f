"""`predict`: answer pictures, a line each, with a table, contact sheets and maps where they are asked for."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_app.choices import METHODS
from resnet_app.cli import console
from resnet_app.cli.options import EXIT_FAILED, ProgressLine, add_choice, chosen_model
from resnet_app.naming import as_given, shown
from resnet_app.registry import get_spec

if TYPE_CHECKING:
    from resnet_app.explain.map_folder import MapFolder
    from resnet_app.many.batch import Batch, Row
    from resnet_app.many.contact_sheet import SheetPages
    from resnet_app.many.table import TableFile

MOST_WORKERS = 256


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``predict``."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH",
        help="a picture, a folder with pictures in it or below, or - for a list of them on stdin, a line each",
    )  # fmt: skip
    add_choice(parser)
    parser.add_argument("--top-k", type=int, default=5, metavar="K", help="answers a picture, 1 to 10 (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table, each line as it is answered")
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with the --csv of a run that was stopped: what it holds for the same model and files is kept",
    )  # fmt: skip
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
    parser.add_argument(
        "--workers", type=int, metavar="N", default=os.cpu_count() or 1,
        help="threads that read pictures ahead (default: one a core; 0: none)",
    )  # fmt: skip
    parser.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> int:
    from resnet_app import images
    from resnet_app.explain import cam
    from resnet_app.explain.map_folder import MapFolder
    from resnet_app.inference import predict
    from resnet_app.inference.cache import shared_cache
    from resnet_app.many import batch

    predict.check_top_k(options.top_k)
    _check_resume(options)
    layers = cam.parse_layers(options.cam_layer)
    found = [(path, as_given(given, path)) for given in _given(options) for path in images.find_files([Path(given)])]
    choice = chosen_model(options)
    if choice.model:  # what a checkpoint holds is known when it is read
        cam.choose(get_spec(choice.model).skeleton(), layers, options.cam_method)
    _check_outputs(options, len(found))
    model = shared_cache().get(choice, progress=ProgressLine("Downloading weights"))
    maps = None
    if options.cam_dir:
        maps = MapFolder(options.cam_dir, model, layers=layers, method=options.cam_method)
    else:
        cam.choose(model.network, layers, options.cam_method)
    run = batch.Batch(model, top_k=options.top_k, maps=maps, keep_rows=options.json)
    kept = _answer(options, run, found, maps)
    if run.count + kept < len(found):
        print(f"Stopped after {run.count + kept} of {len(found)} pictures.", file=sys.stderr)
        return console.EXIT_STOPPED
    _print_whole(options, run)
    return EXIT_FAILED if run.failed else 0


def _given(options: argparse.Namespace) -> list[str]:
    """The paths, with what stdin lists in the place of ``-``."""
    from resnet_app.errors import ResNetAppError

    if not 0 <= options.workers <= MOST_WORKERS:
        raise ResNetAppError(f"--workers is {options.workers}; give 0 to {MOST_WORKERS}.")
    if "-" not in options.paths:
        return list(options.paths)
    listed = [os.fsdecode(line.rstrip(b"\r\n")) for line in sys.stdin.buffer if line.strip()]
    if not listed:
        raise ResNetAppError("stdin lists no pictures; give a path in each line.")
    return [path for given in options.paths for path in (listed if given == "-" else [given])]


def _check_resume(options: argparse.Namespace) -> None:
    """Refuse to go on with what cannot be: the other outputs are of one run."""
    from resnet_app.errors import ResNetAppError

    others = [name for name in ("json", "grid", "cam_dir") if getattr(options, name)]
    if options.resume and (options.csv is None or others):
        named = "".join(f", not --{name.replace('_', '-')}" for name in others)
        raise ResNetAppError(f"--resume goes on with a table: name it by --csv FILE{named}.")


def _answer(options: argparse.Namespace, run: Batch, found: Sequence[tuple[Path, str]], maps: MapFolder | None) -> int:
    """Answer the pictures, and write what is asked for as they come, until the last one or Ctrl-C.

    Returns:
        How many were answered by an earlier run, and are kept.
    """
    from resnet_app.explain import map_folder
    from resnet_app.many.contact_sheet import SheetPages
    from resnet_app.many.table import key_of, size_of

    with console.Interrupts() as interrupts, ExitStack() as at_the_end:
        table = at_the_end.enter_context(closing(_table(options, run, found))) if options.csv else None
        sheets = SheetPages(options.grid) if options.grid else None
        if sheets:
            at_the_end.callback(_finish, sheets)
        if maps:
            map_folder.clear(options.cam_dir)
            at_the_end.callback(maps.finish)
        kept = table.kept if table else 0
        rows = run.rows(*_left(table, found[kept:]), workers=options.workers)
        at_the_end.callback(rows.close)
        for file, name in found[kept:]:
            if table and table.keep(key_of(file, name)):
                kept += 1
                continue
            row = next(rows)
            if table:
                table.add(row, size_of(file))
            if sheets:
                sheets.add(row)
            if not options.json:
                print(_line(run.count + kept, len(found), row), flush=True)
            if interrupts.asked:
                break
        if table and run.count + kept == len(found):
            table.done()
    return kept


def _left(table: TableFile | None, found: Sequence[tuple[Path, str]]) -> tuple[list[Path], list[str]]:
    """The files that have to be answered, and their names."""
    from resnet_app.many.table import key_of

    is_left = table.left(key_of(file, name) for file, name in found) if table else itertools.repeat(True)
    left = list(itertools.compress(found, is_left))
    return [file for file, _ in left], [name for _, name in left]


def _table(options: argparse.Namespace, run: Batch, found: Sequence[tuple[Path, str]]) -> TableFile:
    """The table, with what an earlier run has left in it where that is gone on with."""
    from resnet_app.many.earlier import fingerprint
    from resnet_app.many.table import TableFile, key_of

    coming = (key_of(file, name) for file, name in found)
    resume = coming if options.resume and options.csv.is_file() else None
    return TableFile(options.csv, run.answers, model=fingerprint(run.model), resume=resume)


def _finish(sheets: SheetPages) -> None:
    sheets.finish()
    if sheets.written:
        print(f"Written: {', '.join(map(shown, sheets.written))}", file=sys.stderr)


def _check_outputs(options: argparse.Namespace, pictures: int) -> None:
    """Refuse an output that cannot be written before the work is done, not after."""
    from resnet_app import outputs
    from resnet_app.explain import map_folder
    from resnet_app.many import contact_sheet

    if options.csv is not None:
        outputs.require_file(options.csv)
    if options.grid is not None:
        contact_sheet.require_pages(options.grid, pictures)
    if options.cam_dir is not None:
        map_folder.require_free(options.cam_dir, overwrite=options.overwrite)


def _line(number: int, total: int, row: Row) -> str:
    if row.error:
        return f"{number}/{total}: {row.file}  {row.error}"
    best = row.predictions[0]
    return f"{number}/{total}: {row.file}  {best.label} {best.probability:.3f}  {row.timing.total / 1000:.3f}s"


def _print_whole(options: argparse.Namespace, run: Batch) -> None:
    if options.json:
        console.print_json([row.json_object for row in run.done])
    else:
        print(f"device {run.model.device.title}   total {run.total_ms / 1000:.3f}s   mean {run.mean_ms / 1000:.3f}s")
