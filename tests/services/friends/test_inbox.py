"""The inbox from a cursor; and mentions and invitations, steps over two tags, wherever a process ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.live.hub import Hub
from chatserver.live.tasks import Tasks
from chatserver.live.user import LiveUser
from chatserver.protocol.methods.friends import InvitationCreate
from chatserver.protocol.shapes import InboxState
from chatserver.rules.friends.tie import Numbers
from chatserver.rules.limits import Buckets
from chatserver.rules.messages.text import names_called
from chatserver.services.caller import Caller
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.services.friends.inbox import Inbox
from chatserver.services.friends.invitations import Invitations
from chatserver.services.friends.pairs import Pairs
from chatserver.store.accounts.accounts import invite_key
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.users import Mark, UserStore
from chatserver.store.community.secret import Secret
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import InboxStore, Item
from chatserver.store.friends.invitations import Code, InvitationStore, MakeInvitation
from chatserver.store.friends.ties import TieStore
from chatserver.store.messages.log import Calls, MessageLog
from chatserver.store.messages.reactions import ReactionStore
from chatserver.store.messages.records import Record
from chatserver.store.rooms.rooms import NewRoom, RoomStore
from tests.conftest import OpenServer, running
from tests.people import PATIENCE, Person, gathering
from tests.walks.test_friends import poke, speak

# --- from a cursor ---------------------------------------------------------------------------------------------------


async def nothing(_: LiveUser) -> None:
    """No login ends here."""


async def come_back(person: Person, seq: int) -> list[int]:
    """Another session from a place in the inbox; gives the numbers told, once the last that stands is among them."""
    await person.leave()
    person.events.clear()
    await person.connect()
    person.session = await person.call("session.start", inbox={"epoch": "", "seq": seq})
    return [item["number"] for item in person.heard("inbox.added")]


async def test_who_comes_back_hears_what_came_into_the_inbox_then_what_comes(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(3):
            await bob.say("hall", f"@ann {number}")
        await ann.hears("inbox.added", number=3)
        await come_back(ann, 1)
        assert ann.session["inbox"]["seq"] == 3
        await bob.say("hall", "@ann again")
        await ann.hears("inbox.added", number=4)
        assert [item["number"] for item in ann.heard("inbox.added")] == [2, 3, 4]
        await come_back(ann, 4)
        await bob.say("hall", "@ann once more")
        await ann.hears("inbox.added", number=5)
        assert len(ann.heard("inbox.added")) == 1


async def test_items_that_arrive_during_a_replay_are_sent_once_and_in_order(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        asked = [await bob.ask("message.send", room="hall", text="@ann", client_id=f"a{n}") for n in range(150)]
        await asyncio.gather(*asked)
        await ann.hears("inbox.added", number=150)
        await ann.leave()
        ann.events.clear()
        await ann.connect()
        more = [await bob.ask("message.send", room="hall", text="@ann", client_id=f"b{n}") for n in range(50)]
        await ann.call("session.start", inbox={"epoch": "", "seq": 20})
        await asyncio.gather(*more)
        await ann.hears("inbox.added", number=200)
        assert [item["number"] for item in ann.heard("inbox.added")] == list(range(21, 201))


async def test_what_is_no_longer_so_is_not_replayed(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await speak(ann, bob, cat)
        taken_back = await poke(bob, ann)
        await ann.hears("inbox.added", number=1)
        await bob.call("poke.withdraw", poke=taken_back)
        await cat.say("hall", "@ann hello")
        await ann.hears("inbox.added", number=2)
        await come_back(ann, 0)
        await ann.hears("inbox.added", number=2)
        assert not ann.heard("inbox.added", kind="poke")
        await ann.call("block.add", user=cat.id)
        await bob.say("hall", "@ann hello")
        await ann.hears("inbox.added", number=3)
        await come_back(ann, 0)
        await ann.hears("inbox.added", number=3)
        assert len(ann.heard("inbox.added")) == 1


async def test_too_much_is_not_replayed_and_neither_is_what_was_never_there(open_server: OpenServer) -> None:
    server = await open_server(limits__replay_messages=2)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(3):
            await bob.say("hall", f"@ann {number}")
        await ann.hears("inbox.added", number=3)
        for seq in (0, 99):
            await come_back(ann, seq)
            assert ann.session["inbox"] == {"seq": 3, "unread": 3}
            await ann.call("session.ping")
            assert not ann.heard("inbox.added")


async def unread_of(person: Person) -> list[int]:
    """The numbers of the unread items, which must be as many as the inbox says."""
    listed = await person.call("inbox.list")
    unread = sorted(item["number"] for item in listed["items"] if not item.get("read"))
    assert listed["inbox"]["unread"] == len(unread)
    return unread


async def test_reading_a_room_past_a_message_reads_the_item_about_it_on_every_device(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        other = await Person(server.url, ann.token).start()
        tea = (await ann.call("room.create", kind="open", title="Tea"))["room"]
        await bob.call("room.join", room=tea)
        said = []
        for number, room in enumerate([tea, "hall", tea, tea], start=1):
            said.append((await bob.say(room, "@ann"))["seq"])
            await ann.hears("inbox.added", number=number)
        await ann.call("read.mark", room=tea, seq=said[0] - 1)
        assert await unread_of(ann) == [1, 2, 3, 4]
        await ann.call("read.mark", room=tea, seq=said[2])
        for device in (ann, other):
            await device.hears("inbox.changed", seq=4, unread=2)
        assert await unread_of(ann) == [2, 4]
        await come_back(other, 0)
        await other.hears("inbox.added", number=4)
        assert [item["number"] for item in other.heard("inbox.added", read=True)] == [1, 3]
        await ann.say(tea, "Here I am")
        await ann.hears("inbox.changed", seq=4, unread=1)
        assert await unread_of(ann) == [2]
        await other.leave()


async def test_an_item_that_comes_after_its_message_was_read_is_quiet_but_not_by_an_edit(address: Address) -> None:
    async with town(Store(address)) as here:
        await here.build_friends()
        users, tag = UserStore(here.store), keys.user("ann")
        epoch = (await here.log.read("tea", first=1, last=1)).epoch
        await users.mark("ann", [Mark("tea", epoch, 9)], origin="")
        for name, seq, of in (("read", 9, epoch), ("edit", 8, ""), ("before a reset", 7, "other"), ("new", 10, epoch)):
            await here.inbox.add("ann", name, Item("mention", "cat", "tea", seq), now=1, epoch=of)
        assert await here.inbox.state("ann") == InboxState(4, 3)
        await users.mark("ann", [Mark("tea", epoch, 12)], origin="")
        assert [item.read for item in await here.inbox.page("ann", before=0, limit=9)] == [True, False, False, True]
        assert await here.inbox.state("ann") == InboxState(4, 2)
        assert await here.inbox.mark("ann", 3) == InboxState(4, 0)
        assert not await here.store.command(tag, "EXISTS", tag + ":calls")


# --- steps over two tags ---------------------------------------------------------------------------------------------


class DyingStore(Store):
    """Lets so many commands out; from then on it is as if the process had ended: nothing leaves, nothing answers."""

    left = 1_000_000

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.died = asyncio.Event()

    def _dies(self) -> bool:
        self.left -= 1
        if self.left < 0:
            self.died.set()
        return self.left < 0

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list[Any]:
        return await asyncio.Future() if self._dies() else await super().call(name, tag, *args)

    async def command(self, tag: str, *words: str | bytes | int) -> Any:
        return await asyncio.Future() if self._dies() else await super().command(tag, *words)

    def ask(self, tag: str, *words: str | bytes | int) -> asyncio.Future[Any]:
        return asyncio.Future() if self._dies() else super().ask(tag, *words)

    def send_packed(self, tag: str, packed: bytes, settle: Any) -> None:
        if not self._dies():
            super().send_packed(tag, packed, settle)


class Town:
    """The services over a store, with three people in a room."""

    def __init__(self, store: Store, tasks: Tasks) -> None:
        self.store = store
        self.tasks = tasks
        self.intents = Intents(store)
        self.inbox = InboxStore(store)
        self.log = MessageLog(store, tasks.spawn, durability="primary")
        self.rooms = RoomStore(store, self.intents)
        hub = Hub(
            store,
            self.log,
            AuthorCache(store, tasks.spawn),
            tasks,
            on_auth=nothing,
            tail_records=9,
            replay_reactions=500,
            tail_bytes=9999,
            large_room=500,
        )
        self.ties = ties = TieStore(store, self.intents, self.inbox, secret=Secret(b"secret"), numbers=Numbers())
        self.service = Inbox(hub, self.log, self.inbox, ties, ReactionStore(store), self.intents, most=300)
        pairs = Pairs(hub, self.log, ties, self.inbox, self.rooms, Icebreakers({}, [], []))
        self.codes = InvitationStore(store, self.intents, self.rooms, ties, most=5)
        self.invitations = Invitations(
            hub, self.codes, self.rooms, ties, pairs, gives=Buckets(0, 0), looks=Buckets(0, 0)
        )  # fmt: skip

    async def build_friends(self) -> None:
        await self.store.redis.flushall()
        for user in ("ann", "bob", "cat"):
            await self.store.command(keys.user(user), "HSET", keys.user(user), "handle", user, "name", user, "bot", 0)
        await self.rooms.create("tea", NewRoom(kind="open", title="Tea"), owner="cat", now=1)
        await self.rooms.create("attic", NewRoom(kind="closed", title="Attic"), owner="ann", now=1)
        for user in ("ann", "bob"):
            await self.rooms.join("tea", user, now=1)

    async def call_both(self) -> None:
        record = Record("m1", "cat", "@ann @bob", "c1")
        answered = self.service.mentioned("tea", record)
        answer = self.log.append("tea", record, "digest", calls=Calls(names_called(record.text)))
        answer.add_done_callback(answered)
        await answer

    async def mentions(self) -> tuple[int, list[int]]:
        """How many messages there are, and in each inbox how many items and of what."""
        said: int = await self.store.command("{r:tea}", "XLEN", "{r:tea}:log")
        pages = [await self.inbox.page(user, before=0, limit=10) for user in ("ann", "bob")]
        assert all(item.seq == 1 and item.user == "cat" for page in pages for item in page)
        return said, [len(page) for page in pages]

    async def invite(self) -> None:
        await self.invitations.create(Caller(user_id="ann"), InvitationCreate())

    async def invited(self) -> list[bool]:
        """Of each invitation in ann's list, whether its code is good."""
        listed = await self.store.command(keys.user("ann"), "HKEYS", keys.user("ann") + ":invitations")
        fields = [
            await self.store.command(invite_key(id.decode()), "HMGET", invite_key(id.decode()), "made_at", "by")
            for id in listed
        ]
        return [made_at is not None and by == b"ann" for made_at, by in fields]

    async def accept(self) -> None:
        """Bob accepts Ann's invitation into a room of hers."""
        fields = {"made_at": 5, "ends_at": 99, "by": "ann", "uses": 2}
        words = [word for field in fields.items() for word in field]
        await self.store.command(invite_key("i1"), "HSET", invite_key("i1"), *words)
        await self.codes.accept("i1", Code("ann", "attic", 99), user="bob", now=6)

    async def accepted(self) -> tuple[int, bool, bool]:
        """How often the code was used, whether its room was joined, and whether Ann is asked, in tie and inbox."""
        used = await self.store.command(invite_key("i1"), "HGET", invite_key("i1"), "used")
        tie = (await self.ties.read("ann", "bob")).tie
        asked = [item.kind for item in await self.inbox.page("ann", before=0, limit=10)]
        assert asked == ["invited"] * (tie.invited is not None)
        return int(used or 0), "attic" in await self.rooms.rooms_of("bob"), bool(asked)


@contextlib.asynccontextmanager
async def town(store: Store) -> AsyncIterator[Town]:
    async with running(store), Tasks() as tasks:
        yield Town(store, tasks)


async def _end_at_each(
    address: Address, step: Callable[[Town], Awaitable[object]], look: Callable[[Town], Awaitable[Any]]
) -> list[Any]:
    """End before the first command, the second … until the step is done; what holds after another has taken over."""
    found: list[Any] = []
    async with town(Store(address)) as healthy:
        for commands in itertools.count():
            await healthy.build_friends()
            dying = DyingStore(address)
            async with town(dying) as doomed:
                dying.left = commands
                taking = doomed.tasks.start(step(doomed))
                dead = doomed.tasks.start(dying.died.wait())
                async with asyncio.timeout(PATIENCE):
                    await asyncio.wait({taking, dead}, return_when=asyncio.FIRST_COMPLETED)
                    while not dying.died.is_set() and len(doomed.tasks) > 1:
                        await asyncio.sleep(0.005)
                dying.left = 0
            await healthy.intents.take_over(older_than_ms=-1000)
            assert await healthy.intents.take_over(older_than_ms=-1000) == 0
            found.append(await look(healthy))
            if not dying.died.is_set():
                return found
    raise AssertionError


async def test_wherever_a_process_ends_a_stored_message_has_called_whom_it_calls_once(address: Address) -> None:
    found = await _end_at_each(address, Town.call_both, Town.mentions)
    assert found[0] == (0, [0, 0]) and found[-1] == (1, [1, 1]) and len(found) > 5
    assert all(held in [(0, [0, 0]), (1, [1, 1])] for held in found)


async def test_wherever_a_process_ends_an_invitation_is_whole_or_was_never_made(address: Address) -> None:
    found = await _end_at_each(address, Town.invite, Town.invited)
    assert found[0] == [] and found[-1] == [True] and len(found) > 4
    assert all(held in [[], [True]] for held in found)


async def test_wherever_a_process_ends_an_invitation_is_accepted_whole_or_not_at_all(address: Address) -> None:
    found = await _end_at_each(address, Town.accept, Town.accepted)
    assert found[0] == (0, False, False) and found[-1] == (1, True, True) and len(found) > 8
    assert all(held in [(0, False, False), (1, True, True)] for held in found)


@pytest.mark.parametrize("again", [1, 2])
async def test_a_late_repeat_brings_back_no_invitation_that_was_withdrawn(address: Address, again: int) -> None:
    async with town(Store(address)) as here:
        await here.build_friends()
        await here.intents.carry_out(MakeInvitation(user="ann", now=5, id="i1", ends_at=99, room=""))
        await here.store.command(invite_key("i1"), "HSET", invite_key("i1"), "ends_at", 1)
        for _ in range(again):
            await here.intents.carry_out(MakeInvitation(user="ann", now=5, id="i1", ends_at=99, room=""))
        assert await here.store.command(invite_key("i1"), "HGET", invite_key("i1"), "ends_at") == b"1"
