"""``chatserver index status`` and ``rebuild``: what the index of this data folder holds, and how to make it again.

Both work on the files alone, so they need neither the store nor a running server. A server that runs notices within a
second that its files are gone, and makes the index again while it works.
"""

from __future__ import annotations

from pathlib import Path

from chatserver.settings import Settings
from chatserver.store.index.status import remove, status_of


def status(settings: Settings) -> int:
    """Print it; the exit status is 1 if a file cannot be read."""
    found = status_of(_folder(settings))
    if found is None:
        print("There is no index in this data folder: a server makes it when it starts")
        return 0
    print(f"Messages: {found.messages} in {found.spoken_in} rooms, {_made(found.messages_made)}")
    print(f"People: {found.people}, {_made(found.people_made)}")
    print(f"Open rooms: {found.rooms}, {_made(found.rooms_made)}")
    print(f"Size: {found.size / 1e6:.1f} MB")
    for damage in found.damaged:
        print(f"Cannot be read: {damage}")
    return 1 if found.damaged else 0


def rebuild(settings: Settings) -> int:
    """Remove the files, so that the server makes them again."""
    number = remove(_folder(settings))
    print(f"Removed {number} files. The server makes the index again from the store, at once if it runs")
    return 0


def _folder(settings: Settings) -> Path:
    return Path(settings.server.data) / "index"


def _made(part: float) -> str:
    return "complete" if part >= 1 else f"{int(part * 100)} % made"
