"""Deleting a message. An intent, because its files are erased elsewhere, and because deleting another user's message is
also recorded as an act."""

from __future__ import annotations

from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.files.erasing import Erasing
from chatserver.store.messages.log import refusal_of


class DeleteMessage(Step, frozen=True):
    kind = "message.delete"
    room: str
    seq: int
    actor: str
    admin: bool
    now: int


class Deletions:
    """Built in app.py for the messages service."""

    def __init__(self, store: Store, intents: Intents, newcomers: NewcomerStore, erasing: Erasing) -> None:
        self._store = store
        self._intents = intents
        self._newcomers = newcomers
        self._erasing = erasing
        self._acts = ActLog(store)
        intents.register(DeleteMessage, self._delete, frees=True)

    async def delete(self, room: str, seq: int, *, actor: str, admin: bool, now: int) -> int:
        """Replace the message by a tombstone; returns the new rev.
        Raises ``Refusal`` not_found, not_a_member, not_author."""
        step = DeleteMessage(room=room, seq=seq, actor=actor, admin=admin, now=now)
        rev: int = await self._intents.carry_out(step)
        return rev

    async def _delete(self, intent: Intent[DeleteMessage]) -> int:
        step = intent.step
        room, seq, actor, admin, now = step.room, step.seq, step.actor, step.admin, step.now
        answer = await self._store.call("message_delete", keys.room(room), intent.id, now, actor, seq, int(admin))
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        rev, author, gone = answer[1], answer[2].decode(), flat(answer[3])
        await self._erasing.discard({file: user.decode() for file, user in gone.items()}, tag=keys.room(room))
        await self._newcomers.count(author, room, seq, stands=False)
        if author != actor:
            await self._acts.note(
                intent.id, "message.delete", by=actor, at=now, room=room, user=author, detail=str(seq)
            )
        return int(rev)
