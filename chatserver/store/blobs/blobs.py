"""Where the bytes of files lie: a folder of this machine, or S3 for many machines, through ``obstore``.

A file has a folder of its own (``ab/abc…``) with its parts while it is uploaded and its sizes afterwards. Nothing here
knows what they are or who may read them. While the storage is away, everything raises ``Refusal`` unavailable.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from chatserver import errors
from chatserver.errors import Refusal, StartError

log = logging.getLogger(__name__)
CHUNK_BYTES: Final = 1 << 18
_LISTED_AT_ONCE: Final = 1000
_FULL: Final = ("No space left", "os error 28", "Disk quota exceeded")
_S3: Final = "s3://"
_RETRY: Final = {"max_retries": 2, "retry_timeout": timedelta(seconds=5)}
_CLIENT: Final = {"connect_timeout": "5s", "timeout": "60s"}


class Blob(NamedTuple):
    """One object: its path, and when it was written (ms)."""

    path: str
    at: int


class Blobs:
    """``place`` is how an operator calls it; ``folder`` is its folder on this machine, if there is no ``store``: it is
    created with the first file, so a server without files needs no folder that it may write to."""

    def __init__(self, store: S3Store | MemoryStore | None, place: str, folder: Path | None = None) -> None:
        self._store: LocalStore | S3Store | MemoryStore | None = store
        self.place = place
        self._folder = folder
        self.failures = 0

    def _opened(self) -> LocalStore | S3Store | MemoryStore:
        """Raises ``OSError`` if the folder cannot be created."""
        if self._store is None:
            assert self._folder is not None
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            self._store = LocalStore(self._folder.resolve(), automatic_cleanup=True)
        return self._store

    async def put(self, path: str, file: IO[bytes]) -> None:
        """Write the whole of ``file`` under this path, or nothing."""
        file.seek(0)
        with self._answering():
            await obstore.put_async(self._opened(), path, file, chunk_size=CHUNK_BYTES * 20, max_concurrency=2)
        if self._folder is not None:
            (self._folder / path).chmod(0o600)  # a few microseconds

    async def size(self, path: str) -> int | None:
        """How many bytes it has; None if there is no such object."""
        with self._answering():
            try:
                return (await obstore.head_async(self._opened(), path))["size"]
            except (NotFoundError, FileNotFoundError):
                return None

    async def read(self, path: str, start: int, end: int) -> AsyncIterator[memoryview]:
        """The bytes from ``start`` to before ``end``, in chunks. Raises ``Refusal`` not_found."""
        with self._answering():
            try:
                got = await obstore.get_async(self._opened(), path, options={"range": (start, end)})
            except (NotFoundError, FileNotFoundError):
                raise errors.not_found("file") from None
            async for chunk in got.stream(CHUNK_BYTES):
                yield memoryview(cast("Any", chunk))

    async def copy_to(self, path: str, file: IO[bytes]) -> None:
        """Append the whole object to ``file``. Raises ``Refusal`` not_found."""
        size = await self.size(path)
        if size is None:
            raise errors.not_found("file")
        if size:
            async for chunk in self.read(path, 0, size):
                write(file, chunk)

    async def erase(self, folder: str) -> None:
        """Erase everything below a folder."""
        with self._answering():
            paths = [meta["path"] async for page in obstore.list(self._opened(), folder) for meta in page]
            if paths:
                with contextlib.suppress(NotFoundError, FileNotFoundError):
                    await obstore.delete_async(self._opened(), paths)

    async def erase_one(self, path: str) -> None:
        """Erase one object, if it is there."""
        with self._answering(), contextlib.suppress(NotFoundError, FileNotFoundError):
            await obstore.delete_async(self._opened(), path)

    async def all(self) -> AsyncIterator[Blob]:
        """Everything that is there."""
        if self._store is None and self._folder is not None and not self._folder.exists():
            return
        with self._answering():
            async for page in obstore.list(self._opened(), chunk_size=_LISTED_AT_ONCE):
                for meta in page:
                    yield Blob(meta["path"], round(meta["last_modified"].timestamp() * 1000))

    def spool(self) -> IO[bytes]:
        """An empty file without a name, on the disk of the data folder; it is gone once it is closed. Nothing of it is
        buffered here, so closing it cannot fail."""
        try:
            self._opened()
            return cast("IO[bytes]", tempfile.TemporaryFile(buffering=0, dir=self._folder))
        except OSError as error:
            raise _away(error) from error

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            self.failures += 1
            log.warning("files: the storage failed", extra={"place": self.place, "error": str(error)[:500]})
            raise _away(error) from error


def write(file: IO[bytes], chunk: bytes | memoryview) -> None:
    """Write to a spooled file. Raises ``Refusal`` unavailable if the disk is full."""
    left = memoryview(chunk)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        raise _away(error) from error


def _away(error: Exception) -> Refusal:
    is_full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or any(word in str(error) for word in _FULL)
    if is_full:
        return errors.unavailable("The disk for files is full: tell the operator, and try again later")
    return errors.unavailable("The storage for files cannot be reached: try again later")


def folder_of(file: str) -> str:
    """The folder of a file; ``file`` is its id."""
    return f"{file[:2]}/{file}"


def parts_of(file: str) -> str:
    """The folder of what was uploaded of a file that is not finished."""
    return f"{folder_of(file)}/parts"


def file_of(path: str) -> str:
    """The id of the file to which an object belongs."""
    return path.split("/")[1] if path.count("/") > 1 else ""


def open_blobs(storage: str, data: str) -> Blobs:
    """The storage that the setting ``files.storage`` names; "" is the folder ``files`` of the data folder.
    Raises ``StartError``."""
    folder = Path(data) / "files"
    if not storage:
        return Blobs(None, str(folder), folder)
    if not storage.startswith(_S3):
        raise StartError(f"files.storage: {storage} is not an address such as s3://bucket/prefix")
    # obstore reads all AWS_ variables but this one, once it is given options of the client.
    client = {**_CLIENT, "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"true", "1"}}
    try:
        store = S3Store.from_url(storage, client_options=cast("Any", client), retry_config=cast("Any", _RETRY))
    except (BaseError, OSError, ValueError) as error:
        raise StartError(f"The storage for files cannot be opened: {error}") from None
    return Blobs(store, storage)
