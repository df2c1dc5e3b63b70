"""A user connected to this process: room pointers, blocks and connections."""

from __future__ import annotations

import asyncio

from chatserver.live.connection import Connection
from chatserver.rules.accounts.newcomers import TRUSTED, Arrival, arrival_of
from chatserver.rules.messages.reading import Reading
from chatserver.store.accounts.users import OpenedUser, Pointer
from chatserver.store.heads import UserNumbers


class LiveUser:
    """``pointers`` are those of the user's rooms, updated from the user's channel."""

    def __init__(self, user_id: str) -> None:
        self.id = user_id
        self.connections: dict[Connection, None] = {}
        self.profile: dict[str, bytes] = {}
        self.pointers: dict[str, Pointer] = {}
        self.arrival: Arrival = TRUSTED
        self.auth = 0
        self.version = 0
        self.blocked_by: frozenset[str] = frozenset()
        self.blocks: frozenset[str] = frozenset()
        self.refreshing: asyncio.Task[None] | None = None
        self.refresh_again = False

    @property
    def hidden(self) -> bool:
        """Whether the user hides their presence."""
        return self.profile.get("presence") == b"hidden"

    def differs(self, numbers: UserNumbers) -> bool:
        """Whether the store has changes of rooms, profile, blocks or inbox that were not received here."""
        known = [int(self.profile.get(name) or 0) for name in ("inbox_seq", "inbox_read", "inbox_quiet")]
        inbox = [numbers.inbox_seq, numbers.inbox_read, numbers.inbox_quiet]
        return numbers.version != self.version or inbox != known

    @property
    def inbox_seq(self) -> int:
        """The number of the inbox's last item."""
        return int(self.profile.get("inbox_seq") or 0)

    def has_due(self, now: int) -> bool:
        """Whether the day of a poke has come that was not shown before."""
        return 0 < int(self.profile.get("later_at") or 0) <= now

    def _furthest(self, room: str, stored: Pointer) -> Pointer:
        """The stored pointer, with the read marker known here if that is further: one's own message moves it here at
        once, in the store up to a second later."""
        known = self.pointers.get(room)
        if known is None or known.epoch != stored.epoch or known.reads == stored.reads:
            return stored
        return stored.with_reading(known.reading(stored.epoch).joined(stored.reading(stored.epoch)), stored.epoch)

    def read_own(self, room: str, epoch: str, line: str, seq: int, topical: int) -> None:
        """The user wrote a message: its line is read up to there."""
        pointer = self.pointers.get(room)
        if pointer is not None:
            self.pointers[room] = pointer.moved(epoch, line, seq, topical=topical, own=True)

    def read_up(self, room: str, reading: Reading, epoch: str) -> bool:
        """Note what the user has read in a room; whether that is news."""
        pointer = self.pointers.get(room)
        if pointer is None:
            return False
        if pointer.epoch == epoch:
            reading = reading.joined(pointer.reading(epoch))
        self.pointers[room] = pointer.with_reading(reading, epoch)
        return self.pointers[room] != pointer

    def take(self, opened: OpenedUser) -> None:
        """Replace the user's data with what the store has now."""
        self.profile = opened.profile
        self.pointers = {room: self._furthest(room, pointer) for room, pointer in opened.pointers.items()}
        self.blocked_by, self.blocks = opened.blocked_by, opened.blocks
        self.arrival = arrival_of(self.profile)
        self.auth = int(self.profile.get("auth", b"0"))
        self.version = int(self.profile.get("v", b"0"))

    def wrote(self, messages: str) -> None:
        """The first few of the user's messages that stand are these now."""
        self.profile["wrote"] = messages.encode()
        self.arrival = arrival_of(self.profile)
