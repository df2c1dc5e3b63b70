"""The lease of the host bot: at most one process holds it, and it expires soon after that process dies."""

from __future__ import annotations

import asyncio
from typing import Final

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status

LEASE_MS: Final = 15_000


class HostLease:
    """``holds`` is true from taking the lease until it may belong to another process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until = 0.0

    @property
    def holds(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def take(self) -> bool:
        """Take or renew it; returns whether this process holds it.
        Raises ``Refusal`` unavailable; a lease held before then still lasts to its end."""
        until = asyncio.get_running_loop().time() + LEASE_MS / 1000  # taken before the call: ours ends first
        answer = await self._store.call("lease_hold", keys.COMMUNITY, self._store.process_id, LEASE_MS)
        self._until = until if status(answer) == "ok" else 0.0
        return self.holds

    async def end(self) -> None:
        self._until = 0.0
        await self._store.call("lease_end", keys.COMMUNITY, self._store.process_id)
