"""The words of open rooms in one SQLite file, and how lively each room is.

An FTS5 table holds the threes of a room's words, its tags as a whole, and what its titles may be typed as
(``chatserver/rules/text/spellings.py``). What is found so is compared with the words themselves, in the order of
liveliness and until there is enough. That order is a table of its own, so that a room moves without its words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import apsw

from chatserver.rules.rooms.finding import HEAD, QUIET, Liveliness, OpenRoom, means, unpacked
from chatserver.rules.text.searching import fold
from chatserver.rules.text.spellings import typed
from chatserver.store.index.engine import RoomsFound, RoomsWanted
from chatserver.store.index.file import Reading
from chatserver.store.index.part import PartFile
from chatserver.store.index.people import CHECKED_EVERY
from chatserver.store.index.threes import THREE, all_of, as_token, has, threes_of

SCHEMA: Final = """
CREATE TABLE rooms (id INTEGER PRIMARY KEY, room TEXT UNIQUE, version INTEGER, said TEXT, titles TEXT);
CREATE TABLE places (id INTEGER PRIMARY KEY, place BLOB UNIQUE);
CREATE VIRTUAL TABLE words USING fts5 (
    x, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none, prefix = '1 2'
);
"""
MOST_WORDS: Final = 16
"""Words of one search that are asked for; all are compared."""
_START, _TAG = "\uf000", "\uf001"
"""What tokens begin with that are no threes of words."""
_TURN: Final = 16
"""How many rooms are made into tokens before other threads may run."""
_MOVE: Final = """
UPDATE places SET place = CAST(? || substr(place, ?) AS BLOB) WHERE id = (SELECT id FROM rooms WHERE room = ?)
"""
_IN_ORDER: Final = "SELECT id, place FROM places WHERE place > :after ORDER BY place"
_BY_WORDS: Final = (
    "SELECT places.id, place FROM words CROSS JOIN places ON places.id = words.rowid"
    " WHERE words MATCH :match AND place > :after ORDER BY place"
)


class RoomsFile(PartFile):
    """Written by one thread of one process."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA, tables=["rooms", "places"], key="room")

    def write(self, rooms: Sequence[tuple[OpenRoom, Liveliness]], gone: Sequence[str]) -> None:
        """Take in rooms, and remove those that are gone."""
        rows: list[tuple[OpenRoom, Liveliness, str]] = []
        for number, (room, place) in enumerate(rooms):
            rows.append((room, place, tokens_of(room)))
            if number % _TURN == 0:
                time.sleep(0)
        with self.connection:
            self.remove([*gone, *(room.room for room, _, _ in rows)])
            for room, place, tokens in rows:
                self._insert(room, place, tokens)

    def _insert(self, room: OpenRoom, place: Liveliness, tokens: str) -> None:
        run, titles = self.connection.execute, [room.title, *room.titles.values()]
        run(
            "INSERT INTO rooms (room, version, said, titles) VALUES (?, ?, ?, ?)",
            (room.room, room.version, room.words, json.dumps(titles)),
        )
        id = self.connection.last_insert_rowid()
        run("INSERT INTO places VALUES (?, ?)", (id, place.packed()))
        if tokens:
            run("INSERT INTO words (rowid, x) VALUES (?, ?)", (id, tokens))

    def move(self, rooms: Sequence[Liveliness]) -> None:
        """Note how lively these are now, those that are here."""
        with self.connection:
            self.connection.executemany(_MOVE, [(room.head, HEAD + 1, room.room) for room in rooms])

    def lively(self) -> list[str]:
        """The rooms in which somebody was online, or something was said today."""
        found = self.connection.execute("SELECT place FROM places WHERE place < ?", (QUIET,))
        return [unpacked(place).room for (place,) in found]


def tokens_of(room: OpenRoom) -> str:
    """All by which a room is proposed, as tokens."""
    ways = [typed(title) for title in {room.title, *room.titles.values()}]
    tokens = set(threes_of(room.words).split()).union(*(way.threes for way in ways))
    tokens.update(_START + start for way in ways for start in way.starts)
    tokens.update(_TAG + as_token(fold(tag)) for tag in room.tags)
    return " ".join(tokens)


class RoomsReading(Reading):
    """Read by one thread."""

    def find(self, wanted: RoomsWanted, limit: int, seconds: float) -> RoomsFound:
        """Raises apsw's errors; ``InterruptError`` if it takes longer than ``seconds``."""
        connection, deadline = self.connection, time.monotonic() + seconds
        if connection is None:
            return RoomsFound([], "", 0.0)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, CHECKED_EVERY)
        about = dict(connection.execute("SELECT name, value FROM about"))
        rooms: list[Liveliness] = []
        for id, place in self._proposed(connection, wanted):
            if self._is_meant(connection, id, wanted):
                rooms.append(unpacked(place))
            if len(rooms) >= limit:
                break
            if time.monotonic() > deadline:
                raise apsw.InterruptError
        return RoomsFound(rooms, about.get("place", ""), float(about.get("progress", 0.0)))

    @staticmethod
    def _proposed(connection: apsw.Connection, wanted: RoomsWanted) -> Iterator[tuple[int, bytes]]:
        match = match_of(wanted)
        values = {"after": wanted.after.packed() if wanted.after else b"", "match": match}
        yield from connection.execute(_BY_WORDS if match else _IN_ORDER, values)

    @staticmethod
    def _is_meant(connection: apsw.Connection, id: int, wanted: RoomsWanted) -> bool:
        if not wanted.words:
            return True
        said, titles = next(connection.execute("SELECT said, titles FROM rooms WHERE id = ?", (id,)))
        return means(wanted.words, said, json.loads(titles))


def match_of(wanted: RoomsWanted) -> str:
    """What is wanted as FTS5 reads it; "" for all rooms."""
    asked = [_may_mean(word) for word in wanted.words[:MOST_WORDS]]
    if wanted.tag:
        asked.append(f'"{_TAG}{as_token(wanted.tag)}"')
    return all_of(asked)


def _may_mean(word: str) -> str:
    """What may mean the word. All threes of a longer one are in the text, in what titles may be typed as, or some in
    either."""
    return f'({has(word)} OR "{_START}{as_token(word)}")' if len(word) < THREE else f"({has(word)})"
