"""A turn is one handler running for one event. Messages it sends get client_ids that are the same if it runs again.

A bot killed between its reply and saving its cursor receives the event again; the server (or the journal) then
recognises the reply by its client_id and posts nothing. The current turn is in a context variable, so that ``bot.send``
in a handler needs no argument for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from contextvars import ContextVar
from typing import Any

from chatserver.protocol.events import MessageChanged, MessageReacted, MessagesPurged
from chatserver.protocol.shapes import Cursor, Message


def new_client_id() -> str:
    return secrets.token_hex(12)


class Turn:
    """``room`` and ``key`` identify the event; the key is empty if the event never comes again."""

    __slots__ = ("_count", "handler", "key", "room")

    def __init__(self, room: str, key: str, handler: str) -> None:
        self.room = room
        self.key = key
        self.handler = handler
        self._count: Counter[str] = Counter()

    def client_id(self, room: str) -> str:
        """The client_id of the next message that this turn sends to ``room``: 32 characters."""
        if not self.key:
            return new_client_id()
        self._count[room] += 1
        words = "\n".join((self.key, self.handler, room, str(self._count[room])))
        return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def key_of(params: Any, after: Cursor | None) -> str:
    """A permanent name of an event: a message's id, or the room's epoch and a change's rev."""
    if isinstance(params, Message):
        return f"posted {params.id}"
    if isinstance(params, MessageChanged) and after is not None:
        return f"changed {params.room} {after.epoch} {params.rev}"
    if isinstance(params, MessageReacted) and after is not None:
        return f"reacted {params.room} {after.epoch} {params.rev}"
    if isinstance(params, MessagesPurged) and after is not None:
        return f"purged {params.room} {after.epoch} {params.rev}"
    return ""


current: ContextVar[Turn | None] = ContextVar("turn", default=None)
