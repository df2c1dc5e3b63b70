"""``chatserver backup`` and ``chatserver restore``: the whole store and all files, to a file and back."""

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
from chatserver.store.blobs.blobs import Blobs, open_blobs


def backup(settings: Settings, file: str) -> int:
    """Write the backup. The server may be running."""
    with open_store(settings) as address:
        counts = asyncio.run(write_backup(address, Path(file), _blobs(settings)))
    print(f"{file} is written. {_in_words(counts)}")
    return 0


def restore(settings: Settings, file: str, *, dry_run: bool) -> int:
    """Restore the backup into a store without users, or with ``dry_run`` only check it."""
    if dry_run:
        contents = inspect(Path(file))
    else:
        with open_store(settings) as address:
            contents = asyncio.run(restore_backup(address, Path(file), _blobs(settings)))
    moment = datetime.fromtimestamp(contents.head.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    print(f"Written by {contents.head.program} on {moment}. {_in_words(contents.counts)}")
    # A running server reads rooms and users again by itself, but it read the community's secret when it started.
    done = "All of it is restored. If a server is running on this store, restart it"
    print("The file is complete and undamaged; nothing was changed" if dry_run else done)
    return 0


def _blobs(settings: Settings) -> Blobs:
    return open_blobs(settings.files.storage, settings.server.data)


def _in_words(counts: Counts) -> str:
    return (
        f"Users: {counts.users}, rooms: {counts.rooms}, messages: {counts.messages}, files: {counts.files}, "
        f"keys: {counts.keys}"
    )
