"""Erasing the bytes of files that were removed.

A removed file cannot be fetched from the step on that removes it. Its bytes go at once where the storage answers; else
it stays in ``{files}:erase``, which every process works through. A file is in that list before it is forgotten anywhere
else, so a crash leaves no bytes behind.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Final

from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.store.blobs.blobs import Blobs, folder_of, parts_of
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store

ERASE: Final = keys.FILES + ":erase"
AT_ONCE_SECONDS: Final = 3.0
"""How long a deletion waits for the storage; then the bytes go later."""
_AT_ONCE: Final = 100


class Erasing:
    """Erases files; every method may be repeated. The list holds folders of the storage."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    async def discard(self, files: Mapping[str, str], *, tag: Tag | None = None) -> None:
        """Note that the bytes of these files, by id with who sent them ("": the server fetched it), must be erased;
        give back what was reserved for them, and forget them in the tag that held them. Then erase them, if the storage
        answers soon."""
        for file, user in files.items():
            await self._note(folder_of(file))
            if user:
                await self._store.call("quota_give", keys.user(user), file)
            await self._store.command(keys.file(file), "DEL", keys.file(file))
            if tag is not None:
                await self._store.command(tag, "HDEL", tag + ":files:gone", file)
        if files:
            await self._erase_soon(map(folder_of, files))

    async def erase_parts(self, file: str) -> None:
        """Erase what was uploaded: the file is finished."""
        await self._note(parts_of(file))
        await self._erase_soon([parts_of(file)])

    async def _note(self, folder: str) -> None:
        await self._store.call("erase_later", keys.FILES, now_ms(), folder)

    async def _erase_soon(self, folders: Iterable[str]) -> None:
        with contextlib.suppress(Refusal, TimeoutError):
            async with asyncio.timeout(AT_ONCE_SECONDS):
                await self._erase(folders)

    async def _erase(self, folders: Iterable[str]) -> None:
        for folder in folders:
            await self._blobs.erase(folder)
            await self._store.command(keys.FILES, "ZREM", ERASE, folder)

    async def carry_on(self) -> None:
        """Erase what could not be erased at once. Raises ``Refusal`` unavailable while the storage or the store is
        away."""
        while found := await self._store.command(keys.FILES, "ZRANGE", ERASE, 0, _AT_ONCE - 1):
            await self._erase(folder.decode() for folder in found)

    async def left(self) -> int:
        """How many files are still to be erased."""
        count: int = await self._store.command(keys.FILES, "ZCARD", ERASE)
        return count
