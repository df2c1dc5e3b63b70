"""What engines in SQLite files of this machine have in common: a folder, its lock, and files made again when spoilt.

One process of a machine writes, whoever holds the lock; all read. The files may be read by this user alone: they hold
words of closed and direct rooms.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from chatserver.store.index.file import DAMAGE, GONE, File, Reading, inode_of

T = TypeVar("T")
R = TypeVar("R", bound=Reading)


class Folder:
    """``folder`` need not exist; ``lock`` is the name of the file that is locked."""

    def __init__(self, folder: Path, lock: str, files: Sequence[File]) -> None:
        self.folder = folder
        self._lock_path = folder / lock
        self._lock: int | None = None
        self._all = files
        self._threads = threading.local()
        self._readings: list[Reading] = []

    def acquire(self) -> bool:
        """Take the lock; it is free as soon as the process that held it has ended."""
        if self._lock is not None and os.fstat(self._lock).st_ino == inode_of(self._lock_path):
            return True
        self.release()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        self._taken()
        return True

    def _taken(self) -> None:
        """Called when the lock was just taken."""

    def release(self) -> None:
        for file in self._all:
            file.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def close(self) -> None:
        """Release, and close what threads read with; they must have ended."""
        self.release()
        for reading in self._readings:
            reading.close()

    def check(self) -> bool:
        for file in self._all:
            file.look()
        made = [file for file in self._all if file.made]
        for file in made:
            file.made = False
        return bool(made)

    def purge(self, now: int, before: int) -> None:
        for file in self._all:
            if file.path.exists():
                self._guarded(file, lambda file=file: file.purge(now, before))  # type: ignore[misc]

    def size(self) -> int:
        ends = ("", "-wal", "-shm")
        paths = [Path(f"{file.path}{end}") for file in self._all for end in ends]
        return sum(path.stat().st_size for path in paths if path.exists())

    def _guarded(self, file: File, work: Callable[[], T], *, again: bool = True) -> T:
        """Do something with a file; if it turns out to be damaged an empty one is begun, and if ``again`` it is done
        with that. What was to be written is not written then: it is read again from the beginning."""
        try:
            return work()
        except (*DAMAGE, *GONE, apsw.SQLError) as error:
            file.replace(str(error))
            return work() if again else None  # type: ignore[return-value]

    def _reading(self, name: Any, opened: Callable[[], R]) -> R:
        """What this thread reads a file with."""
        held: dict[Any, R] = self._threads.__dict__.setdefault("readings", {})
        if name not in held:
            held[name] = opened()
            self._readings.append(held[name])
        return held[name]
