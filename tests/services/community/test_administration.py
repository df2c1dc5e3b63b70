"""The community's profile, who may update it, and how the first admin is made."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from chatserver.app import Server
from chatserver.settings import Settings
from chatserver.store.community.community import CommunityStore
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.rooms.rooms import RoomStore
from tests.conftest import OpenServer
from tests.people import PASSWORD, PATIENCE, Person, Refused, gathering, post, sign_up
from tests.store.rooms.test_membership_crashes import Stopped, StoppingStore

NOT_AN_ADMIN = (-32002, "not_an_admin")
NOT_FOUND = (-32004, "not_found")


async def refused(authentication: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value.code, caught.value.reason


async def code_of(server: Server) -> str:
    link = await server.setup_link()
    assert link.startswith(f"{server.url}/setup#")
    return link.partition("#")[2]


async def claim(server: Server, person: Person) -> dict[str, Any]:
    claimed: dict[str, Any] = await post(server.url, "community.claim", person.token, code=await code_of(server))
    return claimed


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.01)


# --- claiming --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
async def test_the_first_with_the_code_runs_the_server_and_owns_its_rooms(
    open_server: OpenServer, packed: bool
) -> None:
    one, two = await open_server(), await open_server()
    mei = await (await sign_up(one.url, "mei", packed=packed)).start()
    assert (await post(two.url, "community.get"))["unclaimed"] is True
    code = await code_of(one)
    claimed = await mei.call("community.claim", code=code.lower().replace("-", " "))
    assert (claimed["unclaimed"], claimed["fixed"]) == (False, ["previews"])
    assert await mei.closed() == 4100, "what an admin may is fixed when a socket opens"
    mei = await mei.start()
    assert mei.session["user"]["admin"] is True
    roles = {room["room"]: room["role"] for room in mei.session["rooms"]}
    assert set(roles) >= {"hall", "tea"} and set(roles.values()) == {"owner"}

    async def known_everywhere() -> bool:
        return not (await post(two.url, "community.get"))["unclaimed"]

    await until(known_everywhere)
    assert await one.setup_link() == await two.setup_link() == ""
    tom = await sign_up(two.url, "tom")
    assert await refused(post(two.url, "community.claim", tom.token, code=code)) == NOT_FOUND
    await mei.leave()


async def test_a_wrong_code_and_an_old_one_make_nobody_an_admin(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    bot = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
    old, code = await code_of(server), await code_of(server)
    for wrong in ("", "x", old, "00000-00000-00000-00000"):
        assert await refused(post(server.url, "community.claim", mei.token, code=wrong)) == NOT_FOUND
    assert await refused(post(server.url, "community.claim", bot["token"], code=code)) == NOT_FOUND
    assert await refused(post(server.url, "community.claim", code=code)) == (-32001, "not_signed_in")
    assert (await post(server.url, "community.get"))["unclaimed"] is True
    await post(server.url, "community.claim", mei.token, code=code)


async def test_the_code_is_stored_nowhere(server: Server) -> None:
    code = await code_of(server)
    stored = await server.store.redis.hgetall("{community}")
    assert code.encode() not in stored.values() and b"claim" in stored


async def test_of_many_who_come_at_once_one_runs_the_server(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    people = [await sign_up(one.url, f"person{number}") for number in range(8)]
    code = await code_of(one)
    asked = [
        post((one, two)[number % 2].url, "community.claim", person.token, code=code)
        for number, person in enumerate(people)
    ]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(isinstance(answer, Refused) for answer in answers) == [False] + [True] * 7
    found = (await post(one.url, "user.get", people[0].token, users=[person.id for person in people]))["users"]
    assert sum(user.get("admin", False) for user in found) == 1


@pytest.mark.parametrize("limit", ["name", "address"])
async def test_guessing_the_code_is_limited(open_server: OpenServer, limit: str) -> None:
    server = await open_server(**{f"accounts__sign_in_{limit}_burst": 3, f"accounts__sign_in_{limit}_per_minute": 0.01})
    mei = await sign_up(server.url, "mei")
    for _ in range(3):
        assert await refused(post(server.url, "community.claim", mei.token, code="x")) == NOT_FOUND
    code = await code_of(server)
    assert (await refused(post(server.url, "community.claim", mei.token, code=code)))[0] == -32029


async def test_a_room_that_has_an_owner_already_keeps_it(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    await post(server.url, "room.join", tom.token, room="tea")
    await server.store.call("room_own", keys.room("tea"), "an intent", 1, tom.id)
    await claim(server, mei)
    members = {}
    for room in ("hall", "tea"):
        packed = await server.store.redis.hgetall(keys.room(room) + ":members")
        members[room] = {user.decode(): msgspec.msgpack.decode(held)[0] for user, held in packed.items()}
    assert members["hall"][mei.id] == "owner"
    assert members["tea"] == {tom.id: "owner"}


async def test_a_server_whose_last_admin_left_can_be_claimed_again(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    await claim(server, mei)
    await post(server.url, "account.close", mei.token, password=PASSWORD)

    async def unclaimed() -> bool:
        return (await post(server.url, "community.get"))["unclaimed"]

    await until(unclaimed)
    await claim(server, tom)
    assert (await post(server.url, "community.get", tom.token))["fixed"] == ["previews"]


async def test_wherever_a_claim_breaks_off_somebody_finishes_it(address: Address, server: Server) -> None:
    """A process ends before its first question to the store, its second …: afterwards all or nothing holds."""
    mei = await sign_up(server.url, "mei")
    for steps in itertools.count():
        for key in ("{community}:admins", "{community}:done"):
            await server.store.redis.delete(key)
        await server.store.redis.hdel(keys.user(mei.id), "admin")
        await server.stores.rooms.leave("tea", mei.id, now=1) if "tea" in await server.stores.rooms.rooms_of(
            mei.id
        ) else None
        await server.stores.community.offer("7K2QF-0XW9M-T3A00-00001")
        store = StoppingStore(address)
        running = asyncio.create_task(store.run())
        await store.ready.wait()
        intents = Intents(store)
        doomed = CommunityStore(store, intents, RoomStore(store, intents), Settings(), asyncio.ensure_future)
        store.steps = steps
        finished = False
        try:
            await doomed.claim(mei.id, "7K2QF-0XW9M-T3A00-00001", ["tea"], now=1)
            finished = True
        except Stopped:
            pass
        store.steps = 1_000
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.stores.intents.take_over(older_than_ms=-1000)
        claimed = await server.store.redis.scard("{community}:admins") == 1
        assert claimed == (await server.store.redis.hget(keys.user(mei.id), "admin") == b"1")
        assert claimed == ("tea" in await server.stores.rooms.rooms_of(mei.id))
        assert claimed or steps == 0
        if finished:
            return


# --- admins by other ways --------------------------------------------------------------------------------------------


async def test_an_admin_made_by_command_counts_and_one_unmade_does_not(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    accounts = server.services.accounts.store
    for on in (True, False, True):
        await accounts.set_status(mei.id, "admin", on=on)

        async def as_expected(on: bool = on) -> bool:
            return (await post(server.url, "community.get"))["unclaimed"] is not on

        await until(as_expected)
    assert await server.setup_link() == ""


# --- what it says of itself ------------------------------------------------------------------------------------------


async def test_what_an_admin_sets_holds_on_every_process_and_after_a_restart(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    await claim(one, mei)
    given = {"name": " The  plane tree ", "language": "zh-Hant", "time_zone": "Asia/Taipei", "sign_up": "invite"}
    said = given | {"name": "The plane tree"}
    answered = await post(one.url, "community.update", mei.token, **given)
    assert answered | said == answered
    assert await post(one.url, "community.get", mei.token) == answered

    async def says_so() -> bool:
        there = await post(two.url, "community.get")
        return there | said == there

    await until(says_so)
    refusal = await refused(post(two.url, "account.create", handle="tom", name="Tom", password=PASSWORD))
    assert refusal == (-32002, "no_invite")
    three = await open_server()
    assert (await post(three.url, "community.get"))["name"] == "The plane tree"
    await post(two.url, "community.update", mei.token, sign_up="open")
    await sign_up(two.url, "tom")


async def test_everyone_connected_hears_what_the_community_is_now(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    async with gathering(two.url, "tom") as (tom,):
        await claim(one, mei)
        assert (await tom.hears("community.changed"))["unclaimed"] is False
        await post(one.url, "community.update", mei.token, name="The plane tree")
        told = await tom.hears("community.changed", name="The plane tree")
        assert told == await post(two.url, "community.get")
        await post(one.url, "community.update", mei.token, name="The plane tree")  # as it was: nothing to hear
        await post(one.url, "community.update", mei.token, language="zh-Hant")
        await tom.hears("community.changed", language="zh-Hant")
        assert len(tom.heard("community.changed")) == 3


async def test_what_is_set_at_the_start_wins_and_cannot_be_changed(open_server: OpenServer) -> None:
    free = await open_server()
    mei, tom = await sign_up(free.url, "mei"), await sign_up(free.url, "tom")
    await claim(free, mei)
    await post(free.url, "community.update", mei.token, name="By hand", time_zone="Asia/Taipei")
    fixed = await open_server(community__name="By file", community__sign_up="open")
    there = await post(fixed.url, "community.get", mei.token)
    assert (there["name"], there["time_zone"], there["fixed"]) == (
        "By file",
        "Asia/Taipei",
        ["name", "sign_up", "previews"],
    )
    assert "fixed" not in await post(fixed.url, "community.get", tom.token)
    with pytest.raises(Refused) as refusal:
        await post(fixed.url, "community.update", mei.token, language="zh-Hans", name="By hand again")
    assert (refusal.value.code, refusal.value.reason, refusal.value.data["path"]) == (-32002, "fixed", "name")
    assert (await post(free.url, "community.get"))["language"] == "en", "nothing of it was set"


async def test_only_admins_set_it(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        bot = await post(server.url, "bot.create", tom.token, handle="teabot", name="Tea")
        room = (await tom.call("room.create", title="Tom's"))["room"]
        assert room
        for token in (tom.token, bot["token"], mei.token):
            assert await refused(post(server.url, "community.update", token, name="Mine")) == NOT_AN_ADMIN
        assert await refused(post(server.url, "community.update", name="Mine")) == (-32001, "not_signed_in")
        assert await refused(tom.call("community.update", name="Mine")) == NOT_AN_ADMIN
    assert (await post(server.url, "community.get"))["name"] == "Teahouse 茶馆"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * 61), ("name", "a\u202eb"), ("language", "fr"), ("time_zone", ""),
     ("time_zone", "Mars/Olympus"), ("sign_up", "closed")],
)  # fmt: skip
async def test_what_does_not_fit_is_refused_by_its_field(server: Server, field: str, value: str) -> None:
    mei = await sign_up(server.url, "mei")
    await claim(server, mei)
    with pytest.raises(Refused) as refusal:
        await post(server.url, "community.update", mei.token, **{field: value})
    assert (refusal.value.code, refusal.value.data["path"]) == (-32602, field)
