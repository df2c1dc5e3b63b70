"""Rounds the number of people online, for those outside a room: it shows how lively it is, and nothing of one
person."""

from __future__ import annotations

SMALLEST = 3


def roughly(online: int) -> int:
    """0 for 0; 3 for 1 to 4; else rounded down to 5, 10, 20, 50, 100 and so on.

    It is the same for everyone outside, so that nobody can find out that somebody blocks them.
    """
    if online < 5:
        return SMALLEST if online > 0 else 0
    power = 10 ** (len(str(online)) - 1)
    step = next(step for step in (5, 2, 1) if online >= step * power)
    return int(step * power)
