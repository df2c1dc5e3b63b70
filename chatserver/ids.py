"""Random ids and the clocks, drawn in one place so that everything below can be handed them as plain values.

Ids are 24 hexadecimal characters (96 bits). They are drawn 512 at a time: one ``getrandom()`` each was 13 % of the
server's time under load.
"""

from __future__ import annotations

import os
import time

_spare: list[str] = []
_ahead_ms = 0


def new_id() -> str:
    """A fresh random id, unique for ever."""
    if not _spare:
        drawn = os.urandom(12 * 512).hex()
        _spare.extend(drawn[i : i + 24] for i in range(0, len(drawn), 24))
    return _spare.pop()


def random_bytes(count: int) -> bytes:
    return os.urandom(count)


def now_ms() -> int:
    """Milliseconds since 1970 UTC, by this machine's clock."""
    return time.time_ns() // 1_000_000 + _ahead_ms


def steady_ms() -> int:
    """Milliseconds by a clock that only goes ahead, whatever is done to the machine's: for limits and time-outs."""
    return time.monotonic_ns() // 1_000_000


def move_clock(ms: int) -> None:
    """Let this process's clock go ahead by so much in all: for tests of what takes days."""
    global _ahead_ms  # noqa: PLW0603  # the clock is one
    _ahead_ms = ms
