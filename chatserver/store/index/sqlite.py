"""Messages in SQLite files of this machine: the engine that needs nothing beside the server.

Rooms are spread over several files by their ids, so that merging and erasing in one of them takes a second or two at
most. All files are in the folder ``index`` of the data folder.
"""

from __future__ import annotations

import heapq
import itertools
import time
import zlib
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from chatserver.store.index.engine import Found, Hit, RoomPart, RoomState, Wanted
from chatserver.store.index.file import DAMAGE, GONE
from chatserver.store.index.folder import Folder
from chatserver.store.index.words import WordsFile, WordsReading

FILES: Final = 8
FILES_OF_MESSAGES: Final = "messages-*.db"


class SqliteMessages(Folder):
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        self._files = [WordsFile(_path(folder, number)) for number in range(FILES)]
        super().__init__(folder, "lock", self._files)

    # --- the writer --------------------------------------------------------------------------------------------------

    def _taken(self) -> None:
        if not any(file.path.exists() for file in self._files):
            self.note_progress(0)

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

    def _by_file(self, rooms: Sequence[str]) -> Iterator[tuple[WordsFile, list[str]]]:
        for number, some in by_file(rooms).items():
            yield self._files[number], some

    # --- readers -----------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, limit: int, seconds: float) -> Found:
        deadline = time.monotonic() + seconds
        streams = [
            self._hits(self._file_reading(number), wanted, rooms, deadline)
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
        return Found(hits, self.progress())

    @staticmethod
    def _hits(reading: WordsReading, wanted: Wanted, rooms: list[str], deadline: float) -> Generator[Hit, None, None]:
        try:
            yield from reading.find(wanted, rooms, deadline)
        except (*DAMAGE, *GONE, apsw.SQLError, apsw.BusyError) as error:
            reading.fault(error)

    def _file_reading(self, number: int) -> WordsReading:
        return self._reading(number, partial(WordsReading, _path(self.folder, number), number))


def _path(folder: Path, number: int) -> Path:
    return folder / f"messages-{number}.db"


def by_file(rooms: Sequence[str]) -> dict[int, list[str]]:
    """The rooms by the number of their file."""
    found: dict[int, list[str]] = {}
    for room in rooms:
        found.setdefault(zlib.crc32(room.encode()) % FILES, []).append(room)
    return found
