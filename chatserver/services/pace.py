"""Applies rate limits by the steady clock, which cannot be set back."""

from __future__ import annotations

from chatserver import errors
from chatserver.ids import steady_ms
from chatserver.rules.limits import Buckets


def spend(buckets: Buckets, key: str, cost: float = 1) -> None:
    """Take ``cost`` from the key's bucket. Raises ``Refusal`` rate_limited with ``retry_after``."""
    wait = buckets.take(key, steady_ms(), cost)
    if wait:
        raise errors.rate_limited(wait)
