"""The format of what the store holds: a number under ``{format}``, written into an empty store, checked at each start.

A store of another format would open as an empty-looking community over somebody's year of talk, so it is refused.
Called by app.py and by every command that opens the store, before anything else is read or written.
"""

from __future__ import annotations

from typing import Final

import redis.asyncio

from chatserver.errors import StartError

STORE_FORMAT: Final = 2
FORMAT_KEY: Final = "{format}"

# One of these stands in every store that a release has opened; `{house}` is what the first one called its community.
_SIGNS: Final = ("{community}", "{house}", "{rooms}", "{rooms}:changes", "{users}:all")


async def check_format(store: redis.asyncio.Redis) -> None:
    """Write the format into a store without data of ours. Raises ``StartError`` where it is another one."""
    found = await store.get(FORMAT_KEY)
    if found is None and await store.exists(*_SIGNS):
        raise StartError(
            "The store holds the data of release 0.1, which this release cannot read: run 0.1 on it, or start this "
            "release on an empty store (another `server.data` folder or `store.url`)"
        )
    if found is None:
        await write_format(store)
    elif int(found) != STORE_FORMAT:
        raise StartError(
            f"The store has format {int(found)} and this release reads format {STORE_FORMAT}: start the release that "
            "wrote it, or start this one on an empty store"
        )


async def write_format(store: redis.asyncio.Redis) -> None:
    """Say that this store has this release's format, whatever it said before."""
    await store.set(FORMAT_KEY, STORE_FORMAT)
