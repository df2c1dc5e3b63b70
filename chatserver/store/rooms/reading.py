"""Reading rooms: a room's meta, its members and their presence.

``RoomReader`` needs no intents, because nothing here is a step over two tags. Feeds use it to open rooms; ``RoomStore``
adds the steps that change rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.protocol.shapes import Role
from chatserver.rules.rooms import access as room_rules
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.store.engine import keys
from chatserver.store.engine.store import Heard, Store, scored
from chatserver.store.messages.records import Posted, posted_of
from chatserver.store.rooms.open_rooms import read_open
from chatserver.store.rooms.records import HERE_SILENCE_MS, MemberRecord, Opened, member_record, opened, parse_here

_unpack_titles = msgspec.msgpack.Decoder(dict[str, str]).decode


class Door(msgspec.Struct, frozen=True):
    """What a room shows to those outside, and which of the users asked about are members (``inside``)."""

    kind: str
    title: str
    titles: dict[str, str]
    archived: bool
    inside: frozenset[str]


class Listed(msgspec.Struct, frozen=True):
    """A row of a room's member list, which is ordered by ``place``, then id."""

    user: str
    role: Role
    joined_at: int
    place: int


class Glance(msgspec.Struct, frozen=True):
    """A room's numbers for a list of rooms; ``last_at`` in ms, 0 if nothing was posted yet."""

    members: int
    online: int
    today: int
    last_at: int

    def liveliness(self, room: str, created_at: int) -> Liveliness:
        return Liveliness.of(room, created_at, online=self.online, today=self.today, members=self.members)


QUIET: Final = Glance(0, 0, 0, 0)


class Last(msgspec.Struct, frozen=True):
    """A room's last message, and the role of its author in the room."""

    posted: Posted
    role: Role


_REFUSALS: Final[dict[str, Callable[[], Refusal]]] = {
    "not_found": errors.not_found,
    "no_such_topic": lambda: Refusal(errors.NOT_FOUND, "No such topic", path="topic"),
    "not_a_member": errors.not_a_member,
    "no_such_member": lambda: errors.not_found("member"),
    "not_a_moderator": lambda: errors.not_allowed("Only a moderator of this room may do this", "not_a_moderator"),
    "not_an_owner": lambda: errors.not_allowed("Only an owner of this room may do this", "not_an_owner"),
    "not_an_admin": errors.not_an_admin,
    "not_open": lambda: errors.not_allowed("Only an open room can be public", "not_open"),
    "never_window": lambda: errors.not_allowed("This room can never be public: that cannot be undone", "never_window"),
    "is_window": lambda: errors.not_allowed("This room is public now: an admin can end that first", "is_window"),
    "archived": room_rules.archived,
    "target_moderates": lambda: errors.not_allowed("You cannot remove a moderator: ask an owner", "target_moderates"),
    "target_owns": lambda: errors.not_allowed("Only owners themselves can give up that role", "target_owns"),
    "last_owner": lambda: errors.not_allowed("A room needs an owner: make somebody else an owner first", "last_owner"),
    "bots_not_invited": lambda: errors.not_allowed("Bots join this room only through a moderator", "bots_not_invited"),
    "direct_room": lambda: errors.not_allowed("This is not possible in a direct room", "direct_room"),
    "not_closed": lambda: errors.not_allowed("Only closed rooms have a link", "not_closed"),
}


def checked(answer: list[Any]) -> list[Any]:
    """The answer of a Lua function without its leading 'ok'. Raises the ``Refusal`` for any other first word."""
    if answer[0] == b"ok":
        return answer[1:]
    raise refusal_of(*answer)


def refusal_of(reason: bytes, until: int = 0) -> Refusal:
    if reason == b"banned":
        return errors.not_allowed("You are banned from this room", "banned", **({"until": until} if until else {}))
    return _REFUSALS[reason.decode()]()


class RoomReader:
    """Every method may be repeated, and raises ``Refusal`` unavailable while the store is away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- for feeds ---------------------------------------------------------------------------------------------------

    def listen(self, heard: Heard, mend: Callable[[str], None]) -> None:
        """``heard(room, payload)`` for each record on a subscribed room's channel; ``mend(room)`` after a bad
        record."""
        self._store.listen("r", heard, mend)

    async def subscribe(self, room: str) -> None:
        """Subscribe to the room's channel. Counted: ends after as many calls of ``unsubscribe``."""
        await self._store.subscribe(keys.live(keys.room(room)))

    def unsubscribe(self, room: str) -> None:
        self._store.unsubscribe(keys.live(keys.room(room)))

    async def open(self, room: str, users: frozenset[str] = frozenset()) -> Opened:
        """Read the room, and which of these users are members. Raises ``Refusal`` not_found."""
        return opened(checked(await self._store.call("room_open", keys.room(room), *users)), users)

    async def member(self, room: str, user: str) -> tuple[int, MemberRecord | None]:
        """The version of the room's members, and the user's record; None if the user is not a member.

        Raises ``Refusal`` not_found."""
        version, packed = checked(await self._store.call("room_member", keys.room(room), user))
        return version, member_record(packed) if packed else None

    async def say_typing(self, room: str, user: str, line: str | None = None) -> None:
        """Publish on the room's channel that this member is typing, in a topic, in the main line ("") or somewhere.
        Raises ``Refusal`` not_found if there is no such topic."""
        checked(await self._store.call("room_typing", keys.room(room), user, *(() if line is None else (line,))))

    async def say_here(self, room: str, count: int, named: Iterable[str], *, now: int) -> None:
        """Publish how many of the room's members are connected to this process, and their ids while they are few."""
        users = " ".join(sorted(named))
        await self._store.call("here", keys.room(room), now, self._store.process_id, HERE_SILENCE_MS, count, users)

    # --- for services ------------------------------------------------------------------------------------------------

    async def named_here(self, room: str) -> frozenset[str]:
        """The connected members, as far as processes list them by id."""
        held = await self._store.command(keys.room(room), "HVALS", keys.room(room) + ":here")
        return frozenset(user for here in map(parse_here, held) for user in here.users)

    async def access(self, room: str, user: str) -> tuple[MemberRecord | None, int | None]:
        """The user's record, None if they are not a member; and until when they are banned (ms, 0: no end) or None."""
        packed, until = checked(await self._store.call("room_access", keys.room(room), user))
        return member_record(packed) if packed else None, int(until) if until else None

    async def title(self, room: str) -> str:
        """The room's title; "" if there is no such room."""
        title: bytes | None = await self._store.command(keys.room(room), "HGET", keys.room(room), "title")
        return (title or b"").decode()

    async def kind_and_title(self, room: str) -> tuple[str, str]:
        """The room's kind and title; "" if there is no such room."""
        kind, title = await self._store.command(keys.room(room), "HMGET", keys.room(room), "kind", "title")
        return (kind or b"").decode(), (title or b"").decode()

    async def read_open(self, rooms: Sequence[str]) -> dict[str, OpenRoom]:
        """Those of these rooms that are open and not archived, as they are now."""
        return await read_open(self._store, rooms)

    async def created_at(self, room: str) -> int:
        """When the room was created (ms)."""
        return int(await self._store.command(keys.room(room), "HGET", keys.room(room), "created_at"))

    async def takes_pokes(self, room: str) -> bool:
        """Whether a poke may begin in the room."""
        return bool(await self._store.command(keys.room(room), "HGET", keys.room(room), "pokes") != b"0")

    async def last_spoke(self, room: str, users: Iterable[str]) -> dict[str, int]:
        """The time (ms) of the last message of each of these users who has written in the room."""
        asked = list(users)
        times = await self._store.command(keys.room(room), "ZMSCORE", keys.room(room) + ":last", *asked)
        return {user: int(at) for user, at in zip(asked, times, strict=True) if at is not None}

    async def last_to_speak(self, room: str, most: int) -> dict[str, int]:
        """The ``most`` users who wrote last, the latest first, with the time (ms) of their last message. Some may have
        left."""
        last = keys.room(room) + ":last"
        found = await self._store.command(keys.room(room), "ZREVRANGE", last, 0, most - 1, "WITHSCORES")
        return {user.decode(): int(at) for user, at in scored(found)}

    async def holder(self, room: str, handle: str) -> str:
        """The member with this folded handle; "" if there is none."""
        user: bytes | None = await self._store.command(keys.room(room), "HGET", keys.room(room) + ":handles", handle)
        return user.decode() if user else ""

    async def members_among(self, room: str, users: Iterable[str]) -> dict[str, MemberRecord]:
        """Those of these users who are members, with their records, in the order asked."""
        asked = list(users)
        found = (
            await self._store.command(keys.room(room), "HMGET", keys.room(room) + ":members", *asked) if asked else ()
        )
        return {user: member_record(packed) for user, packed in zip(asked, found, strict=True) if packed is not None}

    async def glances(self, rooms: Sequence[str], *, said_since: int, heard_since: int) -> dict[str, Glance]:
        """The numbers of those of these rooms that exist, for lists of rooms. One that cannot be read is quiet."""
        answers = await self._store.call_each("room_glance", list(map(keys.room, rooms)), said_since, heard_since)
        return {
            room: QUIET if answer is None else Glance(*answer[1:])
            for room, answer in zip(rooms, answers, strict=True)
            if answer is None or answer[0] == b"ok"
        }

    async def bans(self, room: str, *, actor: str, admin: bool, now: int) -> dict[str, int]:
        """Banned users and when their bans end (ms, 0: never). Raises ``Refusal`` not_a_moderator."""
        answer = checked(await self._store.call("room_bans", keys.room(room), actor, int(admin), now))
        return {user.decode(): until for user, until in zip(answer[::2], answer[1::2], strict=True)}

    async def latest(self, room: str, user: str, *, now: int) -> Last | None:
        """The last message of an open room; None if there is none or the user ("" for a visitor) may not read it."""
        answer = await self._store.call("room_latest", keys.room(room), user, now)
        if answer[0] != b"ok":
            return None
        *row, packed = answer[1:]
        return Last(posted_of(*row), member_record(packed).role if packed else "visitor")

    async def rooms_of(self, user: str) -> dict[str, int]:
        """The rooms that a user is in by their pointers, with the version of each pointer."""
        pairs = await self._store.command(keys.user(user), "HGETALL", keys.user(user) + ":rooms")
        items = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
        pointers = ((room.decode(), msgspec.msgpack.decode(packed)) for room, packed in items)
        return {room: pointer[0] for room, pointer in pointers if pointer[1] == 1}

    async def door_of(self, room: str, users: Iterable[str]) -> Door:
        """What the room shows to those outside, and which of these users are members. Raises ``Refusal`` not_found."""
        asked = list(dict.fromkeys(users))
        (kind, title, titles, archived), members = await asyncio.gather(
            self._store.command(keys.room(room), "HMGET", keys.room(room), "kind", "title", "titles", "archived"),
            self._store.command(keys.room(room), "HMGET", keys.room(room) + ":members", *asked),
        )
        if kind is None:
            raise errors.not_found()
        inside = frozenset(user for user, packed in zip(asked, members, strict=True) if packed is not None)
        named = _unpack_titles(titles) if titles else {}
        return Door(kind.decode(), (title or b"").decode(), named, archived == b"1", inside)

    async def members_page(self, room: str, *, asks: str, after: tuple[int, str] | None, limit: int) -> list[Listed]:
        """A page of members after this place and id: owners, moderators, members, bots, each in order of joining.

        Raises ``Refusal`` not_a_member or not_found if ``asks`` is not a member."""
        place, user = after or ("", "")
        answer = checked(await self._store.call("room_members", keys.room(room), asks, place, user, limit))
        rows = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        return [_listed(user.decode(), packed, place) for user, packed, place in rows]

    async def inside(self, room: str, users: Iterable[str]) -> frozenset[str]:
        """Those of these users who are members."""
        return frozenset(await self.members_among(room, users))

    async def count(self, room: str) -> int:
        """The number of members; 0 if there is no such room."""
        count: int = await self._store.command(keys.room(room), "HLEN", keys.room(room) + ":members")
        return count

    async def first_members(self, room: str, most: int) -> list[str]:
        """The first ``most`` members in the order of the list."""
        found = await self._store.command(keys.room(room), "ZRANGE", keys.room(room) + ":ranks", 0, most - 1)
        return [user.decode() for user in found]

    async def owner_of(self, bot: str) -> str:
        """The id of the bot's owner; "" for a person."""
        owner: bytes | None = await self._store.command(keys.user(bot), "HGET", keys.user(bot), "owner")
        return owner.decode() if owner else ""

    async def handle_of(self, user: str) -> str:
        """The user's handle; "" for an unknown id and for a closed account."""
        handle: bytes | None = await self._store.command(keys.user(user), "HGET", keys.user(user), "handle")
        return handle.decode() if handle else ""

    async def name_parts(self, room: str, user: str, handle: str) -> None:
        """Set the handle by which a member is mentioned in this room ("" for none): part of a step over all rooms of a
        user."""
        await self._store.call("room_name", keys.room(room), user, handle)

    async def is_user(self, user: str) -> bool:
        return bool(await self._store.command(keys.user(user), "EXISTS", keys.user(user)))

    async def is_bot(self, user: str) -> bool:
        bot: bytes | None = await self._store.command(keys.user(user), "HGET", keys.user(user), "bot")
        return bot == b"1"


def _listed(user: str, packed: bytes, place: bytes) -> Listed:
    role, joined_at, *_ = msgspec.msgpack.decode(packed)
    return Listed(user, role, joined_at, int(place))
