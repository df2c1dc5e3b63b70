"""What the index holds, read beside a server that may be writing it; and how all of it is removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from chatserver.settings import Settings
from chatserver.store.index.file import connect, remove
from chatserver.store.index.opening import index_folder, open_cluster
from chatserver.store.index.sqlite import SqliteMessages
from chatserver.store.index.sqlite_people import PEOPLE, SqlitePeople
from chatserver.store.index.sqlite_rooms import ROOMS, SqliteRooms


class Status(Struct):
    """How much is in the index: messages in how many rooms, people, open rooms. What ends in ``_made`` is 1 for all.
    ``size`` is in bytes; ``damaged`` names files."""

    spoken_in: int = 0
    messages: int = 0
    messages_made: float = 1.0
    people: int = 0
    people_made: float = 0.0
    rooms: int = 0
    rooms_made: float = 0.0
    size: int = 0
    damaged: list[str] = []


def status_of(settings: Settings) -> Status | None:
    """None if there is no index. Raises ``Refusal`` if it is kept in a cluster that is away."""
    folder = index_folder(settings)
    files = sorted(folder.glob("*.db"))
    messages = SqliteMessages(folder)
    size = sum(engine.size() for engine in (messages, SqlitePeople(folder), SqliteRooms(folder)))
    found = Status(messages_made=messages.progress(), size=size)
    for file in files:
        try:
            _add(found, file)
        except apsw.Error as error:
            found.damaged.append(f"{file.name}: {error}")
    is_there = _add_cluster(found, settings) if settings.index.opensearch else False
    return found if files or is_there else None


def _add_cluster(found: Status, settings: Settings) -> bool:
    engine = open_cluster(settings)
    try:
        counts = engine.counts()
        found.spoken_in, found.messages, found.messages_made = counts or (0, 0, 0.0)
        found.size += engine.size()
        return counts is not None
    finally:
        engine.close()


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


def remove_index(settings: Settings) -> int:
    """Remove all of it, also under a running server, which makes it again. Returns how many files there were, and how
    many indices. Raises ``Refusal`` if it is kept in a cluster that is away."""
    number = 0
    if settings.index.opensearch:
        engine = open_cluster(settings)
        try:
            number += int(engine.remove())
        finally:
            engine.close()
    return number + remove(index_folder(settings))
