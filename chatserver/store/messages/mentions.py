"""Counts the messages that call a user in a room. ``{r}:mentions`` has one entry for each that calls them by name or by
a reply, and one for each that calls everyone, ordered by whom they call and by message."""

from __future__ import annotations

from collections.abc import Set

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class MentionStore:
    """Only reads; the Lua function that writes a message writes whom it calls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(self, room: str, user: str, *, after: int, upto: int, everyone: bool, without: Set[str]) -> int:
        """Count the messages with seq > ``after`` and <= ``upto`` that call the user, except those by users in
        ``without``. ``everyone``: whether @everyone calls them. Raises ``Refusal`` unavailable."""
        answer = await self._store.call(
            "mentions_count", keys.room(room), user, after + 1, upto, int(everyone), *without
        )
        return int(answer[1])
