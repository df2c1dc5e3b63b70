"""How many are here, for who does not belong: a number that says how lively a room is and nothing of one person."""

from __future__ import annotations

SMALLEST = 3


def roughly(online: int) -> int:
    """0; 1 to 4 say 3; else rounded down to 5, 10, 20, 50, 100 and so on.

    It is the same for all who do not belong, so that nobody learns from it who hides from them.
    """
    if online < 5:
        return SMALLEST if online > 0 else 0
    power = 10 ** (len(str(online)) - 1)
    step = next(step for step in (5, 2, 1) if online >= step * power)
    return int(step * power)
