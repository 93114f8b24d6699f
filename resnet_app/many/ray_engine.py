"""Many pictures on many machines -> the rows of one machine, in the same order, by Ray Data.

What travels is small: to the actors a number and a place for each picture and, once, the model; back come rows without
thumbnails. Each actor reads its pictures with our own decoder. The one file that knows Ray, which is an extra.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from resnet_app.choices import DEFAULT_TOP_K
from resnet_app.device import CPU, take_cores
from resnet_app.errors import ResNetAppError
from resnet_app.inference.models import LoadedModel
from resnet_app.inference.predict import Prediction, Timing, check_top_k
from resnet_app.many.batch import Row, answered, read_ahead
from resnet_app.many.remote import Place, RemoteFile, is_remote
from resnet_app.naming import shown

ADDRESS = "RAY_ADDRESS"  # the variable that names a cluster
GROUP = 32  # pictures in hand at a time, at most: one task, one answer to the driver, done again after a death
GROUPS = 4  # for each actor, at least, where there are so few pictures that the last group would be waited for
FETCHERS = 8  # threads of an actor that read pictures from a network, where one waits more than it works
REACHED_S = 10  # seconds until a cluster must answer
TRIES = 3  # further ones for a group whose actor died: a picture that kills each actor must not be tried for ever


@dataclass(frozen=True)
class Pool:
    """How many actors answer, and what each of them takes.

    Attributes:
        size: actors.
        threads: CPUs of each.
        gpus: of each.
    """

    size: int
    threads: int
    gpus: int = 0


def require() -> Any:
    """Ray, told to keep to itself: no statistics of its use go anywhere, and one of this machine's own asks who calls.

    Raises:
        ResNetAppError: it is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # all of these are read when Ray is imported
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else stderr gets its advice to programmers,
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")  # and stdout, between our lines, that an actor died
    if ADDRESS not in os.environ:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # it is at 127.0.0.1, whatever the network
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # its ports take code to run from whoever has the token
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    try:
        import ray.data
    except ImportError:
        raise ResNetAppError("--engine ray needs more packages: pip install -r requirements-ray.txt.") from None
    return ray


def rows(
    model: LoadedModel,
    files: Sequence[Place],
    names: Sequence[str],
    *,
    top_k: int = DEFAULT_TOP_K,
    actors: int | None = None,
) -> Generator[Row, None, None]:
    """A row for each file, in order, as groups of them are answered; without thumbnails.

    They are answered by the cluster that the variable ``RAY_ADDRESS`` names, else by this machine's cores. When the
    rows are left, at their end or before it, the actors end, and a Ray that was started for them ends too.

    Args:
        model: what answers; the actors get this very one, weights and all.
        files: the pictures, which each machine finds at the same path or address.
        names: shown in place of the paths.
        top_k: answers a picture.
        actors: how many processes answer, each with its share of the cores (default: one a core, or one a GPU).

    Raises:
        ResNetAppError: Ray is not installed, its cluster cannot be reached, or it gave up.
    """
    check_top_k(top_k)
    ray = require()
    if not files:
        return
    with _connected(ray):
        pool = pool_for(ray.nodes(), min(actors or len(files), len(files)), gpu=model.device.name != CPU)
        dataset = _dataset(ray, model, files, top_k, pool)
        try:
            for number, item in enumerate(dataset.iter_rows()):
                if item["i"] != number:
                    raise RuntimeError(f"Ray gave row {item['i']} for row {number}")
                yield _row(names[number], item["row"])
        except ray.exceptions.RayError as error:
            raise ResNetAppError(
                f"Ray gave up: {_first_line(error)}. What is answered so far is kept; --resume goes on with it."
            ) from error


def pool_for(nodes: Sequence[dict[str, Any]], wanted: int, *, gpu: bool) -> Pool:
    """As many actors as there is room for, up to those that are wanted, with all cores shared out among them.

    An actor lies on one machine: three machines of five cores have room for six actors of two threads, not for seven.

    Args:
        nodes: of ``ray.nodes()``.
        wanted: actors.
        gpu: whether each actor works on a GPU of its own.

    Raises:
        ResNetAppError: no machine has such a device.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    cores = [int(each.get("CPU", 0)) for each in alive]
    gpus = [int(each.get("GPU", 0)) for each in alive]
    room = sum(map(min, cores, gpus)) if gpu else sum(cores)
    if not room:
        raise ResNetAppError(f"The Ray cluster has no free {'GPU' if gpu else 'core'}; give another --device, or wait.")
    size = min(wanted, room)

    def fits(threads: int) -> bool:
        places = [each // threads for each in cores]
        return sum(map(min, places, gpus) if gpu else places) >= size

    return Pool(size, max(filter(fits, range(1, max(cores) + 1))), int(gpu))


class Answers:
    """The work of one actor: the model once, then groups of pictures."""

    def __init__(self, model: Any, top_k: int, threads: int) -> None:
        """Take the model out of Ray's store.

        Args:
            model: where it is there.
            top_k: answers a picture.
            threads: cores that are this actor's own.
        """
        import ray

        take_cores(threads)
        self._model: LoadedModel = ray.get(model).for_many(2 * GROUP)  # group after group
        self._top_k, self._threads = top_k, threads

    def __call__(self, items: Any) -> Any:
        """A table of numbers and paths -> a table of numbers and rows; a bad file's row says what is wrong with it."""
        import pyarrow as pa

        files = [_file(path) for path in items["path"].to_pylist()]
        remote = any(isinstance(file, RemoteFile) for file in files)
        squares = read_ahead(files, self._model.recipe, max(self._threads, FETCHERS if remote else 0))
        found = answered(self._model, squares, [""] * len(files), top_k=self._top_k)
        told = [json.dumps({**row.json_object, "is_ood": row.is_ood}) for row in found]
        return pa.table({"i": items["i"], "row": pa.array(told, pa.string())})


def _row(name: str, told: str) -> Row:
    """A row as it came back, without its thumbnail."""
    entry = {**json.loads(told), "file": name}
    is_ood = entry.pop("is_ood")
    predictions = tuple(Prediction(**each) for each in entry["predictions"])
    timing = Timing(**{step: entry["ms"][step] for step in ("decode", "forward", "cam")})
    return Row(name, predictions, entry["error"], timing, None, entry, is_ood)


def _place(file: Place) -> bytes:
    """Where a picture is, wherever one asks from; a path need not be text."""
    return file.url.encode() if isinstance(file, RemoteFile) else os.fsencode(file.absolute())


def _file(place: bytes) -> Place:
    text = os.fsdecode(place)
    return RemoteFile(text) if is_remote(text) else Path(text)


def _dataset(ray: Any, model: LoadedModel, files: Sequence[Place], top_k: int, pool: Pool) -> Any:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True  # what is early waits in Ray's store, which has a limit
    group = max(1, min(GROUP, len(files) // (pool.size * GROUPS)))
    items = [{"i": number, "path": _place(file)} for number, file in enumerate(files)]
    kind = model.device.name.split(":")[0]  # of several GPUs an actor sees its own alone
    sent = ray.put(replace(model, choice=replace(model.choice, device=kind)))
    dataset = ray.data.from_items(items, override_num_blocks=max(1, len(items) // group))
    with warnings.catch_warnings():  # max_task_retries goes in Ray 2.64, and what comes in its place is not there yet
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        return dataset.map_batches(
            Answers,
            fn_constructor_args=(sent, top_k, pool.threads),
            batch_size=group,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=pool.size),
            num_cpus=pool.threads,
            num_gpus=pool.gpus,
            max_task_retries=TRIES,  # an actor itself is started anew as often as it takes
        )


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    """Ray for as long as it is needed: the cluster that ``RAY_ADDRESS`` names, or one of this machine's own."""
    address = os.environ.get(ADDRESS, "local")
    own = {"include_dashboard": False} if address == "local" else {}
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # its errors are raised, and said in a sentence
    try:
        _require_reachable(address)
        with _quiet():
            ray.init(address, logging_level=logging.ERROR, log_to_driver=False, **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise ResNetAppError(f"Ray cannot be used at '{address}' ({_first_line(error)}).") from error
    try:
        yield
    finally:
        ray.shutdown()


def _require_reachable(address: str) -> None:
    """Try the port of a cluster: where nobody answers, Ray itself would wait for many minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), timeout=REACHED_S).close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on stderr: what Ray is written in besides Python says there how much it will say."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _first_line(error: BaseException) -> str:
    """What a library says of it, as a part of a sentence."""
    return shown((str(error).strip() or type(error).__name__).splitlines()[0].rstrip("."))
