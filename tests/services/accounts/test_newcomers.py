"""Newcomers: who is one, and that counting their messages is exact, survives, and costs nobody else anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.accounts.newcomers import DAY_MS
from chatserver.services.caller import Caller
from chatserver.store.messages.records import Record
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, gathering, post, sign_up

STRICT: dict[str, Any] = {"newcomer__first_accounts": 0, "newcomer__days": 0, "newcomer__messages": 2}


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    ids.move_clock(0)


async def is_newcomer(server: Server, person: Person) -> bool:
    return await server.services.messages._newcomers.is_newcomer(person.id)


async def say(person: Person, text: str) -> int:
    """Over HTTP."""
    return int((await post(person.url, "message.send", person.token, room="hall", text=text, client_id=text))["seq"])


async def delete(person: Person, seq: int) -> None:
    await post(person.url, "message.delete", person.token, room="hall", seq=seq)


async def test_the_first_fifty_accounts_are_no_newcomers(open_server: OpenServer) -> None:
    server = await open_server(newcomer__first_accounts=2)
    people = [await sign_up(server.url, handle) for handle in ("ann", "bob", "cat")]
    assert [await is_newcomer(server, person) for person in people] == [False, False, True]
    await post(server.url, "account.close", people[0].token, password=PASSWORD)
    assert await is_newcomer(server, people[2])


async def test_who_came_by_a_personal_invitation_is_no_newcomer_nor_is_a_bot(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann = await sign_up(server.url, "ann")
    code = (await post(server.url, "invitation.create", ann.token))["code"]
    by_hand = await server.services.accounts.store.invite(now=ids.now_ms())
    for handle, invite, newcomer in (("bob", code, False), ("cat", by_hand, True), ("dan", "", True)):
        params = {"handle": handle, "name": handle, "password": PASSWORD, "want": "token", "invite": invite}
        made = await post(server.url, "account.create", **params)
        assert await is_newcomer(server, Person(server.url, made["token"], made["user"])) is newcomer
    bot = await post(server.url, "bot.create", ann.token, handle="dice", name="Dice")
    assert not await is_newcomer(server, Person(server.url, bot["token"], bot["user"]))
    assert not await server.services.messages._newcomers.is_newcomer("nobody")


async def test_messages_that_stand_are_counted_over_http_and_over_a_socket(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann = await sign_up(server.url, "ann")
    seq = await say(ann, "one")
    assert await say(ann, "one") == seq and await is_newcomer(server, ann)
    await ann.start()
    other = await ann.say("hall", "two")
    assert not await is_newcomer(server, ann)
    await ann.call("message.delete", room="hall", seq=other["seq"])
    assert await is_newcomer(server, ann)
    await asyncio.gather(*(ann.say("hall", f"more {number}") for number in range(5)))
    assert not await is_newcomer(server, ann)
    await ann.leave()
    second = await open_server(**STRICT)
    assert not await is_newcomer(second, ann)
    await delete(ann, seq)
    assert await is_newcomer(second, ann)


async def test_another_process_hears_of_it_too(open_server: OpenServer) -> None:
    one, two = await open_server(**STRICT), await open_server(**STRICT)
    async with gathering(one.url, "ann") as (ann,):
        there = await Person(two.url, ann.token, ann.user).start()
        for text in ("one", "two"):
            await ann.say("hall", text)
        await there.hears("message.posted", text="two")
        assert not await is_newcomer(two, there)
        await there.leave()


async def test_a_day_must_have_passed_as_well(open_server: OpenServer) -> None:
    server = await open_server(newcomer__first_accounts=0, newcomer__messages=1)
    ann = await sign_up(server.url, "ann")
    await say(ann, "one")
    assert await is_newcomer(server, ann)
    ids.move_clock(DAY_MS)
    assert not await is_newcomer(server, ann)


async def test_a_message_that_was_refused_is_not_counted(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    for number in range(3):
        with pytest.raises(Exception, match="member"):
            await post(server.url, "message.send", bob.token, room=room, text="hello", client_id=str(number))
    assert await is_newcomer(server, bob)
    assert await server.stores.intents.take_over(older_than_ms=-1000) == 0


async def test_what_a_dead_process_left_uncounted_is_counted_by_another(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann = await sign_up(server.url, "ann")
    messages, intents = server.services.messages, server.stores.intents
    for number in range(3):
        record = Record(f"id{number}", ann.id, "hello", f"c{number}")
        messages._newcomers.begin("hall", record)
        if number < 2:
            await messages._append(Caller(ann.id), "hall", record)
    assert await is_newcomer(server, ann)
    await delete(ann, 1)
    assert await intents.take_over(older_than_ms=-1000) == 3
    assert (await server.stores.newcomers.arrival(ann.id)).messages == 1
    assert await intents.take_over(older_than_ms=-1000) == 0


async def test_a_deletion_that_comes_before_the_count_takes_it_away(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    async with gathering(server.url, "ann") as (ann,):
        for _ in range(10):
            seq = (await ann.say("hall", "hello"))["seq"]
            await ann.call("message.delete", room="hall", seq=seq)
        assert server.hub.users[ann.id].arrival.messages == 0
        kept = await server.store.redis.hget(f"{{u:{ann.id}}}", "wrote")
        assert kept == b""


async def test_nobody_else_is_counted(open_server: OpenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await open_server(**STRICT)
    calls: list[str] = []
    call = server.store.call

    async def noted(name: str, *given: Any) -> Any:
        calls.append(name)
        return await call(name, *given)

    monkeypatch.setattr(server.store, "call", noted)
    async with gathering(server.url, "ann") as (ann,):
        for number in range(4):
            await ann.say("hall", f"{number}")
    assert calls.count("user_wrote") == 2
