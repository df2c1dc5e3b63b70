"""The words of messages in one SQLite file: an FTS5 table without texts, and beside it what a hit is.

A row's number is made of the message's time, so that the newest come first without sorting. A message keeps its number
when it is edited. The tables are written in one transaction with how far each room has come.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from chatserver.rules.text.tokens import Phrase, Query, tokens_of
from chatserver.store.index.engine import Entry, Hit, Place, RoomPart, RoomState, Wanted
from chatserver.store.index.file import File, Reading

TICK_BITS: Final = 4
"""A millisecond has 16 numbers in a file; more messages than that go on in the next."""
_TICK: Final = 1 << TICK_BITS
_TURN: Final = 16
"""How many texts are cut before other threads may run."""
_CHECKED_EVERY: Final = 20_000
"""Steps of SQLite's machine, about a millisecond, between two looks at the clock."""
_ROWS_AT_ONCE: Final = 512
SCHEMA: Final = """
CREATE TABLE rooms (number INTEGER PRIMARY KEY, room TEXT UNIQUE, epoch TEXT, seq INTEGER, rev INTEGER);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, room INTEGER, seq INTEGER, author INTEGER, topic INTEGER, has INTEGER
);
CREATE UNIQUE INDEX by_seq ON entries (room, seq);
CREATE VIRTUAL TABLE words USING fts5 (x, content = '', contentless_delete = 1, tokenize = 'ascii');
"""
_BY_WORDS: Final = "FROM words CROSS JOIN entries ON entries.id = words.rowid WHERE words MATCH :match AND"
_BY_TIME: Final = "FROM entries WHERE"
_INSERT_ENTRIES: Final = """
INSERT INTO entries
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)
"""
_INSERT_WORDS: Final = """
INSERT INTO words (rowid, x) SELECT value ->> 0, value ->> 6 FROM json_each(?) WHERE value ->> 6 != ''
"""
_FIND: Final = """
SELECT {id}, room, seq {tables} {id} < :before AND {id} >= :since
AND +room IN (SELECT value FROM json_each(:rooms)) {filters} ORDER BY {id} DESC
"""


Row = tuple[int, int, int, int, int, int, str]
"""Number, room, seq, author, topic, what it has, and its tokens."""


def short(name: str) -> int:
    """A number for an author or a topic. Two may share one: what is proposed is compared again. 0 for none."""
    return zlib.crc32(name.encode()) if name else 0


class WordsFile(File):
    """Written by one thread of one process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA)

    def states(self, rooms: Sequence[str]) -> dict[str, RoomState]:
        found = self.connection.execute(
            "SELECT room, epoch, seq, rev FROM rooms WHERE room IN (SELECT value FROM json_each(?))",
            (json.dumps(rooms),),
        )
        return {room: RoomState(epoch, seq, rev) for room, epoch, seq, rev in found}

    def rooms(self) -> set[str]:
        return {room for (room,) in self.connection.execute("SELECT room FROM rooms")}

    def write(self, parts: Sequence[RoomPart]) -> None:
        with self.connection:
            numbers = {part.room: self._number(part) for part in parts}
            gone = [(numbers[part.room], seq) for part in parts for seq in part.gone]
            given = [(numbers[part.room], entry) for part in parts for entry in part.entries]
            held = self._held([*gone, *((number, entry.seq) for number, entry in given)])
            given.sort(key=lambda one: (one[1].at, one[0], one[1].seq))
            rows = self._rows(given, held)
            self._remove(held.values())
            self._insert(rows)
            for part in parts:
                self.connection.execute(
                    "UPDATE rooms SET epoch = ?, seq = ?, rev = ? WHERE number = ?", (*part.state, numbers[part.room])
                )

    def _number(self, part: RoomPart) -> int:
        """The room's number in this file; what is there of it goes first if it is to be read afresh."""
        if part.afresh:
            self.remove_room(part.room)
        run = self.connection.execute
        run("INSERT OR IGNORE INTO rooms (room) VALUES (?)", (part.room,))
        number: int = run("SELECT number FROM rooms WHERE room = ?", (part.room,)).get
        return number

    def _held(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """The numbers of those of these messages (room, seq) that are here."""
        if not places:
            return {}
        found = self.connection.execute(
            "SELECT entries.room, entries.seq, entries.id FROM json_each(?) AS asked CROSS JOIN entries"
            " ON entries.room = asked.value ->> 0 AND entries.seq = asked.value ->> 1",
            (json.dumps(places),),
        )
        return {(room, seq): id for room, seq, id in found}

    def _remove(self, ids: Any) -> None:
        asked = json.dumps(list(ids))
        if asked == "[]":
            return
        self.connection.execute("DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))", (asked,))
        self.connection.execute("DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?))", (asked,))
        self.note("removed", 1)

    def _rows(self, given: Sequence[tuple[int, Entry]], held: dict[tuple[int, int], int]) -> list[Row]:
        """The rows of these messages (room, entry), which must be in order of time. Cutting texts is Python's own work,
        so it makes room for other threads after every few."""
        rows: list[Row] = []
        tops: dict[int, int] = {}
        for place, (number, entry) in enumerate(given):
            id = held.get((number, entry.seq)) or self._free(entry.at, tops)
            words = " ".join(tokens_of(entry.text))
            rows.append((id, number, entry.seq, short(entry.author), short(entry.topic), entry.has, words))
            if place % _TURN == 0:
                time.sleep(0)
        return rows

    def _insert(self, rows: list[Row]) -> None:
        """Insert many in one statement a table, during which other threads run."""
        rows.sort()  # FTS5 writes out what it has gathered whenever numbers go back
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            packed = (msgspec.json.encode(rows[first : first + _ROWS_AT_ONCE]).decode(),)
            self.connection.execute(_INSERT_ENTRIES, packed)
            self.connection.execute(_INSERT_WORDS, packed)

    def _free(self, at: int, tops: dict[int, int]) -> int:
        """A number for a message of this time that no other has; ``tops`` remembers the last of each millisecond."""
        while True:
            first = at << TICK_BITS
            if at not in tops:
                top = self.connection.execute(
                    "SELECT max(id) FROM entries WHERE id >= ? AND id < ?", (first, first + _TICK)
                ).get
                tops[at] = first - 1 if top is None else top
            if tops[at] < first + _TICK - 1:
                tops[at] += 1
                return tops[at]
            at += 1

    def remove_room(self, room: str) -> None:
        """Remove all of a room; within a transaction."""
        run = self.connection.execute
        number = run("SELECT number FROM rooms WHERE room = ?", (room,)).get
        if number is not None:
            self._remove(id for (id,) in run("SELECT id FROM entries WHERE room = ?", (number,)).fetchall())
            run("DELETE FROM rooms WHERE number = ?", (number,))

    def forget(self, rooms: Sequence[str]) -> None:
        with self.connection:
            for room in rooms:
                self.remove_room(room)


class WordsReading(Reading):
    """Read by one thread."""

    def __init__(self, path: Path, file: int) -> None:
        super().__init__(path)
        self._file = file

    def find(self, wanted: Wanted, rooms: Sequence[str], deadline: float) -> Iterator[Hit]:
        """Proposals in these rooms, newest first. Raises apsw's errors; ``InterruptError`` at the deadline, in seconds
        of ``time.monotonic``."""
        connection = self.connection
        if connection is None:
            return
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECKED_EVERY)
        numbers = self._numbers(connection, rooms)
        if not numbers:
            return
        text, values = self._statement(wanted)
        values["rooms"] = json.dumps(list(numbers))
        for id, number, seq in connection.execute(text, values):
            yield Hit(Place(id, self._file), numbers[number], seq)

    @staticmethod
    def _numbers(connection: apsw.Connection, rooms: Sequence[str]) -> dict[int, str]:
        found = connection.execute(
            "SELECT number, room FROM rooms WHERE room IN (SELECT value FROM json_each(?))", (json.dumps(rooms),)
        )
        return dict(found)

    def _statement(self, wanted: Wanted) -> tuple[str, dict[str, Any]]:
        match = match_of(wanted.query)
        filters = {"author": wanted.author != "", "topic": wanted.topic is not None}
        words = "".join(f" AND {name} = :{name}" for name, is_asked in filters.items() if is_asked)
        if wanted.has:
            words += " AND has & :has"
        text = _FIND.format(
            id="words.rowid" if match else "entries.id", tables=_BY_WORDS if match else _BY_TIME, filters=words
        )
        return text, {
            "match": match, "author": short(wanted.author), "topic": short(wanted.topic or ""), "has": wanted.has,
            "since": wanted.since << TICK_BITS, "before": self._before(wanted),
        }  # fmt: skip

    def _before(self, wanted: Wanted) -> int:
        """Numbers from here on are not wanted."""
        most = wanted.until << TICK_BITS if wanted.until else 1 << 62
        if wanted.after is None:
            return most
        number, part = wanted.after
        return min(most, number + 1 if self._file < part else number)


def match_of(query: Query) -> str:
    """The query as FTS5 reads it, always for the one column; "" if only the text itself can tell."""
    said = [_said(phrase) for phrase in query.proposing]
    return f"x : ({' AND '.join(said)})" if said else ""


def _said(phrase: Phrase) -> str:
    """Tokens are letters, digits and symbols, so none can end the quotes."""
    return f'"{" ".join(phrase.tokens)}"{" *" if phrase.begins else ""}'
