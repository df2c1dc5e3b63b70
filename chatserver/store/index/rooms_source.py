"""All open rooms, as the index reads them from the store: what they show, and how lively they are.

Joins, departures, people online and messages are in no stream of changes. Whatever process caused them notes the room
(``chatserver/store/index/dirty.py``), and its numbers are read again. A room that is lively is also looked at once a
minute: nobody notes midnight, or a process that was killed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from chatserver.ids import now_ms
from chatserver.rules.rooms.finding import Liveliness
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import AT_ONCE, Head, read_heads
from chatserver.store.index.changes_follower import PAGE, Changes
from chatserver.store.index.dirty import DirtyRooms
from chatserver.store.index.engine import RoomsEngine
from chatserver.store.index.writer import InWriter
from chatserver.store.rooms.open_rooms import read_open
from chatserver.store.rooms.reading import Glance, RoomReader
from chatserver.store.rooms.records import HERE_SILENCE_MS

MOVED_EVERY_SECONDS: Final = 2.0
LOOKED_AT_EVERY_SECONDS: Final = 60.0


class RoomMoves:
    """Keeps in the index how lively rooms are. ``midnight()`` is when today began, in ms."""

    def __init__(
        self, store: Store, part: RoomsEngine, in_writer: InWriter, midnight: Callable[[], int], dirty: DirtyRooms
    ) -> None:
        self._store = store
        self._rooms = RoomReader(store)
        self._part = part
        self._in_writer = in_writer
        self._midnight = midnight
        self._dirty = dirty
        self._moved: dict[str, None] = {}
        self._read_at = 0.0
        self._lively: dict[str, float] | None = None

    def begin(self) -> None:
        """Look at all rooms that are lively or were noted within a day, whatever another process did before."""
        self._dirty.restart()
        self._lively = None

    async def step(self) -> None:
        """Read the numbers of those that may have changed."""
        now = asyncio.get_running_loop().time()
        if self._lively is None:
            self._lively = dict.fromkeys(await self._in_writer(self._part.lively), now - LOOKED_AT_EVERY_SECONDS)
        if now < self._read_at + MOVED_EVERY_SECONDS:
            return
        self._read_at = now
        self._moved |= dict.fromkeys((await self._dirty.read()).moved)
        old = (room for room, at in self._lively.items() if now >= at + LOOKED_AT_EVERY_SECONDS)
        self._moved |= dict.fromkeys(old)
        while self._moved:
            await self._move(list(itertools.islice(self._moved, AT_ONCE)))

    async def _move(self, rooms: list[str]) -> None:
        held = await self._in_writer(self._part.versions, rooms)
        if held:
            await self._in_writer(self._part.move, await self.look(dict.fromkeys(held, 0)))
        for room in rooms:
            self._moved.pop(room, None)
            if room not in held and self._lively is not None:  # it is not open, or was not read yet
                self._lively.pop(room, None)

    async def look(self, rooms: dict[str, int]) -> list[Liveliness]:
        """How lively these rooms (with their ``created_at``) are now, those that exist."""
        since, heard = self._midnight(), now_ms() - HERE_SILENCE_MS
        glances = await self._rooms.glances(list(rooms), said_since=since, heard_since=heard)
        for room, glance in glances.items():
            self._keep(room, glance)
        return [glance.liveliness(room, rooms[room]) for room, glance in glances.items()]

    def _keep(self, room: str, glance: Glance) -> None:
        if self._lively is None:
            return
        self._lively.pop(room, None)
        if glance.online or glance.today:
            self._lively[room] = asyncio.get_running_loop().time()


class RoomsSource:
    """Follows ``{rooms}:changes``; compares the version of each room."""

    def __init__(self, store: Store, part: RoomsEngine, in_writer: InWriter, moves: RoomMoves) -> None:
        self._store = store
        self._part = part
        self._in_writer = in_writer
        self._moves = moves

    async def changed(self, place: str) -> Changes:
        _, now, any_, rooms = await self._store.call("rooms_changed", keys.ROOMS, place, 0)
        return Changes(now.decode(), bool(any_), [room.decode() for room in rooms])

    async def count(self) -> int:
        number: int = await self._store.command(keys.ROOMS, "HLEN", keys.ROOMS)
        return number

    async def pages(self) -> AsyncIterator[list[str]]:
        cursor = b"0"
        while True:
            _, cursor, rooms = await self._store.call("rooms_page", keys.ROOMS, cursor, PAGE)
            yield [room.decode() for room in rooms]
            if cursor == b"0":
                return

    async def versions(self, ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}

        def took(room: str, head: Head | None) -> None:
            if head is not None:
                found[room] = head.version

        await read_heads(self._store, ids, took)
        return found

    async def absent(self, ids: Sequence[str]) -> list[str]:
        found: list[str] = []

        def took(index: int, listed: int) -> None:
            if not listed:
                found.append(ids[index])

        await self._store.together([(keys.ROOMS, ("HEXISTS", keys.ROOMS, room)) for room in ids], took)
        return found

    async def read(self, ids: Sequence[str]) -> None:
        found = await read_open(self._store, ids)
        places = await self._moves.look({room: one.created_at for room, one in found.items()})
        rooms = [(found[place.room], place) for place in places]
        gone = [room for room in ids if room not in {place.room for place in places}]
        await self._in_writer(self._part.write, rooms, gone)
