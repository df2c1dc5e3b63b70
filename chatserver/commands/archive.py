"""``chatserver backup`` and ``chatserver restore``: all that the store holds, into a file and back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from chatserver.commands.places import open_store
from chatserver.settings import Settings
from chatserver.store.backup.archive import Counts
from chatserver.store.backup.backup import backup as write_backup
from chatserver.store.backup.restore import inspect
from chatserver.store.backup.restore import restore as restore_backup


def backup(settings: Settings, file: str) -> int:
    """Write the file; the community may be open meanwhile."""
    with open_store(settings) as address:
        counts = asyncio.run(write_backup(address, Path(file)))
    print(f"{file} is written. {_in_words(counts)}")
    return 0


def restore(settings: Settings, file: str, *, dry_run: bool) -> int:
    """Bring the file back into a store in which nobody lives, or with ``dry_run`` only check it."""
    if dry_run:
        contents = inspect(Path(file))
    else:
        with open_store(settings) as address:
            contents = asyncio.run(restore_backup(address, Path(file)))
    moment = datetime.fromtimestamp(contents.head.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    print(f"Written by {contents.head.program} on {moment}. {_in_words(contents.counts)}")
    # An open server reads all rooms and people anew by itself, but it drew the community's secret when it started.
    done = "All of it is restored. A server that is open on this store should be restarted"
    print("The file is sound; nothing was changed" if dry_run else done)
    return 0


def _in_words(counts: Counts) -> str:
    return f"Users: {counts.users}, rooms: {counts.rooms}, messages: {counts.messages}, keys: {counts.keys}"
