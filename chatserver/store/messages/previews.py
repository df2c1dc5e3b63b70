"""The previews of links that stand beside a message."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status
from chatserver.store.messages.log import refusal_of
from chatserver.store.messages.records import StoredPreview

_pack = msgspec.msgpack.Encoder().encode


class PreviewStore:
    """Every method raises ``Refusal`` not_found or unavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(
        self, room: str, seq: int, id: str, previews: Sequence[StoredPreview], *, edited_at: int, now: int
    ) -> None:
        """Put previews beside the message with this id ("" for any), if its text is still the one edited at that time
        (ms; 0: never) and nobody took its previews away."""
        await self._store.call("message_preview", keys.room(room), now, seq, id, edited_at, _pack(previews))

    async def hide(self, room: str, seq: int, *, user: str, admin: bool, now: int) -> int:
        """Take the previews away for good; returns the room's rev. Raises ``Refusal`` not_a_member, not_author."""
        answer = await self._store.call("message_hide_previews", keys.room(room), now, user, seq, int(admin))
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        rev: int = answer[1]
        return rev
