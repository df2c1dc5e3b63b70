"""``chatserver repair``: cut off the unreadable end of the embedded store's file."""

from __future__ import annotations

from chatserver.errors import StartError
from chatserver.settings import Settings
from chatserver.store.embedded.server import EmbeddedStore


def repair(settings: Settings) -> int:
    """Check the file, copy what cannot be read to a file beside it, and cut it off. No server may use the folder."""
    if settings.store.url:
        raise StartError("store.url names an external store: repair its files where it runs")
    store = EmbeddedStore(settings.server.data, lock_seconds=0)
    print(store.repair() or f"The store's file in {store.folder} can be read to its end; nothing was changed")
    return 0
