"""The format of a backup file: gzip'd lines of JSON; a head, the parts of every key, the bytes of files, a foot with
counts and a checksum.

A part is ``{"key", "type", "value", "more"?, "expires_at"?, "stream"?, "sum"}``. A large key comes in several parts,
all but the last with ``more``. Bytes that are UTF-8 are written as text, others as ``{"b": base64}``. ``sum`` is a
checksum of the part, so that damage is found, with its line, before the store is changed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from chatserver import __version__
from chatserver.errors import StartError

FORMAT: Final = 3
OLDEST_FORMAT: Final = 2
"""The oldest format that is read; it has no files."""
Kind = Literal["hash", "set", "zset", "list", "string", "stream"]


@dataclass(slots=True)
class Counts:
    """How much a backup holds."""

    keys: int = 0
    rooms: int = 0
    users: int = 0
    messages: int = 0
    files: int = 0


@dataclass(slots=True, frozen=True)
class StreamEnd:
    """A stream's own counters: the arguments of XSETID."""

    last_id: str
    added: int
    deleted_id: str


@dataclass(slots=True, frozen=True)
class Part:
    """A key, or a part of a large one. ``value`` by kind: pairs of a hash, members of a set, (member, score), items of
    a list, one string, entries of a stream. ``expires_at`` in ms, 0 for none."""

    key: bytes
    kind: Kind
    value: list[Any]
    more: bool = False
    expires_at: int = 0
    stream: StreamEnd | None = None


@dataclass(slots=True, frozen=True)
class Piece:
    """An object of the storage of files, or a piece of a large one."""

    path: str
    data: bytes
    more: bool = False


def tag_of(key: bytes) -> tuple[str, str]:
    """``b"{r:hall}:log"`` → ``("r", "hall")``. A key without a tag gives ``("", key)``."""
    if not key.startswith(b"{") or b"}" not in key:
        return "", key.decode(errors="replace")
    kind, _, identity = key[1 : key.index(b"}")].decode(errors="replace").partition(":")
    return kind, identity


def suffix_of(key: bytes) -> str:
    """``b"{r:hall}:log"`` → ``":log"``."""
    return key[key.index(b"}") + 1 :].decode(errors="replace") if b"}" in key else ""


class Writer:
    """Writes a backup: call ``head``, then ``part`` and ``piece`` any number of times, then ``foot``. A file without
    foot is incomplete."""

    def __init__(self, path: Path) -> None:
        self.counts = Counts()
        self._sum = hashlib.sha256()
        # Readable by its owner only: a backup holds everything that anybody wrote.
        self._below = path.open("xb")
        path.chmod(0o600)
        self._file = gzip.GzipFile(filename="", fileobj=self._below, mode="wb", compresslevel=6)

    def head(self, *, store: str, at: int) -> None:
        self._line({"chatserver_backup": FORMAT, "program": f"chatserver {__version__}", "store": store, "at": at})

    def part(self, part: Part) -> None:
        kind, _ = tag_of(part.key)
        suffix = suffix_of(part.key)
        self.counts.keys += not part.more
        self.counts.rooms += kind == "r" and suffix == "" and not part.more
        self.counts.users += kind == "u" and suffix == "" and not part.more
        self.counts.messages += len(part.value) if kind == "r" and suffix == ":log" else 0
        body = _part_body(part)
        self._line({**body, "sum": _checksum(body)})

    def piece(self, piece: Piece) -> None:
        self.counts.files += not piece.more
        body: dict[str, Any] = {"file": piece.path, "value": base64.b64encode(piece.data).decode()}
        if piece.more:
            body["more"] = True
        self._line({**body, "sum": _checksum(body)})

    def foot(self) -> Counts:
        self._line({"end": asdict(self.counts), "sum": self._sum.hexdigest()})
        self.close()
        return self.counts

    def close(self) -> None:
        self._file.close()
        self._below.close()

    def _line(self, line: dict[str, Any]) -> None:
        encoded = _dump(line) + b"\n"
        self._sum.update(encoded)
        self._file.write(encoded)


@dataclass(slots=True, frozen=True)
class Head:
    """The program that wrote a backup, the store's version, and the time (ms since 1970)."""

    program: str
    store: str
    at: int


def read(path: Path) -> Iterator[Head | Part | Piece | Counts]:
    """Yield the head, all parts and pieces, the counts. Raises ``StartError`` at the first damaged or missing line."""
    total = hashlib.sha256()
    number, ended = 0, False
    try:
        with gzip.open(path, "rb") as file:
            for number, encoded in enumerate(file, 1):
                line = json.loads(encoded)
                if number == 1:
                    yield _head(path, line)
                elif "end" in line:
                    _expect(path, number, line["sum"] == total.hexdigest())
                    ended = True
                    yield Counts(**line["end"])
                elif "file" in line:
                    _expect(path, number, line.pop("sum") == _checksum(line))
                    yield Piece(line["file"], base64.b64decode(line["value"]), line.get("more", False))
                else:
                    yield _part(path, number, line)
                total.update(encoded)
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    except (EOFError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise StartError(f"{path} is damaged at line {number + 1}; nothing was restored from it") from error
    _expect(path, number + 1, ended)


def _head(path: Path, line: dict[str, Any]) -> Head:
    version = line.get("chatserver_backup")
    if version is None:
        raise StartError(f"{path} is not a backup of chatserver")
    if version > FORMAT:
        raise StartError(f"{path} was written by {line.get('program')}; use that release or newer")
    if version < OLDEST_FORMAT:
        raise StartError(
            f"{path} was written by {line.get('program')} in format {version}, and this release reads format "
            f"{OLDEST_FORMAT} and later: restore it with the release that wrote it"
        )
    return Head(line["program"], line["store"], line["at"])


def _expect(path: Path, number: int, holds: bool) -> None:
    if not holds:
        raise StartError(f"{path} is damaged or not complete at line {number}; nothing was restored from it")


def _part(path: Path, number: int, line: dict[str, Any]) -> Part:
    _expect(path, number, line.pop("sum") == _checksum(line))
    stream = StreamEnd(**line["stream"]) if "stream" in line else None
    value = _from_json(line["value"])
    return Part(_bytes(line["key"]), line["type"], value, line.get("more", False), line.get("expires_at", 0), stream)


def _part_body(part: Part) -> dict[str, Any]:
    body: dict[str, Any] = {"key": _to_json(part.key), "type": part.kind, "value": _to_json(part.value)}
    if part.more:
        body["more"] = True
    if part.expires_at:
        body["expires_at"] = part.expires_at
    if part.stream:
        body["stream"] = asdict(part.stream)
    return body


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(_dump(body)).hexdigest()[:16]


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b": base64.b64encode(value).decode()}
    return [_to_json(item) for item in value] if isinstance(value, list | tuple) else value


def _from_json(value: Any) -> Any:
    return [_from_json(item) for item in value] if isinstance(value, list) else _bytes(value)


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(value["b"]) if isinstance(value, dict) else value
