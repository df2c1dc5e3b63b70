"""Tells a user's connections that a read marker moved on another one, with what is unread then.

The numbers are counted here, when the move is heard: they are as of what these connections have received. One task per
user and room, however many markers move meanwhile; nothing is counted where nobody is to be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import UNSET

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.feeds import Feeds
from chatserver.live.tasks import Tasks
from chatserver.live.unread import Reader, UnreadCounter
from chatserver.live.user import LiveUser
from chatserver.protocol.events import ReadMoved
from chatserver.rules.messages.reading import WHOLE

Moves = dict[str, str]
"""Lines whose markers moved, and the connection that moved each: "" for more than one, or unknown."""


class ReadMoves:
    """``origin`` gives a connection's name."""

    def __init__(self, feeds: Feeds, counter: UnreadCounter, tasks: Tasks, origin: Callable[[Connection], str]) -> None:
        self._feeds = feeds
        self._counter = counter
        self._tasks = tasks
        self._origin = origin
        self._due: dict[tuple[str, str], Moves] = {}

    def put(self, user: LiveUser, room: str, line: str, origin: str) -> None:
        """The marker of a line moved; ``user`` has the new one already."""
        if not any(connection.started and self._origin(connection) != origin for connection in user.connections):
            return
        due = self._due.get((user.id, room))
        if due is None:
            due = self._due[user.id, room] = {}
            self._tasks.spawn(self._tell(user, room, due))
        due[line] = origin if due.get(line, origin) == origin else ""

    async def _tell(self, user: LiveUser, room: str, due: Moves) -> None:
        try:
            while due and user.connections:
                try:
                    async with self._feeds.open(room) as feed:
                        await self._tell_once(user, feed, due)
                except Refusal as refusal:  # the store was away for the whole wait
                    if refusal.kind is not UNAVAILABLE:
                        return
                    await asyncio.sleep(0)
        finally:
            del self._due[user.id, room]

    async def _tell_once(self, user: LiveUser, feed: Feed, due: Moves) -> None:
        pointer = user.pointers.get(feed.room)
        if pointer is None:
            due.clear()
            return
        reader = Reader(user.id, pointer, user.blocks)
        counted = await self._counter.count(feed, reader)
        unread = self._counter.now(feed, reader, counted)
        reading, moves = pointer.reading(feed.epoch, feed.head.shared), dict(due)
        due.clear()
        for line, origin in moves.items():
            event = ReadMoved(
                room=feed.room, topic=UNSET if line == WHOLE else line, read_seq=reading.marker(line),
                room_read_seq=reading.read_seq, unread=unread.unread, mentions=unread.mentions,
            )  # fmt: skip
            for connection in user.connections:
                if connection.started and self._origin(connection) != origin and not feed.defer_state(connection):
                    connection.write(connection.wire.event("read.moved", event))
