"""The store of a user's own data: profile, rooms, read markers and blocks, read in one call when they connect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chatserver import errors
from chatserver.protocol.shapes import Level
from chatserver.rules.messages import reading as reading_rules
from chatserver.rules.messages.reading import WHOLE, Reading
from chatserver.store.engine import keys
from chatserver.store.engine.store import Heard, Store, flat, status


class Pointer(Struct, frozen=True, array_like=True):
    """A room as stored with the user. The room's own member list is authoritative; this may lag behind it.

    ``notify`` is the level set for good, ``notify_now`` the one that holds ``until`` (ms; 0: there is none).
    ``markers`` are those of lines that are read further than ``read_seq``, as rules/messages/reading.py writes them;
    ``levels`` what was chosen for topics, as in rules/messages/levels.py."""

    version: int
    inside: int
    read_seq: int
    epoch: str
    notify: Level = "all"
    everyone: int = 1
    until: int = 0
    notify_now: Level = "all"
    markers: str = ""
    levels: str = ""

    def level_at(self, now: int) -> Level:
        """What notifies the user at this time (ms)."""
        return self.notify_now if now < self.until else self.notify

    @property
    def notifies(self) -> tuple[Level, int, int, Level, str]:
        """All that room.notify and topic.notify set."""
        return self.notify, self.everyone, self.until, self.notify_now, self.levels

    @property
    def reads(self) -> tuple[int, str]:
        """All that tells what the user has read, in the pointer's epoch."""
        return self.read_seq, self.markers

    def reading(self, epoch: str, shared: int = 0) -> Reading:
        """What the user has read, in this epoch. Markers of an older one count up to the last ``shared`` number."""
        stored = Reading(self.read_seq, reading_rules.read(self.markers))
        return stored if self.epoch == epoch else stored.upto(shared)

    def moved(self, epoch: str, line: str, seq: int, *, topical: int, own: bool) -> Pointer:
        """After reading a line up to ``seq``, as ``Reading.moved``."""
        if not self.markers and self.epoch == epoch:  # as nearly always
            read = self.read_seq
            if seq <= read:
                return self
            if reading_rules.reads_all(read, line, seq, topical=topical, own=own):
                return replace(self, read_seq=seq)
        return self.with_reading(self.reading(epoch).moved(line, seq, topical=topical, own=own), epoch)

    def with_reading(self, reading: Reading, epoch: str) -> Pointer:
        markers = reading_rules.written(reading.markers)
        return replace(self, read_seq=reading.read_seq, markers=markers, epoch=epoch)


class OpenedUser(Struct, frozen=True):
    """A user as user_open.lua read it in one step; ``pointers`` by room, of the rooms they are in."""

    profile: dict[str, bytes]
    pointers: dict[str, Pointer]
    blocked_by: frozenset[str]
    blocks: frozenset[str]


class Mark(Struct, frozen=True):
    """A line of a room that was read up to ``seq``. ``shared`` is the last seq that this epoch shares with the previous
    one; no message after ``topical`` is in a topic; ``own``: the user sent the message with this number there."""

    room: str
    epoch: str
    seq: int
    shared: int = 0
    line: str = WHOLE
    topical: int = 0
    own: bool = False


NO_POINTER: Final = Pointer(0, 0, 0, "")
_unpack = msgspec.msgpack.Decoder(Pointer).decode


class UserStore:
    """Every method may be repeated, and raises ``Refusal`` unavailable while the store is away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listen(self, heard: Heard, mend: Callable[[str], None]) -> None:
        """``heard(user, payload)`` for each record on a subscribed user's channel; ``mend(user)`` after a bad
        record."""
        self._store.listen("u", heard, mend)

    async def subscribe(self, user: str) -> None:
        """Subscribe to the user's channel. Counted: ends after as many calls of ``unsubscribe``."""
        await self._store.subscribe(keys.live(keys.user(user)))

    def unsubscribe(self, user: str) -> None:
        self._store.unsubscribe(keys.live(keys.user(user)))

    async def open(self, user: str) -> OpenedUser:
        """Read the user. Raises ``Refusal`` not_signed_in if there is no such user."""
        answer = await self._store.call("user_open", keys.user(user))
        if status(answer) != "ok":
            raise errors.not_signed_in()
        pointers = {room: _unpack(packed) for room, packed in flat(answer[2]).items()}
        blocked_by, blocks = (frozenset(other.decode() for other in others) for others in answer[3:5])
        inside = {room: pointer for room, pointer in pointers.items() if pointer.inside}
        return OpenedUser(flat(answer[1]), inside, blocked_by, blocks)

    async def pointer(self, user: str, room: str) -> Pointer:
        """The user's pointer to a room; ``NO_POINTER`` if there is none."""
        packed = await self._store.command(keys.user(user), "HGET", keys.user(user) + ":rooms", room)
        return _unpack(packed) if packed else NO_POINTER

    async def blocked_by(self, user: str) -> frozenset[str]:
        """The users who blocked this user."""
        return await self._held(user, "blocked_by")

    async def blocks(self, user: str) -> frozenset[str]:
        """The users this user blocked."""
        return await self._held(user, "blocks")

    async def _held(self, user: str, set_: str) -> frozenset[str]:
        return frozenset(
            other.decode() for other in await self._store.command(keys.user(user), "HKEYS", f"{keys.user(user)}:{set_}")
        )

    async def mark(self, user: str, marks: Iterable[Mark], *, origin: str) -> Reading | None:
        """Raise read markers (never lower them) and notify the user's other connections. Returns what is then read in
        the last room; None if the user is not in it. ``origin`` names the connection that is not notified."""
        words: list[Any] = []
        for one in marks:
            words += (one.room, one.epoch, one.seq, one.shared, one.line, one.topical, int(one.own))
        _, inside, read, markers = await self._store.call("user_mark", keys.user(user), origin, *words)
        return Reading(int(read), reading_rules.read(markers.decode())) if inside else None
