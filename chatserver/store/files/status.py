"""How the storage of files is doing, for ``chatserver files status``."""

from __future__ import annotations

from dataclasses import dataclass

from chatserver.errors import Refusal
from chatserver.store.backup.backup import connected
from chatserver.store.blobs.blobs import Blobs, file_of
from chatserver.store.engine.address import Address
from chatserver.store.files.erasing import ERASE
from chatserver.store.files.files import BEGUN


@dataclass(slots=True, frozen=True)
class FilesStatus:
    """``away`` says why the storage cannot be reached, "" if it can. Then ``files`` is how many are there. ``recent``
    were begun and not looked at since: every file is, a day later. ``to_erase`` were removed, and their bytes are still
    there."""

    place: str
    away: str
    files: int
    recent: int
    to_erase: int


async def status_of(address: Address, blobs: Blobs) -> FilesStatus:
    """Raises ``StartError`` if the store cannot be reached."""
    files, away = set[str](), ""
    async with connected(address) as store:
        recent, to_erase = await store.zcard(BEGUN), await store.zcard(ERASE)
    try:
        files = {file_of(blob.path) async for blob in blobs.all()}
    except Refusal as refusal:
        away = refusal.message
    return FilesStatus(blobs.place, away, len(files), recent, to_erase)
