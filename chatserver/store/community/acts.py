"""The record of acts: what moderators and admins did, stored under the community's tag, read newest first.

An act and its note are on different tags, so the note is the last part of the act's intent. Each note has the intent's
id, so a repeat writes it once. A note says who did what to whom and where, never what anybody wrote.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act; ``at`` is in ms, ``by`` and ``user`` are ids. ``by`` is empty for the command line."""

    what: str
    by: str
    at: int
    room: str = ""
    user: str = ""
    detail: str = ""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Note).decode


class ActLog:
    """Built by each store that records acts; holds no state."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, act: str, what: str, *, by: str, at: int, **more: str) -> None:
        """Store the note, once per ``act`` (an intent's id)."""
        await self._store.call("community_note", keys.COMMUNITY, *words_of(act, what, by=by, at=at, **more))

    async def page(self, before: str, count: int) -> list[tuple[str, Note]]:
        """At most ``count`` notes with their ids, newest first, starting before ``before`` ("" for the newest)."""
        end = f"({before}" if before else "+"
        found: list[Any] = await self._store.command(
            keys.COMMUNITY, "XREVRANGE", keys.COMMUNITY + ":log", end, "-", "COUNT", count
        )
        return [(place.decode(), _unpack(fields[1])) for place, fields in found]


def words_of(act: str, what: str, *, by: str, at: int, **more: str) -> tuple[str, int, bytes]:
    """The arguments of a Lua function that writes a note: the act's id, its time and the packed note."""
    return f"{act}:act", at, _pack(Note(what, by, at, **more))
