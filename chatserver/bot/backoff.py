"""How long to wait before reconnecting: a random time up to 1 s, doubling to 30 s.

The whole span is random ("full jitter"), so that a thousand bots that lost the same server do not reconnect in waves.
"""

from __future__ import annotations

import random
from typing import Final

FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0


def span(attempt: int) -> float:
    """The longest wait in seconds before attempt 0, 1, 2 …"""
    return min(LONGEST_S, FIRST_S * 2.0 ** min(attempt, 16))


class Backoff:
    """Counts failed attempts in a row; a success resets it."""

    __slots__ = ("attempt", "scale")

    def __init__(self, scale: float = 1.0) -> None:
        self.attempt = 0
        self.scale = scale

    def next(self) -> float:
        """The seconds to wait now; counts an attempt."""
        longest = span(self.attempt) * self.scale
        self.attempt += 1
        return random.uniform(0, longest)

    def succeeded(self) -> None:
        self.attempt = 0
