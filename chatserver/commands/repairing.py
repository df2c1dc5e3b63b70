"""``chatserver repair``: cut off what the embedded store cannot read of its file."""

from __future__ import annotations

from chatserver.errors import StartError
from chatserver.settings import Settings
from chatserver.store.embedded.server import EmbeddedStore


def repair(settings: Settings) -> int:
    """Look through the file, keep what cannot be read beside it, and cut it off. Nothing may run on the folder."""
    if settings.store.url:
        raise StartError("store.url names a store that runs elsewhere: its files are repaired there")
    store = EmbeddedStore(settings.server.data, lock_seconds=0)
    print(store.repair() or f"The store's file in {store.folder} can be read to its end; nothing was changed")
    return 0
