"""People in one SQLite file of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from chatserver.rules.accounts.finding import Findable
from chatserver.store.index.engine import PeopleFound, PeopleWanted
from chatserver.store.index.people import PeopleFile, PeopleReading
from chatserver.store.index.sqlite_part import SqlitePart

PEOPLE: Final = "people.db"


class SqlitePeople(SqlitePart[PeopleFile]):
    """``folder`` need not exist."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "people.lock", PeopleFile(folder / PEOPLE))

    def write(self, people: Sequence[Findable], gone: Sequence[str]) -> None:
        self._guarded(self._file, partial(self._file.write, people, gone), again=False)

    def find(self, wanted: PeopleWanted, limit: int, seconds: float) -> PeopleFound:
        return self._found(PeopleReading, lambda one: one.find(wanted, limit, seconds), PeopleFound([], "", 0.0))
