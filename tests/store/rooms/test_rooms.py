"""Rooms and memberships: what each step allows, refuses and publishes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from chatserver.errors import Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, flat
from chatserver.store.rooms.rooms import NewRoom
from tests.model import rooms as rules
from tests.store.rooms.rooms_world import PEOPLE, Server, unpack


@pytest.fixture
async def server(store: Store) -> Server:
    made = Server(store)
    await made.build_friends()
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


async def test_a_room_has_its_owner_a_pointer_and_a_place_in_the_catalogue(server: Server) -> None:
    await server.create("books", tags=["reading"])
    assert await server.roles("books") == {"mei": "owner"}
    assert await server.agrees("books")
    entry = (await server.listed())["books"]
    assert (entry.title, entry.tags) == ("Books", ["reading"])


async def test_an_open_room_is_joined_once_however_often_it_is_asked(server: Server) -> None:
    await server.create("books")
    first = await server.stored.join("books", "tom", now=5)
    again = await server.stored.join("books", "tom", now=6)
    assert first == again and first.role == "member" and first.members == 2
    assert await server.agrees("books")


async def test_joining_sets_the_read_marker_to_the_last_message(server: Server) -> None:
    await server.create("books")
    for at in range(3):
        await server.say("books", "mei", "hello", server.now + at)
    await server.join("books", "tom")
    _version, inside, read_seq, epoch, notify, _everyone = unpack(
        await server.store.command("{u:tom}", "HGET", "{u:tom}:rooms", "books")
    )
    assert (inside, read_seq, epoch, notify) == (1, 3, (await server.meta("books"))["epoch"].decode(), "all")


async def test_a_closed_room_opens_by_its_link_only_and_is_not_there_without_it(server: Server) -> None:
    await server.create("cellar", kind="closed")
    link = await server.stored.link("cellar", actor="mei", admin=False)
    assert await refused(server.join("cellar", "tom")) == "not_found"
    assert await refused(server.join("cellar", "tom", link=link[:-1])) == "not_found"
    assert await server.join("cellar", "tom", link=link) == "member"
    assert not await server.listed()


async def test_a_link_that_was_withdrawn_opens_nothing_and_the_next_is_another(server: Server) -> None:
    await server.create("cellar", kind="closed")
    link = await server.stored.link("cellar", actor="mei", admin=False)
    assert await server.stored.link("cellar", actor="mei", admin=False) == link
    assert await server.stored.link("cellar", actor="mei", admin=False, withdraw=True) == ""
    assert await refused(server.join("cellar", "tom", link=link)) == "not_found"
    assert await refused(server.join("cellar", "tom", link="")) == "not_found"
    assert await server.stored.link("cellar", actor="mei", admin=False) not in {link, ""}


async def test_only_moderators_of_closed_rooms_have_a_link_to_give(server: Server) -> None:
    await server.create("cellar", "tom", kind="closed")
    await server.create("books")
    assert await refused(server.stored.link("cellar", actor="tom", admin=False)) == "not_a_moderator"
    assert await refused(server.stored.link("cellar", actor="ada", admin=False)) == "not_found"
    assert await refused(server.stored.link("books", actor="mei", admin=False)) == "not_closed"
    assert await refused(server.stored.link("nowhere", actor="mei", admin=False)) == "not_found"


async def test_a_bot_joins_where_its_owner_moderates_or_bots_may_or_a_moderator_lets_it_in(server: Server) -> None:
    await server.create("books")
    await server.create("attic", kind="closed")
    await server.create("yard", owner="tom")
    await server.create("hall", owner="tom", bots=True)
    await server.create("cellar", kind="closed", owner="tom")
    assert await server.join("books", "tea-bot", bot=True) == "member"
    assert await server.join("attic", "tea-bot", bot=True) == "member"
    assert await server.join("hall", "tea-bot", bot=True) == "member"
    assert await refused(server.join("yard", "tea-bot", bot=True)) == "bots_not_invited"
    assert await refused(server.join("cellar", "tea-bot", bot=True)) == "not_found"
    assert await refused(server.join("yard", "tea-bot", bot=True, by="mei")) == "not_a_member"
    assert await server.join("yard", "tea-bot", bot=True, by="tom") == "member"
    assert await server.join("cellar", "tea-bot", bot=True, by="tom") == "member"


async def test_the_first_who_come_to_a_starter_room_are_its_hosts_and_bots_are_not(server: Server) -> None:
    new = NewRoom(kind="open", title="Hall", community=True, bots=True, first_members=2)
    await server.stored.create("hall", new, owner="", now=1)
    arrivals = [await server.join("hall", user, bot=user == "tea-bot") for user in ("tea-bot", "mei", "tom", "ada")]
    assert arrivals == ["member", "moderator", "moderator", "member"]


# --- leaving ---------------------------------------------------------------------------------------------------------


async def test_when_the_last_owner_leaves_the_first_moderator_owns_the_room(server: Server) -> None:
    await server.create("books", "tom", "ada", "lin")
    await server.role("books", "lin", "moderator")
    await server.role("books", "ada", "moderator")
    await server.leave("books", "mei")
    assert await server.roles("books") == {"tom": "member", "ada": "owner", "lin": "moderator"}
    assert await server.agrees("books")


async def test_a_list_of_members_goes_on_where_its_last_one_stood_though_they_left(server: Server) -> None:
    """Many came in the same moment; who left, or got another role, neither hides nor doubles the others."""
    await server.create("books")
    for user in PEOPLE[1:]:
        await server.stored.join("books", user, now=server.now + 5)
    whole = await server.stored.members_page("books", asks="mei", after=None, limit=100)
    assert [one.user for one in whole] == ["mei", *sorted(PEOPLE[1:])]
    middle = whole[2]
    rest = [one.user for one in whole[3:]]

    async def after() -> list[str]:
        page = await server.stored.members_page("books", asks="mei", after=(middle.place, middle.user), limit=100)
        return [one.user for one in page]

    assert await after() == rest
    await server.role("books", middle.user, "moderator")
    assert await after() == rest
    await server.leave("books", middle.user)
    assert await after() == rest


async def test_the_heir_is_the_one_the_rules_name(server: Server) -> None:
    dice = random.Random(7)
    for number in range(12):
        room = f"room-{number}"
        await server.create(room)
        for user in dice.sample(PEOPLE[1:], dice.randint(1, 4)):
            await server.stored.join(room, user, now=server.now + dice.randint(0, 2))
            await server.role(room, user, dice.choice(["owner", "moderator", "member"]))
        members = flat(await server.store.command(keys.room(room), "HGETALL", keys.room(room) + ":members"))
        left = {user: unpack(packed) for user, packed in members.items() if user != "mei"}
        records = {user: SimpleNamespace(role=role, joined_at=at) for user, (role, at, *_) in left.items()}
        expected = {user: record.role for user, record in records.items()}
        heir = rules.successor(records)
        await server.leave(room, "mei")
        assert await server.agrees(room)
        assert await server.roles(room) == (expected | {heir: "owner"} if heir else expected)


async def test_a_bot_is_no_heir_and_the_next_to_come_owns_an_empty_room(server: Server) -> None:
    await server.create("books")
    await server.join("books", "tea-bot", bot=True)
    await server.leave("books", "mei")
    assert await server.roles("books") == {"tea-bot": "member"}
    assert await server.join("books", "tom") == "owner"
    assert await server.join("books", "ada") == "member"


async def test_leaving_a_room_that_one_is_not_in_is_refused_as_for_anyone_outside(server: Server) -> None:
    await server.create("books")
    await server.create("cellar", kind="closed")
    assert await refused(server.leave("books", "tom")) == "not_a_member"
    assert await refused(server.leave("cellar", "tom")) == "not_found"
    assert await refused(server.leave("nowhere", "tom")) == "not_found"


# --- removing and banning --------------------------------------------------------------------------------------------


async def test_nothing_is_appended_for_a_member_after_the_ban(server: Server) -> None:
    await server.create("books", "tom")
    assert await server.say("books", "tom", "before", server.now) == b"ok"
    await server.remove("books", "tom", ban_until=0)
    assert await server.say("books", "tom", "after", server.now) == b"not_a_member"
    assert await server.agrees("books")


async def test_a_banned_user_stays_out_until_the_time_is_over_or_a_moderator_forgives(server: Server) -> None:
    await server.create("books", "tom")
    await server.remove("books", "tom", ban_until=server.now + 1000)
    assert await refused(server.join("books", "tom")) == "banned"
    server.now += 1000
    assert await server.join("books", "tom") == "member"
    await server.remove("books", "tom", ban_until=0)
    server.now += 10**9
    assert await refused(server.join("books", "tom")) == "banned"
    await server.stored.unban("books", "tom", actor="mei", admin=False, now=server.now)
    assert await server.join("books", "tom") == "member"


async def test_a_banned_user_learns_nothing_of_a_closed_room_by_its_link(server: Server) -> None:
    await server.create("cellar", "tom", kind="closed")
    link = await server.stored.link("cellar", actor="mei", admin=False)
    await server.remove("cellar", "tom", ban_until=0)
    assert await refused(server.join("cellar", "tom", link="wrong")) == "not_found"
    assert await refused(server.join("cellar", "tom", link=link)) == "not_found"


async def test_someone_who_was_never_in_can_be_banned_beforehand(server: Server) -> None:
    await server.create("books")
    await server.remove("books", "tom", ban_until=0)
    assert await refused(server.join("books", "tom")) == "banned"
    assert await refused(server.remove("books", "ada")) == "not_found"


async def test_removing_follows_the_rules_for_every_pair_of_roles(server: Server) -> None:
    roles = ("owner", "moderator", "member")
    for actor, target in itertools.product(roles, roles):
        room = f"{actor}-{target}"
        await server.create(room, "tom", "ada")
        await server.role(room, "tom", actor)
        await server.role(room, "ada", target)
        against = reason_of(rules.may_remove, SimpleNamespace(role=actor), SimpleNamespace(role=target))
        if against:
            assert await refused(server.remove(room, "ada", by="tom")) == against
        else:
            await server.remove(room, "ada", by="tom")
        assert ("ada" in await server.roles(room)) == bool(against)


async def test_an_admin_of_the_server_moderates_every_room_from_outside(server: Server) -> None:
    await server.create("books", "tom")
    await server.create("cellar", "tom", kind="closed")
    for room in ("books", "cellar"):
        await server.remove(room, "mei", by="ada", admin=True)
        assert await server.roles(room) == {"tom": "owner"}
        assert await server.agrees(room)


async def test_a_stranger_or_member_cannot_remove_and_a_stranger_cannot_see_a_closed_room(server: Server) -> None:
    await server.create("books", "tom", "ada")
    await server.create("cellar", "tom", kind="closed")
    assert await refused(server.remove("books", "ada", by="tom")) == "not_a_moderator"
    assert await refused(server.remove("books", "ada", by="lin")) == "not_a_member"
    assert await refused(server.remove("cellar", "tom", by="lin")) == "not_found"
    assert await refused(server.stored.unban("cellar", "tom", actor="lin", admin=False, now=server.now)) == "not_found"


# --- roles and words -------------------------------------------------------------------------------------------------


async def test_roles_follow_the_rules_for_every_actor_and_step(server: Server) -> None:
    roles = ("owner", "moderator", "member")
    for number, (actor, target, role) in enumerate(itertools.product(roles, roles, roles)):
        room = f"room-{number}"
        await server.create(room, "tom", "ada")
        await server.role(room, "tom", actor)
        await server.role(room, "ada", target)
        against = reason_of(rules.may_set_role, SimpleNamespace(role=actor), SimpleNamespace(role=target), role)
        if against:
            assert await refused(server.role(room, "ada", role, by="tom")) == against
        else:
            await server.role(room, "ada", role, by="tom")
        assert (await server.roles(room))["ada"] == (target if against else role)


async def test_the_last_owner_stays_owner_and_may_step_down_beside_another(server: Server) -> None:
    await server.create("books", "tom")
    assert await refused(server.role("books", "mei", "member")) == "last_owner"
    await server.role("books", "tom", "owner")
    await server.role("books", "mei", "member")
    assert await server.roles("books") == {"mei": "member", "tom": "owner"}
    assert await server.agrees("books")


async def test_every_step_is_told_once_with_the_next_version(server: Server) -> None:
    await server.create("books")
    heard: list[list[object]] = []
    server.store.listen("r", lambda _room, payload: heard.append(unpack(payload)))
    await server.store.subscribe(keys.live(keys.room("books")))
    await server.join("books", "tom")
    await server.join("books", "tom")
    await server.role("books", "tom", "moderator")
    await server.stored.update("books", actor="tom", admin=False, now=server.now, about="What we read")
    await server.leave("books", "mei")
    await server.remove("books", "mei", by="tom", ban_until=0)
    await server.store.redis.execute_command("PING")
    brief = [tuple(body[:5]) for body in heard]
    start = brief[0][1]
    assert brief == [
        ("j", start, "joined", "tom", "member"), ("j", start + 1, "changed", "tom", "moderator"), ("s", start + 2),
        ("j", start + 3, "left", "mei", "owner"), ("j", start + 4, "changed", "tom", "owner"),
    ]  # fmt: skip
    assert heard[0][6] == 2 and heard[3][6] == 1
    assert int((await server.meta("books"))["mv"]) == start + 4


async def test_an_update_changes_what_is_given_and_the_catalogue_follows(server: Server) -> None:
    titles = {"en": "Books", "zh-Hans": "读书", "zh-Hant": "讀書"}
    await server.create("books", tags=["reading"], titles=titles, abouts={"en": "Read"})
    given = {"title": "Novels", "slow_mode": 30, "pokes": False}
    words = await server.stored.update("books", actor="mei", admin=False, now=1, **given)
    assert words.entry.title == "Novels" and words.entry.titles == {} and words.entry.abouts == {"en": "Read"}
    meta = await server.meta("books")
    assert (meta["slow_mode"], meta["pokes"], unpack(meta["tags"])) == (b"30", b"0", ["reading"])
    entry = (await server.listed())["books"]
    assert entry == words.entry
    assert await refused(server.stored.update("books", actor="tom", admin=False, now=1, title="Mine")) == "not_a_member"
