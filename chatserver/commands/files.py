"""``chatserver files status``: where files are kept, and what is still to be erased."""

from __future__ import annotations

import asyncio

from chatserver.commands.places import open_store
from chatserver.settings import Settings
from chatserver.store.blobs.blobs import open_blobs
from chatserver.store.files.status import status_of


def status(settings: Settings) -> int:
    """Print it; the exit status is 1 if the storage cannot be reached."""
    blobs = open_blobs(settings.files.storage, settings.server.data)
    with open_store(settings) as address:
        found = asyncio.run(status_of(address, blobs))
    print(f"Storage: {found.place}")
    print(found.away or f"Files: {found.files}, of these from the last day: {found.recent}")
    print(f"Removed files whose bytes are still to be erased: {found.to_erase}")
    return 1 if found.away else 0
