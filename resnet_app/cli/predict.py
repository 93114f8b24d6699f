"""`predict`: answer pictures, a line each, with a table, contact sheets and maps where they are asked for."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from resnet_app.choices import FLOAT32, METHODS, PRECISIONS
from resnet_app.cli import console, report
from resnet_app.cli.options import EXIT_FAILED, add_choice, chosen_model, loaded_model
from resnet_app.errors import ResNetAppError
from resnet_app.naming import shown
from resnet_app.registry import get_spec

if TYPE_CHECKING:
    from resnet_app.explain.map_folder import MapFolder
    from resnet_app.many.batch import Batch, Row
    from resnet_app.many.contact_sheet import SheetPages
    from resnet_app.many.sources import Source
    from resnet_app.many.table import Table
    from resnet_app.many.truth import Counted

MOST_WORKERS = 256
LOCAL, RAY = "local", "ray"


def add_predict(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``predict``."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH",
        help="a picture, a folder with pictures in it or below, a zip of them, an address such as s3://bucket/photos/, "
        "or - for a list of these on stdin",
    )  # fmt: skip
    add_choice(parser)
    parser.add_argument("--top-k", type=int, default=5, metavar="K", help="answers a picture, 1 to 10 (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    table = parser.add_mutually_exclusive_group()
    table.add_argument("--csv", type=Path, metavar="FILE", help="write a table, each line as it is answered")
    table.add_argument("--jsonl", type=Path, metavar="FILE", help="the same as JSON lines: an object of --json in each")
    table.add_argument("--parquet", type=Path, metavar="FILE", help="the same as Parquet, at the end (needs pyarrow)")
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with the table of a run that was stopped: what it holds for the same model and files is kept",
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
        "--precision", choices=PRECISIONS, default=FLOAT32, metavar="P",
        help="float32, or bfloat16 where the device is quicker in it; it is said what that costs (default: float32)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, metavar="N",
        help="threads that read pictures ahead, or Ray's processes that answer (default: one a core; 0: none ahead)",
    )  # fmt: skip
    parser.add_argument(
        "--engine", choices=(LOCAL, RAY), default=LOCAL, metavar="E",
        help="local, or ray: the cores of this machine, or of the cluster that RAY_ADDRESS names, by Ray Data",
    )  # fmt: skip
    parser.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> int:
    from resnet_app.explain import cam
    from resnet_app.explain.map_folder import MapFolder
    from resnet_app.inference import predict
    from resnet_app.many import batch, sources

    predict.check_top_k(options.top_k)
    _check_resume(options)
    _check_engine(options)
    layers = cam.parse_layers(options.cam_layer)
    with TemporaryDirectory(prefix="resnet-explorer-") as unpacked:
        found = sources.find(_given(options), Path(unpacked))
        choice = chosen_model(options)
        if choice.model:  # what a checkpoint holds is known when it is read
            cam.choose(get_spec(choice.model).skeleton(), layers, options.cam_method)
        _check_outputs(options, len(found))
        model = loaded_model(options, choice)
        maps = None
        if options.cam_dir:
            maps = MapFolder(options.cam_dir, model, layers=layers, method=options.cam_method)
        else:
            cam.choose(model.network, layers, options.cam_method)
        run = batch.Batch(model, top_k=options.top_k, maps=maps, keep_rows=options.json)
        outcome = _answer(options, run, found, maps)
        if outcome.answered < len(found):
            print(f"Stopped after {outcome.answered} of {len(found)} pictures.", file=sys.stderr)
            return console.EXIT_STOPPED
        _print_whole(options, run, outcome)
    return EXIT_FAILED if outcome.counted.failed else 0


def _given(options: argparse.Namespace) -> list[str]:
    """The paths, with what stdin lists in the place of ``-``."""
    if options.workers is not None and not 0 <= options.workers <= MOST_WORKERS:
        raise ResNetAppError(f"--workers is {options.workers}; give 0 to {MOST_WORKERS}.")
    if "-" not in options.paths:
        return list(options.paths)
    listed = [os.fsdecode(line.rstrip(b"\r\n")) for line in sys.stdin.buffer if line.strip()]
    if not listed:
        raise ResNetAppError("stdin lists no pictures; give a path in each line.")
    return [path for given in options.paths for path in (listed if given == "-" else [given])]


def _check_resume(options: argparse.Namespace) -> None:
    """Refuse to go on with what cannot be: the other outputs are of one run."""
    others = [name for name in ("json", "grid", "cam_dir") if getattr(options, name)]
    _, path = _asked_table(options)
    if options.resume and (path is None or others):
        named = "".join(f", not --{name.replace('_', '-')}" for name in others)
        raise ResNetAppError(f"--resume goes on with a table: name it by --csv, --jsonl or --parquet{named}.")


def _check_engine(options: argparse.Namespace) -> None:
    """Refuse what Ray cannot do before the model is loaded."""
    if options.engine == LOCAL:
        return
    from resnet_app.many import ray_engine

    if others := [name for name in ("grid", "cam_dir") if getattr(options, name)]:
        named = " and ".join(f"--{name.replace('_', '-')}" for name in others)
        raise ResNetAppError(
            f"--engine ray brings back answers, no pictures; leave out {named}, or take --engine local."
        )
    if options.workers == 0:
        raise ResNetAppError("--engine ray answers in processes of its own; give --workers 1 or more.")
    ray_engine.require()


@dataclass(frozen=True)
class Outcome:
    """What became of the pictures.

    Attributes:
        answered: those with a row, of this run or of an earlier one that is gone on with.
        counted: what all the rows say together.
        seconds: of this run's answering.
    """

    answered: int
    counted: Counted
    seconds: float


def _answer(options: argparse.Namespace, run: Batch, found: Sequence[Source], maps: MapFolder | None) -> Outcome:
    """Answer the pictures, and write what is asked for as they come, until the last one or Ctrl-C."""
    from resnet_app.explain import map_folder
    from resnet_app.many.contact_sheet import SheetPages
    from resnet_app.many.truth import Counted

    started = time.perf_counter()
    counted = Counted([picture.folder for picture in found], run.model.class_names)
    with console.Interrupts() as interrupts, ExitStack() as at_the_end:
        table = _table(options, run, found)
        if table:
            at_the_end.enter_context(closing(table))
        sheets = SheetPages(options.grid) if options.grid else None
        if sheets:
            at_the_end.callback(_finish, sheets)
        if maps:
            map_folder.clear(options.cam_dir)
            at_the_end.callback(maps.finish)
        answered = table.kept if table else 0
        left = table.left() if table else found
        rows = _rows(options, run, left)
        at_the_end.callback(rows.close)
        bar = report.progress(len(found), answered, has_lines=not options.json)
        progress = at_the_end.enter_context(bar)
        for picture in found[answered:]:
            if not (table and table.keep(picture)):
                row = next(rows)
                if table:
                    table.add(row, picture)
                if sheets:
                    sheets.add(row)
                counted.add(answered, *_told(row))
                if not options.json:
                    print(report.line(answered + 1, len(found), row), flush=True)
            answered += 1
            progress.update()
            if interrupts.asked:
                break
        seconds = time.perf_counter() - started
        if table and answered == len(found):
            if run.count < answered:  # what an earlier run has answered counts as well
                counted = table.count(run.model.class_names)
            table.done()
    return Outcome(answered, counted, seconds)


def _rows(options: argparse.Namespace, run: Batch, pictures: Sequence[Source]) -> Generator[Row, None, None]:
    """The rows of those pictures in order, from the engine that was chosen."""
    files, names = [each.file for each in pictures], [each.name for each in pictures]
    if options.engine == LOCAL:
        workers = (os.cpu_count() or 1) if options.workers is None else options.workers
        yield from run.rows(files, names, workers=workers)
        return
    from resnet_app.many import ray_engine

    with closing(ray_engine.rows(run.model, files, names, top_k=options.top_k, actors=options.workers)) as rows:
        for row in rows:
            run.keep(row)
            yield row


def _told(row: Row) -> tuple[list[str], float]:
    """A row's answers, and the probability of the best one."""
    return [each.label for each in row.predictions], row.predictions[0].probability if row.predictions else 0.0


def _table(options: argparse.Namespace, run: Batch, found: Sequence[Source]) -> Table | None:
    """The table that is asked for, with what an earlier run has left in it where that is gone on with."""
    from resnet_app.many.earlier import fingerprint
    from resnet_app.many.table import Table

    kind, path = _asked_table(options)
    if path is None:
        return None
    return Table(path, kind, run, found, model=fingerprint(run.model), resume=options.resume)


def _asked_table(options: argparse.Namespace) -> tuple[str, Path | None]:
    """Which kind of table is asked for, and where; no path where none is."""
    from resnet_app.many.table import KINDS

    return next(((kind, getattr(options, kind)) for kind in KINDS if getattr(options, kind) is not None), ("", None))


def _finish(sheets: SheetPages) -> None:
    sheets.finish()
    if sheets.written:
        print(f"Written: {', '.join(map(shown, sheets.written))}", file=sys.stderr)


def _check_outputs(options: argparse.Namespace, pictures: int) -> None:
    """Refuse an output that cannot be written before the work is done, not after."""
    from resnet_app import outputs
    from resnet_app.explain import map_folder
    from resnet_app.many import contact_sheet, parquet

    if options.parquet is not None:
        parquet.require_parquet()
    _, table = _asked_table(options)
    if table is not None:
        outputs.require_file(table)
    if options.grid is not None:
        contact_sheet.require_pages(options.grid, pictures)
    if options.cam_dir is not None:
        map_folder.require_free(options.cam_dir, overwrite=options.overwrite)


def _print_whole(options: argparse.Namespace, run: Batch, outcome: Outcome) -> None:
    """The whole array where that is asked for; what the rows say together, which is no part of it."""
    aside = sys.stderr if options.json else sys.stdout
    if options.json:
        console.print_json([row.json_object for row in run.done])
    for line in (*report.right(outcome.counted.tally, run.model.class_names), *report.rounded(run.rounding)):
        print(line, file=aside)
    if kept := outcome.answered - run.count:
        print(report.kept(kept, outcome.answered), file=aside)
    if run.count and not options.json:
        print(report.whole(run, outcome.seconds))
