"""The format of the store's data: a number under ``{format}``, written into an empty store and checked at each start.

A store of another format would look like an empty community, and starting on it could damage its data, so it is
refused. app.py and every command that opens the store call this before anything else is read or written.
"""

from __future__ import annotations

from typing import Final

import redis.asyncio

from chatserver.errors import StartError

STORE_FORMAT: Final = 2
FORMAT_KEY: Final = "{format}"

# At least one of these exists in every store that a release has used; `{house}` was the community's tag in 0.1.
_SIGNS: Final = ("{community}", "{house}", "{rooms}", "{rooms}:changes", "{users}:all")


async def check_format(store: redis.asyncio.Redis) -> None:
    """Write the format into a store without data of ours. Raises ``StartError`` if the store has another format."""
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
    """Set the store's format to this release's."""
    await store.set(FORMAT_KEY, STORE_FORMAT)
