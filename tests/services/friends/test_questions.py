"""The question of the day: when and where it is laid, who reads the answers, and when it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.bot import Bot
from chatserver.bot.host import Host
from chatserver.rules.days import Days
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.engine import keys
from chatserver.store.rooms.questions import LAID
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, gathering, post, sign_up
from tests.walks.test_friends import refused

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


def move_to(hour: int, *, days: int = 0) -> None:
    """To this hour, UTC, of tomorrow or so many days later."""
    ids.move_clock(0)
    now = ids.now_ms()
    ids.move_clock(now // DAY_MS * DAY_MS + (1 + days) * DAY_MS + hour * HOUR_MS - now)


async def answer(person: Person, text: str, room: str = "hall") -> dict[str, Any]:
    question: dict[str, Any] = await person.call("question.get", room=room)
    await person.call("question.answer", question=question["id"], text=text, client_id=question["id"])
    return question


async def test_whose_answer_is_refused_has_not_come_in(open_server: OpenServer) -> None:
    server = await open_server(limits__user_sends_burst=1, limits__user_sends_per_second=0.001)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        question = (await ann.call("question.get"))["id"]
        await ann.call("question.answer", question=question, text="Noodles", client_id="1")
        await bob.say("hall", "That was all for now")
        for text, reason in (("", "text_empty"), ("Rice", "rate_limited")):
            await refused(reason, bob, "question.answer", question=question, text=text, client_id="1")
            assert not (await bob.call("question.get")).get("answered")
            await refused("not_found", bob, "message.history", room=question)
        assert not bob.heard("room.updated", room=question)
        await refused("rate_limited", ann, "question.answer", question=question, text="More", client_id="2")
        assert (await ann.call("question.get"))["answered"]


async def test_the_next_one_is_laid_at_an_hour_of_the_server_s_day(open_server: OpenServer) -> None:
    server = await open_server(community__time_zone="Asia/Taipei", friends__question_hour=9)
    async with gathering(server.url, "ann") as (ann,):
        move_to(0)  # eight in the morning in Taipei
        before = await answer(ann, "Noodles")
        move_to(1)
        after = await ann.call("question.get")
        assert before["id"] != after["id"] and before["texts"] != after["texts"]
        move_to(23)
        assert (await ann.call("question.get"))["id"] == after["id"]


async def test_a_server_that_moves_to_another_zone_has_its_hours(server: Server) -> None:
    ann = await (await sign_up(server.url, "ann")).start()
    await ann.call("community.claim", code=(await server.setup_link()).rpartition("#")[2])
    await ann.closed()
    await ann.start()
    move_to(8)
    early = await answer(ann, "Noodles")
    await ann.call("community.update", time_zone="Asia/Taipei")  # four in the afternoon there
    late = await ann.call("question.get")
    assert late["id"] != early["id"]
    await ann.call("community.update", time_zone="UTC")
    assert (await ann.call("question.get"))["id"] == late["id"], "a question that was read is not taken back"
    await ann.leave()


async def test_none_is_laid_where_the_hour_is_never(open_server: OpenServer) -> None:
    server = await open_server(friends__question_hour=24)
    async with gathering(server.url, "ann") as (ann,):
        await refused("not_found", ann, "question.get")


async def test_a_room_says_whether_it_wants_one(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        made = await ann.call("room.create", title="Books")
        assert not made.get("question")
        await refused("not_found", ann, "question.get", room=made["room"])
        assert (await ann.call("room.update", room=made["room"], question=True))["question"]
        await ann.hears("room.changed", room=made["room"], question=True)
        mine, halls = await answer(ann, "Noodles", made["room"]), await ann.call("question.get")
        assert mine["id"] != halls["id"] and mine["texts"] == halls["texts"]
        assert (await bob.call("question.get", room=made["room"]))["answers"] == 0
        await server.services.friends.questions.lay()
        await ann.call("room.update", room=made["room"], question=False)
        await refused("not_found", bob, "question.get", room=made["room"])
        await bob.call("question.answer", question=mine["id"], text="Rice", client_id="1")
        await refused("not_a_moderator", bob, "room.update", room="hall", question=False)


async def test_the_question_of_a_closed_room_is_for_its_members(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        made = await ann.call("room.create", title="Attic", kind="closed")
        await ann.call("room.update", room=made["room"], question=True)
        question = await answer(ann, "Noodles", made["room"])
        await refused("not_found", bob, "question.get", room=made["room"])
        await refused("not_found", bob, "question.answer", question=question["id"], text="Rice", client_id="1")


async def test_answers_are_read_by_who_has_answered(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        question = await answer(ann, "A bowl of noodles")
        for ask in (bob.call, lambda method, **given: post(server.url, method, bob.token, **given)):
            for method, params in {
                "message.history": {"room": question["id"]}, "room.members": {"room": question["id"]},
                "room.join": {"room": question["id"]},
            }.items():  # fmt: skip
                with pytest.raises(Exception, match="not_found"):
                    await ask(method, **params)
        assert "noodles" not in str(bob.events)
        state = await bob.call("question.answer", question=question["id"], text="Rice", client_id="1")
        assert state["role"] == "member"
        assert "noodles" in str(await bob.call("message.history", room=question["id"]))


async def test_the_number_of_answers_is_shown_from_three_on(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat", "dan") as (*people, dan):
        for number, person in enumerate(people, 1):
            await answer(person, "Noodles")
            assert (await dan.call("question.get"))["answers"] == (number if number >= 3 else 0)


async def test_a_question_that_nobody_answered_stays_at_most_a_week(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        move_to(12)
        first = await ann.call("question.get")
        for day in range(1, 7):
            move_to(12, days=day)
            await server.services.friends.questions.lay()
            assert (await ann.call("question.get"))["id"] == first["id"]
        move_to(12, days=7)
        second = await ann.call("question.get")
        assert second["id"] != first["id"]
        move_to(12, days=8)
        assert await answer(ann, "Noodles") == second
        assert (await ann.call("question.get"))["id"] == second["id"], "it stays for its day once it is answered"
        move_to(12, days=9)
        assert (await ann.call("question.get"))["id"] != second["id"]


async def test_all_processes_agree_whether_an_unanswered_question_stays(open_server: OpenServer) -> None:
    servers = [await open_server() for _ in range(2)]
    lays = [server.services.friends.questions.lay for server in servers]
    async with gathering(servers[0].url, "ann") as (ann,):
        for day in (0, 1, 8):
            move_to(12, days=day)
            await asyncio.wait_for(asyncio.gather(*(lay() for lay in lays * 5)), PATIENCE)
            ids_ = {(await post(server.url, "question.get", ann.token))["id"] for server in servers}
            assert len(ids_) == 1


async def test_a_late_answer_is_welcome_and_after_a_week_it_leaves_the_lists(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        move_to(12)
        question = await answer(ann, "Noodles")
        move_to(12, days=6)
        await bob.call("question.answer", question=question["id"], text="Late rice", client_id="1")
        await server.services.friends.questions.lay()
        assert any(room["room"] == question["id"] for room in (await ann.start_anew()).session["rooms"])
        move_to(12, days=9)  # the community slept through the seventh day
        await refused("not_found", bob, "question.answer", question=question["id"], text="Too late", client_id="2")
        await server.services.friends.questions.lay()
        for person in (ann, bob):
            await person.hears("member.left", room=question["id"])
            await refused("not_found", person, "message.history", room=question["id"])
            rooms = (await person.start_anew()).session["rooms"]
            assert not [room for room in rooms if room["room"] == question["id"]]
        assert question["id"].encode() not in await server.store.command(keys.COMMUNITY, "ZRANGE", LAID, 0, -1)


async def test_the_host_says_it_once_in_each_room_that_wants_one_and_has_it(server: Server, tmp_path: Any) -> None:
    token = await server.services.accounts.community_bot("host", "Host")
    async with gathering(server.url, "ann") as (ann,):
        made = await ann.call("room.create", title="Books")
        host = (await post(server.url, "user.get", ann.token, handle="host"))["users"][0]
        await ann.call("room.invite", room=made["room"], user=host["id"])
        for number in range(2):
            bot = Bot(server.url, token, state=tmp_path / "host.state")
            Host(bot, gather=0.01, asks=0.05)
            async with bot.running():
                if number == 1:
                    await ann.call("room.update", room=made["room"], question=True)
                for room in ("hall", made["room"])[: number + 1]:
                    text = (await ann.call("question.get", room=room))["texts"]["en"]
                    await ann.until(
                        lambda room=room, text=text: [
                            said for said in ann.heard("message.posted", room=room) if text in said["text"]
                        ],
                        f"the question in {room}",
                    )
        asked = [said for said in ann.heard("message.posted", room="hall") if "question" in said["text"]]
        assert len(asked) == 1 and asked[0]["author"]["handle"] == "host"


async def test_all_processes_lay_it_once(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    await asyncio.wait_for(
        asyncio.gather(*(server.services.friends.questions.lay() for server in (one, two) for _ in range(5))), PATIENCE
    )
    assert len(await one.store.command(keys.COMMUNITY, "ZRANGE", LAID, 0, -1)) == 1


def test_days_follow_a_zone_that_changes() -> None:
    zone = ["UTC"]
    days = Days(lambda: zone[0])
    night = round(datetime(2026, 3, 5, 23, 30, tzinfo=UTC).timestamp() * 1000)
    day = days.number(night)
    zone[0] = "Asia/Taipei"
    assert days.number(night) == day + 1 and days.hour(night) == 7
