"""What the index in a folder holds, read from its files beside a server that may be writing them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from chatserver.store.index.file import connect
from chatserver.store.index.sqlite import SqliteMessages
from chatserver.store.index.sqlite_people import PEOPLE, SqlitePeople
from chatserver.store.index.sqlite_rooms import ROOMS, SqliteRooms


class Status(Struct):
    """How much is in the index: messages in how many rooms, people, open rooms. What ends in ``_made`` is 1 for all.
    ``damaged`` names files."""

    spoken_in: int = 0
    messages: int = 0
    messages_made: float = 1.0
    people: int = 0
    people_made: float = 0.0
    rooms: int = 0
    rooms_made: float = 0.0
    size: int = 0
    damaged: list[str] = []


def status_of(folder: Path) -> Status | None:
    """None if there is no index."""
    files = sorted(folder.glob("*.db"))
    if not files:
        return None
    messages = SqliteMessages(folder)
    size = sum(engine.size() for engine in (messages, SqlitePeople(folder), SqliteRooms(folder)))
    found = Status(messages_made=messages.progress(), size=size)
    for file in files:
        try:
            _add(found, file)
        except apsw.Error as error:
            found.damaged.append(f"{file.name}: {error}")
    return found


def _add(found: Status, file: Path) -> None:
    connection = connect(file, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        if connection.pragma("user_version") == 0:  # it is just being made
            return
        if file.name == PEOPLE:
            found.people = _one(connection, "SELECT count(*) FROM people")
            found.people_made = _made(connection)
        elif file.name == ROOMS:
            found.rooms = _one(connection, "SELECT count(*) FROM rooms")
            found.rooms_made = _made(connection)
        else:
            found.spoken_in += _one(connection, "SELECT count(*) FROM rooms")
            found.messages += _one(connection, "SELECT count(*) FROM entries")
    finally:
        connection.close(True)


def _made(connection: apsw.Connection) -> float:
    return float(_one(connection, "SELECT value FROM about WHERE name = 'progress'") or 0)


def _one(connection: apsw.Connection, text: str) -> Any:
    return connection.execute(text).get


def remove(folder: Path) -> int:
    """Remove all files of the index, also under a running server, which begins empty ones. Returns how many."""
    files = sorted(folder.glob("*.db"))
    for file in files:
        for end in ("-wal", "-shm", ""):
            Path(f"{file}{end}").unlink(missing_ok=True)
    return len(files)
