"""What a process knows of a room that it follows: what it is, who belongs to it and who is here.

Read by room_open.lua when a feed is opened, then kept by what the room's channel tells. Of the members only the staff
and those are held whom this process has to do with. ``version`` (mv) numbers the changes of members and settings; a gap
in it is closed by reading the room again.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from chatserver.protocol.shapes import Role, RoomKind
from chatserver.store.engine.store import flat

HERE_SILENCE_MS: Final = 60_000
NAMED_HERE: Final = 200

_unpack = msgspec.msgpack.Decoder().decode


class RoomMeta(Struct, frozen=True):
    """A room's own words and marks."""

    kind: RoomKind
    title: str
    about: str
    tags: list[str]
    window: bool = False
    bots: bool = False
    pokes: bool = True
    question: bool = False
    slow_mode: int = 0
    archived: bool = False
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    version: int = 0

    @property
    def is_open_to_visitors(self) -> bool:
        return self.window and not self.archived


class LogHead(Struct, frozen=True):
    """Where a room's log stands. ``shared`` is the last number this epoch shares with the one before."""

    epoch: str
    seq: int
    rev: int
    last_id: str
    first_seq: int
    shared: int
    last_at: int


class MemberRecord(Struct, frozen=True, array_like=True):
    """A user in a room, as the room's tag holds it: the truth. ``version`` is the room's when this last changed."""

    role: Role
    joined_at: int = 0
    muted_until: int = 0
    version: int = 0


class Here(Struct, frozen=True):
    """Who of the room is connected to one process; ``users`` is empty where there are too many to name."""

    at: int
    count: int
    users: tuple[str, ...]


class Opened(Struct, frozen=True):
    """A room as room_open.lua read it, at one moment. ``count`` belong to it; ``members`` are the staff and those who
    were ``asked`` about, of a conversation of two both."""

    meta: RoomMeta
    head: LogHead
    count: int
    asked: frozenset[str]
    members: dict[str, MemberRecord]
    here: dict[str, Here]


_unpack_member = msgspec.msgpack.Decoder(MemberRecord).decode


def member_record(packed: bytes) -> MemberRecord:
    return _unpack_member(packed)


def parse_here(value: bytes) -> Here:
    at, count, *users = value.decode().split(" ")
    return Here(int(at), int(count), tuple(user for user in users if user))


def opened(answer: list[Any], asked: frozenset[str]) -> Opened:
    """The answer of room_open.lua, without its first word."""
    meta, count, members, here = answer
    fields = flat(meta)
    return Opened(
        meta_of(fields),
        head_of(fields),
        count,
        asked,
        {user: _unpack_member(packed) for user, packed in flat(members).items()},
        {process: parse_here(value) for process, value in flat(here).items()},
    )


def meta_of(fields: dict[str, bytes]) -> RoomMeta:
    """The meta hash of a room, decoded."""

    def text(name: str) -> str:
        return fields.get(name, b"").decode()

    def number(name: str, default: int = 0) -> int:
        return int(fields.get(name) or default)

    def packed(name: str, empty: Any) -> Any:
        return _unpack(fields[name]) if fields.get(name) else empty

    kind = text("kind")
    assert kind in {"open", "closed", "direct"}, kind
    return RoomMeta(
        kind=kind,  # type: ignore[arg-type]
        title=text("title"), about=text("about"), tags=packed("tags", []), window=number("window") == 1,
        bots=number("bots") == 1, pokes=number("pokes", 1) == 1, question=number("question") == 1,
        slow_mode=number("slow_mode"), archived=number("archived") == 1,
        titles=packed("titles", {}), abouts=packed("abouts", {}), version=number("mv"),
    )  # fmt: skip


def head_of(fields: dict[str, bytes]) -> LogHead:
    def number(name: str, default: int = 0) -> int:
        return int(fields.get(name) or default)

    return LogHead(
        fields["epoch"].decode(), number("seq"), number("rev"), fields.get("last_id", b"").decode(),
        max(1, number("first_seq", 1)), number("shared"), number("last_at"),
    )  # fmt: skip
