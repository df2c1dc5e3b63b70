"""The smaller benchmarks: delay in a quiet room, many small rooms, the cost of a connection."""

from __future__ import annotations

from pathlib import Path

from bench import tables
from bench.fanout import Options
from bench.load import OWN, Outcome, Plan, compiled, run
from bench.sides import status

ROOM = "bench"
QUIET_MEMBERS = 10
QUIET_PER_SECOND = 100
SMALL_MEMBERS = 5


def quiet(folder: Path, core: int, options: Options) -> None:
    """A room of 10, one sender, 100 messages a second: the time from sending until each reader has it."""
    load, rooms = compiled("load", folder), [ROOM] * QUIET_MEMBERS
    plan = Plan(seconds=options.seconds, senders=1, rate=QUIET_PER_SECOND)
    tables.title(f"{QUIET_MEMBERS} in a room, one sender, {QUIET_PER_SECOND} messages a second: until a reader has it")
    middle: dict[str, list[float]] = {}
    late: dict[str, list[float]] = {}
    with status(folder, core, rooms=[ROOM], people=QUIET_MEMBERS) as sides:
        for number in range(options.rounds):
            for side in tables.in_turn(sides, number):
                outcome = run(load, side.port, side.people(rooms), plan, side.watched)
                ended = outcome.steps["ended"]
                middle.setdefault(side.name, []).append(ended.p50_us)
                late.setdefault(side.name, []).append(ended.p99_us)
                figures = {"p50": f"{ended.p50_us / 1000:.2f} ms", "p99": f"{ended.p99_us / 1000:.2f} ms"}
                tables.row(number, side.name, figures | tables.faults(outcome, QUIET_MEMBERS))
    pairs = [("server", "sketch"), ("server", "floor")]
    tables.ratios("p50 (less is better)", middle, pairs)
    tables.ratios("p99 (less is better)", late, pairs)


def rooms(folder: Path, core: int, options: Options) -> None:
    """Everyone is in a room of 5 and sends, waiting for each response: batching cannot help here."""
    load = compiled("load", folder)
    names = [f"room-{number}" for number in range(max(1, options.members // SMALL_MEMBERS))]
    where = names * SMALL_MEMBERS
    plan = Plan(seconds=options.seconds, senders=len(where), in_flight=1)
    tables.title(f"{len(names)} rooms of {SMALL_MEMBERS}, everyone sends, one send in flight each")
    rates: dict[str, list[float]] = {}
    with status(folder, core, rooms=names, people=len(where), floor=False) as sides:
        for number in range(options.rounds):
            for side in tables.in_turn(sides, number):
                outcome = run(load, side.port, side.people(where), plan, side.watched)
                rates.setdefault(side.name, []).append(outcome.per_second("answered"))
                tables.row(number, side.name, _stored(outcome))
    tables.ratios("stored/s", rates, [("server", "sketch")])


def _stored(outcome: Outcome) -> dict[str, str]:
    stored = outcome.per_second("answered")
    figures = {"stored/s": f"{stored:,.0f}", "busy": tables.busy(outcome.busy, OWN)}
    return figures | tables.faults(outcome, SMALL_MEMBERS)


def idle(folder: Path, core: int, options: Options) -> None:
    """The cost of an idle connection: memory, and the time of its handshake. New servers in each round."""
    tables.title(f"{options.members:,} connections that sit still in one room")
    load, where = compiled("load", folder), [ROOM] * options.members
    held: dict[str, list[float]] = {}
    shaken: dict[str, list[float]] = {}
    for number in range(options.rounds):
        place = folder / f"idle-{number}"
        place.mkdir()
        with status(place, core, rooms=[ROOM], people=options.members, floor=False) as sides:
            for side in tables.in_turn(sides, number):
                outcome = run(load, side.port, side.people(where), Plan(seconds=0), side.watched)
                connected, ready = (_each(outcome, step, options.members) for step in ("connected", "ready"))
                per_second = options.members / (outcome.steps["connected"].ns / 1e9)
                held.setdefault(side.name, []).append(ready)
                shaken.setdefault(side.name, []).append(per_second)
                tables.row(number, side.name, {
                    "handshakes/s": f"{per_second:,.0f}", "KB after the handshake": f"{connected:.1f}",
                    "KB in session and room": f"{ready:.1f}",
                })  # fmt: skip
    tables.ratios("handshakes/s", shaken, [("server", "sketch")])
    tables.ratios("KB each (less is better)", held, [("server", "sketch")])


def _each(outcome: Outcome, step: str, connections: int) -> float:
    """KB of the server's memory per connection."""
    return (outcome.held[step] - outcome.held["before"]) / 1024 / connections
