"""One big room: some members send as fast as they are answered, and every message reaches everyone.

The promise: 0.8 of the sketch's deliveries a second, with everything that the sketch lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import tables
from bench.load import OWN, Outcome, Plan, compiled, run
from bench.sides import status

ROOM = "bench"


@dataclass(slots=True, frozen=True, kw_only=True)
class Options:
    """``in_flight``: unanswered sends of each sender. ``rounds``: how often each side is measured, in turn;
    ``opensearch``: the address of a cluster."""

    members: int = 1000
    senders: int = 20
    in_flight: int = 10
    seconds: float = 5
    rounds: int = 3
    opensearch: str = ""


def fanout(folder: Path, core: int, options: Options) -> None:
    """Print the result of each round and the ratios of the medians."""
    load = compiled("load", folder)
    rooms = [ROOM] * options.members
    plan = Plan(seconds=options.seconds, senders=options.senders, in_flight=options.in_flight)
    tables.title(
        f"{options.members:,} in a room, {options.senders} senders with {options.in_flight} sends in flight each, "
        f"{plan.text_bytes} bytes of text"
    )
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with status(folder, core, rooms=[ROOM], people=options.members) as sides:
        for number in range(options.rounds):
            for side in tables.in_turn(sides, number):
                outcome = run(load, side.port, side.people(rooms), plan, side.watched)
                heard = outcome.per_second("heard")
                rates.setdefault(side.name, []).append(heard)
                costs.setdefault(side.name, []).append(heard / max(outcome.busy["server"].whole, 0.01))
                tables.row(number, side.name, _figures(outcome, options.members))
    pairs = [("server", "sketch"), ("server", "floor"), ("sketch", "floor")]
    tables.ratios("deliveries/s", rates, pairs)
    tables.ratios("per second of its core", costs, pairs)


def _figures(outcome: Outcome, members: int) -> dict[str, str]:
    heard, stored = outcome.per_second("heard"), outcome.per_second("answered")
    server = outcome.busy["server"]
    micro = 1e6 / max(stored, 1)
    figures = {
        "deliveries/s": f"{heard:,.0f}",
        "answered/s": f"{stored:,.0f}",
        "bytes each": f"{outcome.per_second('bytes') / max(heard, 1):.0f}",
        "server us per answer": f"{server.user * micro:.0f} + {server.kernel * micro:.0f}",
        "busy": tables.busy(outcome.busy, OWN),
    }
    return figures | tables.faults(outcome, members)
