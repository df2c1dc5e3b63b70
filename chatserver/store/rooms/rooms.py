"""The store of rooms and memberships. A change of membership is one function on the room's tag, which decides, followed
by the pointer on the user's tag; an intent makes sure that both happen.

Built in app.py. The rooms and membership services call it; signing up and closing an account use ``join_parts`` and
``leave_parts`` inside their own intents.
"""

from __future__ import annotations

from typing import Any

import msgspec

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents
from chatserver.store.engine.store import Store, status
from chatserver.store.rooms.questions import agree
from chatserver.store.rooms.reading import RoomReader, checked
from chatserver.store.rooms.room_index import Entry, put

_pack = msgspec.msgpack.Encoder().encode
_unpack_titles = msgspec.msgpack.Decoder(dict[str, str]).decode


class NewRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room to create. ``community`` rooms have no owner; every new user joins ``newcomers`` rooms; the first
    ``first_members`` people who join become moderators, so that a new community has hosts."""

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


def _belonging(answer: list[Any]) -> Belonging:
    version, inside, last_seq, epoch, role, members = checked(answer)
    return Belonging(version, inside == 1, last_seq, epoch.decode(), role.decode(), members)


class RoomStore(RoomReader):
    """Steps over a room and its users. Every method raises ``Refusal`` and may be repeated."""

    def __init__(self, store: Store, intents: Intents) -> None:
        super().__init__(store)
        self._intents = intents
        self._acts = ActLog(store)
        intents.register("room.create", self._create)
        intents.register("room.join", self._join)
        intents.register("room.leave", self._leave, frees=True)
        intents.register("room.remove", self._remove, frees=True)
        intents.register("room.update", self._update)
        intents.register("room.archive", self._archive)
        intents.register("room.unban", self._unban, frees=True)
        intents.register("room.set_role", self._set_role, frees=True)

    # --- creating ----------------------------------------------------------------------------------------------------

    async def create(self, room: str, new: NewRoom, *, owner: str, bot: bool = False, now: int) -> None:
        """Create a room, its owner's pointer and, for an open room, its entry in the index."""
        fields = {
            "room": room, "new": msgspec.to_builtins(new), "owner": owner, "bot": bot, "now": now,
            "epoch": ids.random_bytes(4).hex(),
        }  # fmt: skip
        await self._intents.carry_out("room.create", **fields)

    async def _create(self, intent: Intent) -> None:
        given = intent.arguments
        room, owner, now = given["room"], given["owner"], given["now"]
        new = msgspec.convert(given["new"], NewRoom)
        fields = _meta_fields(new, epoch=given["epoch"], now=now)
        answer = await self._store.call(
            "room_create", keys.room(room), now, owner, int(given["bot"]), await self.handle_of(owner), *fields
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
        given = {"link": link, "bot": bot, "owner": owner, "by": by, "admin": admin}
        joined = await self._intents.carry_out("room.join", room=room, user=user, now=now, **given)
        return _as_belonging(joined)

    async def _join(self, intent: Intent) -> Belonging:
        return await self.join_parts(intent.id, **intent.arguments)

    async def join_parts(
        self, intent: str, *, room: str, user: str, now: int, link: str = "", bot: bool = False, owner: str = "",
        by: str = "", admin: bool = False,
    ) -> Belonging:  # fmt: skip
        """Both parts of a join, inside an intent with the id ``intent``: the room decides, then the pointer is set.

        ``owner`` is a bot's owner; the bot may join where its owner moderates.
        """
        answer = await self._store.call(
            "room_join", keys.room(room), intent, now, user, link, int(bot), owner, by, int(admin),
            await self.handle_of(user),
        )  # fmt: skip
        return await self._point_or_leave(intent, user, room, _belonging(answer), now)

    async def leave(self, room: str, user: str, *, now: int) -> None:
        """Leave a room. If the last owner leaves, the moderator who joined first becomes owner, or else the member."""
        await self._intents.carry_out("room.leave", room=room, user=user, now=now)

    async def _leave(self, intent: Intent) -> Belonging:
        return await self.leave_parts(intent.id, **intent.arguments)

    async def leave_parts(self, intent: str, *, room: str, user: str, now: int) -> Belonging:
        """Both parts of leaving, inside an intent with the id ``intent``."""
        answer = await self._store.call("room_leave", keys.room(room), intent, now, user)
        return await self._point(user, room, _belonging(answer))

    async def remove(
        self, room: str, user: str, *, actor: str, admin: bool, now: int, ban_until: int | None = None
    ) -> None:
        """Remove a member. With ``ban_until`` (ms, 0: no end) also ban the user, who need not be a member then."""
        ban = "" if ban_until is None else str(ban_until)
        given = {"room": room, "user": user, "actor": actor, "admin": admin, "ban": ban, "now": now}
        await self._intents.carry_out("room.remove", **given)

    async def _remove(self, intent: Intent) -> None:
        given = intent.arguments
        room, user = given["room"], given["user"]
        answer = await self._store.call(
            "room_remove", keys.room(room), intent.id, given["now"], given["actor"], int(given["admin"]), user,
            given["ban"],
        )  # fmt: skip
        await self._point(user, room, _belonging(answer))
        what, until = ("room.ban", given["ban"]) if given["ban"] else ("room.remove", "")
        await self._note(intent, what, user=user, detail=until)

    async def _note(self, intent: Intent, what: str, **more: str) -> None:
        """Record what a moderator did, as the last part of an intent."""
        given = intent.arguments
        await self._acts.note(intent.id, what, by=given["actor"], at=given["now"], room=given["room"], **more)

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
            answer = await self._store.call("user_point", keys.user(user), room, belonging.version, inside, *place)
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
        given = {"room": room, "user": user, "actor": actor, "admin": admin, "now": now}
        await self._intents.carry_out("room.unban", **given)

    async def _unban(self, intent: Intent) -> None:
        await self._decide(intent, "room_unban", intent.arguments["user"])
        await self._note(intent, "room.unban", user=intent.arguments["user"])

    async def set_role(self, room: str, user: str, role: str, *, actor: str, admin: bool, now: int) -> None:
        given = {"room": room, "user": user, "role": role, "actor": actor, "admin": admin, "now": now}
        await self._intents.carry_out("room.set_role", **given)

    async def _set_role(self, intent: Intent) -> None:
        user, role = intent.arguments["user"], intent.arguments["role"]
        await self._decide(intent, "room_role", user, role)
        await self._note(intent, "room.set_role", user=user, detail=role)

    async def _decide(self, intent: Intent, function: str, *more: str | bytes | int) -> list[Any]:
        """The room's part of a moderator's step."""
        given = intent.arguments
        return checked(await self._store.call(
            function, keys.room(given["room"]), intent.id, given["now"], given["actor"], int(given["admin"]), *more
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

    async def notify(self, room: str, user: str, level: str) -> None:
        """Set what notifies the user in this room: all, mentions or none. Raises ``Refusal`` not_a_member."""
        checked(await self._store.call("user_notify", keys.user(user), room, level))

    # --- title, description, settings --------------------------------------------------------------------------------

    async def update(
        self, room: str, *, actor: str, admin: bool, now: int, title: str | None = None, about: str | None = None,
        tags: list[str] | None = None, slow_mode: int | None = None, pokes: bool | None = None,
        question: bool | None = None, window: bool | None = None,
    ) -> Words:  # fmt: skip
        """Update the room; None leaves a value unchanged. Raises ``Refusal``."""
        given = {
            "title": title, "about": about, "tags": tags, "slow_mode": slow_mode, "pokes": pokes, "question": question,
            "window": window,
        }  # fmt: skip
        given = {name: value for name, value in given.items() if value is not None}
        words: Words = await self._intents.carry_out(
            "room.update", room=room, actor=actor, admin=admin, now=now, given=given
        )
        return words

    async def _update(self, intent: Intent) -> Words:
        given = intent.arguments["given"]
        fields = [word for name, value in given.items() for word in (name, _field(value))]
        words = await self._said(intent.arguments["room"], await self._decide(intent, "room_update", *fields))
        if "question" in given:
            await agree(self._store, intent.arguments["room"])
        await self._note_update(intent, {name: value for name, value in given.items() if name != "window"})
        if "window" in given:
            window = Intent(f"{intent.id}:window", intent.kind, intent.arguments)
            await self._note(window, "room.window", detail="on" if given["window"] else "off")
        return words

    async def _note_update(self, intent: Intent, changed: dict[str, Any]) -> None:
        """Record an update by an admin who does not own the room. An owner's own updates are not recorded."""
        given = intent.arguments
        if not (changed and given["admin"]):
            return
        member: bytes | None = await self._store.command(
            keys.room(given["room"]), "HGET", keys.room(given["room"]) + ":members", given["actor"]
        )
        if member is None or msgspec.msgpack.decode(member)[0] != "owner":
            await self._note(intent, "room.update", detail=", ".join(changed))

    async def _said(self, room: str, answer: list[Any]) -> Words:
        words = _words(answer)
        if words.kind == "open":
            await put(self._store, room, words.entry)
        return words

    async def archive(self, room: str, *, actor: str, admin: bool, archived: bool, now: int) -> Words:
        """Archive a room, or undo it."""
        given = {"room": room, "actor": actor, "admin": admin, "archived": archived, "now": now}
        words: Words = await self._intents.carry_out("room.archive", **given)
        return words

    async def _archive(self, intent: Intent) -> Words:
        given = intent.arguments
        answer = await self._decide(intent, "room_archive", int(given["archived"]))
        words = await self._said(given["room"], answer)
        await self._note(intent, "room.archive", detail="on" if given["archived"] else "off")
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
    version, kind, title, about, tags, titles, abouts, window, bots, created_at, slow_mode, archived, question = row
    titles, abouts = (msgspec.msgpack.decode(packed) if packed else {} for packed in (titles, abouts))
    entry = Entry(
        int(version), title.decode(), about.decode(), msgspec.msgpack.decode(tags) if tags else [], titles, abouts,
        window == b"1", bots == b"1", int(created_at or 0), archived == b"1",
    )  # fmt: skip
    return Words(kind.decode(), entry, int(slow_mode or 0), question == b"1")
