"""The store of inboxes: one stream per user with its own numbers and read marker; items hold ids only.

The step that an item is about writes it, once even if the step is repeated. Its content is looked up when it is read,
and an item that is no longer true is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import InboxItem, InboxState
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status

KEPT: Final = 1000


QUIET: Final = frozenset({"reacted"})
"""Kinds of items that are never counted as unread."""


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry without its number and time."""

    kind: str
    user: str
    room: str = ""
    seq: int = 0
    about: str = ""


class InboxStore:
    """Reads and writes inboxes. ``add`` may be repeated: the same ``name`` adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, user: str, name: str, item: Item, *, now: int) -> None:
        """Add an item to the user's inbox. Does nothing for a closed account."""
        packed = msgspec.json.encode(item)
        await self._store.call("inbox_add", keys.user(user), name, now, packed, KEPT, int(item.kind in QUIET))

    async def gone(self, user: str, about: str) -> None:
        """Notify the user's connections that the subject of an item no longer exists."""
        told = msgspec.msgpack.encode(["gone", about])
        await self._store.command(keys.user(user), "SPUBLISH", keys.live(keys.user(user)), told)

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
        return [_item(place, fields) for place, fields in entries]

    async def after(self, user: str, seq: int, count: int) -> list[InboxItem]:
        """At most ``count`` items above the number ``seq``, oldest first."""
        start = f"({seq}-0"
        entries = await self._store.command(
            keys.user(user), "XRANGE", keys.user(user) + ":inbox", start, "+", "COUNT", count
        )
        return [_item(place, fields) for place, fields in entries]


def state_of(profile: Mapping[str, bytes | None]) -> InboxState:
    """The state by the fields of a user's profile."""
    last, read, quiet = (int(profile.get(name) or 0) for name in ("inbox_seq", "inbox_read", "inbox_quiet"))
    return InboxState(last, last - read - quiet)


def _item(place: bytes, fields: list[bytes]) -> InboxItem:
    number = int(place.partition(b"-")[0])
    return item_of(number, int(fields[3]), fields[1])


def item_of(number: int, at: int, packed: bytes | str) -> InboxItem:
    """Decode an item as its user receives it."""
    held = msgspec.json.decode(packed, type=Item)
    fields: dict[str, Any] = msgspec.structs.asdict(held)
    if held.kind == "reacted":
        fields |= {"count": 1, "users": [held.user]}
    return msgspec.convert({"number": number, "at": at, **fields}, InboxItem)
