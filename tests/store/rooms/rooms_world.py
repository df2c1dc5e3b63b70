"""A small community for the tests of rooms: a store over a store with a few people in it, and a clock of its own."""

from __future__ import annotations

import msgspec

from chatserver import ids
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store, flat
from chatserver.store.messages.records import Record, pack_record
from chatserver.store.rooms.open_rooms import Entry, WindowRooms
from chatserver.store.rooms.ranks import rank_of
from chatserver.store.rooms.rooms import NewRoom, RoomStore

PEOPLE = ("mei", "tom", "ada", "lin", "wang")
unpack = msgspec.msgpack.decode


class Server:
    """A store of rooms over a store with people in it. The clock is ``now``."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intents = Intents(store)
        self.stored = RoomStore(store, self.intents)
        self.windows = WindowRooms(store)
        self.now = 1_000_000

    async def build_friends(self) -> None:
        for person in PEOPLE:
            await self.store.command(
                keys.user(person), "HSET", keys.user(person), "handle", person, "name", person.title(), "bot", 0
            )
        await self.store.command(
            keys.user("tea-bot"), "HSET", keys.user("tea-bot"), "handle", "tea-bot", "bot", 1, "owner", "mei"
        )

    async def create(self, room: str, *members: str, kind: str = "open", owner: str = "mei", **marks: object) -> None:
        await self.stored.create(room, NewRoom(kind=kind, title=room.title(), **marks), owner=owner, now=self.now)
        link = await self.stored.link(room, actor=owner, admin=False) if kind == "closed" else ""
        for member in members:
            await self.join(room, member, link=link)

    async def join(self, room: str, user: str, **more: object) -> str:
        self.now += 1
        return (await self.stored.join(room, user, now=self.now, **more)).role

    async def leave(self, room: str, user: str) -> None:
        self.now += 1
        await self.stored.leave(room, user, now=self.now)

    async def remove(self, room: str, user: str, by: str = "mei", **more: object) -> None:
        self.now += 1
        more = {"admin": False, **more}
        await self.stored.remove(room, user, actor=by, now=self.now, **more)

    async def role(self, room: str, user: str, role: str, by: str = "mei", *, admin: bool = False) -> None:
        await self.stored.set_role(room, user, role, actor=by, admin=admin, now=self.now)

    async def listed(self) -> dict[str, Entry]:
        """The list of open rooms."""
        entries = flat(await self.store.command(keys.ROOMS, "HGETALL", keys.ROOMS))
        return {room: msgspec.msgpack.decode(packed, type=Entry) for room, packed in entries.items()}

    async def roles(self, room: str) -> dict[str, str]:
        members = flat(await self.store.command(keys.room(room), "HGETALL", keys.room(room) + ":members"))
        return {user: unpack(packed)[0] for user, packed in members.items()}

    async def meta(self, room: str) -> dict[str, bytes]:
        return flat(await self.store.command(keys.room(room), "HGETALL", keys.room(room)))

    async def say(self, room: str, user: str, text: str, at: int) -> bytes:
        record = Record(ids.new_id(), user, text)
        packed = pack_record(record)
        answer = await self.store.call(
            "append", keys.room(room), at, 0, user, record.id, "digest", record.id, 0, "", "", "", packed
        )
        return answer[2][0][0]

    async def agrees(self, room: str) -> bool:
        """Whether exactly the members' pointers point at the room, each at the version of the member's record, and the
        order of the members holds just them."""
        members = flat(await self.store.command(keys.room(room), "HGETALL", keys.room(room) + ":members"))
        records = {user: unpack(packed) for user, packed in members.items()}
        pointing = {}
        for user in (*PEOPLE, "tea-bot"):
            rooms = await self.stored.rooms_of(user)
            if room in rooms:
                pointing[user] = rooms[room]
        ranks = await self.store.command(keys.room(room), "ZRANGE", keys.room(room) + ":ranks", 0, -1, "WITHSCORES")
        in_order = {user.decode(): int(score) for user, score in ranks}
        assert in_order == {user: rank_of(packed) for user, packed in members.items()}
        return pointing == {user: record[3] for user, record in records.items()}
