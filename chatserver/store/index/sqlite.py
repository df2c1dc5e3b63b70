"""The index in SQLite files of this machine: the engine that needs nothing beside the server.

One process of a machine writes, whoever holds the lock; all read. Rooms are spread over several files by their ids, so
that merging and erasing in one of them takes a second or two at most. All files are in the folder ``index`` of the data
folder and may be read by this user alone: they hold words of closed and direct rooms.
"""

from __future__ import annotations

import fcntl
import heapq
import itertools
import os
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import apsw

from chatserver.rules.accounts.finding import Findable
from chatserver.store.index.engine import Hit, PeopleFound, PeopleWanted, RoomPart, RoomState, Wanted
from chatserver.store.index.file import DAMAGE, GONE, File, Reading, inode_of
from chatserver.store.index.people import PeopleFile, PeopleReading
from chatserver.store.index.words import WordsFile, WordsReading

FILES: Final = 8
PEOPLE: Final = "people.db"
T = TypeVar("T")


class SqliteEngine:
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._files = [WordsFile(_path(folder, number)) for number in range(FILES)]
        self._people = PeopleFile(folder / PEOPLE)
        self._threads = threading.local()
        self._readings: list[Reading] = []

    # --- the writer --------------------------------------------------------------------------------------------------

    def acquire(self) -> bool:
        """Take the lock of the folder; it is free as soon as the process that held it has ended."""
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
        if not any(file.path.exists() for file in self._files):
            self.note_progress(0)
        return True

    @property
    def _progress_path(self) -> Path:
        return self.folder / "progress"

    def progress(self) -> float:
        try:
            return float(self._progress_path.read_text("ascii") or 0)
        except (OSError, ValueError):
            return 1.0

    def note_progress(self, progress: float) -> None:
        if progress >= 1:
            self._progress_path.unlink(missing_ok=True)
        else:
            self._progress_path.touch(0o600)
            self._progress_path.write_text(f"{progress:.3f}", "ascii")

    @property
    def _lock_path(self) -> Path:
        return self.folder / "lock"

    def release(self) -> None:
        for file in (*self._files, self._people):
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
        for file in (*self._files, self._people):
            file.look()
        made = [file for file in self._files if file.made]
        for file in made:
            file.made = False
        return bool(made)

    def states(self, rooms: Sequence[str]) -> dict[str, RoomState]:
        found: dict[str, RoomState] = {}
        for file, some in self._by_file(rooms):
            found |= self._guarded(file, partial(file.states, some))
        return found

    def rooms(self) -> set[str]:
        return set[str]().union(*(self._guarded(file, file.rooms) for file in self._files if file.path.exists()))

    def write(self, parts: Sequence[RoomPart]) -> None:
        by_room = {part.room: part for part in parts}
        for file, rooms in self._by_file(list(by_room)):
            some = [by_room[room] for room in rooms]
            self._guarded(file, partial(file.write, some), again=False)

    def forget(self, rooms: Sequence[str]) -> None:
        for file, some in self._by_file(rooms):
            self._guarded(file, partial(file.forget, some))

    def purge(self, now: int, before: int) -> None:
        for file in (*self._files, self._people):
            if file.path.exists():
                self._guarded(file, partial(file.purge, now, before))

    # --- people, for the writer --------------------------------------------------------------------------------------

    def people_place(self) -> str | None:
        return self._guarded(self._people, self._people.place)

    def note_people(self, place: str | None, progress: float | None) -> None:
        def note() -> None:
            with self._people.connection:
                for name, value in (("place", place), ("progress", progress)):
                    if value is not None:
                        self._people.note(name, value)

        self._guarded(self._people, note, again=False)

    def people_versions(self, users: Sequence[str]) -> dict[str, int]:
        return self._guarded(self._people, partial(self._people.versions, users))

    def people_after(self, user: str, limit: int) -> list[str]:
        return self._guarded(self._people, partial(self._people.after, user, limit))

    def write_people(self, people: Sequence[Findable], gone: Sequence[str]) -> None:
        self._guarded(self._people, partial(self._people.write, people, gone), again=False)

    def _guarded(self, file: File, work: Callable[[], T], *, again: bool = True) -> T:
        """Do something with a file; if it turns out to be damaged an empty one is begun, and if ``again`` it is done
        with that. What was to be written is not written then: a room begins at its beginning."""
        try:
            return work()
        except (*DAMAGE, *GONE, apsw.SQLError) as error:
            file.replace(str(error))
            return work() if again else None  # type: ignore[return-value]

    def _by_file(self, rooms: Sequence[str]) -> Iterator[tuple[WordsFile, list[str]]]:
        for number, some in by_file(rooms).items():
            yield self._files[number], some

    # --- readers -----------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, limit: int, seconds: float) -> list[Hit]:
        deadline = time.monotonic() + seconds
        streams = [
            self._hits(self._reading(number), wanted, rooms, deadline)
            for number, rooms in by_file(wanted.rooms).items()
        ]
        hits: list[Hit] = []
        try:
            for hit in itertools.islice(heapq.merge(*streams, reverse=True), limit):
                hits.append(hit)  # noqa: PERF402  # what was found before the deadline counts
        except apsw.InterruptError:
            if not hits:
                raise TimeoutError from None
        finally:
            for stream in streams:
                stream.close()
        return hits

    @staticmethod
    def _hits(reading: WordsReading, wanted: Wanted, rooms: list[str], deadline: float) -> Generator[Hit, None, None]:
        try:
            yield from reading.find(wanted, rooms, deadline)
        except (*DAMAGE, *GONE, apsw.SQLError, apsw.BusyError) as error:
            reading.fault(error)

    def _reading(self, number: int) -> WordsReading:
        held: dict[int, WordsReading] = self._threads.__dict__.setdefault("readings", {})
        if number not in held:
            held[number] = WordsReading(_path(self.folder, number), number)
            self._readings.append(held[number])
        return held[number]

    def find_people(self, wanted: PeopleWanted, limit: int, seconds: float) -> PeopleFound:
        reading = self._reading_people()
        try:
            return reading.find(wanted, limit, time.monotonic() + seconds)
        except apsw.InterruptError:
            raise TimeoutError from None
        except (*DAMAGE, *GONE, apsw.SQLError, apsw.BusyError) as error:
            reading.fault(error)
            return PeopleFound([], "", 0.0)

    def _reading_people(self) -> PeopleReading:
        held: PeopleReading | None = self._threads.__dict__.get("people")
        if held is None:
            held = self._threads.__dict__["people"] = PeopleReading(self._people.path)
            self._readings.append(held)
        return held

    def size(self) -> int:
        return sum(file.stat().st_size for file in self.folder.glob("*.db*")) if self.folder.exists() else 0


def _path(folder: Path, number: int) -> Path:
    return folder / f"messages-{number}.db"


def by_file(rooms: Sequence[str]) -> dict[int, list[str]]:
    """The rooms by the number of their file."""
    found: dict[int, list[str]] = {}
    for room in rooms:
        found.setdefault(zlib.crc32(room.encode()) % FILES, []).append(room)
    return found
