"""People in one SQLite file of this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from chatserver.rules.accounts.finding import Findable
from chatserver.store.index.engine import PeopleFound, PeopleWanted
from chatserver.store.index.file import DAMAGE, GONE
from chatserver.store.index.folder import Folder
from chatserver.store.index.people import PeopleFile, PeopleReading

PEOPLE: Final = "people.db"


class SqlitePeople(Folder):
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        self._people = PeopleFile(folder / PEOPLE)
        super().__init__(folder, "people.lock", [self._people])

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

    def find_people(self, wanted: PeopleWanted, limit: int, seconds: float) -> PeopleFound:
        reading = self._reading(PEOPLE, partial(PeopleReading, self._people.path))
        try:
            return reading.find(wanted, limit, time.monotonic() + seconds)
        except apsw.InterruptError:
            raise TimeoutError from None
        except (*DAMAGE, *GONE, apsw.SQLError, apsw.BusyError) as error:
            reading.fault(error)
            return PeopleFound([], "", 0.0)
