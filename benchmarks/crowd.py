"""A crowd at once, over real HTTP on this machine alone: this app, and a plain one without maps, in turn.

Each user uploads a photo, asks for its answer, reads it and goes on to the next photo. All of them are tasks of one
process, which keeps its connections; every answer is checked. The server's own CPU time per answer is what counts,
since the users are on the same cores. Linux alone: the numbers come from /proc.

Run: python -m benchmarks.crowd [--users 30] [--requests 20] [--strangers] [--slow]
     python -m benchmarks.crowd --soak 20000 [--hostile] [--strangers]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).parent.parent
PHOTOS = sorted((ROOT / "assets" / "examples").glob("*.jpg"))
HOSTILE = ROOT.parent / "shared" / "hostile" / "images"
TICKS = os.sysconf("SC_CLK_TCK")
COMMANDS = {
    "plain app": [sys.executable, "-m", "benchmarks.plain_answers", "PORT"],
    "this app": [sys.executable, "-m", "demo", "--port", "PORT"],
}
PASS = """
import time
from demo.__main__ import prepare_environment
prepare_environment()
from pathlib import Path
from resnet_app.inference import models, predict
model = models.load(models.choose())
pixels = predict.classify(model, PHOTO).pixels
def once():
    model.network.forward_head(model.backbone(pixels))
for _ in range(20): once()
started = time.process_time()
for _ in range(200): once()
print((time.process_time() - started) / 200 * 1000)
""".replace("PHOTO", repr(str(PHOTOS[0])))


@dataclass
class Told:
    """What became of a crowd's requests.

    Attributes:
        seconds: of each right answer, from the upload's first byte to the answer's last.
        errors: one sentence for each answer that was wrong or did not come.
        refused: hostile pictures that got an answer or a sentence, as they should.
        forward: milliseconds of the pass, as this app's answers say.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: int = 0
    forward: list[float] = field(default_factory=list)


class Server:
    """A running app.

    Attributes:
        address: its root, on the loopback.
    """

    def __init__(self, command: list[str], name: str, stdout: IO[str] | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.endpoint = "answer" if name == "plain app" else "classify"
        environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "127.0.0.1"}
        self._process = subprocess.Popen(
            [str(port) if part == "PORT" else part for part in command], env=environment, cwd=ROOT, stdout=stdout
        )

    @classmethod
    def of(cls, process: subprocess.Popen[str]) -> Server:
        """Watches a process that is no app, for its CPU and its memory."""
        found = cls.__new__(cls)
        found._process = process
        return found

    @property
    def cpu(self) -> float:
        """Seconds of CPU of the process and its children, since they began."""
        return sum(self._cpu_of(each) for each in self._family())

    @property
    def memory(self) -> float:
        """Megabytes that the process and its children hold in memory."""
        return sum(self._status(each, "VmRSS") for each in self._family())

    @property
    def peak(self) -> float:
        """The most megabytes at once, since ``forget_peak``."""
        return sum(self._status(each, "VmHWM") for each in self._family())

    def forget_peak(self) -> None:
        """Count the peak from now on."""
        for each in self._family():
            with suppress(OSError):
                Path(f"/proc/{each}/clear_refs").write_text("5")

    def close(self) -> None:
        """End the process, which takes its folder of uploads along."""
        self._process.terminate()
        self._process.wait()

    def _family(self) -> list[int]:
        found = [self._process.pid]
        for parent in found:
            with suppress(OSError):
                found += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
        return found

    @staticmethod
    def _cpu_of(process: int) -> float:
        with suppress(OSError):
            parts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            return (int(parts[11]) + int(parts[12])) / TICKS
        return 0.0

    @staticmethod
    def _status(process: int, line: str) -> float:
        with suppress(OSError):
            told = re.search(rf"{line}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
            return int(told[1]) / 1024 if told else 0.0
        return 0.0


class User:
    """One of the crowd: a connection that is kept, and a session unless it is a stranger at each request."""

    def __init__(self, http: httpx.AsyncClient, server: Server, told: Told, *, stranger: bool) -> None:
        self._http, self._server, self._told = http, server, told
        self._session = None if stranger else uuid.uuid4().hex

    async def ask(self, photo: Path, *, hostile: bool = False) -> None:
        """Send a photo and judge what comes back."""
        started = time.perf_counter()
        try:
            event, data = await self._answer(photo)
        except (httpx.HTTPError, ValueError) as error:
            self._told.errors.append(f"{photo.name}: {error!r}")
            return
        if hostile:
            self._told.refused += event in ("complete", "error")
        elif event != "complete" or _label(data[0]) != photo.name.split("-")[0] + "s":
            self._told.errors.append(f"{photo.name}: {event} {str(data)[:200]}")
        else:
            self._told.seconds.append(time.perf_counter() - started)
            self._told.forward += [data[0]["ms"]["forward"]] if "ms" in data[0] else []

    async def _answer(self, photo: Path) -> tuple[str, Any]:
        files = {"files": (photo.name, photo.read_bytes(), "image/jpeg")}
        sent = await self._http.post("/gradio_api/upload", files=files)
        (path,) = sent.raise_for_status().json()
        data: list[Any] = [{"path": path, "meta": {"_type": "gradio.FileData"}}]
        if self._server.endpoint == "classify":
            data += [None, None, 5, "auto", None, None]
        call = f"/gradio_api/call/{self._server.endpoint}"
        joined = await self._http.post(call, json={"data": data, "session_hash": self._session})
        event = ""
        async with self._http.stream("GET", f"{call}/{joined.raise_for_status().json()['event_id']}") as stream:
            async for line in stream.aiter_lines():
                kind, _, rest = line.partition(": ")
                if kind == "event":
                    event = rest
                elif kind == "data" and event in ("complete", "error"):
                    return event, json.loads(rest)
        raise ValueError("the stream ended without an answer")


def _label(answer: dict[str, Any]) -> str:
    """The best class: of our record, or of a ``gr.Label``."""
    return str(answer["predictions"][0]["label"] if "predictions" in answer else answer["label"])


async def crowd(server: Server, users: int, requests: int, *, strangers: bool = False, slow: bool = False) -> Told:
    """So many users at once, each with so many photos one after another; with ``slow``, a Score-CAM beside them."""
    told = Told()
    async with httpx.AsyncClient(
        base_url=server.address, timeout=300, trust_env=False, limits=httpx.Limits(max_connections=None)
    ) as http:
        beside = asyncio.create_task(_slowly(http)) if slow else None

        async def use(number: int) -> None:
            user = User(http, server, told, stranger=strangers)
            for turn in range(requests):
                await user.ask(PHOTOS[(number + turn) % len(PHOTOS)])

        await asyncio.gather(*map(use, range(users)))
        if beside:
            beside.cancel()
    return told


async def _slowly(http: httpx.AsyncClient) -> None:
    """One slow explanation after another, of which nobody reads more than that they end."""
    files = {"files": (PHOTOS[0].name, PHOTOS[0].read_bytes(), "image/jpeg")}
    (path,) = (await http.post("/gradio_api/upload", files=files)).json()
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    while True:
        body = {"data": [given, None, "layer4", "scorecam", None, None, "auto", None, None]}
        event = (await http.post("/gradio_api/call/explain", json=body)).json()["event_id"]
        (await http.get(f"/gradio_api/call/explain/{event}")).raise_for_status()


@contextmanager
def started(name: str, *more: str, stdout: IO[str] | None = None) -> Iterator[Server]:
    """An app, with more options, that has answered each photo once and has nothing left to prepare."""
    server = Server([*COMMANDS[name], *more], name, stdout)
    try:
        for _ in range(600):
            with suppress(httpx.HTTPError):
                httpx.get(f"{server.address}/config", trust_env=False).raise_for_status()
                break
            time.sleep(0.2)
        asyncio.run(crowd(server, 1, len(PHOTOS)))
        busy = 1.0
        while busy > 0.15:
            cpu = server.cpu
            time.sleep(1)
            busy = server.cpu - cpu
        yield server
    finally:
        server.close()


def measured(name: str, options: argparse.Namespace) -> float:
    """Print an app's row of the table; gives its milliseconds of CPU per answer."""
    with started(name) as server:
        server.forget_peak()
        before, cpu, own, clock = server.memory, server.cpu, time.process_time(), time.perf_counter()
        slow = options.slow and name == "this app"
        told = asyncio.run(crowd(server, options.users, options.requests, strangers=options.strangers, slow=slow))
        took = time.perf_counter() - clock
        count = len(told.seconds) + len(told.errors)
        each, client = (1000 * spent / count for spent in (server.cpu - cpu, time.process_time() - own))
        ranks = statistics.quantiles(told.seconds, n=100) if len(told.seconds) > 1 else [0.0] * 99
        print(
            f"| {name} | {count / took:.1f} | {ranks[49]:.2f} | {ranks[94]:.2f} | {max(told.seconds, default=0):.2f} "
            f"| {len(told.errors)} | {each:.1f} | {client:.1f} | {before:.0f} | {server.peak:.0f} "
            f"| {server.memory:.0f} |",
            flush=True,
        )
        for error in told.errors[:3]:
            print(f"  {error}", file=sys.stderr)
        if told.forward:
            print(f"  (a pass among them, by the clock: {statistics.median(told.forward):.1f} ms)", file=sys.stderr)
    return each


def soak(count: int, options: argparse.Namespace) -> None:
    """Print the app's memory over many requests, a row at 600 and after each five hundred."""
    bad = sorted(HOSTILE.iterdir()) if options.hostile and HOSTILE.is_dir() else []
    draw = random.Random(0)
    print(
        "| requests | answered | hostile | errors | MB | peak MB | CPU an answer, ms |\n|---|---|---|---|---|---|---|"
    )
    with started("this app") as server:
        server.forget_peak()
        done, told = 0, Told()
        print(f"| 0 | 0 | 0 | 0 | {server.memory:.0f} | {server.peak:.0f} | |", flush=True)
        for stop in sorted({min(600, count), *range(500, count, 500), count}):
            cpu = server.cpu
            asyncio.run(_soaked(server, stop - done, options, told, bad, draw))
            spent = 1000 * (server.cpu - cpu) / (stop - done)
            done = stop
            print(
                f"| {done} | {len(told.seconds)} | {told.refused} | {len(told.errors)} | {server.memory:.0f} "
                f"| {server.peak:.0f} | {spent:.1f} |",
                flush=True,
            )
    for error in told.errors[:3]:
        print(f"  {error}", file=sys.stderr)


async def _soaked(
    server: Server, count: int, options: argparse.Namespace, told: Told, bad: list[Path], draw: random.Random
) -> None:
    """So many requests by users side by side; where there are hostile pictures, every fifth is one."""
    left = iter(range(count))
    async with httpx.AsyncClient(
        base_url=server.address, timeout=300, trust_env=False, limits=httpx.Limits(max_connections=None)
    ) as http:

        async def use() -> None:
            user = User(http, server, told, stranger=options.strangers)
            for number in left:
                hostile = bool(bad) and number % 5 == 4
                await user.ask(draw.choice(bad if hostile else PHOTOS), hostile=hostile)

        await asyncio.gather(*(use() for _ in range(options.users)))


def main() -> None:
    """Print rows for benchmarks/README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--requests", type=int, default=20, help="of each user")
    parser.add_argument("--strangers", action="store_true", help="a session for each request, as curl has it")
    parser.add_argument("--slow", action="store_true", help="with slow explanations beside them, one after another")
    parser.add_argument("--soak", type=int, metavar="N", help="so many requests of this app alone, for its memory")
    parser.add_argument("--hostile", action="store_true", help="every fifth of them is no picture as it should be")
    options = parser.parse_args()
    if options.soak:
        soak(options.soak, options)
        return
    alone = [_pass_alone()]
    print("| app | answers/s | p50 s | p95 s | max s | errors | server ms | client ms | MB before | peak | after |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    plain, ours = (measured(name, options) for name in COMMANDS)
    alone.append(_pass_alone())
    ratio = ours / statistics.mean(alone)
    print(f"CPU of a pass alone, before and after: {alone[0]:.1f} and {alone[1]:.1f} ms; ours over it: {ratio:.2f}")
    print(f"ours over the plain app: {ours / plain:.2f}")


def _pass_alone() -> float:
    """Milliseconds of CPU of a pass of the app's own, with nothing else asked of the machine."""
    return float(subprocess.run([sys.executable, "-c", PASS], cwd=ROOT, capture_output=True, check=True).stdout)


if __name__ == "__main__":
    main()
