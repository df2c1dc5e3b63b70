"""The words of people in one SQLite file: a table of folded words, and beside it an FTS5 table of their threes.

A word is found anywhere in a text, so the text is cut into overlapping threes of characters: three or more letters are
found by all their threes, one or two as the beginning of one. What is found so is compared with the words themselves.
The file also keeps how far the index has come in the changes of users, and how much of it is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import apsw

from chatserver.rules.accounts.finding import Findable
from chatserver.store.index.engine import PeopleFound, PeopleWanted
from chatserver.store.index.file import File, Reading

SCHEMA: Final = """
CREATE TABLE people (id INTEGER PRIMARY KEY, user TEXT UNIQUE, version INTEGER, said TEXT);
CREATE VIRTUAL TABLE words USING fts5 (
    x, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none, prefix = '1 2'
);
"""
_THREE: Final = 3
_CHECKED_EVERY: Final = 20_000
_PRIVATE: Final = {code: 0xE000 + code for code in range(128) if not chr(code).isalnum()}
"""The tokenizer keeps letters and digits; other characters of ASCII stand for themselves as private ones."""
_AMONG: Final = "SELECT user FROM people WHERE user IN (SELECT value FROM json_each(:among))"
_BY_WORDS: Final = "SELECT user FROM words CROSS JOIN people ON people.id = words.rowid WHERE words MATCH :match"
_HAS: Final = " AND NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(people.said, value) = 0)"


class PeopleFile(File):
    """Written by one thread of one process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA)

    def place(self) -> str | None:
        """How far the index has come in the changes of users; None if it must be made."""
        found: str | None = self.about("place")
        return found

    def versions(self, users: Sequence[str]) -> dict[str, int]:
        found = self.connection.execute(
            "SELECT user, version FROM people WHERE user IN (SELECT value FROM json_each(?))", (json.dumps(users),)
        )
        return dict(found)

    def after(self, user: str, limit: int) -> list[str]:
        found = self.connection.execute("SELECT user FROM people WHERE user > ? ORDER BY user LIMIT ?", (user, limit))
        return [user for (user,) in found]

    def write(self, people: Sequence[Findable], gone: Sequence[str]) -> None:
        """Take in people, unless what is there of somebody is newer, and remove those who are gone."""
        held = self.versions([one.user for one in people])
        fresh = [one for one in people if one.version >= held.get(one.user, 0)]
        rows = [(one.user, one.version, words, threes_of(words)) for one in fresh for words in (one.words,)]
        with self.connection:
            self._remove([*gone, *(one.user for one in fresh if one.user in held)])
            for start in range(0, len(rows), 64):
                self._insert(rows[start : start + 64])

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

    def _remove(self, users: Sequence[str]) -> None:
        asked = (json.dumps(users),)
        self.connection.execute(
            "DELETE FROM words WHERE rowid IN"
            " (SELECT id FROM people WHERE user IN (SELECT value FROM json_each(?)))", asked,
        )  # fmt: skip
        self.connection.execute("DELETE FROM people WHERE user IN (SELECT value FROM json_each(?))", asked)
        if self.connection.changes():
            self.note("removed", 1)


class PeopleReading(Reading):
    """Read by one thread."""

    def find(self, wanted: PeopleWanted, limit: int, deadline: float) -> PeopleFound:
        """Raises apsw's errors; ``InterruptError`` at the deadline, in seconds of ``time.monotonic``."""
        connection = self.connection
        if connection is None:
            return PeopleFound([], "", 0.0)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECKED_EVERY)
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
            text, more = f"{_BY_WORDS} {_HAS} ORDER BY words.rowid DESC", {"match": match_of(wanted.words)}
        return [user for (user,) in connection.execute(f"{text} LIMIT :limit", {**values, **more})]


def threes_of(words: str) -> str:
    """The overlapping threes of each word, and the shorter ends, as tokens."""
    said = (word.translate(_PRIVATE) for word in words.split())
    return " ".join(dict.fromkeys(word[place : place + _THREE] for word in said for place in range(len(word))))


def match_of(words: Sequence[str]) -> str:
    """These words as FTS5 reads them. Private characters stand for quotes, so nothing can end the quotes."""
    return " AND ".join(_said(word.translate(_PRIVATE)) for word in words)


def _said(word: str) -> str:
    if len(word) < _THREE:
        return f'"{word}" *'
    threes = dict.fromkeys(word[place : place + _THREE] for place in range(len(word) - _THREE + 1))
    return " AND ".join(f'"{three}"' for three in threes)
