"""Which rooms' words changed: 64 sorted sets, from which every machine's index learns what to read.

A process notes the rooms whose logs its own functions changed (``Store.changed``) at most four times a second, in as
many calls as there are sets. The send itself does nothing but add to a Python set, once a group.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from typing import Final

from chatserver.errors import Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.link import Reply
from chatserver.store.engine.store import Store, scored

SETS: Final = keys.DIRTY_SETS


async def note_changes(store: Store) -> None:
    """Note the rooms that this process changed. What cannot be noted now is noted the next time."""
    rooms = [keys.tagged_id(tag.encode())[1] for tag in store.changed]
    store.changed.clear()
    await asyncio.gather(*(_note(store, number, some) for number, some in _by_set(rooms).items()))


async def _note(store: Store, number: int, rooms: list[str]) -> None:
    try:
        await store.call("index_dirty", keys.dirty(number), *rooms)
    except Refusal:
        store.changed.update(map(keys.room, rooms))


def _by_set(rooms: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for room in rooms:
        found.setdefault(zlib.crc32(room.encode()) % SETS, []).append(room)
    return found


class DirtyRooms:
    """What one machine has seen of the sets. ``start`` before ``read``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = ["0"] * SETS

    async def start(self) -> None:
        """Begin with what is noted from now on."""

        def took(number: int, reply: Reply) -> None:
            self._seen[number] = next((_score(score) for _, score in scored(reply)), "0")

        await self._store.together(
            [(keys.dirty(number), ("ZRANGE", keys.dirty(number), 0, 0, "REV", "WITHSCORES")) for number in range(SETS)],
            took,
        )

    async def read(self) -> list[str]:
        """The rooms noted since the last call. Raises ``Refusal`` unavailable."""
        found: dict[str, None] = {}

        def took(number: int, reply: Reply) -> None:
            for room, score in scored(reply):
                found[room.decode()] = None
                self._seen[number] = _score(score)

        await self._store.together(
            [
                (
                    keys.dirty(number),
                    ("ZRANGE", keys.dirty(number), f"({seen}", "+inf", "BYSCORE", "WITHSCORES"),
                )
                for number, seen in enumerate(self._seen)
            ],
            took,
        )
        return list(found)


def _score(score: object) -> str:
    """A score as the store takes it: RESP3 answers a float, RESP2 text."""
    return f"{float(score.decode() if isinstance(score, bytes) else score):.0f}"  # type: ignore[arg-type]
