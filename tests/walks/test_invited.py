"""Invitations for one person or for a table: who may use them, whose yes it takes, and that a no is a quiet one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.friends.invitations import MakeInvitation
from tests.people import Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import refused
from tests.walks.test_quiet_no import without_chance


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


async def my_code(person: Person, **more: Any) -> str:
    """As the page makes "My code"."""
    made = await person.call("invitation.create", uses=50, expires_at=ids.now_ms() + DAY_MS, **more)
    return str(made["code"])


async def test_who_has_an_account_says_yes_and_then_the_one_who_invited(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        attic = (await ann.call("room.create", title="Attic", kind="closed"))["room"]
        code = await my_code(ann, room=attic)
        for token in ("", bob.token):
            shown = await post(server.url, "invitation.get", token, code=code.lower())
            assert shown["user"]["id"] == ann.id and (shown["room"], shown["title"]) == (attic, "Attic")
            assert ids.now_ms() < shown["ends_at"] <= ids.now_ms() + DAY_MS
        for _ in range(2):  # a repeat is no error, and says nothing again
            assert await bob.call("invitation.accept", code=code) == {}
        item = await ann.hears("inbox.added", kind="invited")
        assert item["user"] == bob.id and len(ann.heard("inbox.added")) == 1
        await bob.hears("room.updated", room=attic)
        for one, other, waits in ((ann, bob, True), (bob, ann, False)):
            state = await one.call("tie.get", user=other.id)
            assert state["rung"] == "stranger" and state.get("invited", False) is waits
        assert [tie["user"]["id"] for tie in (await ann.call("tie.list"))["ties"]] == [bob.id]
        await refused("not_found", bob, "invitation.confirm", user=ann.id, yes=True)
        opened = await ann.call("invitation.confirm", user=bob.id, yes=True)
        assert opened["rung"] == "acquainted" and opened["origin"]["how"] == "invitation"
        for person in (ann, bob):
            await person.hears("room.updated", room=opened["room"])
        await bob.hears("inbox.added", kind="opened")
        assert not ann.heard("inbox.added", kind="opened")
        await refused("not_found", ann, "invitation.confirm", user=bob.id, yes=True)
        await refused("acquainted_already", bob, "invitation.accept", code=code)
        assert not [item for item in (await ann.call("inbox.list"))["items"] if item["kind"] == "invited"]
        (listed,) = (await ann.call("invitation.list"))["invitations"]
        assert (listed["users"], listed["used"], listed["uses"]) == ([bob.id], 1, 50)


async def test_one_code_makes_a_whole_table_acquainted_also_those_who_sign_up(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        code = await my_code(ann)
        guests = [
            await post(
                server.url, "account.create", handle=handle, name=handle, password="warm tea at dusk", invite=code,
                want="token",
            )
            for handle in ("gil", "gus")
        ]  # fmt: skip
        await bob.call("invitation.accept", code=code)
        for guest in guests:
            assert (await ann.call("tie.get", user=guest["user"]["id"]))["rung"] == "acquainted"
        (listed,) = (await ann.call("invitation.list"))["invitations"]
        assert listed["used"] == 3 and listed["users"] == [*(guest["user"]["id"] for guest in guests), bob.id]
        await ann.call("invitation.withdraw", id=listed["id"])
        cat = await (await sign_up(server.url, "cat")).start()
        await refused("not_found", cat, "invitation.accept", code=code)
        (listed,) = (await ann.call("invitation.list"))["invitations"]
        assert listed["withdrawn"] and listed["used"] == 3
        await cat.leave()


async def test_codes_that_cross_are_the_yes_of_both(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        codes = await my_code(ann), await my_code(bob)
        await asyncio.gather(ann.call("invitation.accept", code=codes[1]), bob.call("invitation.accept", code=codes[0]))
        for person, other in ((ann, bob), (bob, ann)):
            await person.hears("inbox.added", kind="opened")
            assert (await person.call("tie.get", user=other.id))["rung"] == "acquainted"


async def test_who_confirms_on_two_devices_at_once_confirms_once(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.call("invitation.accept", code=await my_code(ann))
        asked = [await ann.ask("invitation.confirm", user=bob.id, yes=True) for _ in range(5)]
        answers = [await answer for answer in asked]
        assert sum("result" in answer for answer in answers) == 1
        await bob.hears("inbox.added", kind="opened")
        assert len(bob.heard("inbox.added")) == 1


async def test_of_fifty_one_who_accept_at_once_fifty_are_let_in(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    invitations, now = server.stores.invitations, ids.now_ms()
    await server.stores.intents.carry_out(
        MakeInvitation(id="i1", user=ann.id, room="", now=now, ends_at=now + DAY_MS, uses=50)
    )
    people = [f"p{number:02}" for number in range(51)]
    for person in people:
        await server.store.command(f"{{u:{person}}}", "HSET", f"{{u:{person}}}", "handle", person, "name", person)
    code = await invitations.code("i1", "p00", now)
    assert code is not None
    results = await asyncio.gather(
        *(invitations.accept("i1", code, user=person, now=now) for person in people * 2), return_exceptions=True
    )
    turned_away = [person for person, result in zip(people * 2, results, strict=True) if result is not None]
    assert len(turned_away) == 2 and len(set(turned_away)) == 1
    (listed,) = await invitations.of(ann.id)
    assert listed.used == 50 and set(listed.users) == set(people) - set(turned_away)
    assert (await server.stores.inbox.state(ann.id)).seq == 50


REFUSALS = [
    ("not_found", "invitation.get", {"code": "00000-00000-00000"}),
    ("not_found", "invitation.accept", {"code": "00000-00000-00000"}),
    ("own_invitation", "invitation.accept", {"code": "OWN"}),
    ("not_found", "invitation.confirm", {"user": "BOB", "yes": True}),
    ("not_found", "invitation.confirm", {"user": "ME", "yes": True}),
    ("params", "invitation.create", {"uses": 0}),
    ("params", "invitation.create", {"uses": 51}),
    ("params", "invitation.create", {"expires_at": 1}),
    ("params", "invitation.create", {"expires_at": 2**52}),
    ("not_found", "tie.want", {"user": "BOB", "yes": True}),
    ("not_found", "tie.want", {"user": "nobody", "yes": True}),
    ("params", "tie.want", {"user": "BOB"}),
    ("params", "poke.allow", {"from": "friends"}),
    ("params", "poke.send", {"to": "BOB", "room": "hall", "gesture": "tea"}),
]


async def test_every_refusal_is_the_same_by_both_doors(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        own = await my_code(ann)
        for reason, method, given in REFUSALS:
            named = {"OWN": own, "BOB": bob.id, "ME": ann.id}
            params = {name: named.get(value, value) for name, value in given.items()}
            told = []
            for ask in (ann.call, lambda method, **given: post(server.url, method, ann.token, **given)):
                with pytest.raises(Refused) as found:
                    await ask(method, **params)
                told.append((found.value.code, found.value.data))
            assert told[0] == told[1] and told[0][1]["reason"] == reason, (method, given, told)
        await refused("not_found", ann, "invitation.get", code=own + "0")
        with pytest.raises(Refused, match="not_signed_in"):
            await post(server.url, "invitation.accept", code=own)


async def test_a_bot_neither_accepts_nor_wants(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        made = await ann.call("bot.create", handle="echo", name="Echo")
        bot = await Person(server.url, made["token"], made["user"]).start()
        await refused("bots_do_not_invite", bot, "invitation.accept", code=await my_code(ann))
        await ann.call("direct.open", bot=bot.id)
        await refused("bots_not_friends", ann, "tie.want", user=bot.id, yes=True)
        await refused("bots_not_friends", bot, "tie.want", user=ann.id, yes=True)
        await bot.leave()


async def test_a_code_ends_with_its_time_its_account_and_its_room(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        code = await my_code(ann)
        ids.move_clock(DAY_MS + 1000)
        await refused("not_found", bob, "invitation.get", code=code)
        await refused("not_found", bob, "invitation.accept", code=code)
        ids.move_clock(0)
        await bob.call("invitation.accept", code=code)
        cat = await sign_up(server.url, "cat")
        await ann.call("account.close", password="warm tea at dusk")
        for method in ("invitation.get", "invitation.accept"):
            with pytest.raises(Refused, match="not_found"):
                await post(server.url, method, cat.token, code=code)


# --- a quiet no -------------------------------------------------------------------------------------------------------

NOES = ("nothing", "no", "block", "block before")


async def told(server: Server, number: int, no: str) -> tuple[str, str]:
    """All that is told to who accepted, over forty days; and to somebody else in the same room, and a visitor."""
    async with gathering(server.url, f"ann{number}", f"bob{number}", f"cat{number}") as (ann, bob, cat):
        code = (await ann.call("invitation.create", uses=3))["code"]
        if no == "block before":
            await ann.call("block.add", user=bob.id)
        heard: list[Any] = [await bob.call("invitation.get", code=code), await bob.call("invitation.accept", code=code)]
        if no == "no":
            await ann.call("invitation.confirm", user=bob.id, yes=False)
        if no == "block":
            await ann.call("block.add", user=bob.id)
        seen: list[Any] = []
        for day in (0, 1, 8, 29):
            ids.move_clock(day * DAY_MS)
            for method, params in (
                ("tie.get", {"user": ann.id}), ("tie.list", {}), ("inbox.list", {}), ("poke.list", {}),
                ("invitation.get", {"code": code}), ("invitation.accept", {"code": code}),
                ("user.get", {"users": [ann.id]}),
            ):  # fmt: skip
                heard.append(await bob.call(method, **params))
            for person in (ann, bob):
                seen.append(await cat.call("tie.get", user=person.id))
                seen.append(await cat.call("user.get", users=[person.id]))
            seen.append(await post(server.url, "invitation.get", code=code))
        heard += [event for event in bob.events if event["method"] in {"inbox.added", "inbox.changed", "room.updated"}]
        ids.move_clock(0)
        assert not [item for item in (await ann.call("inbox.list"))["items"] if item["kind"] == "invited"] or (
            no == "nothing"
        )
        return plain(heard), plain(seen)


def plain(told: list[Any]) -> str:
    text = re.sub(r'"texts": \{[^}]*\}', '"texts": {}', without_chance(told))
    return re.sub(r"(ann|bob|cat|Ann|Bob|Cat)\d", r"\1", text)


async def test_no_answer_to_who_accepted_can_be_told_from_another(server: Server) -> None:
    ignored = await told(server, 0, "nothing")
    assert '"rung": "stranger"' in ignored[0]
    for number, no in enumerate(NOES[1:], 1):
        assert await told(server, number, no) == ignored, no
