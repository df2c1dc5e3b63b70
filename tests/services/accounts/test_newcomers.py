"""Newcomers: who is one, and that counting their messages is exact, survives, and costs nobody else anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.accounts.newcomers import DAY_MS
from chatserver.services.accounts.newcomers import CountMessage
from chatserver.services.caller import Caller
from chatserver.store.messages.records import Record
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

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
        intents.begin(CountMessage(room="hall", user=ann.id, client_id=record.client_id, id=record.id))
        if number < 2:
            await messages._append(Caller(ann.id), "hall", [], record)
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


# --- the first message ----------------------------------------------------------------------------------------------


async def firsts(person: Person, **params: Any) -> list[str]:
    page = await post(person.url, "message.history", person.token, room="hall", **params)
    return [message["text"] for message in page["messages"] if message.get("first")]


async def test_the_first_message_of_a_newcomer_is_marked_for_members_for_a_day(open_server: OpenServer) -> None:
    server = await open_server(newcomer__first_accounts=1)
    old, ann = await sign_up(server.url, "old"), await sign_up(server.url, "ann")
    await post(server.url, "room.update", (await admin_of(server)).token, room="hall", window=True)
    visitor = await Person(server.url).start()
    await old.start()
    await old.say("hall", "one of the first accounts")
    await ann.start()
    await asyncio.gather(ann.say("hall", "hello"), ann.say("hall", "hello again"))
    assert (await old.hears("message.posted", text="hello"))["first"] is True
    assert "first" not in await old.hears("message.posted", text="hello again")
    assert "first" not in await visitor.hears("message.posted", text="hello")
    assert await firsts(old) == ["hello"] and await firsts(Person(server.url)) == []
    outsider = await sign_up(server.url, "out")
    await post(server.url, "room.leave", outsider.token, room="hall")
    assert await firsts(outsider) == []
    await ann.call("message.edit", room="hall", seq=2, text="hello there")
    assert await firsts(old) == ["hello there"]
    cursor = {"hall": {"epoch": old.session["rooms"][0]["epoch"], "seq": 0, "id": "", "rev": 0}}
    for days, marked in ((0, True), (1, False)):
        ids.move_clock(days * DAY_MS)
        again = await Person(server.url, old.token, old.user).start(cursor)
        assert ("first" in await again.hears("message.posted", seq=2)) is marked
        assert bool(await firsts(old)) is marked
        await again.leave()
    for person in (visitor, old, ann):
        await person.leave()


async def admin_of(server: Server) -> Person:
    boss = await sign_up(server.url, "boss")
    await server.services.accounts.store.set_status(boss.id, "admin", on=True)
    return boss


async def test_after_the_first_was_deleted_the_next_is_the_first(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann = await sign_up(server.url, "ann")
    await delete(ann, await say(ann, "mistake"))
    await say(ann, "hello")
    await say(ann, "again")
    assert await firsts(ann) == ["hello"]


async def test_of_messages_sent_at_once_one_is_the_first_and_their_order_stays(open_server: OpenServer) -> None:
    servers = [await open_server(**STRICT), await open_server(**STRICT)]
    ann = await sign_up(servers[0].url, "ann")
    sockets = [await Person(server.url, ann.token, ann.user).start() for server in servers]
    asked = [
        await socket.ask("message.send", room="hall", text=f"{number} {name}", client_id=f"{number}{name}")
        for number in range(6)
        for name, socket in zip("ab", sockets, strict=True)
    ]
    await asyncio.gather(*asked)
    assert len(await firsts(ann)) == 1
    page = await post(ann.url, "message.history", ann.token, room="hall")
    texts = [message["text"] for message in page["messages"]]
    for name in "ab":
        assert [text for text in texts if text.endswith(name)] == [f"{number} {name}" for number in range(6)]
    for socket in sockets:
        await socket.leave()


async def test_a_refused_message_is_not_the_first_and_gives_the_mark_back(open_server: OpenServer) -> None:
    server = await open_server(**STRICT)
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    await bob.start()
    with pytest.raises(Refused):
        await bob.say(room, "let me in")
    while await server.store.redis.hexists(f"{{u:{bob.id}}}", "first"):
        await asyncio.sleep(0.01)
    await bob.say("hall", "hello")
    assert await firsts(bob) == ["hello"]
    await bob.leave()


async def test_only_oneself_sees_whether_one_greets(open_server: OpenServer) -> None:
    server = await open_server()
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    own = (await post(server.url, "profile.update", ann.token, greets=True))["user"]
    assert own["greets"] is True
    for reader, seen in ((ann, True), (bob, None)):
        (profile,) = (await post(server.url, "user.get", reader.token, users=[ann.id]))["users"]
        assert profile.get("greets") is seen
    await post(server.url, "account.close", ann.token, password=PASSWORD)
    assert not await server.store.redis.hexists(f"{{u:{ann.id}}}", "greets")
