"""All people, as the index reads them from the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from chatserver.store.accounts.findable import read_findable
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import UserNumbers, read_numbers
from chatserver.store.index.changes_follower import PAGE, Changes
from chatserver.store.index.engine import PeopleEngine
from chatserver.store.index.writer import InWriter


class PeopleSource:
    """Follows ``{users}:changes``; compares the number ``v`` of each user."""

    def __init__(self, store: Store, part: PeopleEngine, in_writer: InWriter) -> None:
        self._store = store
        self._part = part
        self._in_writer = in_writer

    async def changed(self, place: str) -> Changes:
        _, now, anyone, users = await self._store.call("users_changed", keys.USERS, place, 0)
        return Changes(now.decode(), bool(anyone), [user.decode() for user in users])

    async def count(self) -> int:
        number: int = await self._store.command(keys.USERS, "ZCARD", keys.EVERYONE)
        return number

    async def pages(self) -> AsyncIterator[list[str]]:
        cursor = b"0"
        while True:
            cursor, listed = await self._store.command(keys.USERS, "ZSCAN", keys.EVERYONE, cursor, "COUNT", PAGE)
            yield [user.decode() for user in listed[::2]]
            if cursor == b"0":
                return

    async def versions(self, ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}

        def took(user: str, numbers: UserNumbers) -> None:
            found[user] = numbers.version

        await read_numbers(self._store, ids, took)
        return found

    async def absent(self, ids: Sequence[str]) -> list[str]:
        scores = await self._store.command(keys.USERS, "ZMSCORE", keys.EVERYONE, *ids)
        return [user for user, score in zip(ids, scores, strict=True) if score is None]

    async def read(self, ids: Sequence[str]) -> None:
        found = await read_findable(self._store, ids)
        gone = [user for user in ids if user not in found]
        await self._in_writer(self._part.write, list(found.values()), gone)
