"""Follows the changes of users and brings the index of people up to them, while this process is the one that writes.

Each change that others may see is in the stream ``{users}:changes``, which is kept for some thousands of changes; the
index remembers its place in it. A comparison of all users' versions, page by page, finds what a crash forgot, who is
gone, and everyone when the index is new.
"""

from __future__ import annotations

import asyncio
from typing import Final

from chatserver.store.accounts.findable import read_findable
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import UserNumbers, read_numbers
from chatserver.store.index.engine import PeopleEngine
from chatserver.store.index.follower import COMPARED_EVERY_SECONDS, InWriter

PAGE: Final = 256


class PeopleFollower:
    """Called while this process writes: ``step`` often, ``compare`` now and then beside it."""

    def __init__(self, store: Store, engine: PeopleEngine, in_writer: InWriter) -> None:
        self._store = store
        self._engine = engine
        self._in_writer = in_writer
        self._compared_at: float | None = None
        self._building = False

    async def begin(self) -> None:
        """Compare everyone, whatever another process did before."""
        self._compared_at = None

    async def step(self) -> None:
        """Take in who changed since the last step."""
        await self._in_writer(self._engine.check)
        place = await self._in_writer(self._engine.people_place)
        _, reply, anyone, users = await self._store.call("users_changed", keys.USERS, place or "", 0)
        now = reply.decode()
        if place is None or anyone:
            await self._in_writer(self._engine.note_people, now, 0.0 if place is None else None)
            self._compared_at = None
            self._building = self._building or place is None
        elif now != place:
            changed = list(dict.fromkeys(user.decode() for user in users))
            for start in range(0, len(changed), PAGE):
                await self._read(changed[start : start + PAGE])
            await self._in_writer(self._engine.note_people, now, None)

    async def _read(self, users: list[str]) -> None:
        found = await read_findable(self._store, users)
        gone = [user for user in users if user not in found]
        await self._in_writer(self._engine.write_people, list(found.values()), gone)

    # --- comparing everyone ------------------------------------------------------------------------------------------

    async def compare(self) -> None:
        """Compare everyone with the index, if that is due and ``step`` has begun."""
        now = asyncio.get_running_loop().time()
        is_due = self._compared_at is None or now > self._compared_at + COMPARED_EVERY_SECONDS
        if not is_due or await self._in_writer(self._engine.people_place) is None:
            return
        self._compared_at = now
        try:
            await self._find_missing()
            await self._find_gone()
        except BaseException:
            self._compared_at = None
            raise
        if self._compared_at is not None:  # else it was begun empty meanwhile
            self._building = False
            await self._in_writer(self._engine.note_people, None, 1.0)

    async def _find_missing(self) -> None:
        """Read those whose versions are others than in the index."""
        looked, all_users = 0, await self._store.command(keys.USERS, "ZCARD", keys.EVERYONE)
        cursor = b"0"
        while True:
            cursor, listed = await self._store.command(keys.USERS, "ZSCAN", keys.EVERYONE, cursor, "COUNT", PAGE)
            users = list(dict.fromkeys(user.decode() for user in listed[::2]))
            await self._compare(users)
            looked += len(users)
            if self._building:
                await self._in_writer(self._engine.note_people, None, min(0.999, looked / (all_users or 1)))
            if cursor == b"0":
                return

    async def _compare(self, users: list[str]) -> None:
        versions: dict[str, int] = await self._in_writer(self._engine.people_versions, users)
        others: list[str] = []

        def took(user: str, numbers: UserNumbers) -> None:
            if numbers.version != versions.get(user):
                others.append(user)

        await read_numbers(self._store, users, took)
        for start in range(0, len(others), PAGE):
            await self._read(others[start : start + PAGE])

    async def _find_gone(self) -> None:
        """Remove from the index who is in the community no more."""
        last = ""
        while users := await self._in_writer(self._engine.people_after, last, PAGE):
            last = users[-1]
            scores = await self._store.command(keys.USERS, "ZMSCORE", keys.EVERYONE, *users)
            gone = [user for user, score in zip(users, scores, strict=True) if score is None]
            if gone:
                await self._read(gone)
