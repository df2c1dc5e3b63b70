"""One person alone in a new community, with its own host: something to answer, somebody to try a poke with, no dead
end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from tests.conftest import OpenServer
from tests.people import Person, gathering, sign_up
from tests.walks.test_friends import refused

State = dict[str, Any]


@pytest.fixture
async def hosted(open_server: OpenServer) -> Server:
    """A community as ``chatserver serve`` opens it: its host comes in by the front door."""
    return await open_server(host__enabled=True)


@contextlib.asynccontextmanager
async def alone(server: Server) -> AsyncIterator[tuple[Person, str]]:
    """Nora, who has just signed up, and the host's id."""
    async with gathering(server.url, "nora") as (nora,):
        welcome = await nora.until(
            lambda: [said for said in nora.heard("message.posted", room="hall") if "Nora" in said["text"]], "a welcome"
        )
        assert welcome[0]["author"]["bot"]
        yield nora, welcome[0]["author"]["id"]


async def follow(nora: Person, host: str) -> State:
    """Take the step that the profile names, until the two talk. Nothing that it names is refused."""
    for _ in range(4):
        state: State = await nora.call("tie.get", user=host)
        if state["next"] == "talk":
            return state
        if state["next"] == "answer":
            card = state["curtain"]
            await nora.call("curtain.answer", tie=card["tie"], card=card["card"], text="Tea")
        else:
            if state["next"] == "say_something":
                await nora.say(state["next_room"], "Hello")
            await nora.call("poke.send", to=host, room=state["next_room"] or "hall", gesture="hi")
    raise AssertionError(state)


async def test_the_host_welcomes_and_says_the_question_and_speaks_to_nobody_about_being_alone(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        question = await nora.call("question.get")
        asked = await nora.until(
            lambda: [said for said in nora.heard("message.posted") if question["texts"]["en"] in said["text"]],
            "the question",
        )
        assert asked[0]["author"]["id"] == host
        await nora.call("question.answer", question=question["id"], text="A window that opens", client_id="1")
        page = await nora.call("message.history", room=question["id"])
        assert [said["text"] for said in page["messages"]] == ["A window that opens"]
        heard = len(nora.heard("message.posted", room="hall"))
        await nora.say("hall", "Is anybody here?")
        theo = await (await sign_up(hosted.url, "theo")).start()
        await nora.hears("message.posted", room="hall", text="Welcome, Theo! Take a seat. Say who you are if you like, "
                         "or just listen for a while.")  # fmt: skip
        assert len(nora.heard("message.posted", room="hall")) == heard + 2
        await theo.leave()


async def test_a_rehearsal_goes_from_poke_to_talk_by_the_steps_that_are_named(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        state = await nora.call("poke.send", to=host, room="hall", gesture="hi")
        card = state["curtain"]
        assert card["rehearsal"] and card["other_answered"] and card["texts"]["zh-Hant"]
        assert state["next"] == "answer" and "no answer of my own" not in str([state, nora.events])
        assert (await nora.call("poke.list"))["places"] == 5
        opened = await follow(nora, host)
        assert opened["rung"] == "acquainted"
        await nora.hears("room.updated", room=opened["room"])
        await nora.until(lambda: nora.heard("message.posted", room=opened["room"]), "the host's last words")
        page = await nora.call("message.history", room=opened["room"])
        assert [said["author"]["id"] for said in page["messages"]] == [host, nora.id, host]
        assert "no answer of my own" in page["messages"][0]["text"] and "practice" in page["messages"][2]["text"]
        await nora.say(opened["room"], "Thank you")
        await nora.hears("message.posted", room=opened["room"], text="Thank you")
        assert [tie["user"]["id"] for tie in (await nora.call("tie.list"))["ties"]] == [host]


async def test_another_card_is_answered_by_the_host_too(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        first = (await nora.call("poke.send", to=host, room="hall", gesture="hi"))["curtain"]
        drawn = (await nora.call("curtain.draw", tie=first["tie"]))["curtain"]
        assert drawn["card"] != first["card"] and drawn["other_answered"] and not drawn.get("may_draw")
        await refused("card_redrawn", nora, "curtain.answer", tie=first["tie"], card=first["card"], text="Tea")
        assert (await follow(nora, host))["rung"] == "acquainted"


async def test_a_card_that_the_host_had_no_time_to_answer_opens_with_ones_own_answer(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        now, ties = ids.now_ms(), hosted.stores.ties
        poke = {"id": "p1", "by": nora.id, "room": "hall", "gesture": "hi", "at": now, "card": "table-1"}
        await ties.step("poke", nora.id, host, now=now, poke=poke, card="table-1", rehearsal=True, bots=[host])
        assert not (await nora.call("tie.get", user=host))["curtain"].get("other_answered")
        assert (await follow(nora, host))["rung"] == "acquainted"


async def test_after_an_end_and_after_a_card_that_faded_there_is_a_way_on(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        await nora.call("poke.send", to=host, room="hall", gesture="hi")
        ids.move_clock(8 * DAY_MS)
        assert (await nora.call("tie.get", user=host))["rung"] == "stranger"
        room = (await follow(nora, host))["room"]
        await nora.call("direct.close", bot=host)
        await refused("resting", nora, "message.send", room=room, text="Hm", client_id="h")
        assert (await nora.call("tie.get", user=host))["next"] == "rests"
        await nora.call("poke.send", to=host, room="hall", gesture="hi")
        await nora.say(room, "On we go")
        await nora.call("direct.close", bot=host)
        await nora.call("direct.open", bot=host)
        await nora.say(room, "And again")


async def test_two_who_rehearse_at_the_same_time_do_not_disturb_each_other(hosted: Server) -> None:
    async with alone(hosted) as (nora, host):
        theo = await (await sign_up(hosted.url, "theo")).start()
        rooms = [(await follow(person, host))["room"] for person in (nora, theo)]
        assert rooms[0] != rooms[1]
        await refused("not_found", theo, "message.history", room=rooms[0])
        await theo.leave()
