"""A class on this machine: thirty pages that follow and ten guesses a second, and what that costs the server.

Every page asks as a real one does, each two seconds; a teacher goes through the lesson, a step each ten seconds, and
shows each answer. The server's CPU time for it stands beside that of an answer to a photo. Linux alone.

Run: python -m benchmarks.classroom [seconds] [followers] [guesses a second]
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field

import httpx

from benchmarks.crowd import Server, crowd, started
from demo.lesson.choices import STEPS

POLL_S, STEP_S = 2.0, 10.0
ANSWERS = 40


@dataclass
class Told:
    """What came of it.

    Attributes:
        seconds: of each question and each guess.
        errors: statuses that are none of those that belong here.
        untimely: guesses for what was not asked at that moment, refused as they should be.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    untimely: int = 0


def main() -> None:
    """Print the table in Markdown."""
    given = [float(each) for each in sys.argv[1:]]
    seconds, followers, guesses = (*given, *(120.0, 30.0, 10.0)[len(given) :])
    with tempfile.TemporaryFile("w+") as printed, started("this app", "--class", stdout=printed) as server:
        printed.seek(0)
        secret = re.findall(r"#teacher=(\S+)", printed.read())[0]
        told, cpu = asyncio.run(held(server, secret, seconds, int(followers), guesses))
        before = server.cpu
        answered = asyncio.run(crowd(server, 1, ANSWERS))
        each = (server.cpu - before) / len(answered.seconds)
    late = sorted(told.seconds)[len(told.seconds) * 99 // 100]
    print("| followers | guesses/s | seconds | requests | errors | 99th % ms | CPU ms a second | CPU ms an answer |")
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {followers:.0f} | {guesses:.0f} | {seconds:.0f} | {len(told.seconds)} | {len(told.errors)} "
        f"| {1000 * late:.1f} | {1000 * cpu / seconds:.1f} | {1000 * each:.1f} |"
    )
    print(f"{told.untimely} guesses came when that was not asked (any more), and were refused.")


async def held(server: Server, secret: str, seconds: float, followers: int, guesses: float) -> tuple[Told, float]:
    """A lesson, and the server's CPU seconds for it."""
    told, until = Told(), time.perf_counter() + seconds
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.address, timeout=30, trust_env=False, limits=limits) as http:
        await http.get("/class/state")
        before = server.cpu
        await asyncio.gather(
            *(follow(http, told, f"page {number}", until) for number in range(followers)),
            guess(http, told, followers, guesses, until), teach(http, secret, until),
        )  # fmt: skip
        return told, server.cpu - before


async def follow(http: httpx.AsyncClient, told: Told, page: str, until: float) -> None:
    """A page: a small question each two seconds."""
    while time.perf_counter() < until:
        began = time.perf_counter()
        note(told, await http.get("/class/state", params={"page": page}), began)
        await asyncio.sleep(POLL_S)


async def guess(http: httpx.AsyncClient, told: Told, followers: int, a_second: float, until: float) -> None:
    """So many guesses a second, by one page after another."""
    for number in itertools.count():
        if time.perf_counter() > until:
            return
        asked = (await http.get("/class/state")).json()["question"]
        step = next((each for each in STEPS if asked and each.name == asked["name"]), STEPS[0])
        choice = step.choices[number % len(step.choices)]
        body = {"page": f"page {number % followers}", "question": step.name, "choice": choice}
        began = time.perf_counter()
        note(told, await http.post("/class/guess", json=body), began)
        await asyncio.sleep(max(0.0, 1 / a_second - (time.perf_counter() - began)))


async def teach(http: httpx.AsyncClient, secret: str, until: float) -> None:
    """A step, then its answer, then the next one."""
    headers = {"x-class-teacher": secret}
    for step in itertools.cycle(STEPS):
        for order in ({"do": "lead", "value": f"?tab=lesson&step={step.name}"}, {"do": "reveal"}):
            if time.perf_counter() > until:
                return
            (await http.post("/class/teach", json=order, headers=headers)).raise_for_status()
            await asyncio.sleep(STEP_S / 2)
        if step is STEPS[-1]:
            (await http.post("/class/teach", json={"do": "new"}, headers=headers)).raise_for_status()


def note(told: Told, response: httpx.Response, began: float) -> None:
    """Write down what came of one request."""
    told.seconds.append(time.perf_counter() - began)
    if response.status_code == 409:
        told.untimely += 1
    elif response.status_code != 200:
        told.errors.append(response.status_code)


if __name__ == "__main__":
    main()
