"""Rate limits: token buckets, single or by key. Services and doors own them; the time is an argument."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

NEVER_MS: Final = 86_400_000  # the wait of a bucket that never refills: a day


class Bucket:
    """Holds ``burst`` tokens and refills with ``per_second``. A burst of 0 means no limit.

    Times are ms of a monotonic clock. If it goes back anyway, nothing is added, and refilling continues from there.
    """

    __slots__ = ("_at", "_burst", "_held", "_per_ms")

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = float(burst)
        self._per_ms = per_second / 1000
        self._held = self._burst
        self._at = 0

    def take(self, now: int, cost: float = 1) -> int:
        """Take ``cost`` and return 0, or take nothing and return the ms to wait.

        A cost above the burst is allowed when the bucket is full; otherwise it never would be.
        """
        wait = self.wait(now, cost)
        if not wait:
            self.spend(cost)
        return wait

    def spend(self, cost: float = 1) -> None:
        """Take ``cost``. Call it only after ``wait`` returned 0 for the same time."""
        self._held -= min(self._burst, cost)

    def wait(self, now: int, cost: float = 1) -> int:
        """Milliseconds until ``take`` would succeed; takes nothing."""
        burst, held = self._burst, self._held
        if not burst:
            return 0
        if now != self._at:
            held += (now - self._at) * self._per_ms if now > self._at else 0
            self._held = held = min(burst, held)
            self._at = now
        missing = (min(burst, cost)) - held
        if missing <= 1e-9:  # ten times 0.1 must count as 1
            return 0
        return math.ceil(missing / self._per_ms - 1e-6) if self._per_ms else NEVER_MS


_NO_LIMIT: Final = Bucket(0, 0)


class Buckets:
    """A bucket per key (a user, a room, an address); beyond ``most``, the least recently used is dropped."""

    def __init__(self, burst: float, per_second: float, *, most: int = 10_000) -> None:
        self._burst = burst
        self._per_second = per_second
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    @property
    def is_off(self) -> bool:
        return not self._burst

    def take(self, key: str, now: int, cost: float = 1) -> int:
        """``Bucket.take`` on the key's bucket."""
        return self.of(key).take(now, cost)

    def of(self, key: str) -> Bucket:
        """The key's bucket; one without limit if the burst is 0."""
        if not self._burst:
            return _NO_LIMIT
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._burst, self._per_second)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket
