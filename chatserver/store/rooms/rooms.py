"""The store of rooms and memberships. A change of membership is one function on the room's tag, which decides, followed
by the pointer on the user's tag; an intent makes sure that both happen.

Built in app.py. The rooms and membership services call it; signing up and closing an account use ``join_parts`` and
``leave_parts`` inside their own intents.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.protocol.shapes import Writers
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.store import Store, status
from chatserver.store.rooms.open_rooms import Entry, put
from chatserver.store.rooms.questions import agree
from chatserver.store.rooms.reading import RoomReader, checked
from chatserver.store.rooms.records import writers_of

_pack = msgspec.msgpack.Encoder().encode
_unpack_titles = msgspec.msgpack.Decoder(dict[str, str]).decode


class NewRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room to create. ``community`` rooms have no owner; every new user joins ``newcomers`` rooms; the first
    ``first_members`` people who join become moderators, so that a new community has hosts. ``question_of`` is the room
    in which this question of the day lies."""

    kind: str
    title: str
    about: str = ""
    tags: list[str] = []
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    window: bool = False
    bots: bool = False
    community: bool = False
    newcomers: bool = False
    first_members: int = 0
    writers: str = ""
    topics: str = ""
    never_window: bool = False
    forum: bool = False
    question_of: str = ""


class Belonging(msgspec.Struct, frozen=True):
    """A user's membership as stored with the room: inside or not as of ``version``, and the end of the log."""

    version: int
    inside: bool
    last_seq: int
    epoch: str
    role: str
    members: int


class Words(msgspec.Struct, frozen=True):
    """A room's title, description and settings after an update. ``entry`` is its entry in the index of open rooms."""

    kind: str
    entry: Entry
    slow_mode: int
    question: bool
    writers: Writers
    topics: Writers
    never_window: bool
    pokes: bool
    forum: bool


def _belonging(answer: list[Any]) -> Belonging:
    version, inside, last_seq, epoch, role, members = checked(answer)
    return Belonging(version, inside == 1, last_seq, epoch.decode(), role.decode(), members)


class CreateRoom(Step, frozen=True):
    kind = "room.create"
    room: str
    new: NewRoom
    owner: str
    bot: bool
    now: int
    epoch: str


class JoinRoom(Step, frozen=True):
    """``by`` is the moderator who admits a bot whose ``owner`` does not, or the one who invited a user."""

    kind = "room.join"
    room: str
    user: str
    now: int
    link: str = ""
    bot: bool = False
    owner: str = ""
    by: str = ""
    admin: bool = False


class LeaveRoom(Step, frozen=True):
    kind = "room.leave"
    room: str
    user: str
    now: int


class Moderating(Step, frozen=True):
    """A step of ``actor``, who moderates the room or is an ``admin`` of the community."""

    room: str
    actor: str
    admin: bool
    now: int


class RemoveMember(Moderating, frozen=True):
    """``ban`` is "" for none, else until when (ms, 0: no end)."""

    kind = "room.remove"
    user: str
    ban: str


class Unban(Moderating, frozen=True):
    kind = "room.unban"
    user: str


class SetRole(Moderating, frozen=True):
    kind = "room.set_role"
    user: str
    role: str


class UpdateRoom(Moderating, frozen=True):
    """``given`` maps the fields that change to their values."""

    kind = "room.update"
    given: dict[str, Any]


class ArchiveRoom(Moderating, frozen=True):
    kind = "room.archive"
    archived: bool


class RoomStore(RoomReader):
    """Steps over a room and its users. Every method raises ``Refusal`` and may be repeated. Who joins a room with more
    than ``mentions_above`` members is notified of what calls them alone, until they choose."""

    def __init__(self, store: Store, intents: Intents, *, mentions_above: int = sys.maxsize) -> None:
        super().__init__(store)
        self._mentions_above = mentions_above
        self._intents = intents
        self._acts = ActLog(store)
        intents.register(CreateRoom, self._create)
        intents.register(JoinRoom, self._join)
        intents.register(LeaveRoom, self._leave, frees=True)
        intents.register(RemoveMember, self._remove, frees=True)
        intents.register(UpdateRoom, self._update)
        intents.register(ArchiveRoom, self._archive)
        intents.register(Unban, self._unban, frees=True)
        intents.register(SetRole, self._set_role, frees=True)

    # --- creating ----------------------------------------------------------------------------------------------------

    async def create(self, room: str, new: NewRoom, *, owner: str, bot: bool = False, now: int) -> None:
        """Create a room, its owner's pointer and, for an open room, its entry in the index."""
        epoch = ids.random_bytes(4).hex()
        await self._intents.carry_out(CreateRoom(room=room, new=new, owner=owner, bot=bot, now=now, epoch=epoch))

    async def claim(self, user: str, client_id: str, digest: str, room: str, *, now: int) -> tuple[str, bool]:
        """The room that the user makes under this ``client_id``, noted for an hour, and whether this is a repeat.
        Raises ``Refusal`` client_id_used where the first request had another ``digest``."""
        answer = await self._store.call("user_made", keys.user(user), now, client_id, digest, room)
        if status(answer) == "client_id_used":
            raise errors.conflict("This client_id was used before: choose a new one", "client_id_used")
        first, repeated = checked(answer)
        return first.decode(), bool(repeated)

    async def claimed(self, user: str, client_id: str) -> bool:
        """Whether the user made a room under this ``client_id`` within the hour."""
        tag = keys.user(user)
        return bool(await self._store.command(tag, "HEXISTS", tag + ":made", client_id))

    async def _create(self, intent: Intent[CreateRoom]) -> None:
        step = intent.step
        room, new, owner, now = step.room, step.new, step.owner, step.now
        fields = _meta_fields(new, epoch=step.epoch, now=now)
        answer = await self._store.call(
            "room_create", keys.room(room), now, owner, int(step.bot), await self.handle_of(owner), *fields
        )
        if owner:
            await self._point_or_leave(intent.id, owner, room, _belonging(answer), now)
        if new.kind == "open":
            await put(self._store, room, _first_entry(new, now))

    async def exists(self, room: str) -> bool:
        return bool(await self._store.command(keys.room(room), "EXISTS", keys.room(room)))

    # --- joining and leaving -----------------------------------------------------------------------------------------

    async def join(
        self, room: str, user: str, *, link: str = "", bot: bool = False, by: str = "", admin: bool = False, now: int
    ) -> Belonging:
        """Join a room. ``by`` is the moderator who admits a bot (``admin``: an admin of the community)."""
        owner = await self.owner_of(user) if bot else ""
        step = JoinRoom(room=room, user=user, now=now, link=link, bot=bot, owner=owner, by=by, admin=admin)
        return _as_belonging(await self._intents.carry_out(step))

    async def _join(self, intent: Intent[JoinRoom]) -> Belonging:
        return await self.join_parts(intent.id, intent.step)

    async def join_parts(self, intent: str, step: JoinRoom) -> Belonging:
        """Both parts of a join, inside an intent with the id ``intent``: the room decides, then the pointer is set.

        ``owner`` is a bot's owner; the bot may join where its owner moderates.
        """
        answer = await self._store.call(
            "room_join", keys.room(step.room), intent, step.now, step.user, step.link, int(step.bot), step.owner,
            step.by, int(step.admin), await self.handle_of(step.user),
        )  # fmt: skip
        return await self._point_or_leave(intent, step.user, step.room, _belonging(answer), step.now)

    async def leave(self, room: str, user: str, *, now: int) -> None:
        """Leave a room. If the last owner leaves, the moderator who joined first becomes owner, or else the member."""
        await self._intents.carry_out(LeaveRoom(room=room, user=user, now=now))

    async def _leave(self, intent: Intent[LeaveRoom]) -> Belonging:
        step = intent.step
        return await self.leave_parts(intent.id, room=step.room, user=step.user, now=step.now)

    async def leave_parts(self, intent: str, *, room: str, user: str, now: int) -> Belonging:
        """Both parts of leaving, inside an intent with the id ``intent``."""
        answer = await self._store.call("room_leave", keys.room(room), intent, now, user)
        return await self._point(user, room, _belonging(answer))

    async def remove(
        self, room: str, user: str, *, actor: str, admin: bool, now: int, ban_until: int | None = None
    ) -> None:
        """Remove a member. With ``ban_until`` (ms, 0: no end) also ban the user, who need not be a member then."""
        ban = "" if ban_until is None else str(ban_until)
        step = RemoveMember(room=room, user=user, actor=actor, admin=admin, ban=ban, now=now)
        await self._intents.carry_out(step)

    async def _remove(self, intent: Intent[RemoveMember]) -> None:
        step = intent.step
        answer = await self._store.call(
            "room_remove", keys.room(step.room), intent.id, step.now, step.actor, int(step.admin), step.user, step.ban
        )
        await self._point(step.user, step.room, _belonging(answer))
        what, until = ("room.ban", step.ban) if step.ban else ("room.remove", "")
        await self._note(intent.id, step, what, user=step.user, detail=until)

    async def _note(self, act: str, step: Moderating, what: str, **more: str) -> None:
        """Record what a moderator did, as the last part of an intent."""
        await self._acts.note(act, what, by=step.actor, at=step.now, room=step.room, **more)

    async def own_parts(self, intent: str, *, room: str, user: str, now: int) -> None:
        """Both parts of making a user the owner of a room without one, inside an intent. Ignores a room that does not
        exist."""
        answer = await self._store.call("room_own", keys.room(room), intent, now, user, await self.handle_of(user))
        if answer[0] == b"ok":
            await self._point(user, room, _belonging(answer))

    async def _point(self, user: str, room: str, belonging: Belonging) -> Belonging:
        """Set the user's pointer to what the room says. Raises ``Refusal`` not_signed_in if a closed account joined."""
        if belonging.version:  # 0: never a member, so there is no pointer
            inside, place = int(belonging.inside), (belonging.last_seq, belonging.epoch)
            level = "mentions" if belonging.members > self._mentions_above else "all"
            answer = await self._store.call(
                "user_point", keys.user(user), room, belonging.version, inside, *place, level
            )
            if status(answer) == "closed":
                raise errors.not_signed_in()
        return belonging

    async def _point_or_leave(self, intent: str, user: str, room: str, belonging: Belonging, now: int) -> Belonging:
        """As ``_point``, but leave the room again if the account was closed meanwhile: closing it missed this room,
        which had no pointer yet."""
        try:
            return await self._point(user, room, belonging)
        except Refusal as refusal:
            if refusal.kind is errors.NOT_SIGNED_IN:
                await self.leave_parts(f"{intent}:closed", room=room, user=user, now=now)
            raise

    async def unban(self, room: str, user: str, *, actor: str, admin: bool, now: int) -> None:
        await self._intents.carry_out(Unban(room=room, user=user, actor=actor, admin=admin, now=now))

    async def _unban(self, intent: Intent[Unban]) -> None:
        step = intent.step
        await self._decide(intent.id, step, "room_unban", step.user)
        await self._note(intent.id, step, "room.unban", user=step.user)

    async def set_role(self, room: str, user: str, role: str, *, actor: str, admin: bool, now: int) -> None:
        await self._intents.carry_out(SetRole(room=room, user=user, role=role, actor=actor, admin=admin, now=now))

    async def _set_role(self, intent: Intent[SetRole]) -> None:
        step = intent.step
        await self._decide(intent.id, step, "room_role", step.user, step.role)
        await self._note(intent.id, step, "room.set_role", user=step.user, detail=step.role)

    async def _decide(self, intent: str, step: Moderating, function: str, *more: str | bytes | int) -> list[Any]:
        """The room's part of a moderator's step."""
        return checked(await self._store.call(
            function, keys.room(step.room), intent, step.now, step.actor, int(step.admin), *more
        ))  # fmt: skip

    # --- steps on one tag --------------------------------------------------------------------------------------------

    async def invite(self, room: str, user: str, *, actor: str, now: int) -> None:
        """Invite a user as ``actor``: any member of an open room, a moderator of a closed one. Raises ``Refusal``."""
        checked(await self._store.call("room_invite", keys.room(room), actor, user, now))

    async def link(self, room: str, *, actor: str, admin: bool, withdraw: bool = False) -> str:
        """The invite link of a closed room, 128 random bits in hex, made on the first call; "" after withdrawing it."""
        fresh = "" if withdraw else ids.random_bytes(16).hex()
        (link,) = checked(await self._store.call("room_link", keys.room(room), actor, int(admin), fresh))
        return str(link.decode())

    async def notify(self, room: str, user: str, level: str, *, until: int, everyone: bool | None) -> bool:
        """Set what notifies the user in this room: all, mentions or none, ``until`` a time (ms; 0: for good), and
        whether @everyone does (None: as it was), which is returned. Raises ``Refusal`` not_a_member."""
        words = "" if everyone is None else int(everyone)
        (calls,) = checked(await self._store.call("user_notify", keys.user(user), room, level, until, words))
        return bool(calls)

    # --- title, description, settings --------------------------------------------------------------------------------

    async def update(
        self, room: str, *, actor: str, admin: bool, now: int, title: str | None = None, about: str | None = None,
        tags: list[str] | None = None, slow_mode: int | None = None, pokes: bool | None = None,
        question: bool | None = None, window: bool | None = None, writers: str | None = None,
        topics: str | None = None, never_window: bool | None = None, forum: bool | None = None,
    ) -> Words:  # fmt: skip
        """Update the room; None leaves a value unchanged. Raises ``Refusal``."""
        given = {
            "title": title, "about": about, "tags": tags, "slow_mode": slow_mode, "pokes": pokes, "question": question,
            "window": window, "writers": writers, "topics": topics, "never_window": never_window, "forum": forum,
        }  # fmt: skip
        given = {name: value for name, value in given.items() if value is not None}
        step = UpdateRoom(room=room, actor=actor, admin=admin, now=now, given=given)
        words: Words = await self._intents.carry_out(step)
        return words

    async def _update(self, intent: Intent[UpdateRoom]) -> Words:
        step, given = intent.step, intent.step.given
        fields = [word for name, value in given.items() for word in (name, _field(value))]
        words = await self._said(step.room, await self._decide(intent.id, step, "room_update", *fields))
        if "question" in given:
            await agree(self._store, step.room)
        await self._note_update(intent.id, step, {name: value for name, value in given.items() if name != "window"})
        if "window" in given:
            await self._note(f"{intent.id}:window", step, "room.window", detail="on" if given["window"] else "off")
        return words

    async def _note_update(self, act: str, step: UpdateRoom, changed: dict[str, Any]) -> None:
        """Record an update by an admin who does not own the room. An owner's own updates are not recorded."""
        if not (changed and step.admin):
            return
        tag = keys.room(step.room)
        member: bytes | None = await self._store.command(tag, "HGET", tag + ":members", step.actor)
        if member is None or msgspec.msgpack.decode(member)[0] != "owner":
            await self._note(act, step, "room.update", detail=", ".join(changed))

    async def _said(self, room: str, answer: list[Any]) -> Words:
        words = _words(answer)
        if words.kind == "open":
            await put(self._store, room, words.entry)
        return words

    async def archive(self, room: str, *, actor: str, admin: bool, archived: bool, now: int) -> Words:
        """Archive a room, or undo it."""
        step = ArchiveRoom(room=room, actor=actor, admin=admin, archived=archived, now=now)
        words: Words = await self._intents.carry_out(step)
        return words

    async def _archive(self, intent: Intent[ArchiveRoom]) -> Words:
        step = intent.step
        words = await self._said(step.room, await self._decide(intent.id, step, "room_archive", int(step.archived)))
        await self._note(intent.id, step, "room.archive", detail="on" if step.archived else "off")
        return words


def _as_belonging(joined: Any) -> Belonging:
    assert isinstance(joined, Belonging)
    return joined


def _field(value: str | list[str] | dict[str, str] | int | bool) -> str | bytes:
    """A meta field as stored in the room's hash."""
    if isinstance(value, list | dict):
        return _pack(value)
    return str(int(value)) if isinstance(value, int) else value


def _meta_fields(new: NewRoom, *, epoch: str, now: int) -> list[str | bytes]:
    """The meta of a new room, flat. Empty fields are left out."""
    fields: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(new).items() if value or name in {"title", "about"}
    }
    fields |= {"tags": new.tags, "slow_mode": 0, "window": new.window, "bots": new.bots, "pokes": 1}
    fields |= {"created_at": now, "epoch": epoch, "seq": 0, "rev": 0, "first_seq": 1, "shared": 0, "mv": 1}
    return [word for name, value in fields.items() for word in (name, _field(value))]


def _first_entry(new: NewRoom, now: int) -> Entry:
    return Entry(1, new.title, new.about, new.tags, new.titles, new.abouts, new.window, new.bots, now)


def _words(row: list[Any]) -> Words:
    version, kind, title, about, tags, titles, abouts, window, bots, created_at, slow_mode, archived, *more = row
    question, writers, topics, never_window, pokes, forum = more
    titles, abouts = (msgspec.msgpack.decode(packed) if packed else {} for packed in (titles, abouts))
    entry = Entry(
        int(version), title.decode(), about.decode(), msgspec.msgpack.decode(tags) if tags else [], titles, abouts,
        window == b"1", bots == b"1", int(created_at or 0), archived == b"1",
    )  # fmt: skip
    return Words(
        kind.decode(), entry, int(slow_mode or 0), question == b"1", writers_of(writers), writers_of(topics),
        never_window == b"1", pokes != b"0", forum == b"1",
    )  # fmt: skip
