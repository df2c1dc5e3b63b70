"""The lease of the community's own host: held by one process at a time, and by nobody for long who has died."""

from __future__ import annotations

import asyncio
from typing import Final

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status

LEASE_MS: Final = 15_000


class HostLease:
    """``holds`` is true from when the lease was taken until it may be another's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until = 0.0

    @property
    def holds(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def take(self) -> bool:
        """Take or keep it. Raises ``Refusal`` unavailable; what was held is then held for as long as it lasts."""
        until = asyncio.get_running_loop().time() + LEASE_MS / 1000  # by our clock it ends before the store's says so
        answer = await self._store.call("lease_hold", keys.COMMUNITY, self._store.process_id, LEASE_MS)
        self._until = until if status(answer) == "ok" else 0.0
        return self.holds

    async def end(self) -> None:
        self._until = 0.0
        await self._store.call("lease_end", keys.COMMUNITY, self._store.process_id)
