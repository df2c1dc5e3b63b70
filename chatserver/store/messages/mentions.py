"""Counts mentions of a user in a room. ``{r}:mentions`` has one entry per mention, ordered by user and message."""

from __future__ import annotations

from collections.abc import Set

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class MentionStore:
    """Only reads; the Lua function that writes a message writes its mentions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, room: str, user: str, *, after: int, upto: int, without: Set[str]) -> int:
        """Count the mentions of the user with seq > ``after`` and <= ``upto``, except those by users in ``without``.

        Raises ``Refusal`` unavailable."""
        tag, mentions = keys.room(room), keys.room(room) + ":mentions"
        first, last = f"[{user}:{after + 1:016d}", f"[{user}:{upto:016d};"
        if without:
            called = await self._store.command(tag, "ZRANGE", mentions, first, last, "BYLEX")
            return sum(mention.decode().rpartition(":")[2] not in without for mention in called)
        count: int = await self._store.command(tag, "ZLEXCOUNT", mentions, first, last)
        return count
