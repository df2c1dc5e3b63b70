"""The catalogue: what the open rooms say of themselves, in memory, for visitors and for room.discover.

Each process keeps the rooms that can be read without an account, and all open rooms once somebody has searched: a start
costs the same however many there are. What changed after the last place is read from a stream; where that place was
trimmed away it begins again. ``put`` is the only way in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from chatserver.rules.text.searching import fold
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An open room in the catalogue; ``version`` is the room's at that moment, ``created_at`` in ms."""

    version: int
    title: str
    about: str = ""
    tags: list[str] = []
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    window: bool = False
    bots: bool = False
    created_at: int = 0
    archived: bool = False


class Listed(msgspec.Struct, frozen=True):
    """An entry with what it is found by, folded: its words in all languages, and its tags."""

    room: str
    entry: Entry
    words: str
    tags: frozenset[str]


_unpack = msgspec.msgpack.Decoder(Entry).decode


async def put(store: Store, room: str, entry: Entry) -> None:
    """Say what an open room says of itself. Repeatable: an entry of an older version changes nothing."""
    await store.call("catalogue_put", keys.ROOMS, room, entry.version, msgspec.msgpack.encode(entry))


class RoomIndex:
    """``refresh`` before ``window`` and ``windows``, ``refresh_all`` before ``find``. ``on_windows`` is called when
    other rooms than before can be read by everyone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._place = ""
        self._all: dict[str, Listed] | None = None
        self._windows: dict[str, Listed] = {}
        self._reading = asyncio.Lock()
        self.on_windows: Callable[[], None] = _nobody_looks

    async def start(self, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """Read the rooms that can be read by everyone, and take in each change as soon as it is heard."""

        def heard(_id: str, _payload: bytes) -> None:
            spawn(self.refresh())

        self._store.listen("rooms", heard)
        await self._store.subscribe(keys.live(keys.ROOMS))
        await self.refresh()

    async def refresh(self) -> None:
        """Take in what changed since the last time."""
        async with self._reading:
            await self._read(all=False)

    async def refresh_all(self) -> None:
        """Take in what changed, or all open rooms if they were not read yet."""
        async with self._reading:
            if self._all is None:
                self._place = ""
            await self._read(all=True)

    async def _read(self, *, all: bool) -> None:
        before = set(self._windows)
        answer = await self._store.call("catalogue_read", keys.ROOMS, self._place, int(all))
        _, place, afresh, flat = answer
        if afresh:
            self._windows, self._all = {}, {} if all else None
        for room, packed in zip(flat[::2], flat[1::2], strict=True):
            self._take(room.decode(), packed)
        self._place = place.decode()
        if set(self._windows) != before:
            self.on_windows()

    def _take(self, room: str, packed: bytes) -> None:
        self._windows.pop(room, None)
        if self._all is not None:
            self._all.pop(room, None)
        if not packed:
            return
        entry = _unpack(packed)
        if self._all is not None:
            self._all[room] = _listed(room, entry)
        if entry.window and not entry.archived:
            self._windows[room] = _listed(room, entry)

    def find(self, query: str = "", tag: str = "") -> list[Listed]:
        """Rooms that hold every word of ``query`` anywhere (Chinese needs no spaces) and carry ``tag``."""
        assert self._all is not None, "refresh_all comes before"
        words, tag = fold(query).split(), fold(tag)
        return [
            listed
            for listed in self._all.values()
            if not listed.entry.archived
            and (not tag or tag in listed.tags)
            and all(word in listed.words for word in words)
        ]

    def window(self, room: str, language: str) -> tuple[str, str] | None:
        """Title and words of a room that can be read without an account; None of any other."""
        listed = self._windows.get(room)
        if listed is None:
            return None
        entry = listed.entry
        return entry.titles.get(language, entry.title), entry.abouts.get(language, entry.about)

    def windows(self) -> list[str]:
        """Ids of the rooms that can be read without an account."""
        return list(self._windows)


def _listed(room: str, entry: Entry) -> Listed:
    return Listed(room, entry, _words_of(entry), frozenset(map(fold, entry.tags)))


def _words_of(entry: Entry) -> str:
    texts = [entry.title, entry.about, *entry.tags, *entry.titles.values(), *entry.abouts.values()]
    return fold("\n".join(texts))


def _nobody_looks() -> None:
    """Nobody is there to read them."""
