"""The rooms service: responses, events and lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from msgspec import UNSET

from chatserver import ids
from chatserver.errors import Refusal, StartError
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.live.tasks import Tasks
from chatserver.live.user import LiveUser
from chatserver.protocol.methods.base import RoomParams
from chatserver.protocol.methods.rooms import (
    RoomArchive,
    RoomBan,
    RoomBans,
    RoomCreate,
    RoomDiscover,
    RoomJoin,
    RoomLink,
    RoomMembers,
    RoomNotify,
    RoomSetRole,
    RoomUpdate,
    RoomUser,
)
from chatserver.protocol.shapes import RoomState
from chatserver.rules.friends.tie import Numbers
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.services.rooms.discovery import PAGE, Discovery
from chatserver.services.rooms.member_search import MemberSearch
from chatserver.services.rooms.membership import Membership
from chatserver.services.rooms.rooms import Rooms
from chatserver.services.rooms.starter import ensure_starter_rooms, newcomers_rooms, read_starter_rooms
from chatserver.settings.places import config_folder
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.community.secret import Secret
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.ties import TieStore
from chatserver.store.index.index import SearchIndex
from chatserver.store.index.sqlite import SqliteMessages
from chatserver.store.index.sqlite_people import SqlitePeople
from chatserver.store.index.sqlite_rooms import SqliteRooms
from chatserver.store.messages.log import LogReader, MessageLog
from chatserver.store.messages.records import Record
from chatserver.store.rooms.open_rooms import WindowRooms
from chatserver.store.rooms.rooms import NewRoom, RoomStore

MEI, TOM, ADA = Caller("mei"), Caller("tom"), Caller("ada")
HOST = Caller("host", admin=True)
TEA_BOT = Caller("tea-bot", bot=True)
VISITOR = Caller(address="192.0.2.1")


async def nothing(_: LiveUser) -> None:
    """No login ends here."""


class Server:
    """The services for rooms over a store with a few people in it."""

    def __init__(self, store: Store, tasks: Tasks, folder: Path) -> None:
        self.store = store
        self.log = MessageLog(store, tasks.spawn, durability="primary")
        authors = AuthorCache(store, tasks.spawn)
        self.hub = Hub(
            store,
            self.log,
            authors,
            tasks,
            on_auth=nothing,
            tail_records=16,
            replay_reactions=500,
            tail_bytes=1 << 16,
            large_room=500,
        )
        intents = Intents(store)
        self.stored = RoomStore(store, intents)
        self.ties = TieStore(store, intents, InboxStore(store), secret=Secret(b"secret"), numbers=Numbers())
        self.windows = WindowRooms(store)
        unlimited = Buckets(0, 0)
        self.index = SearchIndex(
            store,
            LogReader(store),
            SqliteMessages(folder),
            SqlitePeople(folder),
            SqliteRooms(folder),
            threads=1,
            seconds=2,
            midnight=lambda: 0,
        )
        search = MemberSearch(self.hub, self.index, self.stored, self.ties, searches=unlimited)
        self.rooms = Rooms(self.hub, self.stored, search, creates=unlimited)
        self.membership = Membership(self.hub, self.stored, self.ties, joins=unlimited)
        self.discovery = Discovery(self.hub, self.stored, self.index, searches=unlimited, time_zone=lambda: "UTC")

    async def build_friends(self) -> None:
        for person in ("mei", "tom", "ada", "host"):
            await self.store.command(
                keys.user(person), "HSET", keys.user(person), "handle", person, "name", person.title(), "bot", 0
            )
        await self.store.command(
            keys.user("tea-bot"),
            "HSET",
            keys.user("tea-bot"),
            "handle",
            "tea-bot",
            "name",
            "Tea",
            "bot",
            1,
            "owner",
            "mei",
        )

    async def create(self, title: str, *members: Caller, **more: object) -> str:
        state = await self.rooms.create(MEI, RoomCreate(title, **more))
        link = await self.link(state.room) if state.kind == "closed" else ""
        for member in members:
            await self.membership.join(member, RoomJoin(state.room, link))
        return state.room

    async def link(self, room: str) -> str:
        return (await self.rooms.link(MEI, RoomLink(room))).link

    async def join(self, caller: Caller, room: str, link: str = "") -> RoomState:
        return await self.membership.join(caller, RoomJoin(room, link))

    async def say(self, room: str, text: str) -> None:
        await self.log.append(room, Record(ids.new_id(), "mei", text, ids.new_id()), "digest")

    async def titles(self, caller: Caller = VISITOR, **asked: str) -> list[str]:
        return [room.title for room in (await self.discovery.discover(caller, RoomDiscover(**asked))).rooms]


@pytest.fixture
async def services(store: Store, tmp_path: Path) -> AsyncIterator[Server]:
    async with Tasks() as tasks:
        server = Server(store, tasks, tmp_path / "index")
        await server.build_friends()
        yield server
        await server.index.close()


async def refused(step: Awaitable[object]) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        await step
    return refusal.value.code, refusal.value.reason


NOT_SIGNED_IN = (-32001, "not_signed_in")
NOT_FOUND = (-32004, "not_found")
NOT_A_MEMBER = (-32003, "not_a_member")


# --- rooms -----------------------------------------------------------------------------------------------------------


async def test_who_makes_a_room_owns_it(services: Server) -> None:
    state = await services.rooms.create(MEI, RoomCreate("  Night   tea ", "Oolong\nand talk", tags=["#Tea", "tea"]))
    assert (state.title, state.about, state.tags) == ("Night tea", "Oolong\nand talk", ["tea"])
    assert (state.role, state.kind, state.members, state.last_seq, state.unread) == ("owner", "open", 1, 0, 0)
    assert len(state.epoch) == 8


async def test_a_room_without_a_visible_title_is_refused(services: Server) -> None:
    code, _ = await refused(services.rooms.create(MEI, RoomCreate(" \u3164 ")))
    assert code == -32602
    assert await services.titles() == []


async def test_a_user_outside_the_room_can_change_nothing(services: Server) -> None:
    room = await services.create("Tea")
    for step in (
        services.rooms.create(VISITOR, RoomCreate("Mine")),
        services.rooms.update(VISITOR, RoomUpdate(room, title="Mine")),
        services.rooms.link(VISITOR, RoomLink(room)),
        services.rooms.members(VISITOR, RoomMembers(room)),
        services.membership.join(VISITOR, RoomJoin(room)),
        services.membership.leave(VISITOR, RoomParams(room)),
        services.membership.remove(VISITOR, RoomUser(room, "mei")),
    ):
        assert await refused(step) == NOT_SIGNED_IN


async def test_an_update_answers_with_what_now_holds(services: Server) -> None:
    room = await services.create("Tea", TOM, about="Green")
    state = await services.rooms.update(MEI, RoomUpdate(room, title="Coffee", slow_mode=10))
    assert (state.title, state.about, state.slow_mode, state.members) == ("Coffee", "Green", 10, 2)
    assert await refused(services.rooms.update(TOM, RoomUpdate(room, title="Milk"))) == (-32002, "not_a_moderator")
    assert await refused(services.rooms.update(ADA, RoomUpdate(room, title="Milk"))) == NOT_A_MEMBER
    assert (await services.rooms.update(HOST, RoomUpdate(room, about="Black"))).about == "Black"


async def test_what_calls_one_is_a_member_s_own_choice(services: Server) -> None:
    room, cellar = await services.create("Tea"), await services.create("Cellar", kind="closed")
    assert (await services.rooms.notify(MEI, RoomNotify(room, "mentions"))).level == "mentions"
    assert (await services.hub.room_state(room, "mei")).notify == "mentions"
    assert await refused(services.rooms.notify(TOM, RoomNotify(room, "none"))) == NOT_A_MEMBER
    assert await refused(services.rooms.notify(TOM, RoomNotify(cellar, "none"))) == NOT_FOUND


# --- members ---------------------------------------------------------------------------------------------------------


async def test_joining_answers_with_the_room_as_a_member_has_it(services: Server) -> None:
    room = await services.create("Tea")
    await services.say(room, "hello")
    state = await services.join(TOM, room)
    assert (state.role, state.members, state.last_seq, state.read_seq, state.unread) == ("member", 2, 1, 1, 0)
    assert await services.join(TOM, room) == state


async def test_a_closed_room_looks_like_no_room_to_everyone_outside(services: Server) -> None:
    cellar = await services.create("Cellar", TOM, kind="closed")
    for room in (cellar, "nowhere"):
        for step in (
            services.join(ADA, room),
            services.join(ADA, room, "0" * 32),
            services.membership.leave(ADA, RoomParams(room)),
            services.rooms.members(ADA, RoomMembers(room)),
            services.rooms.update(ADA, RoomUpdate(room, title="Mine")),
            services.rooms.link(ADA, RoomLink(room)),
            services.membership.invite(ADA, RoomUser(room, "tom")),
            services.membership.invite(ADA, RoomUser(room, "tea-bot")),
            services.membership.remove(ADA, RoomUser(room, "tom")),
            services.membership.ban(ADA, RoomBan(room, "tom")),
            services.membership.unban(ADA, RoomUser(room, "tom")),
            services.membership.bans(ADA, RoomBans(room)),
            services.membership.set_role(ADA, RoomSetRole(room, "tom", "owner")),
        ):
            assert await refused(step) == NOT_FOUND
    assert (await services.join(ADA, cellar, await services.link(cellar))).role == "member"


async def test_an_admin_acts_on_a_closed_room_without_getting_its_title(services: Server) -> None:
    cellar = await services.create("Cellar", kind="closed", about="Below the stairs", tags=["wine"])
    for step in (
        services.rooms.archive(HOST, RoomArchive(cellar, True)),
        services.rooms.archive(HOST, RoomArchive(cellar, False)),
        services.rooms.update(HOST, RoomUpdate(cellar, slow_mode=5)),
    ):  # fmt: skip
        state = await step
        assert (state.title, state.about, state.tags, state.role) == ("", "", [], "visitor")
    assert (await services.rooms.update(MEI, RoomUpdate(cellar, slow_mode=0))).title == "Cellar"


async def test_members_are_listed_by_role_then_by_when_they_came(services: Server) -> None:
    room = await services.create("Tea")
    for after, person in enumerate(("tom", "ada", "host"), start=1):
        await services.stored.join(room, person, now=after)
    await services.membership.set_role(MEI, RoomSetRole(room, "host", "moderator"))
    page = await services.rooms.members(TOM, RoomMembers(room))
    assert [(member.user.handle, member.role) for member in page.members] == [
        ("mei", "owner"), ("host", "moderator"), ("tom", "member"), ("ada", "member"),
    ]  # fmt: skip
    assert page.next == ""
    assert await refused(services.rooms.members(TEA_BOT, RoomMembers(room))) == NOT_A_MEMBER


async def test_pages_of_members_hold_everyone_once(services: Server) -> None:
    room = await services.create("Tea")
    people = [f"person-{number}" for number in range(205)]
    for number, person in enumerate(people):
        await services.store.command(
            keys.user(person), "HSET", keys.user(person), "handle", person, "name", person, "bot", 0
        )
        await services.stored.join(room, person, now=number // 3)
    seen, after, pages = [], "", 0
    while pages == 0 or after:
        page = await services.rooms.members(MEI, RoomMembers(room, after))
        seen += [member.user.id for member in page.members]
        after, pages = page.next, pages + 1
    assert pages == 3 and len(seen) == len(set(seen)) and set(seen) == {*people, "mei"}
    code, _ = await refused(services.rooms.members(MEI, RoomMembers(room, "x")))
    assert code == -32602


async def test_only_friends_are_invited_by_name_and_nobody_is_put_into_a_room(services: Server) -> None:
    room = await services.create("Tea", ADA)
    assert await refused(services.membership.invite(MEI, RoomUser(room, "tom"))) == (-32002, "not_friends")
    assert await refused(services.membership.invite(MEI, RoomUser(room, "nobody"))) == NOT_FOUND
    assert await refused(services.membership.invite(TOM, RoomUser(room, "mei"))) == NOT_A_MEMBER
    await services.membership.invite(MEI, RoomUser(room, "ada"))
    assert (await services.hub.room_state(room, "tom")).role == "visitor"


async def test_a_bot_comes_in_by_a_moderator_s_word_only(services: Server) -> None:
    state = await services.rooms.create(TOM, RoomCreate("Coffee"))
    assert await refused(services.join(TEA_BOT, state.room)) == (-32002, "bots_not_invited")
    await services.join(ADA, state.room)
    assert await refused(services.membership.invite(ADA, RoomUser(state.room, "tea-bot"))) == (
        -32002,
        "not_a_moderator",
    )
    await services.membership.invite(TOM, RoomUser(state.room, "tea-bot"))
    assert (await services.join(TEA_BOT, state.room)).role == "member"
    assert (await services.join(TEA_BOT, await services.create("Tea"))).role == "member"


async def test_a_ban_holds_until_it_is_lifted(services: Server) -> None:
    room = await services.create("Tea", TOM)
    await services.membership.ban(MEI, RoomBan(room, "tom"))
    assert await refused(services.join(TOM, room)) == (-32002, "banned")
    assert await refused(services.rooms.members(TOM, RoomMembers(room))) == NOT_A_MEMBER
    await services.membership.unban(MEI, RoomUser(room, "tom"))
    assert (await services.join(TOM, room)).role == "member"


async def test_bans_are_listed_to_moderators_only_and_until_they_expire(services: Server) -> None:
    room, bans = await services.create("Tea", TOM, ADA), services.membership.bans
    until = now_ms() + 60_000
    await services.membership.ban(MEI, RoomBan(room, "tom"))
    await services.membership.ban(MEI, RoomBan(room, "tea-bot", until))
    await services.store.command(keys.room(room), "HSET", f"{keys.room(room)}:bans", "host", now_ms() - 1)
    listed = (await bans(MEI, RoomBans(room))).bans
    assert [(ban.user.handle, ban.until) for ban in listed] == [("tea-bot", until), ("tom", 0)]
    assert await refused(bans(ADA, RoomBans(room))) == (-32002, "not_a_moderator")
    assert await refused(bans(TOM, RoomBans(room))) == NOT_A_MEMBER
    assert len((await bans(HOST, RoomBans(room))).bans) == 2
    await services.membership.unban(MEI, RoomUser(room, "tom"))
    assert [ban.user.handle for ban in (await bans(MEI, RoomBans(room))).bans] == ["tea-bot"]


async def test_pages_of_bans_list_everyone_once(services: Server) -> None:
    room = await services.create("Tea")
    people = {f"person-{number:03}": "0" for number in range(205)}
    await services.store.command(
        keys.room(room), "HSET", f"{keys.room(room)}:bans", *(word for ban in people.items() for word in ban)
    )
    seen, after, pages = [], "", 0
    while pages == 0 or after:
        page = await services.membership.bans(MEI, RoomBans(room, after))
        seen += [ban.user.id for ban in page.bans]
        after, pages = page.next, pages + 1
    assert pages == 3 and seen == sorted(people)


async def test_a_ban_ends_in_the_future_and_is_of_someone(services: Server) -> None:
    room = await services.create("Tea", TOM)
    assert (await refused(services.membership.ban(MEI, RoomBan(room, "tom", 1))))[0] == -32602
    assert await refused(services.membership.ban(MEI, RoomBan(room, "nobody"))) == NOT_FOUND


async def test_joins_are_limited_per_user(services: Server) -> None:
    room = await services.create("Tea")
    limited = Membership(services.hub, services.stored, services.ties, joins=Buckets(2, 0.001))
    for _ in range(2):
        await limited.join(TOM, RoomJoin(room))
    assert (await refused(limited.join(TOM, RoomJoin(room))))[0] == -32029
    assert (await limited.join(ADA, RoomJoin(room))).role == "member"


# --- finding ---------------------------------------------------------------------------------------------------------


async def test_open_rooms_are_found_by_words_and_tag_and_closed_ones_never(services: Server) -> None:
    await services.create("Tea", about="Oolong after work", tags=["drinks"])
    await services.create("读书会", tags=["Books"])
    await services.create("Tea cellar", kind="closed")
    assert await services.titles(query="OOLONG tea") == ["Tea"]
    assert await services.titles(query="读书") == ["读书会"]
    assert await services.titles(query="dushuhui") == ["读书会"]
    assert await services.titles(tag="#books") == ["读书会"]
    assert await services.titles(query="讀書") == ["读书会"]
    assert await services.titles(tag="book") == []
    assert sorted(await services.titles()) == ["Tea", "读书会"]


async def test_who_searches_is_told_which_of_their_own_closed_rooms_are_meant(services: Server) -> None:
    family = await services.create("家里人", kind="closed")
    await services.create("Home", kind="closed")
    for query in ("家裡", "jiali", "jlr"):
        assert (await services.discovery.discover(MEI, RoomDiscover(query=query))).mine == [family]
    for caller, query in ((MEI, ""), (ADA, "jiali"), (VISITOR, "jiali")):
        assert not (await services.discovery.discover(caller, RoomDiscover(query=query))).mine


async def test_rooms_are_listed_by_people_online_then_by_messages_today(services: Server) -> None:
    rooms = {title: await services.create(title, ADA) for title in ("Quiet", "Talk", "Here")}
    await services.say(rooms["Talk"], "hello")
    await services.store.call("here", keys.room(rooms["Here"]), ids.now_ms(), "elsewhere", 60_000, 1, "mei")
    found = (await services.discovery.discover(ADA, RoomDiscover())).rooms
    assert [room.title for room in found] == ["Here", "Talk", "Quiet"]
    assert [(room.online, room.today, room.members, room.joined) for room in found] == [
        (1, 0, 2, True), (0, 1, 2, True), (0, 0, 2, True),
    ]  # fmt: skip
    assert found[1].last_at > 0
    assert not any(room.joined for room in (await services.discovery.discover(TOM, RoomDiscover())).rooms)


async def test_pages_of_rooms_hold_every_room_once(services: Server) -> None:
    for number in range(PAGE + 7):
        await services.stored.create(
            f"room-{number}", NewRoom(kind="open", title=f"Room {number}"), owner="", now=number
        )
    first = await services.discovery.discover(VISITOR, RoomDiscover())
    second = await services.discovery.discover(VISITOR, RoomDiscover(after=first.next))
    assert [room.room for room in [*first.rooms, *second.rooms]] == [f"room-{number}" for number in range(PAGE + 7)]
    assert len(first.rooms) == PAGE and second.next == ""
    assert (await refused(services.discovery.discover(VISITOR, RoomDiscover(after="1.2"))))[0] == -32602


# --- starter rooms ---------------------------------------------------------------------------------------------------


async def test_starter_rooms_stand_in_every_language_and_are_made_once(services: Server) -> None:
    rooms = read_starter_rooms(config_folder() / "rooms.toml")
    await ensure_starter_rooms(services.stored, rooms, language="zh-Hans", now=1)
    hall = await services.hub.room_state("hall", "")
    assert hall.title == "前厅" and set(hall.titles) == set(hall.abouts) == {"en", "zh-Hans", "zh-Hant"}
    assert hall.window and hall.bots and hall.members == 0
    await services.join(TOM, "hall")
    await ensure_starter_rooms(services.stored, rooms, language="en", now=2)
    assert (await services.hub.room_state("hall", "")).members == 1
    assert newcomers_rooms(rooms) == ["hall"] and len(await services.titles()) == len(rooms) >= 8
    await services.windows.refresh()
    assert services.windows.windows() == ["hall"]
    assert (await services.titles(query="绿色"))[0] == (await services.titles(query="green living"))[0]


async def test_a_starter_room_belongs_to_nobody_and_an_admin_minds_it(services: Server) -> None:
    await ensure_starter_rooms(
        services.stored, read_starter_rooms(config_folder() / "rooms.toml"), language="en", now=1
    )
    for caller in (TOM, ADA):
        assert (await services.join(caller, "books")).role == "member"
    assert await refused(services.rooms.update(TOM, RoomUpdate("books", title="Mine"))) == (-32002, "not_a_moderator")
    await services.membership.set_role(HOST, RoomSetRole("books", "tom", "moderator"))
    await services.membership.leave(TOM, RoomParams("books"))
    assert (await services.hub.room_state("books", "ada")).role == "member"
    renamed = await services.rooms.update(HOST, RoomUpdate("books", title="Novels", about=UNSET))
    assert renamed.titles == {} and renamed.abouts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rooms]]\nid = 'hall'", "title"),
        ("[[rooms]]\nid = 'Hall!'\ntitle = {}\nabout = {}", "id"),
        ("rooms = 3", "rooms"),
        ("[[rooms", "rooms.toml"),
    ],
)
def test_a_wrong_file_of_rooms_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rooms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StartError, match=said):
        read_starter_rooms(path)
