"""One SQLite file of the index: opened, checked and replaced when it cannot be used.

The index holds nothing that could not be read again from the logs. So a file of another version, a damaged one and one
that somebody deleted are all the same: a new one is begun. SQLite comes with apsw. The standard library's is not
used: versions up to 3.51.2 can damage a file that several connections write (the WAL-reset bug), and two copies of
SQLite in one process break each other's locks.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Any, Final

import apsw

from chatserver.store.index.engine import Damaged
from chatserver.store.index.stamp import stamp

log = logging.getLogger(__name__)

FORMAT: Final = 1
BUSY_MS: Final = 5_000
DAMAGE: Final = (apsw.CorruptError, apsw.NotADBError, apsw.FormatError)
"""Errors that say that the file itself is not what it should be."""
GONE: Final = (apsw.CantOpenError, apsw.IOError, apsw.ReadOnlyError)
"""Errors of a file that was deleted or replaced under an open connection; and of a disk that fails."""


class File:
    """A file for the one process that writes. ``connection`` opens it when it is first needed. ``made``: it was begun
    empty, so that what was in it must be read again. In each, ``words`` is the FTS5 table."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self.made = False
        self._schema = schema
        self._connection: apsw.Connection | None = None
        self._inode = 0

    @property
    def connection(self) -> apsw.Connection:
        if self._connection is None:
            try:
                self._open()
            except (Damaged, *DAMAGE, *GONE, apsw.SQLError) as error:
                self.replace(str(error))
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        is_new = not self.path.exists()
        self._connection = writer = connect(self.path)
        writer.execute("PRAGMA journal_mode = wal")
        writer.execute("PRAGMA synchronous = normal")
        writer.execute("PRAGMA secure_delete = on")
        writer.execute("PRAGMA cache_size = -4096")
        if is_new:
            with writer:
                writer.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID")
                writer.execute(self._schema)
                writer.execute(f"PRAGMA user_version = {FORMAT}")
                writer.execute("INSERT INTO about VALUES ('stamp', ?)", (stamp(FORMAT),))
            self.made = True
        elif writer.execute("SELECT value FROM about WHERE name = 'stamp'").get != stamp(FORMAT):
            raise Damaged("it was made by another version")
        self._inode = self.path.stat().st_ino

    def replace(self, why: str) -> None:
        """Begin an empty file."""
        log.warning("index: a file is made again", extra={"file": self.path.name, "why": why})
        self.close()
        for end in ("", "-wal", "-shm", "-broken"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{end}").unlink()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open()

    def look(self) -> None:
        """Begin an empty file if somebody deleted it, or a reader found it damaged."""
        if self._broken.exists():
            self.replace("a reader found it damaged")
        elif self._connection is not None and inode_of(self.path) != self._inode:
            self.replace("it was deleted")

    @property
    def _broken(self) -> Path:
        return Path(f"{self.path}-broken")

    def about(self, name: str) -> Any:
        return self.connection.execute("SELECT value FROM about WHERE name = ?", (name,)).get

    def note(self, name: str, value: Any) -> None:
        """Keep something about the file; within a transaction it is written with it."""
        self.connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))

    def purge(self, now: int, before: int) -> None:
        """Erase removed words, if that was last done before a time; both in ms.

        They stay in FTS5's segments until these are merged into one. What is free is then overwritten, as
        ``secure_delete`` is on; and the log of the file must be empty, too.
        """
        if not self.about("removed") or (self.about("purged_at") or 0) > before:
            return
        with self.connection:
            self.connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            self.note("removed", 0)
            self.note("purged_at", now)
        is_busy = self.connection.execute("PRAGMA wal_checkpoint(truncate)").fetchone()
        if is_busy is not None and is_busy[0]:  # somebody searches: it is done again
            with self.connection:
                self.note("removed", 1)
                self.note("purged_at", 0)
        self.connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close(True)
            self._connection = None


class Reading:
    """A file for one thread that reads. ``connection`` is None while there is no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: apsw.Connection | None = None
        self._inode = 0

    @property
    def connection(self) -> apsw.Connection | None:
        inode = inode_of(self.path)
        if inode != self._inode:
            self.close()
        if self._connection is None and inode:
            try:
                self._connection = connect(self.path, flags=apsw.SQLITE_OPEN_READONLY)
                # Whoever closes last would remove the file's -wal by its name, which may belong to a newer file by now.
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                self._connection.execute("PRAGMA cache_size = -1024")
            except apsw.CantOpenError:
                return None
            self._inode = inode
        return self._connection

    def fault(self, error: Exception) -> None:
        """The file cannot be read. Unless it is just being made, it is reported as damaged; if it was deleted, it is
        opened again at the next search."""
        try:
            is_made = self._connection is not None and self._connection.pragma("user_version") != 0
        except apsw.Error:
            is_made = True
        if isinstance(error, DAMAGE) or (isinstance(error, apsw.SQLError) and is_made):
            self.report(error)
        else:
            log.info("index: a file cannot be read now", extra={"file": self.path.name, "error": str(error)})
            self.close()

    def report(self, error: Exception) -> None:
        """Tell the process that writes that the file is damaged."""
        log.warning("index: a file is damaged", extra={"file": self.path.name, "error": str(error)})
        self.close()
        with contextlib.suppress(OSError):
            Path(f"{self.path}-broken").touch(0o600)

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(apsw.Error):
                self._connection.close(True)
            self._connection, self._inode = None, 0


def connect(path: Path, *, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) -> apsw.Connection:
    """Open a file that only this user may read."""
    if flags & apsw.SQLITE_OPEN_CREATE:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(BUSY_MS)
    return connection


def inode_of(path: Path) -> int:
    """The file's number on its disk; 0 if there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def remove(folder: Path, pattern: str = "*.db") -> int:
    """Remove files of the index, also under a running server, which begins empty ones. Returns how many."""
    files = sorted(folder.glob(pattern))
    for file in files:
        for end in ("-wal", "-shm", "-broken", ""):
            Path(f"{file}{end}").unlink(missing_ok=True)
    return len(files)
