"""The index of open rooms, held in memory, for visitors and for room.discover.

Each process holds the window rooms (readable without an account), and all open rooms once somebody has searched; so a
start costs the same however many rooms there are. Changes are read from a stream, from the last position on; if that
position was trimmed away, everything is read again. Only ``put`` writes entries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import is_meant
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An open room in the index; ``version`` is the room's at that moment, ``created_at`` in ms."""

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
    """An entry with what a search compares: its title and description in all languages and its tags, folded."""

    room: str
    entry: Entry
    words: str
    tags: frozenset[str]

    def is_titled(self, word: str) -> bool:
        """Whether a folded word is a title's pinyin, its initials, or another way to type it."""
        return any(is_meant(title, word) for title in (self.entry.title, *self.entry.titles.values()))


_unpack = msgspec.msgpack.Decoder(Entry).decode


async def put(store: Store, room: str, entry: Entry) -> None:
    """Store an open room's entry. Repeatable: an entry of an older version changes nothing."""
    await store.call("catalogue_put", keys.ROOMS, room, entry.version, msgspec.msgpack.encode(entry))


class RoomIndex:
    """Call ``refresh`` before ``window`` and ``windows``, and ``refresh_all`` before ``find``. ``on_windows`` is called
    when the set of window rooms changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._place = ""
        self._all: dict[str, Listed] | None = None
        self._windows: dict[str, Listed] = {}
        self._reading = asyncio.Lock()
        self._on_windows: Callable[[], None] = lambda: None

    async def start(self, spawn: Callable[[Coroutine[Any, Any, None]], object], on_windows: Callable[[], None]) -> None:
        """Read the window rooms, and from then on each change as it is published."""

        self._on_windows = on_windows

        def heard(_id: str, _payload: bytes) -> None:
            spawn(self.refresh())

        self._store.listen("rooms", heard)
        await self._store.subscribe(keys.live(keys.ROOMS))
        await self.refresh()

    async def refresh(self) -> None:
        """Read what changed since the last call."""
        async with self._reading:
            await self._read(all=False)

    async def refresh_all(self) -> None:
        """Read what changed, or all open rooms if they were not read yet."""
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
            self._on_windows()

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

    def __len__(self) -> int:
        return len(self._all or ())

    def __contains__(self, room: str) -> bool:
        """Whether this is an open room that is not archived, as last read."""
        return room in (self._all or ())

    def find(self, query: str = "", tag: str = "") -> list[Listed]:
        """Rooms that contain every word of ``query`` anywhere (Chinese needs no spaces) or in whose titles it may be
        typed like that, and that have ``tag``."""
        assert self._all is not None, "call refresh_all first"
        words, tag = fold(query).split(), fold(tag)
        return [
            listed
            for listed in self._all.values()
            if not listed.entry.archived
            and (not tag or tag in listed.tags)
            and all(word in listed.words or listed.is_titled(word) for word in words)
        ]

    def window(self, room: str, language: str) -> tuple[str, str] | None:
        """Title and description of a window room; None for any other room."""
        listed = self._windows.get(room)
        if listed is None:
            return None
        entry = listed.entry
        return entry.titles.get(language, entry.title), entry.abouts.get(language, entry.about)

    def windows(self) -> list[str]:
        """Ids of the window rooms."""
        return list(self._windows)


def _listed(room: str, entry: Entry) -> Listed:
    return Listed(room, entry, _words_of(entry), frozenset(map(fold, entry.tags)))


def _words_of(entry: Entry) -> str:
    texts = [entry.title, entry.about, *entry.tags, *entry.titles.values(), *entry.abouts.values()]
    return fold("\n".join(texts))
