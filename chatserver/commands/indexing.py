"""``chatserver index status`` and ``rebuild``: what the index holds, and how to make it again.

Both work on the files of this data folder, and on the cluster if messages are kept in one. So they need neither the
store nor a running server. A server that runs notices within a second that the index is gone, and makes it again while
it works.
"""

from __future__ import annotations

from chatserver.settings import Settings
from chatserver.store.index.status import remove_index, status_of


def status(settings: Settings) -> int:
    """Print it; the exit status is 1 if a part cannot be read."""
    found = status_of(settings)
    if found is None:
        print("There is no index yet: a server makes it when it starts")
        return 0
    print(f"Messages: {found.messages} in {found.spoken_in} rooms, {_made(found.messages_made)}")
    print(f"People: {found.people}, {_made(found.people_made)}")
    print(f"Open rooms: {found.rooms}, {_made(found.rooms_made)}")
    print(f"Size: {found.size / 1e6:.1f} MB")
    for damage in found.damaged:
        print(f"Cannot be read: {damage}")
    return 1 if found.damaged else 0


def rebuild(settings: Settings) -> int:
    """Remove it, so that the server makes it again."""
    number = remove_index(settings)
    print(f"Removed the index, {number} parts. The server makes it again from the store, at once if it runs")
    return 0


def _made(part: float) -> str:
    return "complete" if part >= 1 else f"{int(part * 100)} % made"
