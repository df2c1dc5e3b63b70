"""From acquainted to friends: asked of both, unseen; met at a table; and how it all began, a year later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from tests.people import PASSWORD, Person, gathering
from tests.walks.test_friends import acquainted, friends, poke, refused, speak
from tests.walks.test_invited import plain


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


async def write(day: int, room: str, *people: Person) -> None:
    ids.move_clock(day * DAY_MS)
    for person in people:
        await person.say(room, f"day {day}")


async def want(one: Person, other: Person, *, yes: bool) -> Any:
    return await one.call("tie.want", user=other.id, yes=yes)


async def asked(one: Person, other: Person) -> tuple[int, bool, str, str]:
    state = await one.call("tie.get", user=other.id)
    return state.get("days", 0), state.get("asked", False), state.get("wants", ""), state["rung"]


async def test_both_are_asked_after_two_days_and_are_friends_on_the_next_on_which_both_write(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        assert await asked(ann, bob) == (0, False, "", "acquainted")
        await refused("not_asked_yet", ann, "tie.want", user=bob.id, yes=True)
        await write(0, room, ann, bob)
        await write(1, room, ann)
        assert await asked(ann, bob) == await asked(bob, ann) == (1, False, "", "acquainted")
        await write(2, room, bob, ann)
        assert await asked(ann, bob) == await asked(bob, ann) == (2, True, "", "acquainted")
        await want(ann, bob, yes=False)
        assert (await want(ann, bob, yes=True))["wants"] == "yes"
        assert await asked(bob, ann) == (2, True, "", "acquainted")
        await write(3, room, ann, bob)
        assert await asked(ann, bob) == (2, True, "yes", "acquainted"), "one yes is not enough"
        await want(bob, ann, yes=True)
        await write(3, room, ann, bob)
        await write(4, room, ann)
        assert await asked(bob, ann) == (2, True, "yes", "acquainted")
        await write(4, room, bob)
        for person in (ann, bob):
            await person.hears("inbox.added", kind="friend")
        assert await asked(ann, bob) == (0, False, "", "friend")
        await refused("friends_already", ann, "tie.want", user=bob.id, yes=False)


async def test_both_want_at_the_same_moment_from_several_devices(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        for day in range(2):
            await write(day, room, ann, bob)
        answers = [
            await person.ask("tie.want", user=other.id, yes=True)
            for person, other in ((ann, bob), (bob, ann), (ann, bob), (bob, ann))
        ]
        assert all(["result" in await answer for answer in answers])
        assert await asked(ann, bob) == (2, True, "yes", "acquainted")
        await write(2, room, ann, bob)
        for person in (ann, bob):
            await person.hears("inbox.added", kind="friend")
            await person.call("session.ping")
            assert len(person.heard("inbox.added", kind="friend")) == 1


async def wanting(server: Server, number: int, no: str) -> str:
    """All that is told to Ann, who wants to be friends, while Bob writes as ever, or (blocking) does not."""
    async with gathering(server.url, f"ann{number}", f"bob{number}") as (ann, bob):
        room = await acquainted(ann, bob)
        for day in range(2):
            await write(day, room, ann, bob)
        if no == "not_yet":
            await want(bob, ann, yes=False)
        if no == "changed their mind":
            await want(bob, ann, yes=True)
        if no == "block":
            await bob.call("block.add", user=ann.id)
        told: list[Any] = [await want(ann, bob, yes=True)]
        if no == "changed their mind":
            await want(bob, ann, yes=False)
        for day in range(2, 5):
            await write(day, room, ann, *((bob,) if no not in {"block", "silent"} else ()))
            told += [await ann.call("tie.get", user=bob.id), await ann.call("tie.list"), await ann.call("inbox.list")]
            told.append(await want(ann, bob, yes=day % 2 == 0))
        told += [event for event in ann.events if event["method"].startswith("inbox")]
        assert not ann.heard("inbox.added", kind="friend")
        ids.move_clock(0)
        return plain(told)


async def test_no_answer_and_not_yet_and_a_block_look_the_same_to_who_wants(server: Server) -> None:
    writing = [
        await wanting(server, number, no) for number, no in enumerate(("nothing", "not_yet", "changed their mind"))
    ]
    assert writing[0] == writing[1] == writing[2] and '"asked": true' in writing[0]
    silent = [await wanting(server, number, no) for number, no in enumerate(("silent", "block"), 3)]
    assert silent[0] == silent[1]


async def test_seen_is_shown_once_each_has_turned_it_on(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await friends(ann, bob)
        said = await ann.say(room, "Home safe?")
        await bob.call("read.mark", room=room, seq=said["seq"])
        for person, other in ((ann, bob), (bob, ann)):
            state = await person.call("tie.get", user=other.id)
            assert "shows_seen" not in state and "seen_seq" not in state
        await ann.call("tie.show_seen", user=bob.id, on=True)
        assert (await ann.call("tie.get", user=bob.id))["shows_seen"]
        assert "seen_seq" not in await ann.call("tie.get", user=bob.id)
        await bob.call("tie.show_seen", user=ann.id, on=True)
        async with asyncio.timeout(10):
            while (await ann.call("tie.get", user=bob.id)).get("seen_seq") != said["seq"]:
                await asyncio.sleep(0.01)


# --- met -------------------------------------------------------------------------------------------------------------


async def test_the_cups_of_both_touch_at_the_same_moment_half_a_second_ahead(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        entered = await bob.call("met.enter", code=(await ann.call("met.show"))["code"])
        for person in (ann, bob):
            assert (await person.hears("inbox.added", kind="met"))["until"] == entered["until"]
        first = await ann.call("met.confirm", user=bob.id)
        assert first["rung"] == "stranger" and await ann.call("met.confirm", user=bob.id) == first
        asked_again = [await bob.ask("met.confirm", user=ann.id) for _ in range(3)]
        assert all(["result" in await answer for answer in asked_again])
        now = (await ann.call("session.ping"))["at"]
        clinks = []
        for person, other in ((ann, bob), (bob, ann)):
            await person.hears("inbox.added", kind="friend")
            (clink,) = [item for item in person.heard("inbox.added", kind="met") if "until" not in item]
            assert clink["user"] == other.id and (await person.call("tie.get", user=other.id))["met_at"]
            await person.hears("room.updated", room=(await person.call("tie.get", user=other.id))["room"])
            listed = (await person.call("inbox.list"))["items"]
            assert [item["kind"] for item in listed] == ["friend", "met"] and "until" not in listed[1]
            clinks.append(clink["at"])
        assert clinks[0] == clinks[1] and now - 400 < clinks[0] <= now + 500


async def test_two_friends_who_meet_are_told_that_they_met_and_nothing_else(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(1, 3):
            await bob.call("met.enter", code=(await ann.call("met.show"))["code"])
            for person, other in ((ann, bob), (bob, ann)):
                await person.call("met.confirm", user=other.id)
            for person in (ann, bob):
                await person.until(
                    lambda person=person, number=number: len(
                        [item for item in person.heard("inbox.added", kind="met") if "until" not in item]
                    ) == number, "the cups",
                )  # fmt: skip
        assert len(ann.heard("inbox.added", kind="friend")) == 1


# --- how it began ----------------------------------------------------------------------------------------------------


async def test_a_conversation_keeps_how_it_began(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Balcony", kind="closed"))["room"]
        link = (await ann.call("room.link", room=room))["link"]
        await bob.call("room.join", room=room, link=link)
        said = await bob.say(room, "My tomatoes froze")
        await speak(ann, room=room)
        state = await ann.call("poke.send", to=bob.id, room=room, seq=said["seq"])
        state = await bob.call("poke.return", poke=state["sent"]["poke"], answer="Soup")
        opened = await ann.call("curtain.answer", tie=state["tie"], card=state["curtain"]["card"], text="Bread")
        ids.move_clock(365 * DAY_MS)
        for person, other in ((ann, bob), (bob, ann)):
            began = (await person.call("tie.get", user=other.id))["origin"]
            assert (began["how"], began["room"], began["title"]) == ("poke", room, "Balcony") and began["texts"]["en"]
            assert (began["message"]["text"], began["message"]["author"]["id"]) == ("My tomatoes froze", bob.id)
            assert [(line["text"], line["author"]["id"]) for line in began["answers"]] == [
                ("Soup", bob.id), ("Bread", ann.id),
            ]  # fmt: skip
            assert "message" not in (await person.call("tie.list"))["ties"][0]["origin"]
        await bob.call("message.delete", room=room, seq=said["seq"])
        await bob.call("message.delete", room=opened["room"], seq=1)
        began = (await ann.call("tie.get", user=bob.id))["origin"]
        assert "message" not in began and [line["text"] for line in began["answers"]] == ["Bread"]
        await bob.call("room.leave", room=room)
        began = (await bob.call("tie.get", user=ann.id))["origin"]
        assert "title" not in began and "message" not in began and began["at"]
        await bob.call("account.close", password=PASSWORD)
        assert (await ann.call("tie.get", user=bob.id))["origin"]["texts"]["en"]


async def test_an_answer_that_was_given_behind_a_block_is_not_among_how_it_began(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await speak(ann, bob)
        state = await bob.call("poke.return", poke=await poke(ann, bob), answer="Soup")
        await bob.call("block.add", user=ann.id)
        await ann.call("curtain.answer", tie=state["tie"], card=state["curtain"]["card"], text="Bread")
        assert len((await ann.call("tie.get", user=bob.id))["origin"]["answers"]) == 2
        assert "origin" not in await bob.call("tie.get", user=ann.id)
        await bob.call("block.remove", user=ann.id)
        began = (await bob.call("tie.get", user=ann.id))["origin"]
        assert [line["text"] for line in began["answers"]] == ["Soup"]
