"""The list of open rooms: an entry for each, written when a room is made or its words change, and which of them are
windows.

``put`` writes entries. The index of rooms follows their stream of changes and reads the rooms themselves
(``read_open``), as does whoever shows a list: an entry may be a step behind its room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import msgspec

from chatserver.rules.rooms.finding import OpenRoom
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import AT_ONCE


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An open room in the list; ``version`` is the room's at that moment, ``created_at`` in ms."""

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


_unpack = msgspec.msgpack.Decoder(Entry).decode
_unpack_tags = msgspec.msgpack.Decoder(list[str]).decode
_unpack_texts = msgspec.msgpack.Decoder(dict[str, str]).decode
_FIELDS: Final = (
    "kind", "archived", "mv", "title", "about", "tags", "titles", "abouts", "window", "bots", "created_at", "forum",
)  # fmt: skip


async def put(store: Store, room: str, entry: Entry) -> None:
    """Store an open room's entry. Repeatable: an entry of an older version changes nothing."""
    await store.call("catalogue_put", keys.ROOMS, room, entry.version, msgspec.msgpack.encode(entry))


async def read_open(store: Store, rooms: Sequence[str]) -> dict[str, OpenRoom]:
    """These rooms as they are now, without those that are not open, are archived, do not exist or cannot be read."""
    found: dict[str, OpenRoom] = {}

    def took(index: int, fields: list[Any]) -> None:
        try:
            one = _open_room(some[index], fields)
        except ValueError as failure:  # it must not keep all others from being shown
            store.note_fault("room", some[index], failure)
            return
        if one is not None:
            found[one.room] = one

    for start in range(0, len(rooms), AT_ONCE):
        some = rooms[start : start + AT_ONCE]
        await store.together([(tag, ("HMGET", tag, *_FIELDS)) for tag in map(keys.room, some)], took)
    return found


def _open_room(room: str, fields: list[Any]) -> OpenRoom | None:
    kind, archived, version, title, about, tags, titles, abouts, window, bots, created_at, forum = fields
    if kind != b"open" or archived == b"1":
        return None
    return OpenRoom(
        room, int(version or 0), (title or b"").decode(), (about or b"").decode(), _unpack_tags(tags) if tags else [],
        _unpack_texts(titles) if titles else {}, _unpack_texts(abouts) if abouts else {}, window == b"1", bots == b"1",
        int(created_at or 0), forum == b"1",
    )  # fmt: skip


class WindowRooms:
    """The rooms that visitors read, held by each process. Call ``refresh`` before ``window`` and ``windows``.
    ``on_windows`` is called when the set of them changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._place = ""
        self._windows: dict[str, Entry] = {}
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
            before = set(self._windows)
            _, place, afresh, flat = await self._store.call("windows_read", keys.ROOMS, self._place)
            if afresh:
                self._windows = {}
            for room, packed in zip(flat[::2], flat[1::2], strict=True):
                self._take(room.decode(), packed)
            self._place = place.decode()
            if set(self._windows) != before:
                self._on_windows()

    def _take(self, room: str, packed: bytes) -> None:
        self._windows.pop(room, None)
        entry = _unpack(packed) if packed else None
        if entry is not None and entry.window and not entry.archived:
            self._windows[room] = entry

    def window(self, room: str, language: str) -> tuple[str, str] | None:
        """Title and description of a window room; None for any other room."""
        entry = self._windows.get(room)
        if entry is None:
            return None
        return entry.titles.get(language, entry.title), entry.abouts.get(language, entry.about)

    def windows(self) -> list[str]:
        """Ids of the window rooms."""
        return list(self._windows)
