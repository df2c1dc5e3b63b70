"""The inbox: one stream per user, with numbers and a read marker of its own, and items that hold ids only.

An item is written by the step that it tells of, once however often that step is repeated. What it says is looked up
when it is read, and an item that the truth does not confirm is left out.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chatserver import errors
from chatserver.protocol.shapes import InboxItem, InboxState
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status

KEPT: Final = 1000


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an entry holds beside its number and time."""

    kind: str
    user: str
    room: str = ""
    seq: int = 0
    about: str = ""


class InboxStore:
    """``add`` is repeatable: ``name`` is the same for the same thing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, user: str, name: str, item: Item, *, now: int) -> None:
        """Put an item into the user's inbox; an account that is closed has none."""
        packed = msgspec.json.encode(item)
        await self._store.call("inbox_add", keys.user(user), name, now, packed, KEPT)

    async def gone(self, user: str, about: str) -> None:
        """Tell the user's open sockets that what an item was about is no longer there."""
        told = msgspec.msgpack.encode(["gone", about])
        await self._store.command(keys.user(user), "SPUBLISH", keys.live(keys.user(user)), told)

    async def mark(self, user: str, seq: int) -> InboxState:
        answer = await self._store.call("inbox_mark", keys.user(user), seq)
        if status(answer) != "ok":
            raise errors.not_signed_in()
        return InboxState(answer[1], answer[1] - answer[2])

    async def state(self, user: str) -> InboxState:
        """How much there is, and how much of it is unread."""
        last, read = await self._store.command(keys.user(user), "HMGET", keys.user(user), "inbox_seq", "inbox_read")
        return InboxState(int(last or 0), int(last or 0) - int(read or 0))

    async def page(self, user: str, *, before: int, limit: int) -> list[InboxItem]:
        """The newest first, below a number (0: from the end)."""
        start = f"({before}-0" if before else "+"
        entries = await self._store.command(
            keys.user(user), "XREVRANGE", keys.user(user) + ":inbox", start, "-", "COUNT", limit
        )
        return [_item(place, fields) for place, fields in entries]

    async def after(self, user: str, seq: int, count: int) -> list[InboxItem]:
        """The oldest first, above a number."""
        start = f"({seq}-0"
        entries = await self._store.command(
            keys.user(user), "XRANGE", keys.user(user) + ":inbox", start, "+", "COUNT", count
        )
        return [_item(place, fields) for place, fields in entries]


def _item(place: bytes, fields: list[bytes]) -> InboxItem:
    number = int(place.partition(b"-")[0])
    return item_of(number, int(fields[3]), fields[1])


def item_of(number: int, at: int, packed: bytes | str) -> InboxItem:
    """An item as its user sees it."""
    held = msgspec.json.decode(packed, type=Item)
    fields: dict[str, Any] = msgspec.structs.asdict(held)
    return msgspec.convert({"number": number, "at": at, **fields}, InboxItem)
