"""Whom a message calls: by name, by a reply, or everyone; and that each reader's number of them is exact."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import acquainted

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


async def state_of(person: Person, room: str = "hall") -> dict[str, Any]:
    """The room as a session that begins now is told."""
    session = (await Person(person.url, person.token, person.user).start()).session
    (state,) = [state for state in session["rooms"] if state["room"] == room]
    return dict(state)


async def mentions(person: Person, room: str = "hall") -> int:
    return int((await state_of(person, room))["mentions"])


async def items(person: Person) -> list[tuple[str, int]]:
    listed = await post(person.url, "inbox.list", person.token)
    return [(item["kind"], item["seq"]) for item in listed["items"]]


async def say(person: Person, text: str, room: str = "hall", **more: Any) -> dict[str, Any]:
    """Say it over HTTP; gives the message as it is read."""
    given = {"room": room, "text": text, "client_id": ids.new_id(), **more}
    seq = (await post(person.url, "message.send", person.token, **given))["seq"]
    return await message(person, seq, room)


async def message(person: Person, seq: int, room: str = "hall") -> dict[str, Any]:
    page = await post(person.url, "message.history", person.token, room=room, before=seq + 1, limit=1)
    return dict(page["messages"][0])


async def members(server: Server, room: str, *handles: str) -> list[Person]:
    people = [await sign_up(server.url, handle) for handle in handles]
    for person in people:
        await post(server.url, "room.join", person.token, room=room)
    return people


# --- replies ---------------------------------------------------------------------------------------------------------


async def test_a_reply_calls_the_author_of_what_it_answers(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "Who has tea?")
        reply = await bob.say("hall", "I do", reply_to=first["seq"])
        posted = await ann.hears("message.posted", seq=reply["seq"])
        assert (posted["reply_to"], posted["reply_user"]) == (first["seq"], ann.id) and "mentions" not in posted
        await ann.hears("inbox.added", kind="reply", seq=reply["seq"], user=bob.id)
        assert await mentions(ann) == 1 and await mentions(bob) == 0
        assert (await ann.call("read.mark", room="hall", seq=first["seq"]))["mentions"] == 1
        assert (await ann.call("read.mark", room="hall", seq=reply["seq"]))["mentions"] == 0
        await bob.call("message.edit", room="hall", seq=reply["seq"], text="I do not")
        assert (await message(ann, reply["seq"]))["reply_user"] == ann.id
        assert await items(ann) == [("reply", reply["seq"])]


async def test_a_message_that_answers_and_names_somebody_calls_them_once(server: Server) -> None:
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    seq = (await say(ann, "Who has tea?"))["seq"]
    reply = await say(bob, "@ann I do", reply_to=seq)
    assert reply["mentions"] == [ann.id] and await mentions(ann) == 1
    assert await items(ann) == [("reply", reply["seq"])]
    await post(server.url, "message.edit", bob.token, room="hall", seq=reply["seq"], text="I do")
    assert await mentions(ann) == 1 and await items(ann) == [("reply", reply["seq"])]
    await post(server.url, "message.delete", bob.token, room="hall", seq=reply["seq"])
    assert await mentions(ann) == 0 and await items(ann) == []


async def test_a_reply_calls_nobody_if_it_answers_oneself_a_tombstone_or_who_is_gone(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    bob, cat = await members(server, room, "bob", "cat")
    own, gone, left = [(await say(person, "hello", room))["seq"] for person in (ann, bob, cat)]
    await post(server.url, "message.delete", bob.token, room=room, seq=gone)
    await post(server.url, "room.leave", cat.token, room=room)
    for target in (own, gone, left):
        assert "reply_user" not in await say(ann, "a reply", room, reply_to=target)
    await post(server.url, "room.join", cat.token, room=room)
    assert [await mentions(person, room) for person in (ann, bob, cat)] == [0, 0, 0]
    assert [await items(person) for person in (ann, bob, cat)] == [[], [], []]
    assert (await say(ann, "a reply", room, reply_to=left))["reply_user"] == cat.id
    await post(server.url, "room.leave", cat.token, room=room)
    await post(server.url, "room.join", cat.token, room=room)
    assert await mentions(cat, room) == 0


async def test_a_reply_calls_the_other_of_a_conversation_of_two(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        ids.move_clock(0)
        said = await ann.say(room, "Shall we?")
        reply = await bob.say(room, "Yes", reply_to=said["seq"])
        await ann.hears("inbox.added", kind="reply", room=room, seq=reply["seq"])
        assert await mentions(ann, room) == 1


# --- by name ---------------------------------------------------------------------------------------------------------


async def test_a_newcomers_message_calls_three_by_name_and_an_edit_no_more(open_server: OpenServer) -> None:
    server = await open_server(newcomer__first_accounts=5)
    people = [await sign_up(server.url, f"friend{letter}") for letter in "abcde"]
    new = await sign_up(server.url, "new")
    words = " ".join(f"@{person.user['handle']}" for person in people)
    assert len((await say(people[0], words))["mentions"]) == 4
    async with asyncio.timeout(10):
        await new.start()
        for _ in range(2):
            said = await new.say("hall", words)
            assert (await message(new, said["seq"]))["mentions"] == [person.id for person in people[:3]]
        await new.call("message.edit", room="hall", seq=said["seq"], text=f"please {words}")
        assert (await message(new, said["seq"]))["mentions"] == [person.id for person in people[:3]]
        for _ in range(3):
            await new.say("hall", "hello")
        ids.move_clock(24 * HOUR_MS)
        said = await new.say("hall", words)
        assert len((await message(new, said["seq"]))["mentions"]) == 5
        await new.leave()


# --- everyone --------------------------------------------------------------------------------------------------------


async def test_everyone_calls_all_members_of_a_small_room_once_an_hour(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        said = await ann.say("hall", "@everyone tea is ready")
        posted = await bob.hears("message.posted", seq=said["seq"])
        assert posted["everyone"] is True and "mentions" not in posted
        again = await bob.say("hall", "@everyone and cake, @cat")
        posted = await cat.hears("message.posted", seq=again["seq"])
        assert "everyone" not in posted and posted["mentions"] == [cat.id]
        assert [await mentions(person) for person in (ann, bob, cat)] == [0, 0, 2]
        assert await items(bob) == [] and await items(cat) == [("mention", again["seq"])]
        ids.move_clock(HOUR_MS + 60_000)
        assert (await say(bob, "＠Everyone!"))["everyone"] is True
        assert [await mentions(person) for person in (ann, bob, cat)] == [1, 0, 3]


@pytest.mark.parametrize("text", ["`@everyone`", "https://a.example/@everyone", "@everyones", "mail@everyone"])
async def test_everyone_in_code_or_an_address_or_a_longer_word_calls_nobody(server: Server, text: str) -> None:
    ann = await sign_up(server.url, "ann")
    assert "everyone" not in await say(ann, text)
    assert (await say(ann, "@everyone"))["everyone"] is True


async def test_of_two_who_call_everyone_at_once_one_does(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as people:
        sent = await asyncio.gather(*(person.say("hall", "@everyone") for person in people))
        called = [(await message(people[0], one["seq"])).get("everyone", False) for one in sent]
        assert sorted(called) == [False, True]


async def test_in_a_room_of_more_than_twenty_only_moderators_call_everyone(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    some = await members(server, room, *(f"user{chr(97 + number)}" for number in range(19)))
    assert (await say(some[0], "@everyone", room))["everyone"] is True
    (one_more,) = await members(server, room, "more")
    ids.move_clock(2 * HOUR_MS)
    assert "everyone" not in await say(some[0], "@everyone", room)
    assert (await say(ann, "@everyone", room))["everyone"] is True
    assert await mentions(one_more, room) == 1


async def test_bots_and_edits_do_not_call_everyone_and_an_edit_may_take_it_back(server: Server) -> None:
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    await post(server.url, "room.join", bob.token, room=room)
    bot = await post(server.url, "bot.create", ann.token, handle="dice", name="Dice")
    dice = Person(server.url, bot["token"], bot["user"])
    await post(server.url, "room.join", dice.token, room=room)
    assert "everyone" not in await say(dice, "@everyone", room)
    plain, called = (await say(ann, "hello", room))["seq"], (await say(ann, "@everyone hello", room))["seq"]
    steps = [(plain, "@everyone", False), (called, "@everyone, tea", True), (called, "tea", False),
             (called, "@everyone", False)]  # fmt: skip
    for seq, text, everyone in steps:
        await post(server.url, "message.edit", ann.token, room=room, seq=seq, text=text)
        assert (await message(bob, seq, room)).get("everyone", False) is everyone
        assert await mentions(bob, room) == int(everyone or (seq == plain))


async def test_who_wants_no_everyone_is_not_called_by_it_but_by_name(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.call("room.notify", room="hall", level="all", everyone=False)
        await ann.say("hall", "@everyone tea")
        ids.move_clock(2 * HOUR_MS)
        await ann.say("hall", "@everyone @bob cake")
        assert await mentions(bob) == 1
        await bob.call("room.notify", room="hall", level="all", everyone=True)
        assert await mentions(bob) == 2
        state = (await bob.until(lambda: bob.heard("room.updated", mentions=2), "the new number"))[-1]
        assert "everyone" not in state


# --- blocks ----------------------------------------------------------------------------------------------------------


async def test_who_is_blocked_calls_the_blocker_in_no_way_and_is_answered_and_shown_as_ever(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        said = await ann.say("hall", "Who has tea?")
        await ann.call("block.add", user=bob.id)
        await bob.say("hall", "@ann I do")
        reply = await bob.say("hall", "I do", reply_to=said["seq"])
        everyone = await bob.say("hall", "@everyone tea")
        posted = await bob.hears("message.posted", seq=reply["seq"])
        assert posted["reply_user"] == ann.id
        assert (await bob.hears("message.posted", seq=everyone["seq"]))["everyone"] is True
        await cat.say("hall", "@ann hello")
        await ann.hears("inbox.added", kind="mention", user=cat.id)
        assert [await mentions(person) for person in (ann, bob, cat)] == [1, 0, 0]
        assert (await ann.call("read.mark", room="hall", seq=said["seq"]))["mentions"] == 1
        assert [kind for kind, _ in await items(ann)] == ["mention"]


# --- who may write ---------------------------------------------------------------------------------------------------


async def test_where_only_moderators_write_others_neither_send_nor_edit(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    room = (await post(server.url, "room.create", ann.token, title="News"))["room"]
    (bob,) = await members(server, room, "bob")
    seq = (await say(bob, "hello", room))["seq"]
    await post(server.url, "room.update", ann.token, room=room, writers="moderators")
    for method, more in (("message.send", {"client_id": "1"}), ("message.edit", {"seq": seq})):
        with pytest.raises(Refused) as refused:
            await post(server.url, method, bob.token, room=room, text="again", **more)
        assert refused.value.reason == "not_a_moderator"
    assert (await say(ann, "The news", room))["text"] == "The news"
    await post(server.url, "message.delete", bob.token, room=room, seq=seq)
    await post(server.url, "room.update", ann.token, room=room, writers="everyone")
    await say(bob, "again", room)
