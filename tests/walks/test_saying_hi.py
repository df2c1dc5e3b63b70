"""Saying hi: what the receiver sees, when and from whom, and that a no and its time tell the sender nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.engine.address import Address
from tests.conftest import OpenServer, settings_for_tests
from tests.people import Person, Refused, gathering, post, sign_up
from tests.scale.test_growth import Still
from tests.walks.test_friends import poke, refused, speak
from tests.walks.test_invited import plain
from tests.walks.test_reactions import mute

MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


async def received(person: Person) -> list[Any]:
    return list((await person.call("poke.list"))["received"])


async def allow(person: Person, sender: str) -> None:
    await person.call("poke.allow", **{"from": sender})


async def test_its_receiver_sees_what_was_said_in_the_room_before_and_nothing_made_for_them(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(5):
            await ann.say("hall", f"line {number}")
        edited = await ann.say("hall", "line 5")
        ids.move_clock(9 * MINUTE_MS)
        mine = await bob.say("hall", "Oolong")
        await ann.say("hall", "written for Bob")
        ids.move_clock(10 * MINUTE_MS + 5_000)
        await ann.call("message.edit", room="hall", seq=edited["seq"], text="edited for Bob")
        await ann.call("message.delete", room="hall", seq=2)
        await poke(ann, bob, seq=mine["seq"])
        await ann.say("hall", "one more")
        (came,) = await received(bob)
        assert [line["text"] for line in came["lines"]] == ["line 2", "line 3", "line 4"]
        assert came["message"]["text"] == "Oolong" and came["gesture"] == "hi" and came["room"] == "hall"
        for author in (came["user"], *(line["author"] for line in came["lines"])):
            assert author["name"] == "Ann" and "avatar" not in author
        await bob.call("message.delete", room="hall", seq=mine["seq"])
        assert "message" not in (await received(bob))[0]


async def test_the_lines_are_those_of_its_day_also_weeks_later(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await speak(ann, bob)
        ids.move_clock(DAY_MS)
        await poke(ann, bob)
        for number in range(10):
            ids.move_clock(DAY_MS + (number + 1) * 60_000)
            await ann.say("hall", f"later {number}")
        ids.move_clock(29 * DAY_MS)
        (came,) = await received(bob)
        assert [line["text"] for line in came["lines"]] == ["Hello from Ann"]


async def test_it_fades_for_its_sender_after_a_week_and_its_receiver_returns_it_for_thirty_days(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await speak(ann, bob, cat)
        id = await poke(ann, bob)
        (came,) = await received(bob)
        assert came["ends_at"] == came["at"] + 30 * DAY_MS
        ids.move_clock(8 * DAY_MS)
        seen = await ann.call("tie.get", user=bob.id)
        assert (seen["rung"], seen["next"], seen["sent"]["state"]) == ("stranger", "sent", "faded")
        assert (await ann.call("poke.list"))["places"] == 5
        await refused("not_found", ann, "poke.withdraw", poke=id)
        await refused("poked_lately", ann, "poke.send", to=bob.id, room="hall")
        assert (await bob.call("tie.get", user=ann.id))["next"] == "return"
        ids.move_clock(29 * DAY_MS)
        assert (await bob.call("poke.return", poke=id))["rung"] == "curtain"
        await ann.hears("inbox.added", kind="curtain")
        ids.move_clock(0)
        other = await poke(cat, bob)
        ids.move_clock(30 * DAY_MS + 5_000)
        await refused("not_found", bob, "poke.return", poke=other)


async def test_who_changed_their_name_within_a_day_waits(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await speak(ann, bob)
        await bob.call("profile.update", headline="Mends bicycles")
        await ann.call("profile.update", name="Call me 555")
        for ask in (ann.call, lambda method, **given: post(server.url, method, ann.token, **given)):
            with pytest.raises(Refused) as found:
                await ask("poke.send", to=bob.id, room="hall")
            assert found.value.code == -32002 and found.value.reason == "changed_lately"
            assert 86_000 < found.value.data["retry_after"] <= 86_400
        assert (await bob.call("poke.send", to=ann.id, room="hall"))["rung"] == "poked"
        ids.move_clock(DAY_MS + 1000)
        assert (await ann.call("poke.send", to=bob.id, room="hall"))["rung"] == "curtain"


async def test_who_is_muted_in_a_room_says_hi_to_nobody_there(server: Server) -> None:
    async with gathering(server.url, "bob") as (bob,):
        ann = await sign_up(server.url, "ann")
        await post(server.url, "message.send", ann.token, room="hall", text="Hello", client_id="1")
        await speak(bob)
        await mute(server, "hall", ann, ids.now_ms() + MINUTE_MS)
        with pytest.raises(Refused) as found:
            await post(server.url, "poke.send", ann.token, to=bob.id, room="hall")
        assert (found.value.code, found.value.reason) == (-32002, "muted") and found.value.data["retry_after"] > 50
        ids.move_clock(MINUTE_MS + 1000)
        await post(server.url, "poke.send", ann.token, to=bob.id, room="hall")


async def test_five_new_ones_are_shown_a_day_and_the_others_come_up_on_the_next_days(server: Server) -> None:
    async with gathering(server.url, "bob", *(f"p{number}" for number in range(7))) as (bob, *people):
        await speak(bob, *people)
        ids_of = [await poke(person, bob) for person in people]
        assert {came["poke"] for came in await received(bob)} == set(ids_of[:5])
        assert (await bob.call("tie.get", user=people[5].id))["rung"] == "stranger"
        assert {tie["user"]["id"] for tie in (await bob.call("tie.list"))["ties"]} == {one.id for one in people[:5]}
        assert bob.heard("inbox.added")[-1]["number"] == len((await bob.call("inbox.list"))["items"]) == 5
        assert (await people[5].call("tie.get", user=bob.id))["sent"]["state"] == "sent"
        await people[6].call("poke.withdraw", poke=ids_of[6])
        assert not bob.heard("inbox.changed", gone=ids_of[6])
        ids.move_clock(DAY_MS)
        await server.services.friends.inbox.come_up()
        await bob.hears("inbox.added", about=ids_of[5])
        assert {came["poke"] for came in await received(bob)} == set(ids_of[:6])
        assert len((await bob.call("inbox.list"))["items"]) == 6


async def test_who_comes_back_on_the_next_day_finds_those_of_that_day(server: Server) -> None:
    async with gathering(server.url, "bob", *(f"p{number}" for number in range(6))) as (bob, *people):
        await speak(bob, *people)
        for person in people:
            await poke(person, bob)
        await bob.leave()
        await people[0].call("block.add", user=bob.id)
        ids.move_clock(DAY_MS)
        await bob.start()
        assert bob.session["inbox"]["seq"] == 6
        assert {came["user"]["id"] for came in await received(bob)} == {person.id for person in people}


async def test_who_may_say_hi_is_ones_choice(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat", "dan", "eve") as (ann, bob, cat, dan, eve):
        await speak(ann, bob, cat, dan, eve)
        assert (await bob.call("poke.list"))["from"] == "room"
        await allow(bob, "answered")
        assert (await bob.call("poke.list"))["from"] == "answered"
        await bob.call("message.react", room="hall", seq=3, emoji="👋")
        await bob.say("hall", "Hello to you, too", reply_to=4)
        async with asyncio.timeout(10):
            while any([await server.stores.ties.hides_poke(bob.id, person.id) for person in (cat, dan)]):
                await asyncio.sleep(0.01)
        for person in (ann, cat, dan):
            await poke(person, bob)
        assert {came["user"]["id"] for came in await received(bob)} == {cat.id, dan.id}
        await allow(bob, "nobody")
        await poke(eve, bob)
        await allow(bob, "room")
        assert {came["user"]["id"] for came in await received(bob)} == {cat.id, dan.id}, "what was hidden stays hidden"


async def test_a_newcomer_has_one_open_poke(open_server: OpenServer) -> None:
    server = await open_server(newcomer__first_accounts=0)
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await speak(ann, bob, cat)
        assert (await ann.call("poke.list"))["places"] == 1
        await poke(ann, bob)
        assert (await ann.call("poke.list"))["places"] == 0
        with pytest.raises(Refused) as found:
            await poke(ann, cat)
        assert found.value.reason == "no_place" and found.value.data["retry_after"] > 6 * 86_400


async def test_nobody_else_can_tell_what_became_of_a_poke(server: Server) -> None:
    """A second account in the same room, and a visitor."""
    views: list[str] = []
    for number, no in enumerate(("shown", "dismissed", "nobody", "blocked")):
        async with gathering(server.url, f"ann{number}", f"bob{number}", f"cat{number}") as (ann, bob, cat):
            await speak(ann, bob, cat)
            if no == "nobody":
                await allow(bob, "nobody")
            if no == "blocked":
                await bob.call("block.add", user=ann.id)
            id = await poke(ann, bob)
            if no == "dismissed":
                await bob.call("poke.dismiss", poke=id)
            seen: list[Any] = []
            for person in (ann, bob):
                for method, params in (("tie.get", {"user": person.id}), ("user.get", {"users": [person.id]})):
                    seen.append(await cat.call(method, **params))
                    if method == "user.get":
                        seen.append(await post(server.url, method, cat.token, **params))
            seen += [await cat.call(method) for method in ("poke.list", "inbox.list", "tie.list", "block.list")]
            visitor = await Person(server.url).start()
            seen += [len(visitor.session["rooms"]), visitor.session["inbox"], visitor.events]
            await visitor.leave()
            await cat.call("session.ping")
            seen.append([event["method"] for event in cat.events if event["method"].startswith(("inbox", "room"))])
            views.append(plain(seen))
    assert views == [views[0]] * 4


# --- the time that a no takes ----------------------------------------------------------------------------------------


async def asked_of_the_store(address: Address, person: Person, method: str, **params: Any) -> dict[str, int]:
    """What a request asks of the store and what the functions do there. It tells more than a clock would."""
    with redis.Redis(unix_socket_path=address.path) as link:
        link.config_resetstat()
        await person.call(method, **params)
        stats = link.info("commandstats")
    return {name: stats[name]["calls"] for name in ("cmdstat_fcall", "cmdstat_fcall_ro") if name in stats}


async def test_a_poke_takes_the_same_steps_whether_it_is_shown_or_not(address: Address, tmp_path: Path) -> None:
    names = ["bob", "cat", "dan", "eve"]
    async with (
        Still(settings_for_tests(tmp_path), store_address=address) as server,
        gathering(server.url, "ann", *names) as (ann, *others),
    ):
        await speak(ann, *others)
        await allow(others[1], "nobody")
        await allow(others[2], "answered")
        await others[3].call("block.add", user=ann.id)
        await server.live.marks.carry()  # else they are carried while something is counted
        asked = [
            await asked_of_the_store(address, ann, "poke.send", to=other.id, room="hall", gesture="talk")
            for other in others
        ]
        assert [len(await received(other)) for other in others] == [1, 0, 0, 0]
        assert asked == [asked[0]] * 4
        back = [
            await asked_of_the_store(address, ann, "poke.withdraw", poke=sent["poke"])
            for sent in reversed((await ann.call("poke.list"))["sent"])
        ]
        assert back == [back[0]] * 4
