"""The output of the benchmarks: a line for each side and round, then ratios.

Machines differ and are noisy, so only ratios of one run mean anything: of each round, and their median.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.load import Outcome
from bench.machine import Busy
from bench.sides import Side


def title(text: str) -> None:
    print(f"\n{text}", flush=True)


def in_turn(sides: Sequence[Side], number: int) -> list[Side]:
    """The order of one round; none is always the first."""
    first = number % len(sides)
    return [*sides[first:], *sides[:first]]


def row(number: int, name: str, figures: dict[str, str]) -> None:
    print(
        f"  round {number + 1}  {name:<12}" + "  ".join(f"{label} {value}" for label, value in figures.items()),
        flush=True,
    )


def busy(shares: dict[str, Busy], own: str) -> str:
    """Shares of a core: the server's own code + the kernel on its behalf, then the processes on the other core."""
    server = shares["server"]
    others = [f"{name} {shares[name].whole:.2f}" for name in ("store", own) if name in shares]
    return f"server {server.user:.2f} + {server.kernel:.2f}, {', '.join(others)}"


def ratios(what: str, rates: dict[str, list[float]], pairs: list[tuple[str, str]]) -> None:
    """The ratio of each round, and the median of these."""
    for one, other in pairs:
        if one in rates and other in rates:
            found = [a / b for a, b in zip(rates[one], rates[other], strict=True) if b]
            each = "  ".join(f"{ratio:.2f}" for ratio in found)
            middle = statistics.median(found) if found else float("nan")
            print(f"  {what:<24} {one:>6} / {other:<6}  {middle:.2f}   (rounds: {each})", flush=True)


def faults(outcome: Outcome, readers: int) -> dict[str, str]:
    """Errors, if any: answered messages that some readers never got, refusals, lost sockets."""
    done = outcome.steps["done"]
    counts = {"NOT DELIVERED": outcome.missing(readers), "REFUSED": done.refused, "LOST": done.lost}
    return {label: f"{count:,}" for label, count in counts.items() if count}
