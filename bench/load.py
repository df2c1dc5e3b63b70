"""Compiles the C programs and runs the load (load.c): people in rooms, some of them sending.

``run`` returns the load's counters at each of its steps, and how busy each process was between "begun" and "ended".
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.machine import Busy, Clock, resident_bytes

HERE = Path(__file__).parent
OWN = "load"


@dataclass(slots=True, frozen=True)
class Person:
    """A client. An empty token means no login, an empty room no join."""

    token: str = ""
    room: str = ""


@dataclass(slots=True, frozen=True, kw_only=True)
class Plan:
    """What the load does. ``in_flight`` sends per sender stay unanswered, or ``rate`` messages go out a second."""

    seconds: float = 5
    senders: int = 0
    in_flight: int = 0
    rate: int = 0
    text_bytes: int = 120


class Step(msgspec.Struct, frozen=True):
    """The counters at one step, and ``ns`` since the phase before it began."""

    step: str
    ns: int
    people: int
    sent: int
    answered: int
    refused: int
    heard: int
    other: int
    bytes: int
    lost: int
    p50_us: int = 0
    p99_us: int = 0


@dataclass(slots=True, frozen=True)
class Outcome:
    """Steps by name; the server's memory before and at each; how busy each process was from begun to ended."""

    steps: dict[str, Step]
    held: dict[str, int]
    busy: dict[str, Busy]

    @property
    def seconds(self) -> float:
        return self.steps["ended"].ns / 1e9

    def per_second(self, counter: str) -> float:
        return (getattr(self.steps["ended"], counter) - getattr(self.steps["begun"], counter)) / self.seconds

    def missing(self, readers: int) -> int:
        """The number of missing deliveries, if every answered message has this many readers."""
        return self.steps["done"].answered * readers - self.steps["done"].heard


def compiled(name: str, folder: Path) -> Path:
    """Compile bench/<name>.c into the folder. Raises ``SystemExit`` if there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("The load is written in C: install a C compiler that is on the PATH as cc (Debian: gcc).")
    program = folder / name
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / f"{name}.c"], check=True)
    return program


def run(program: Path, port: int, people: list[Person], plan: Plan, watched: dict[str, int]) -> Outcome:
    """Run the load to its end. ``watched`` are the processes whose time is measured, by name; one is ``server``."""
    words = [port, plan.seconds, plan.senders, plan.in_flight, plan.rate, plan.text_bytes]
    steps: dict[str, Step] = {}
    held = {"before": resident_bytes(watched["server"])}
    clocks: list[Clock] = []
    with subprocess.Popen([program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{one.token or '-'} {one.room or '-'}\n" for one in people).encode())
        process.stdin.close()
        for line in process.stdout:
            step = msgspec.json.decode(line, type=Step)
            steps[step.step] = step
            held[step.step] = resident_bytes(watched["server"])
            if step.step in {"begun", "ended"}:
                clocks.append(Clock({**watched, OWN: process.pid}))
    if process.returncode:
        raise SystemExit("The load failed; see its output above.")
    return Outcome(steps, held, clocks[1].since(clocks[0]) if clocks else {})
