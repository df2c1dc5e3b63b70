"""Counts what a user has not read in a room. ``{r}:gone`` has the numbers of deleted messages, which are never unread;
``{r}:mentions`` has one entry for each message that calls a user by name or by a reply, and one for each that calls
everyone, ordered by whom they call and by message."""

from __future__ import annotations

from collections.abc import Set
from typing import Final, NamedTuple

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Unread(NamedTuple):
    """How many messages are not read, and how many of those call the user."""

    unread: int
    mentions: int


class LinesAsked(NamedTuple):
    """What differs between a room's lines: ``markers`` as stored, ``levels`` ("ID:1" counts, "ID:0" does not), and
    whether ``others`` count; if not, those count in which the user wrote."""

    differ: bool
    markers: str
    levels: str
    others: bool


ALIKE: Final = LinesAsked(False, "", "", True)


class UnreadStore:
    """Only reads; the Lua functions that write a message write what is counted here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def count(
        self, room: str, user: str, *, after: int, upto: int, everyone: bool, gone: bool, lines: LinesAsked,
        without: Set[str],
    ) -> tuple[Unread, frozenset[str]]:  # fmt: skip
        """Count the messages with seq > ``after`` and <= ``upto`` that are neither read nor deleted; of those that call
        the user without those by users in ``without``. ``everyone``: whether @everyone calls them; ``gone``: whether
        any message after ``after`` was deleted. Where others do not count, gives the topics that do, too. Raises
        ``Refusal`` unavailable."""
        answer = await self._store.call(
            "unread_count", keys.room(room), user, after, upto, int(everyone), int(gone), int(lines.differ),
            lines.markers, lines.levels, int(lines.others), *without,
        )  # fmt: skip
        return Unread(int(answer[1]), int(answer[2])), frozenset(answer[3].decode().split())
