"""How often somebody was called in a room: ``{r}:mentions`` orders one entry for each by person and message."""

from __future__ import annotations

from collections.abc import Set

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class MentionStore:
    """Only reads: who is called is decided by the function that writes the message."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, room: str, user: str, *, after: int, upto: int, without: Set[str]) -> int:
        """The mentions of the user after one seq and up to another, save those by ``without``.

        Raises ``Refusal`` unavailable."""
        tag, mentions = keys.room(room), keys.room(room) + ":mentions"
        first, last = f"[{user}:{after + 1:016d}", f"[{user}:{upto:016d};"
        if without:
            called = await self._store.command(tag, "ZRANGE", mentions, first, last, "BYLEX")
            return sum(mention.decode().rpartition(":")[2] not in without for mention in called)
        count: int = await self._store.command(tag, "ZLEXCOUNT", mentions, first, last)
        return count
