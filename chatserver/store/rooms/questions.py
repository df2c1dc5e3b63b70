"""The store of questions of the day: which rooms want one, and which question rooms exist.

Whether a room wants one is stored in the room's own meta, like its title. The community's tag lists those rooms, so
that nobody has to read all rooms. A posted question is stored with its day until it was removed from its members'
lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, NamedTuple

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store

ROOMS: Final = keys.COMMUNITY + ":question_rooms"
LAID: Final = keys.COMMUNITY + ":questions"
NOW: Final = keys.COMMUNITY + ":question_now"


class Laid(NamedTuple):
    """A room's question: the day on which it was posted, and the latest day for which it was decided that it is the
    question of that day, too."""

    day: int
    until: int


async def agree(store: Store, room: str) -> None:
    """Make the community's list agree with the room's meta. Repeats until both agree, because whoever changed the meta
    meanwhile may have written to the list first. Writes nothing if they agree already."""
    while True:
        wants = await store.command(keys.room(room), "HGET", keys.room(room), "question") == b"1"
        if bool(await store.command(keys.COMMUNITY, "SISMEMBER", ROOMS, room)) is wants:
            return
        await store.command(keys.COMMUNITY, "SADD" if wants else "SREM", ROOMS, room)
        if not wants:
            await store.command(keys.COMMUNITY, "HDEL", NOW, room)


class QuestionStore:
    """Everything here may be repeated."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, rooms: Iterable[str]) -> None:
        """Let these rooms have one, unless that was set already."""
        for room in rooms:
            if await self._store.command(keys.room(room), "HGET", keys.room(room), "question") is None:
                await self._store.command(keys.room(room), "HSETNX", keys.room(room), "question", 1)
            await agree(self._store, room)

    async def rooms(self) -> list[str]:
        """The rooms that want one and are not archived."""
        listed = sorted(room.decode() for room in await self._store.command(keys.COMMUNITY, "SMEMBERS", ROOMS))
        asked = (
            self._store.command(keys.room(room), "HMGET", keys.room(room), "question", "archived") for room in listed
        )
        metas = await asyncio.gather(*asked)
        return [room for room, meta in zip(listed, metas, strict=True) if meta[0] == b"1" and meta[1] != b"1"]

    async def now(self, room: str) -> Laid | None:
        """The room's latest question."""
        held: bytes | None = await self._store.command(keys.COMMUNITY, "HGET", NOW, room)
        return _laid(held) if held is not None else None

    async def decide(self, room: str, before: Laid | None, after: Laid) -> Laid:
        """Make ``after`` the room's question, if it still was ``before``. Returns what it is now."""
        expected = f"{before.day} {before.until}" if before is not None else ""
        answer = await self._store.call("question_decide", keys.COMMUNITY, room, expected, f"{after.day} {after.until}")
        return _laid(answer[1])

    async def note(self, question: str, day: int) -> None:
        await self._store.command(keys.COMMUNITY, "ZADD", LAID, day, question)

    async def laid_until(self, day: int) -> list[str]:
        """The question rooms of this day and before that are still stored."""
        return [name.decode() for name in await self._store.command(keys.COMMUNITY, "ZRANGEBYSCORE", LAID, "-inf", day)]

    async def forget(self, question: str) -> None:
        await self._store.command(keys.COMMUNITY, "ZREM", LAID, question)


def _laid(held: bytes) -> Laid:
    day, until = held.split()
    return Laid(int(day), int(until))
