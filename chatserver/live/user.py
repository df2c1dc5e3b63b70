"""A user who is connected to this process: the pointers to the rooms and all sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from chatserver.live.room import LogHead
from chatserver.protocol.shapes import Level
from chatserver.store.engine.store import flat
from chatserver.store.heads import UserNumbers

if TYPE_CHECKING:
    from chatserver.live.connection import Connection


class Pointer(Struct, frozen=True, array_like=True):
    """What a user's tag holds of a room. The room's own members are the truth; this only points there."""

    version: int
    inside: int
    read_seq: int
    epoch: str
    notify: Level = "all"

    def read_upto(self, head: LogHead) -> int:
        """The marker in this numbering: one of an older epoch counts as the smaller of itself and the last shared."""
        if self.epoch == head.epoch:
            return self.read_seq
        return min(self.read_seq, head.shared)


NO_POINTER: Final = Pointer(0, 0, 0, "")
_unpack = msgspec.msgpack.Decoder(Pointer).decode


def unpack_pointer(packed: bytes | None) -> Pointer:
    return _unpack(packed) if packed else NO_POINTER


class LiveUser:
    """``pointers`` of rooms the user is in, kept by what the user's channel tells."""

    def __init__(self, user_id: str) -> None:
        self.id = user_id
        self.connections: dict[Connection, None] = {}
        self.profile: dict[str, bytes] = {}
        self.pointers: dict[str, Pointer] = {}
        self.auth = 0
        self.version = 0
        self.blocked_by: frozenset[str] = frozenset()
        self.blocks: frozenset[str] = frozenset()
        self.refreshing: asyncio.Task[None] | None = None
        self.refresh_again = False

    @property
    def hidden(self) -> bool:
        """Whether the user wants nobody to see that they are here."""
        return self.profile.get("presence") == b"hidden"

    def differs(self, numbers: UserNumbers) -> bool:
        """Whether the store knows of something in rooms, profile, blocks or inbox that was not heard here."""
        inbox = self.inbox_seq, int(self.profile.get("inbox_read") or 0)
        return numbers.version != self.version or (numbers.inbox_seq, numbers.inbox_read) != inbox

    @property
    def inbox_seq(self) -> int:
        """The number of the inbox's last item."""
        return int(self.profile.get("inbox_seq") or 0)

    def take(self, answer: list[Any]) -> None:
        """The answer of user_open.lua."""
        self.profile = flat(answer[1])
        self.blocked_by, self.blocks = (frozenset(user.decode() for user in users) for users in answer[3:5])
        self.auth = int(self.profile.get("auth", b"0"))
        self.version = int(self.profile.get("v", b"0"))
        pointers = {room: _unpack(packed) for room, packed in flat(answer[2]).items()}
        self.pointers = {room: pointer for room, pointer in pointers.items() if pointer.inside}
