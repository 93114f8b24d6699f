"""Finished JSON lines -> a Parquet file, for pandas, DuckDB, Spark: a column each, the types kept; and back."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from resnet_app.errors import OutputError, ResNetAppError
from resnet_app.many.formats import JsonLines, OtherTableError
from resnet_app.outputs import put_in_place

ROWS_AT_ONCE = 10_000
TIMES = ("decode", "forward", "cam", "total")


def require_parquet() -> None:
    """Refuse a Parquet file where nothing here can write one, before the work is done.

    Raises:
        ResNetAppError: pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise ResNetAppError(
            "A Parquet file is written by pyarrow, which is not here: pip install pyarrow, or use --csv."
        )


def write(path: Path, lines: Path, answers: int) -> None:
    """Write the table's rows in their order; at its path there is never half a file.

    Args:
        path: of the Parquet file.
        lines: ``formats.JsonLines``, every row whole.
        answers: of each picture.

    Raises:
        OutputError: it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = [("bytes", pa.int64())]
    each = (("label", pa.string()), ("index", pa.int32()), ("probability", pa.float64()))
    told = [(f"{what}{_rank(rank)}", kind) for rank in range(1, answers + 1) for what, kind in each]
    times = [(f"{name}_ms", pa.float64()) for name in TIMES]
    words = [(name, pa.string()) for name in ("error", "model", "weights", "model_sha256")]
    schema = pa.schema([("file", pa.string()), *told, *times, *words, *whole])

    def in_parts(part: Path) -> None:
        with pq.ParquetWriter(part, schema) as writer, lines.open("rb") as file:
            found = _flat(file)
            while rows := list(islice(found, ROWS_AT_ONCE)):
                writer.write_table(pa.Table.from_pylist(rows, schema))

    put_in_place(path, in_parts)


def read_back(path: Path, lines: Path, form: JsonLines) -> None:
    """Write a finished table's rows as JSON lines again, so that a run can go on with them.

    Args:
        path: of the Parquet file.
        lines: where they are wanted; there is never half a file.
        form: of the lines, and by which model.

    Raises:
        OutputError: it is no table of that model, or the lines cannot be written.
    """

    def in_parts(part: Path) -> None:
        with part.open("wb") as file:
            file.writelines(form.record(line).line for line in _lines(path))

    try:
        put_in_place(lines, in_parts)
    except OtherTableError:
        raise OutputError(
            f"{path} does not hold answers of this model and this --top-k, or is damaged; name another file, or leave "
            "out --resume to write it anew."
        ) from None


def _lines(path: Path) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            for rows in table.iter_batches(ROWS_AT_ONCE):
                yield from map(_line, rows.to_pylist())
    except OSError as error:
        if error.errno:
            raise OutputError(f"{path} cannot be read ({error.strerror}).") from None
        raise OtherTableError from None
    except (KeyError, TypeError, ValueError, pa.ArrowException):  # what is raised of a damaged file depends on where
        raise OtherTableError from None


def _line(row: dict[str, Any]) -> bytes:
    ranks = range(1, 1 + sum(name.startswith("label") for name in row))
    told = {
        "file": row["file"],
        "predictions": [
            {what: row[f"{what}{_rank(rank)}"] for what in ("label", "index", "probability")}
            for rank in ranks if row[f"label{_rank(rank)}"] is not None
        ],
        "ms": {name: row[f"{name}_ms"] for name in TIMES},
        "error": row["error"],
        "model": {"name": row["model"], "weights": row["weights"], "sha256": row["model_sha256"]},
        "answers": len(ranks),
        "bytes": row["bytes"],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _flat(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        told = json.loads(line)
        yield {
            "file": told["file"],
            **{f"{what}{_rank(rank)}": each[what] for rank, each in enumerate(told["predictions"], start=1)
               for what in ("label", "index", "probability")},
            **{f"{name}_ms": told["ms"][name] for name in TIMES},
            "error": told["error"],
            "model": told["model"]["name"],
            "weights": told["model"]["weights"],
            "model_sha256": told["model"]["sha256"],
            "bytes": told["bytes"],
        }  # fmt: skip


def _rank(rank: int) -> str:
    return f"_{rank}" if rank > 1 else ""
