"""Who belongs where: what each step on a room lets through, refuses and tells."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from chatserver.errors import Refusal
from chatserver.rules import rooms as rules
from chatserver.store import keys
from chatserver.store.rooms import NewRoom
from chatserver.store.store import Store, flat
from tests.store.rooms_house import PEOPLE, House, unpack


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
    await house.shelf.unban("books", "tom", actor="mei", admin=False, now=house.now)
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
    assert await refused(house.shelf.unban("cellar", "tom", actor="lin", admin=False, now=house.now)) == "not_found"


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
