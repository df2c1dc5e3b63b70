"""The bot's state file: how far it is done in each room, what it has posted since, and its memory.

JSON lines, appended with one ``write()`` per event and no fsync (about 3 µs); a killed process loses nothing. When the
file has grown, a new one is written and renamed over it, so that a reader finds either the old or the new one. It is
locked while in use: two bots with one file would skip each other's events.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from chatserver.errors import StartError
from chatserver.protocol.shapes import Cursor

Result = TypeVar("Result")
_LEAST_BYTES: Final = 65_536
"""Below this size the file is never rewritten."""
_GROWTH: Final = 4
"""The file is rewritten when it is this many times larger than needed."""


class Journal:
    """The open state file. Without a path nothing outlives the process."""

    def __init__(self, path: Path | None) -> None:
        self.done: dict[str, Cursor] = {}
        self.memory: dict[str, Any] = {}
        self.owner = ""
        self._said: dict[str, dict[str, Any]] = {}
        self._path = path
        self._file = -1
        self._size = self._needed = 0
        if path is not None:
            self._open(path)

    def _open(self, path: Path) -> None:
        self._file = _open_locked(path)
        data = path.read_bytes()
        for line in data.splitlines():
            # A line cut short by a power failure is ignored; the one before it still counts.
            with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError, IndexError, TypeError):
                self._apply(msgspec.json.decode(line))
        self._rewrite()

    def _apply(self, line: list[Any]) -> None:
        kind, key, *values = line
        if kind == "done":
            self.done[key] = Cursor(*values)
            self._said.pop(key, None)
        elif kind == "said":
            self._said.setdefault(key, {})[values[0]] = values[1]
        elif kind == "gone":
            self.done.pop(key, None)
            self._said.pop(key, None)
        elif kind == "know":
            self.memory[key] = values[0]
        elif kind == "forget":
            self.memory.pop(key, None)
        elif kind == "owner":
            self.owner = key

    def _keep(self, *line: Any) -> None:
        if self._file < 0:
            return
        data = msgspec.json.encode(line) + b"\n"
        os.write(self._file, data)
        self._size += len(data)
        if self._size > max(_LEAST_BYTES, _GROWTH * self._needed):
            self._rewrite()

    def own(self, user_id: str) -> None:
        """Note which bot this file belongs to. Raises ``StartError`` if it is another's."""
        if self.owner and self.owner != user_id:
            raise StartError(f"{self._path} is another bot's state: set CHATSERVER_STATE to a file of its own")
        if not self.owner:
            self.owner = user_id
            self._keep("owner", user_id)

    def save(self, room: str, place: Cursor) -> None:
        """Save that all handlers are done up to this place."""
        self.done[room] = place
        self._said.pop(room, None)
        self._keep("done", room, place.epoch, place.seq, place.id, place.rev)

    def forget_room(self, room: str) -> None:
        if self.done.pop(room, None) is not None:
            self._said.pop(room, None)
            self._keep("gone", room)

    def said(self, room: str, key: str, kind: type[Result]) -> Result | None:
        """What ``say`` noted under this key, of a handler that did not finish; None if there is nothing."""
        said = self._said.get(room, {}).get(key)
        return None if said is None else msgspec.convert(said, kind)

    def say(self, room: str, key: str, result: Any) -> None:
        """Save the result of a send during a handler, so that a second run of the handler need not ask the server."""
        self._said.setdefault(room, {})[key] = result
        self._keep("said", room, key, result)

    def remember(self, key: str, value: Any) -> None:
        self.memory[key] = value
        self._keep("know", key, value)

    def forget(self, key: str) -> None:
        del self.memory[key]
        self._keep("forget", key)

    def _lines(self) -> Iterator[tuple[Any, ...]]:
        if self.owner:
            yield "owner", self.owner
        for key, value in self.memory.items():
            yield "know", key, value
        for room, place in self.done.items():
            yield "done", room, place.epoch, place.seq, place.id, place.rev
        for room, sends in self._said.items():
            for name, result in sends.items():
                yield "said", room, name, result

    def _rewrite(self) -> None:
        assert self._path is not None
        data = b"".join(msgspec.json.encode(line) + b"\n" for line in self._lines())
        beside = self._path.with_name(self._path.name + ".new")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(file, data)
        os.fsync(file)
        beside.replace(self._path)
        os.close(self._file)
        self._file, self._size, self._needed = file, len(data), len(data)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _open_locked(path: Path) -> int:
    """Open and lock the file; repeats if the former holder replaced it meanwhile. Raises ``StartError`` if it is in
    use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise StartError(f"{path} is in use by another bot: set CHATSERVER_STATE to a file of its own") from None
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file).st_ino:
                return file
        os.close(file)
