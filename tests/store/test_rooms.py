"""Who belongs where: what each step lets through, and that room and pointers agree wherever a process stops."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace

import msgspec
import pytest

from chatserver import ids
from chatserver.errors import Refusal
from chatserver.rules import rooms as rules
from chatserver.store import keys
from chatserver.store.address import Address
from chatserver.store.catalogue import Catalogue, Entry, put
from chatserver.store.intents import Intents
from chatserver.store.records import Record, pack_record
from chatserver.store.rooms import NewRoom, RoomsShelf
from chatserver.store.store import Store, flat

PEOPLE = ("mei", "tom", "ada", "lin", "wang")
unpack = msgspec.msgpack.decode


class House:
    """A shelf of rooms over a store with people in it. The clock is ``now``."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intents = Intents(store)
        self.shelf = RoomsShelf(store, self.intents)
        self.catalogue = Catalogue(store)
        self.now = 1_000_000

    async def furnish(self) -> None:
        for person in PEOPLE:
            await self.store.command("HSET", keys.user(person), "handle", person, "name", person.title(), "bot", 0)
        await self.store.command("HSET", keys.user("tea-bot"), "handle", "tea-bot", "bot", 1, "owner", "mei")

    async def create(self, room: str, *members: str, kind: str = "open", owner: str = "mei", **marks: object) -> None:
        await self.shelf.create(room, NewRoom(kind=kind, title=room.title(), **marks), owner=owner, now=self.now)
        link = await self.shelf.link(room, actor=owner, admin=False) if kind == "closed" else ""
        for member in members:
            await self.join(room, member, link=link)

    async def join(self, room: str, user: str, **more: object) -> str:
        self.now += 1
        return (await self.shelf.join(room, user, now=self.now, **more)).role

    async def leave(self, room: str, user: str) -> None:
        self.now += 1
        await self.shelf.leave(room, user, now=self.now)

    async def remove(self, room: str, user: str, by: str = "mei", **more: object) -> None:
        self.now += 1
        more = {"admin": False, **more}
        await self.shelf.remove(room, user, actor=by, now=self.now, **more)

    async def role(self, room: str, user: str, role: str, by: str = "mei", *, admin: bool = False) -> None:
        await self.shelf.set_role(room, user, role, actor=by, admin=admin)

    async def roles(self, room: str) -> dict[str, str]:
        members = flat(await self.store.command("HGETALL", keys.room(room) + ":members"))
        return {user: unpack(packed)[0] for user, packed in members.items()}

    async def meta(self, room: str) -> dict[str, bytes]:
        return flat(await self.store.command("HGETALL", keys.room(room)))

    async def say(self, room: str, user: str, text: str, at: int) -> bytes:
        record = Record(ids.new_id(), user, text)
        packed = pack_record(record)
        answer = await self.store.call("append", keys.room(room), at, user, record.id, "digest", record.id, "", packed)
        return answer[2][0][0]

    async def agrees(self, room: str) -> bool:
        """Whether exactly the members' pointers point at the room, each at the version of the member's record."""
        members = flat(await self.store.command("HGETALL", keys.room(room) + ":members"))
        records = {user: unpack(packed) for user, packed in members.items()}
        pointing = {}
        for user in (*PEOPLE, "tea-bot"):
            rooms = await self.shelf.rooms_of(user)
            if room in rooms:
                pointing[user] = rooms[room]
        return pointing == {user: record[3] for user, record in records.items()}


@pytest.fixture
async def house(store: Store) -> House:
    made = House(store)
    await made.furnish()
    return made


async def refused(step: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refusal:
        await step
    return refusal.value.reason


def reason_of(rule: Callable[..., None], *given: object) -> str:
    """Why the rule says no; "" where it does not."""
    try:
        rule(*given)
    except Refusal as refusal:
        return refusal.reason
    return ""


# --- entering --------------------------------------------------------------------------------------------------------


async def test_a_room_has_its_owner_a_pointer_and_a_place_in_the_catalogue(house: House) -> None:
    await house.create("books", tags=["reading"])
    assert await house.roles("books") == {"mei": "owner"}
    assert await house.agrees("books")
    await house.catalogue.refresh()
    assert [listed.room for listed in house.catalogue.find("BOOK", "reading")] == ["books"]


async def test_an_open_room_is_joined_once_however_often_it_is_asked(house: House) -> None:
    await house.create("books")
    first = await house.shelf.join("books", "tom", now=5)
    again = await house.shelf.join("books", "tom", now=6)
    assert first == again and first.role == "member" and first.members == 2
    assert await house.agrees("books")


async def test_joining_sets_the_read_marker_to_the_last_message(house: House) -> None:
    await house.create("books")
    for at in range(3):
        await house.say("books", "mei", "hello", house.now + at)
    await house.join("books", "tom")
    _version, inside, read_seq, epoch, notify = unpack(await house.store.command("HGET", "{u:tom}:rooms", "books"))
    assert (inside, read_seq, epoch, notify) == (1, 3, (await house.meta("books"))["epoch"].decode(), "all")


async def test_a_closed_room_opens_by_its_link_only_and_is_not_there_without_it(house: House) -> None:
    await house.create("cellar", kind="closed")
    link = await house.shelf.link("cellar", actor="mei", admin=False)
    assert await refused(house.join("cellar", "tom")) == "not_found"
    assert await refused(house.join("cellar", "tom", link=link[:-1])) == "not_found"
    assert await house.join("cellar", "tom", link=link) == "member"
    await house.catalogue.refresh()
    assert not house.catalogue.find()


async def test_a_link_that_was_withdrawn_opens_nothing_and_the_next_is_another(house: House) -> None:
    await house.create("cellar", kind="closed")
    link = await house.shelf.link("cellar", actor="mei", admin=False)
    assert await house.shelf.link("cellar", actor="mei", admin=False) == link
    assert await house.shelf.link("cellar", actor="mei", admin=False, withdraw=True) == ""
    assert await refused(house.join("cellar", "tom", link=link)) == "not_found"
    assert await refused(house.join("cellar", "tom", link="")) == "not_found"
    assert await house.shelf.link("cellar", actor="mei", admin=False) not in {link, ""}


async def test_only_moderators_of_closed_rooms_have_a_link_to_give(house: House) -> None:
    await house.create("cellar", "tom", kind="closed")
    await house.create("books")
    assert await refused(house.shelf.link("cellar", actor="tom", admin=False)) == "not_a_moderator"
    assert await refused(house.shelf.link("cellar", actor="ada", admin=False)) == "not_found"
    assert await refused(house.shelf.link("books", actor="mei", admin=False)) == "not_closed"
    assert await refused(house.shelf.link("nowhere", actor="mei", admin=False)) == "not_found"


async def test_a_bot_joins_where_its_owner_moderates_or_bots_may_or_a_moderator_lets_it_in(house: House) -> None:
    await house.create("books")
    await house.create("attic", kind="closed")
    await house.create("yard", owner="tom")
    await house.create("hall", owner="tom", bots=True)
    await house.create("cellar", kind="closed", owner="tom")
    assert await house.join("books", "tea-bot", bot=True) == "member"
    assert await house.join("attic", "tea-bot", bot=True) == "member"
    assert await house.join("hall", "tea-bot", bot=True) == "member"
    assert await refused(house.join("yard", "tea-bot", bot=True)) == "bots_not_invited"
    assert await refused(house.join("cellar", "tea-bot", bot=True)) == "not_found"
    assert await refused(house.join("yard", "tea-bot", bot=True, by="mei")) == "not_a_member"
    assert await house.join("yard", "tea-bot", bot=True, by="tom") == "member"
    assert await house.join("cellar", "tea-bot", bot=True, by="tom") == "member"


async def test_the_first_who_come_to_a_starter_room_are_its_hosts_and_bots_are_not(house: House) -> None:
    new = NewRoom(kind="open", title="Hall", house=True, bots=True, first_members=2)
    await house.shelf.create("hall", new, owner="", now=1)
    arrivals = [await house.join("hall", user, bot=user == "tea-bot") for user in ("tea-bot", "mei", "tom", "ada")]
    assert arrivals == ["member", "moderator", "moderator", "member"]


# --- leaving ---------------------------------------------------------------------------------------------------------


async def test_when_the_last_owner_leaves_the_first_moderator_owns_the_room(house: House) -> None:
    await house.create("books", "tom", "ada", "lin")
    await house.role("books", "lin", "moderator")
    await house.role("books", "ada", "moderator")
    await house.leave("books", "mei")
    assert await house.roles("books") == {"tom": "member", "ada": "owner", "lin": "moderator"}
    assert await house.agrees("books")


async def test_the_heir_is_the_one_the_rules_name(house: House) -> None:
    dice = random.Random(7)
    for number in range(12):
        room = f"room-{number}"
        await house.create(room)
        for user in dice.sample(PEOPLE[1:], dice.randint(1, 4)):
            await house.shelf.join(room, user, now=house.now + dice.randint(0, 2))
            await house.role(room, user, dice.choice(["owner", "moderator", "member"]))
        members = flat(await house.store.command("HGETALL", keys.room(room) + ":members"))
        left = {user: unpack(packed) for user, packed in members.items() if user != "mei"}
        records = {user: SimpleNamespace(role=role, joined_at=at) for user, (role, at, *_) in left.items()}
        expected = {user: record.role for user, record in records.items()}
        heir = rules.successor(records)
        await house.leave(room, "mei")
        assert await house.roles(room) == (expected | {heir: "owner"} if heir else expected)


async def test_a_bot_is_no_heir_and_the_next_to_come_owns_an_empty_room(house: House) -> None:
    await house.create("books")
    await house.join("books", "tea-bot", bot=True)
    await house.leave("books", "mei")
    assert await house.roles("books") == {"tea-bot": "member"}
    assert await house.join("books", "tom") == "owner"
    assert await house.join("books", "ada") == "member"


async def test_leaving_a_room_that_one_is_not_in_is_refused_as_for_anyone_outside(house: House) -> None:
    await house.create("books")
    await house.create("cellar", kind="closed")
    assert await refused(house.leave("books", "tom")) == "not_a_member"
    assert await refused(house.leave("cellar", "tom")) == "not_found"
    assert await refused(house.leave("nowhere", "tom")) == "not_found"


# --- removing and banning --------------------------------------------------------------------------------------------


async def test_nothing_is_appended_for_a_member_after_the_ban(house: House) -> None:
    await house.create("books", "tom")
    assert await house.say("books", "tom", "before", house.now) == b"ok"
    await house.remove("books", "tom", ban_until=0)
    assert await house.say("books", "tom", "after", house.now) == b"not_a_member"
    assert await house.agrees("books")


async def test_a_banned_user_stays_out_until_the_time_is_over_or_a_moderator_forgives(house: House) -> None:
    await house.create("books", "tom")
    await house.remove("books", "tom", ban_until=house.now + 1000)
    assert await refused(house.join("books", "tom")) == "banned"
    house.now += 1000
    assert await house.join("books", "tom") == "member"
    await house.remove("books", "tom", ban_until=0)
    house.now += 10**9
    assert await refused(house.join("books", "tom")) == "banned"
    await house.shelf.unban("books", "tom", actor="mei", admin=False)
    assert await house.join("books", "tom") == "member"


async def test_a_banned_user_learns_nothing_of_a_closed_room_by_its_link(house: House) -> None:
    await house.create("cellar", "tom", kind="closed")
    link = await house.shelf.link("cellar", actor="mei", admin=False)
    await house.remove("cellar", "tom", ban_until=0)
    assert await refused(house.join("cellar", "tom", link="wrong")) == "not_found"
    assert await refused(house.join("cellar", "tom", link=link)) == "not_found"


async def test_someone_who_was_never_in_can_be_banned_beforehand(house: House) -> None:
    await house.create("books")
    await house.remove("books", "tom", ban_until=0)
    assert await refused(house.join("books", "tom")) == "banned"
    assert await refused(house.remove("books", "ada")) == "not_found"


async def test_removing_follows_the_rules_for_every_pair_of_roles(house: House) -> None:
    roles = ("owner", "moderator", "member")
    for actor, target in itertools.product(roles, roles):
        room = f"{actor}-{target}"
        await house.create(room, "tom", "ada")
        await house.role(room, "tom", actor)
        await house.role(room, "ada", target)
        against = reason_of(rules.may_remove, SimpleNamespace(role=actor), SimpleNamespace(role=target))
        if against:
            assert await refused(house.remove(room, "ada", by="tom")) == against
        else:
            await house.remove(room, "ada", by="tom")
        assert ("ada" in await house.roles(room)) == bool(against)


async def test_an_admin_of_the_house_moderates_every_room_from_outside(house: House) -> None:
    await house.create("books", "tom")
    await house.create("cellar", "tom", kind="closed")
    for room in ("books", "cellar"):
        await house.remove(room, "mei", by="ada", admin=True)
        assert await house.roles(room) == {"tom": "owner"}
        assert await house.agrees(room)


async def test_a_stranger_or_member_cannot_remove_and_a_stranger_cannot_see_a_closed_room(house: House) -> None:
    await house.create("books", "tom", "ada")
    await house.create("cellar", "tom", kind="closed")
    assert await refused(house.remove("books", "ada", by="tom")) == "not_a_moderator"
    assert await refused(house.remove("books", "ada", by="lin")) == "not_a_member"
    assert await refused(house.remove("cellar", "tom", by="lin")) == "not_found"
    assert await refused(house.shelf.unban("cellar", "tom", actor="lin", admin=False)) == "not_found"


# --- roles and words -------------------------------------------------------------------------------------------------


async def test_roles_follow_the_rules_for_every_actor_and_step(house: House) -> None:
    roles = ("owner", "moderator", "member")
    for number, (actor, target, role) in enumerate(itertools.product(roles, roles, roles)):
        room = f"room-{number}"
        await house.create(room, "tom", "ada")
        await house.role(room, "tom", actor)
        await house.role(room, "ada", target)
        against = reason_of(rules.may_set_role, SimpleNamespace(role=actor), SimpleNamespace(role=target), role)
        if against:
            assert await refused(house.role(room, "ada", role, by="tom")) == against
        else:
            await house.role(room, "ada", role, by="tom")
        assert (await house.roles(room))["ada"] == (target if against else role)


async def test_the_last_owner_stays_owner_and_may_step_down_beside_another(house: House) -> None:
    await house.create("books", "tom")
    assert await refused(house.role("books", "mei", "member")) == "last_owner"
    await house.role("books", "tom", "owner")
    await house.role("books", "mei", "member")
    assert await house.roles("books") == {"mei": "member", "tom": "owner"}
    assert await house.agrees("books")


async def test_every_step_is_told_once_with_the_next_version(house: House) -> None:
    await house.create("books")
    heard: list[list[object]] = []
    house.store.listen("r", lambda _room, payload: heard.append(unpack(payload)))
    await house.store.subscribe(keys.live(keys.room("books")))
    await house.join("books", "tom")
    await house.join("books", "tom")
    await house.role("books", "tom", "moderator")
    await house.shelf.update("books", actor="tom", admin=False, now=house.now, about="What we read")
    await house.leave("books", "mei")
    await house.remove("books", "mei", by="tom", ban_until=0)
    await house.store.command("PING")
    brief = [tuple(body[:5]) for body in heard]
    start = brief[0][1]
    assert brief == [
        ("j", start, "joined", "tom", "member"), ("j", start + 1, "changed", "tom", "moderator"), ("s", start + 2),
        ("j", start + 3, "left", "mei", "owner"), ("j", start + 4, "changed", "tom", "owner"),
    ]  # fmt: skip
    assert heard[0][6] == 2 and heard[3][6] == 1
    assert int((await house.meta("books"))["mv"]) == start + 4


async def test_an_update_changes_what_is_given_and_the_catalogue_follows(house: House) -> None:
    titles = {"en": "Books", "zh-Hans": "读书", "zh-Hant": "讀書"}
    await house.create("books", tags=["reading"], titles=titles, abouts={"en": "Read"})
    given = {"title": "Novels", "slow_mode": 30, "pokes": False}
    words = await house.shelf.update("books", actor="mei", admin=False, now=1, **given)
    assert words.entry.title == "Novels" and words.entry.titles == {} and words.entry.abouts == {"en": "Read"}
    meta = await house.meta("books")
    assert (meta["slow_mode"], meta["pokes"], unpack(meta["tags"])) == (b"30", b"0", ["reading"])
    await house.catalogue.refresh()
    assert house.catalogue.find("novels") and not house.catalogue.find("读书")
    assert await refused(house.shelf.update("books", actor="tom", admin=False, now=1, title="Mine")) == "not_a_member"


# --- stopping anywhere -----------------------------------------------------------------------------------------------


class Stopped(Exception):
    """The process ended here."""


class StoppingStore(Store):
    """Ends before its ``steps``-th question to the store."""

    steps = 1_000

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Stopped

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list:
        self._step()
        return await super().call(name, tag, *args)

    async def command(self, *words: str | bytes | int) -> object:
        self._step()
        return await super().command(*words)


class SlowStore(Store):
    """Takes its time before it points."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list:
        if name == "user_point":
            self.asked.set()
            await self.go.wait()
        return await super().call(name, tag, *args)


@contextlib.asynccontextmanager
async def linked(store: Store) -> AsyncIterator[House]:
    task = asyncio.create_task(store.run())
    async with asyncio.timeout(10):
        await store.ready.wait()
    yield House(store)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def doomed(address: Address, house: House) -> AsyncIterator[House]:
    async with linked(StoppingStore(address)) as other:
        yield other


Step = Callable[[House, str], Awaitable[object]]


STEPS: dict[str, Step] = {
    "create": lambda house, room: house.shelf.create("den", NewRoom(kind="open", title="Den"), owner="tom", now=1),
    "join": lambda house, room: house.join(room, "lin"),
    "let_a_bot_in": lambda house, room: house.join(room, "tea-bot", bot=True, by="mei"),
    "leave": lambda house, room: house.leave(room, "tom"),
    "last_owner_leaves": lambda house, room: house.leave(room, "mei"),
    "remove": lambda house, room: house.remove(room, "tom"),
    "ban": lambda house, room: house.remove(room, "tom", ban_until=0),
    "update": lambda house, room: house.shelf.update(room, actor="mei", admin=False, now=1, title="New"),
}


async def _stop_at_each(doomed: House, house: House, step: Step, then: Step | None) -> None:
    """Stop before the first question, the second … until the step is done; somebody else finishes each time."""
    for steps in itertools.count():
        await house.store.command("FLUSHALL")
        await house.furnish()
        await house.create("books", "tom", "ada")
        doomed.store.steps = steps
        finished = False
        try:
            await step(doomed, "books")
            finished = True
        except Stopped:
            pass
        if then is not None:
            await then(house, "books")
        await house.intents.take_over(older_than_ms=-1000)
        assert await house.agrees("books") and await house.agrees("den"), f"stopped before question {steps + 1}"
        await _catalogue_agrees(house)
        assert await house.intents.take_over(older_than_ms=-1000) == 0
        if finished:
            return
    raise AssertionError


async def _catalogue_agrees(house: House) -> None:
    catalogue = Catalogue(house.store)
    await catalogue.refresh()
    for room in ("books", "den"):
        meta = await house.meta(room)
        titles = [listed.entry.title for listed in catalogue.find() if listed.room == room]
        assert titles == ([meta["title"].decode()] if meta else [])


@pytest.mark.parametrize("step", STEPS)
async def test_wherever_a_process_stops_both_sides_agree_afterwards(doomed: House, house: House, step: str) -> None:
    await _stop_at_each(doomed, house, STEPS[step], None)


@pytest.mark.parametrize(
    ("step", "then"),
    [
        ("join", lambda house, room: house.remove(room, "lin", ban_until=0)),
        ("leave", lambda house, room: house.join(room, "tom")),
        ("remove", lambda house, room: house.join(room, "tom")),
        ("update", lambda house, room: house.shelf.update(room, actor="mei", admin=False, now=2, title="Newer")),
    ],
)
async def test_what_others_did_meanwhile_is_not_undone_by_a_late_repeat(
    doomed: House, house: House, step: str, then: Step
) -> None:
    await _stop_at_each(doomed, house, STEPS[step], then)


async def test_a_late_repeat_does_not_bring_back_who_left(doomed: House, house: House) -> None:
    await house.create("books")
    doomed.store.steps = 2
    with pytest.raises(Stopped):
        await doomed.join("books", "tom")
    assert "tom" in await house.roles("books")
    await house.leave("books", "tom")
    await house.intents.take_over(older_than_ms=-1000)
    assert "tom" not in await house.roles("books") and await house.agrees("books")


async def test_a_slow_pointer_does_not_overtake_what_happened_since(address: Address, house: House) -> None:
    await house.create("books")
    slow = SlowStore(address)
    async with linked(slow) as other:
        joining = asyncio.create_task(other.join("books", "tom"))
        await slow.asked.wait()
        await house.remove("books", "tom", ban_until=0)
        slow.go.set()
        await joining
    assert await house.roles("books") == {"mei": "owner"} and await house.agrees("books")


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_words_are_found_in_every_language_and_form(house: House) -> None:
    titles = {"en": "Green living", "zh-Hans": "绿色生活", "zh-Hant": "綠色生活"}
    await put(house.store, "green", Entry(1, "Green living", "Balcony tomatoes", ["repair"], titles))
    await put(house.store, "books", Entry(1, "Books", "Novels", ["reading"]))
    await house.catalogue.refresh()
    for query in ("ｇｒｅｅｎ", "GREEN tomato", "绿色", "綠色生", "repair", "tomatoes living"):
        assert [listed.room for listed in house.catalogue.find(query)] == ["green"], query
    assert not house.catalogue.find("green novels")
    assert {listed.room for listed in house.catalogue.find()} == {"green", "books"}
    assert [listed.room for listed in house.catalogue.find(tag="reading")] == ["books"]
    assert not house.catalogue.find(tag="read")


async def test_an_older_word_of_a_room_does_not_replace_a_newer_one(house: House) -> None:
    await put(house.store, "books", Entry(7, "New"))
    await put(house.store, "books", Entry(6, "Old"))
    await house.catalogue.refresh()
    assert house.catalogue.find("new") and not house.catalogue.find("old")


async def test_a_copy_whose_place_was_trimmed_away_is_read_whole(house: House) -> None:
    await put(house.store, "books", Entry(1, "Books"))
    await house.catalogue.refresh()
    await put(house.store, "tea", Entry(1, "Tea", window=True))
    await house.store.command("XTRIM", "{rooms}:changes", "MAXLEN", "1")
    await house.store.command("HDEL", keys.ROOMS, "books")
    await house.catalogue.refresh()
    assert [listed.room for listed in house.catalogue.find()] == ["tea"] == house.catalogue.windows()


async def test_a_glance_counts_members_people_here_and_messages_since(house: House) -> None:
    await house.create("books", "tom")
    for at in (1000, 2000, 2000, 3000, 4000):
        await house.say("books", "mei", "hello", at + house.now)
    first = house.now + 1000
    await house.store.call("here", "{r:books}", first, "p1", 60_000, 2, "mei tom")
    await house.store.call("here", "{r:books}", first, "p2", 60_000, 1, "tom")
    for since, expected in ((0, 5), (1000, 5), (1001, 4), (2000, 4), (2001, 2), (4000, 1), (4001, 0)):
        glance = await house.shelf.glance("books", said_since=since + house.now, heard_since=first)
        assert glance.today == expected, since
    assert (glance.members, glance.online, glance.last_at) == (2, 2, house.now + 4000)
    silent = await house.shelf.glance("books", said_since=0, heard_since=first + 1)
    assert silent.online == 0


async def test_a_glance_at_a_log_with_deleted_messages_still_finds_the_time(house: House) -> None:
    await house.create("books")
    for at in range(1, 8):
        await house.say("books", "mei", "hello", house.now + at * 1000)
    for seq in (3, 4, 7):
        await house.store.command("XDEL", "{r:books}:log", f"{seq}-0")
    glance = await house.shelf.glance("books", said_since=house.now + 5000, heard_since=0)
    assert glance.today == 3
