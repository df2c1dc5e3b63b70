"""Counts what a user has not read in a room. ``{r}:gone`` has the numbers of deleted messages, which are never unread;
``{r}:mentions`` has one entry for each message that calls a user by name or by a reply, and one for each that calls
everyone, ordered by whom they call and by message."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Unread(NamedTuple):
    """How many messages are not read, and how many of those call the user."""

    unread: int
    mentions: int


class UnreadStore:
    """Only reads; the Lua functions that write a message write what is counted here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(
        self, room: str, user: str, *, after: int, upto: int, everyone: bool, gone: bool, without: Set[str]
    ) -> Unread:
        """Count the messages with seq > ``after`` and <= ``upto`` that are not deleted; those that call the user are
        counted without those by users in ``without``. ``everyone``: whether @everyone calls them; ``gone``: whether any
        message after ``after`` was deleted. Raises ``Refusal`` unavailable."""
        answer = await self._store.call(
            "unread_count", keys.room(room), user, after, upto, int(everyone), int(gone), *without
        )
        return Unread(int(answer[1]), int(answer[2]))
