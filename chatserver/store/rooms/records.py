"""What a process holds of a room that it follows: meta, head of the log, some members, presence.

room_open.lua reads it when a feed opens; the room's channel then keeps it up to date. Only staff and members connected
to this process are held. ``version`` (mv) counts the changes of members and settings; after a gap the room is read
again.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from chatserver.protocol.shapes import Role, RoomKind, Writers
from chatserver.store.engine.store import flat

HERE_SILENCE_MS: Final = 60_000
NAMED_HERE: Final = 200

_unpack = msgspec.msgpack.Decoder().decode


class RoomMeta(Struct, frozen=True):
    """A room's title, description and settings. ``version`` is ``mv``. Direct rooms have no ``writers`` and ``topics``.
    ``question_of`` is the room in which a question of the day lies, "" for all other rooms."""

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
    writers: Writers | UnsetType = UNSET
    topics: Writers | UnsetType = UNSET
    never_window: bool = False
    forum: bool = False
    question_of: str = ""
    version: int = 0

    @property
    def told_pokes(self) -> bool | UnsetType:
        """Whether people can be poked from the room, as its state tells it: only where they cannot."""
        return UNSET if self.pokes or self.kind == "direct" else False

    @property
    def is_open_to_visitors(self) -> bool:
        return self.window and not self.archived


class LogHead(Struct, frozen=True):
    """The end of a room's log. ``shared`` is the last number that this epoch shares with the previous one,
    ``reactions`` how many reactions are among the changes so far, ``gone`` the highest number of a deleted message,
    ``topical`` of one in a topic, ``topics_version`` how often the room's topics have changed."""

    epoch: str
    seq: int
    rev: int
    last_id: str
    first_seq: int
    shared: int
    last_at: int
    reactions: int = 0
    gone: int = 0
    topical: int = 0
    topics_version: int = 0


class MemberRecord(Struct, frozen=True, array_like=True):
    """A member as stored with the room, which is authoritative. ``version`` is the room's at the last change of it."""

    role: Role
    joined_at: int = 0
    muted_until: int = 0
    version: int = 0


class Here(Struct, frozen=True):
    """The room's members connected to one process; ``users`` is empty if there are too many to list."""

    at: int
    count: int
    users: tuple[str, ...]


class Opened(Struct, frozen=True):
    """A room as room_open.lua read it in one step. ``count`` is the number of members; ``members`` holds only the staff
    and those ``asked`` about; in a direct room both members."""

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
    """Decode the answer of room_open.lua, without its first word."""
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


def writers_of(stored: bytes | None) -> Writers:
    """Who may write, or start a topic, by the field of the room's meta."""
    return "moderators" if stored == b"moderators" else "everyone"


def meta_of(fields: dict[str, bytes]) -> RoomMeta:
    """Decode the meta hash of a room."""

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
        writers=UNSET if kind == "direct" else writers_of(fields.get("writers")),
        topics=UNSET if kind == "direct" else writers_of(fields.get("topics")),
        never_window=number("never_window") == 1, forum=number("forum") == 1, question_of=text("question_of"),
    )  # fmt: skip


def head_of(fields: dict[str, bytes]) -> LogHead:
    def number(name: str, default: int = 0) -> int:
        return int(fields.get(name) or default)

    return LogHead(
        fields["epoch"].decode(), number("seq"), number("rev"), fields.get("last_id", b"").decode(),
        max(1, number("first_seq", 1)), number("shared"), number("last_at"),
        number("reacted"), number("gone"), number("topical"), number("topics_version"),
    )  # fmt: skip
