"""The previews of links that stand beside a message, and their pictures, which are files of the message.

What takes previews away is an intent, because the bytes of the pictures are erased elsewhere.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.files.erasing import Erasing
from chatserver.store.files.records import Held
from chatserver.store.messages.log import Edited, refusal_of
from chatserver.store.messages.records import StoredPreview

_pack = msgspec.msgpack.Encoder().encode


class HidePreviews(Step, frozen=True):
    """``user`` takes the previews of a message away."""

    kind = "previews.hide"
    room: str
    seq: int
    user: str
    admin: bool
    now: int


class ErasePictures(Step, frozen=True):
    """An edit of a message in this room may remove links with pictures."""

    kind = "previews.erase"
    room: str


class PreviewStore:
    """Every method raises ``Refusal`` not_found or unavailable."""

    def __init__(self, store: Store, intents: Intents, erasing: Erasing) -> None:
        self._store = store
        self._intents = intents
        self._erasing = erasing
        intents.register(HidePreviews, self._hide, frees=True)
        intents.register(ErasePictures, self._erase)

    async def put(
        self, room: str, seq: int, id: str, links: Sequence[str], previews: Sequence[StoredPreview],
        pictures: Sequence[Held], *, edited_at: int, now: int,
    ) -> set[str]:  # fmt: skip
        """Put previews beside the message with this id ("" for any) and these links, if its text is still the one
        edited at that time (ms; 0: never) and nobody took its previews away. A link that has one keeps it.

        Returns the ids of the files that previews of the message show now: no others of ``pictures`` belong to it."""
        answer = await self._store.call(
            "message_preview", keys.room(room), now, seq, id, edited_at, _pack(links), _pack(previews),
            *map(_pack, pictures),
        )  # fmt: skip
        return {file.decode() for file in answer[2]} if answer[0] == b"ok" else set()

    async def hide(self, room: str, seq: int, *, user: str, admin: bool, now: int) -> int:
        """Take the previews away for good; returns the room's rev. Raises ``Refusal`` not_a_member, not_author."""
        rev: int = await self._intents.carry_out(HidePreviews(room=room, seq=seq, user=user, admin=admin, now=now))
        return rev

    async def _hide(self, intent: Intent[HidePreviews]) -> int:
        step = intent.step
        answer = await self._store.call(
            "message_hide_previews", keys.room(step.room), step.now, step.user, step.seq, int(step.admin)
        )
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        await self._discard(step.room, flat(answer[2]))
        return int(answer[1])

    async def edited(self, room: str, edit: Coroutine[Any, Any, Edited]) -> Edited:
        """Carry out an edit, and erase the pictures of links that it removed."""
        begun = self._intents.begin(ErasePictures(room=room))
        try:
            edited = await edit
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._intents.drop(begun)
            raise
        if edited.removed:
            await self._intents.finish(begun, lambda of: self._discard(of.step.room, edited.removed))
        else:
            await self._intents.drop(begun)
        return edited

    async def _erase(self, intent: Intent[ErasePictures]) -> None:
        tag = keys.room(intent.step.room)
        await self._discard(intent.step.room, flat(await self._store.command(tag, "HGETALL", tag + ":files:gone")))

    async def _discard(self, room: str, removed: dict[str, bytes]) -> None:
        await self._erasing.discard({file: user.decode() for file, user in removed.items()}, tag=keys.room(room))
