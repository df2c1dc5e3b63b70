"""The words of people in one SQLite file: a table of folded words, and beside it an FTS5 table of their threes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from chatserver.rules.accounts.finding import Findable
from chatserver.store.index.engine import PeopleFound, PeopleWanted
from chatserver.store.index.file import Reading
from chatserver.store.index.part import PartFile
from chatserver.store.index.threes import all_of, has, threes_of

SCHEMA: Final = """
CREATE TABLE people (id INTEGER PRIMARY KEY, user TEXT UNIQUE, version INTEGER, said TEXT);
CREATE VIRTUAL TABLE words USING fts5 (
    x, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none, prefix = '1 2'
);
"""
CHECKED_EVERY: Final = 20_000
"""Steps of SQLite's machine, about a millisecond, between two looks at the clock."""
_ROWS_AT_ONCE: Final = 64
_AMONG: Final = "SELECT user FROM people WHERE user IN (SELECT value FROM json_each(:among))"
_BY_WORDS: Final = "SELECT user FROM words CROSS JOIN people ON people.id = words.rowid WHERE words MATCH :match"
_HAS: Final = " AND NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(people.said, value) = 0)"


class PeopleFile(PartFile):
    """Written by one thread of one process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA, tables=["people"], key="user")

    def write(self, people: Sequence[Findable], gone: Sequence[str]) -> None:
        """Take in people, unless what is there of somebody is newer, and remove those who are gone."""
        held = self.versions([one.user for one in people])
        fresh = [one for one in people if one.version >= held.get(one.user, 0)]
        rows = [(one.user, one.version, words, threes_of(words)) for one in fresh for words in (one.words,)]
        with self.connection:
            self.remove([*gone, *(one.user for one in fresh if one.user in held)])
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                self._insert(rows[start : start + _ROWS_AT_ONCE])

    def _insert(self, rows: list[tuple[str, int, str, str]]) -> None:
        packed = (json.dumps(rows),)
        self.connection.execute(
            "INSERT INTO people (user, version, said) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
            packed,
        )
        self.connection.execute(
            "INSERT INTO words (rowid, x) SELECT people.id, value ->> 3 FROM json_each(?)"
            " CROSS JOIN people ON people.user = value ->> 0 WHERE value ->> 3 != '' ORDER BY people.id",
            packed,
        )


class PeopleReading(Reading):
    """Read by one thread."""

    def find(self, wanted: PeopleWanted, limit: int, seconds: float) -> PeopleFound:
        """Raises apsw's errors; ``InterruptError`` if it takes longer than ``seconds``."""
        connection, deadline = self.connection, time.monotonic() + seconds
        if connection is None:
            return PeopleFound([], "", 0.0)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, CHECKED_EVERY)
        about = dict(connection.execute("SELECT name, value FROM about"))
        return PeopleFound(
            self._users(connection, wanted, limit), about.get("place", ""), float(about.get("progress", 0.0))
        )

    @staticmethod
    def _users(connection: apsw.Connection, wanted: PeopleWanted, limit: int) -> list[str]:
        if not wanted.words or limit <= 0:
            return []
        values = {"words": json.dumps(wanted.words), "limit": limit}
        if wanted.among is not None:
            text, more = f"{_AMONG} {_HAS}", {"among": json.dumps(wanted.among)}
        else:
            match = all_of(map(has, wanted.words))
            text, more = f"{_BY_WORDS} {_HAS} ORDER BY words.rowid DESC", {"match": match}
        return [user for (user,) in connection.execute(f"{text} LIMIT :limit", {**values, **more})]
