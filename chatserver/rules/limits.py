"""How often: token buckets, one or many by key. The services and doors own them; the time is handed in."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

NEVER_MS: Final = 86_400_000  # what a bucket that does not fill tells to wait: a day


class Bucket:
    """Holds ``burst`` and fills with ``per_second``. A burst of 0 is no limit.

    Times are ms by a clock that only goes ahead; one that goes back all the same adds nothing, and fills on from there.
    """

    __slots__ = ("_at", "_burst", "_held", "_per_ms")

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = float(burst)
        self._per_ms = per_second / 1000
        self._held = self._burst
        self._at = 0

    def take(self, now: int, cost: float = 1) -> int:
        """0 and ``cost`` taken, or how many ms until it can be.

        What costs more than the burst is let through by a full bucket, or it would never be.
        """
        wait = self.wait(now, cost)
        if not wait:
            self.spend(cost)
        return wait

    def spend(self, cost: float = 1) -> None:
        """Take ``cost``, after ``wait`` has said at the same time that it can be taken."""
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
        if missing <= 1e-9:  # ten times a tenth of a token is a token
            return 0
        return math.ceil(missing / self._per_ms - 1e-6) if self._per_ms else NEVER_MS


_NO_LIMIT: Final = Bucket(0, 0)


class Buckets:
    """A bucket per key (a user, a room, an address), at most ``most`` of them: the least recently used is dropped."""

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
        """As ``Bucket.take``, from the key's bucket."""
        return self.of(key).take(now, cost)

    def of(self, key: str) -> Bucket:
        """The key's bucket; where these are no limit, one that holds nobody up."""
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
