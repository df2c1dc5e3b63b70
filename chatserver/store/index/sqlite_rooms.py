"""Open rooms in one SQLite file of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.store.index.engine import RoomsFound, RoomsWanted
from chatserver.store.index.rooms import RoomsFile, RoomsReading
from chatserver.store.index.sqlite_part import SqlitePart

ROOMS: Final = "rooms.db"


class SqliteRooms(SqlitePart[RoomsFile]):
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "rooms.lock", RoomsFile(folder / ROOMS))

    def write(self, rooms: Sequence[tuple[OpenRoom, Liveliness]], gone: Sequence[str]) -> None:
        self._guarded(self._file, partial(self._file.write, rooms, gone), again=False)

    def move(self, rooms: Sequence[Liveliness]) -> None:
        self._guarded(self._file, partial(self._file.move, rooms), again=False)

    def lively(self) -> list[str]:
        return self._guarded(self._file, self._file.lively)

    def find(self, wanted: RoomsWanted, limit: int, seconds: float) -> RoomsFound:
        return self._found(RoomsReading, lambda one: one.find(wanted, limit, seconds), RoomsFound([], "", 0.0))
