"""What was done by those who moderate or run the community: notes under the community's own tag, the newest read first.

An act and its note are on different tags, so the intent of the act ends with the note; each note has the intent's id,
so a repeat finds it written. A note says who did what to whom and where, never what anybody wrote.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act, at a time in ms. ``by`` and ``user`` are ids."""

    what: str
    by: str
    at: int
    room: str = ""
    user: str = ""
    detail: str = ""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Note).decode


class ActLog:
    """Constructed by each store that notes something; keeps nothing itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, act: str, what: str, *, by: str, at: int, **more: str) -> None:
        """Write it down, once for each ``act`` (an intent's id)."""
        await self._store.call("community_note", keys.COMMUNITY, *words_of(act, what, by=by, at=at, **more))

    async def page(self, before: str, count: int) -> list[tuple[str, Note]]:
        """So many notes with their ids, from the newest, or from the one before ``before``."""
        end = f"({before}" if before else "+"
        found: list[Any] = await self._store.command(
            keys.COMMUNITY, "XREVRANGE", keys.COMMUNITY + ":log", end, "-", "COUNT", count
        )
        return [(place.decode(), _unpack(fields[1])) for place, fields in found]


def words_of(act: str, what: str, *, by: str, at: int, **more: str) -> tuple[str, int, bytes]:
    """The act's own id, its time and the note, as functions that write it take them."""
    return f"{act}:act", at, _pack(Note(what, by, at, **more))
