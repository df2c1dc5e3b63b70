"""Which rooms' words or numbers changed: 64 sorted sets, from which every machine's index learns what to read.

A process notes the rooms whose logs its own functions changed (``Store.changed``), and those in which somebody joined,
left, came online or went (``Store.moved``), at most four times a second, in as many calls as there are sets. The step
itself does nothing but add to a Python set. A room of which only the numbers changed is noted with a + before its id.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from chatserver.errors import Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.link import Reply
from chatserver.store.engine.store import Store, scored

SETS: Final = keys.DIRTY_SETS
MOVED: Final = "+"


async def note_changes(store: Store) -> None:
    """Note the rooms that this process changed. What cannot be noted now is noted the next time."""
    changed, moved = store.changed.copy(), store.moved - store.changed
    store.changed.clear()
    store.moved.clear()
    by_set: dict[int, list[tuple[keys.Tag, str]]] = {}
    for tags, mark in ((changed, ""), (moved, MOVED)):
        for tag in tags:
            room = keys.tagged_id(tag.encode())[1]
            by_set.setdefault(zlib.crc32(room.encode()) % SETS, []).append((tag, mark + room))
    await asyncio.gather(*(_note(store, number, some) for number, some in by_set.items()))


async def _note(store: Store, number: int, rooms: list[tuple[keys.Tag, str]]) -> None:
    try:
        await store.call("index_dirty", keys.dirty(number), *(name for _, name in rooms))
    except Refusal:
        for tag, name in rooms:
            (store.moved if name.startswith(MOVED) else store.changed).add(tag)


class Dirty(NamedTuple):
    """Rooms whose words changed, and rooms whose numbers changed."""

    changed: list[str]
    moved: list[str]


class DirtySets:
    """The channels of the sets, as one process hears them; each of its followers has a ``reader``.

    A set is read only when its channel said that there is something, or may have been missed: to ask all of them
    several times a second took as long as some messages, all day.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers: list[DirtyRooms] = []
        self._is_subscribed = False
        store.listen("dirty", self._heard)
        store.on_missed(self._missed)

    def reader(self) -> DirtyRooms:
        made = DirtyRooms(self._store, self.subscribe)
        self._readers.append(made)
        return made

    async def subscribe(self) -> None:
        """Hear the channels from now on; again it does nothing."""
        if not self._is_subscribed:
            self._is_subscribed = True
            await asyncio.gather(*(self._store.subscribe(keys.live(keys.dirty(number))) for number in range(SETS)))

    def _heard(self, number: str, _payload: bytes) -> None:
        for reader in self._readers:
            reader.due.add(int(number))

    def _missed(self) -> None:
        for reader in self._readers:
            reader.due.update(range(SETS))


class DirtyRooms:
    """What a follower has seen of the sets: nothing at first, so that it reads what was noted within a day. ``due`` are
    those that it has to read."""

    def __init__(self, store: Store, subscribe: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._subscribe = subscribe
        self.restart()

    def restart(self) -> None:
        """Begin with what was noted within a day."""
        self._seen = ["0"] * SETS
        self.due = set(range(SETS))

    async def start(self) -> None:
        """Begin with what is noted from now on."""
        await self._subscribe()

        def took(number: int, reply: Reply) -> None:
            self._seen[number] = next((_score(score) for _, score in scored(reply)), "0")

        await self._store.together(
            [(keys.dirty(number), ("ZRANGE", keys.dirty(number), 0, 0, "REV", "WITHSCORES")) for number in range(SETS)],
            took,
        )

    async def read(self) -> Dirty:
        """The rooms noted since the last call. Raises ``Refusal`` unavailable."""
        await self._subscribe()
        found: dict[str, None] = {}
        due, self.due = list(self.due), set()

        def took(place: int, reply: Reply) -> None:
            for room, score in scored(reply):
                found[room.decode()] = None
                self._seen[due[place]] = _score(score)

        try:
            await self._store.together([self._range(number) for number in due], took)
        except BaseException:
            self.due.update(due)
            raise
        changed = [room for room in found if not room.startswith(MOVED)]
        return Dirty(changed, list(dict.fromkeys(room.removeprefix(MOVED) for room in found)))

    def _range(self, number: int) -> tuple[keys.Tag, tuple[str, ...]]:
        key = keys.dirty(number)
        return key, ("ZRANGE", key, f"({self._seen[number]}", "+inf", "BYSCORE", "WITHSCORES")


def _score(score: object) -> str:
    """A score as the store takes it: RESP3 answers a float, RESP2 text."""
    return f"{float(score.decode() if isinstance(score, bytes) else score):.0f}"  # type: ignore[arg-type]
