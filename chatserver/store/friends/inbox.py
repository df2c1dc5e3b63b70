"""The store of inboxes: one stream per user with its own numbers and read marker; items hold ids only.

The step that an item is about writes it, once even if the step is repeated. Its content is looked up when it is read,
and an item that is no longer true is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import InboxItem, InboxState
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status

KEPT: Final = 1000


QUIET: Final = frozenset({"reacted"})
"""Kinds of items that are never counted as unread."""

CALLS: Final = frozenset({"mention", "reply"})
"""Kinds of items that are read with the room of their message."""


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry without its number and time."""

    kind: str
    user: str
    room: str = ""
    seq: int = 0
    about: str = ""
    reason: str = ""
    until: int = 0


class InboxStore:
    """Reads and writes inboxes. ``add`` may be repeated: the same ``name`` adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self, user: str, name: str, item: Item, *, now: int, hidden: bool = False, epoch: str = ""
    ) -> None:  # fmt: skip
        """Add an item to the user's inbox. Does nothing for a closed account, or if ``hidden``. A call that is new in
        its room carries the room's ``epoch``, and is read with the room; one by an edit is not, because the message may
        have been read before."""
        packed = msgspec.json.encode(item)
        call = (item.room, item.seq, epoch) if item.kind in CALLS and epoch else ()
        quiet = int(item.kind in QUIET)
        await self._store.call("inbox_add", keys.user(user), name, now, packed, KEPT, quiet, int(hidden), *call)

    async def add_poke(
        self, user: str, name: str, item: Item, *, now: int, ends_at: int, today: tuple[int, int], most: int,
        hidden: bool,
    ) -> None:  # fmt: skip
        """Add a poke, now or on the first day on which fewer than ``most`` are shown. ``today`` is the community's
        day and when the next one begins; a poke that ``ends_at`` before its day is never shown."""
        packed = msgspec.json.encode(item)
        await self._store.call(
            "inbox_add_poke", keys.user(user), name, now, packed, KEPT, int(hidden), most, *today, ends_at
        )

    async def waiting(self, user: str, now: int) -> set[str]:
        """The ids of the pokes that are shown to the user on a later day."""
        tag = keys.user(user)
        held = await self._store.command(tag, "ZRANGEBYSCORE", tag + ":later", f"({now}", "+inf")
        return {msgspec.json.decode(packed, type=Item).about for packed in held}

    async def due(self, user: str, now: int) -> list[Item]:
        """The pokes whose day has come, and which are not in the inbox yet."""
        tag = keys.user(user)
        held = await self._store.command(tag, "ZRANGEBYSCORE", tag + ":later", "-inf", now)
        return [msgspec.json.decode(packed, type=Item) for packed in held]

    async def add_due(self, user: str, now: int, good: Iterable[str]) -> None:
        """Move the pokes whose day has come into the inbox: those of these ids; the others are dropped."""
        await self._store.call("inbox_due", keys.user(user), now, KEPT, *good)

    async def gone(self, user: str, about: str, *, hidden: bool = False) -> None:
        """Notify the user's connections that the subject of an item no longer exists."""
        await self._store.call("inbox_gone", keys.user(user), about, int(hidden))

    async def mark(self, user: str, seq: int) -> InboxState:
        answer = await self._store.call("inbox_mark", keys.user(user), seq)
        if status(answer) != "ok":
            raise errors.not_signed_in()
        return InboxState(answer[1], answer[2])

    async def state(self, user: str) -> InboxState:
        """The number of the last item, and how many are unread."""
        fields = ("inbox_seq", "inbox_read", "inbox_quiet")
        values = await self._store.command(keys.user(user), "HMGET", keys.user(user), *fields)
        return state_of(dict(zip(fields, values, strict=True)))

    async def page(self, user: str, *, before: int, limit: int) -> list[InboxItem]:
        """At most ``limit`` items below the number ``before`` (0: from the end), newest first."""
        start = f"({before}-0" if before else "+"
        entries = await self._store.command(
            keys.user(user), "XREVRANGE", keys.user(user) + ":inbox", start, "-", "COUNT", limit
        )
        return await self._read(user, entries)

    async def after(self, user: str, seq: int, count: int) -> list[InboxItem]:
        """At most ``count`` items above the number ``seq``, oldest first."""
        start = f"({seq}-0"
        entries = await self._store.command(
            keys.user(user), "XRANGE", keys.user(user) + ":inbox", start, "+", "COUNT", count
        )
        return await self._read(user, entries)

    async def _read(self, user: str, entries: list[Any]) -> list[InboxItem]:
        """The items of these entries, each with whether it is read."""
        if not entries:
            return []
        tag, numbers = keys.user(user), [int(place.partition(b"-")[0]) for place, _ in entries]
        read, quiet = await asyncio.gather(
            self._store.command(tag, "HGET", tag, "inbox_read"),
            self._store.command(tag, "ZRANGEBYSCORE", tag + ":quiet", min(numbers), max(numbers)),
        )
        done = {int(number) for number in quiet}
        return [
            item_of(number, int(fields[3]), fields[1], read=number <= int(read or 0) or number in done)
            for number, (_, fields) in zip(numbers, entries, strict=True)
        ]


def state_of(profile: Mapping[str, bytes | None]) -> InboxState:
    """The state by the fields of a user's profile."""
    last, read, quiet = (int(profile.get(name) or 0) for name in ("inbox_seq", "inbox_read", "inbox_quiet"))
    return InboxState(last, last - read - quiet)


def item_of(number: int, at: int, packed: bytes | str, *, read: bool) -> InboxItem:
    """Decode an item as its user receives it."""
    held = msgspec.json.decode(packed, type=Item)
    fields: dict[str, Any] = msgspec.structs.asdict(held)
    if held.kind == "reacted":
        fields |= {"count": 1, "users": [held.user]}
    return msgspec.convert({"number": number, "at": at, "read": read, **fields}, InboxItem)
