"""What nobody can find out: what became of a poke, what the other answered, who may not see a card, who has blocked."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from tests.people import PASSWORD, Person, Refused, gathering, post
from tests.walks.test_friends import acquainted, friends, poke, speak

Behaviour = Callable[[Person, Person, str], Awaitable[object]]


async def nothing(ann: Person, bob: Person, poke: str) -> None:
    """Ignore it."""


BEHAVIOURS: dict[str, Behaviour] = {
    "ignore": nothing,
    "dismiss": lambda ann, bob, poke: bob.call("poke.dismiss", poke=poke),
    "nobody": lambda ann, bob, poke: bob.call("poke.allow", **{"from": "nobody"}),
    "answered": lambda ann, bob, poke: bob.call("poke.allow", **{"from": "answered"}),
    "block": lambda ann, bob, poke: bob.call("block.add", user=ann.id),
    "offline": lambda ann, bob, poke: bob.leave(),
    "closed": lambda ann, bob, poke: bob.call("account.close", password=PASSWORD),
}


def without_chance(told: list[Any]) -> str:
    """What was told, but for ids and times, and for how much of the index is made, which the server's age decides."""
    made = json.loads(json.dumps(told), object_hook=lambda said: {k: v for k, v in said.items() if k != "indexing"})
    text = re.sub(r"\b[0-9a-f]{24,}\b", "ID", json.dumps(made, sort_keys=True))
    text = re.sub(r'"(client_id|epoch)": "\w+"', r'"\1": ""', text)
    text = re.sub(r"\b(table|home|town|songs|pages|outdoors|days|people)-\d\b", "CARD", text)
    return re.sub(r"\b1[0-9]{12}\b", "0", text)


async def eight_days(ann: Person, bob: Person, behaviour: Behaviour, *, before: bool) -> str:
    """All that the sender is told about a poke, day by day."""
    await speak(ann, bob)
    told: list[Any] = []
    if before:
        await behaviour(ann, bob, "")
    told.append(await ann.call("poke.send", to=bob.id, room="hall", gesture="hi"))
    if not before:
        await behaviour(ann, bob, told[0]["sent"]["poke"])
    for day in range(9):
        ids.move_clock(day * DAY_MS)
        told += [await ann.call("poke.list"), await ann.call("tie.get", user=bob.id), await ann.call("tie.list")]
        try:
            told.append(await ann.call("poke.send", to=bob.id, room="hall", gesture="hi"))
        except Refused as refusal:
            told.append([refusal.code, refusal.reason] if bob.user else "")
        told.append(await ann.call("inbox.list"))
    told += [event for event in ann.events if event["method"].startswith("inbox")]
    ids.move_clock(0)
    # A closed account has no name, in any room: that is not about the poke.
    return re.sub(r'"user": \{[^}]*\}', '"user": ""', without_chance(told))


async def transcript(server: Server, number: int, behaviour: Behaviour, *, before: bool = False) -> str:
    async with gathering(server.url, f"ann{number}", f"bob{number}") as (ann, bob):
        return await eight_days(ann, bob, behaviour, before=before)


def without_sends(text: str) -> str:
    """Whoever closed the account is in no room any more, which everyone there sees; a second poke says so."""
    return re.sub(r"\[-32\d+, \"\w+\"\]", "REFUSED", text)


async def test_over_eight_days_every_quiet_no_is_the_same_to_the_sender(server: Server) -> None:
    ignored = await transcript(server, 0, nothing)
    assert '"faded"' in ignored and '"sent"' in ignored
    for number, (name, behaviour) in enumerate(BEHAVIOURS.items(), 1):
        other = await transcript(server, number, behaviour)
        if name == "closed":
            assert without_sends(other) == without_sends(ignored)
        else:
            assert other == ignored, name


async def test_a_poke_to_who_has_blocked_or_rests_is_sent_like_any_other(server: Server) -> None:
    ignored = await transcript(server, 0, nothing)
    for number, name in enumerate(["nobody", "answered", "block"], 1):
        assert await transcript(server, number, BEHAVIOURS[name], before=True) == ignored, name


SECRET = "a very particular soup of chestnuts"


async def test_no_door_tells_an_answer_before_both_are_in(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await speak(ann, bob, cat)
        state = await bob.call("poke.return", poke=await poke(ann, bob), answer=SECRET)
        await ann.hears("inbox.added", kind="answered")
        for person in (ann, cat):
            said: list[Any] = [person.events, person.session]
            for method, params in {
                "tie.get": {"user": bob.id if person is ann else ann.id},
                "tie.list": {},
                "poke.list": {},
                "inbox.list": {},
                "user.search": {"query": "chestnuts bob"},
                "user.get": {"users": [bob.id]},
                "message.history": {"room": state["tie"]},
                "room.members": {"room": state["tie"], "query": "chestnuts"},
                "card.get": {"user": bob.id},
                "room.discover": {"query": "chestnuts"},
            }.items():
                for ask in (
                    person.call,
                    lambda method, person=person, **given: post(server.url, method, person.token, **given),
                ):
                    try:
                        said.append(await ask(method, **params))
                    except Refused as refusal:
                        said.append(str(refusal))
            again = await Person(server.url, person.token, person.user, packed=True).start()
            said += [again.session, again.events]
            await again.leave()
            assert "chestnuts" not in json.dumps(said)
        async with ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
            assert "chestnuts" not in await answer.text()
        logged = [record.getMessage() for record in caplog.records if record.name.startswith("chatserver")]
        assert "chestnuts" not in "".join(logged)
        redrawn = await ann.call("curtain.draw", tie=state["tie"])
        assert "chestnuts" not in json.dumps(redrawn)
        assert (await bob.call("tie.get", user=ann.id))["curtain"]["draft"] == SECRET


async def sees_card(server: Server, viewer: Person | None, owner: Person) -> list[bool]:
    """By each door."""
    token = viewer.token if viewer is not None else ""
    doors: list[bool] = []
    for ask in ([viewer.call] if viewer is not None else []) + [
        lambda method, **given: post(server.url, method, token, **given)
    ]:
        try:
            doors.append((await ask("card.get", user=owner.id)).get("wechat") == "ann-tea")
        except Refused:
            doors.append(False)
    return doors


async def test_a_card_is_seen_by_friends_who_gave_theirs_and_by_nobody_else(server: Server) -> None:
    async with gathering(server.url, "ann", "friend", "known", "stranger") as (ann, friend, known, stranger):
        await ann.call("card.update", wechat="ann-tea")
        await acquainted(ann, known)
        await friends(ann, friend)
        for viewer in (None, stranger, known, friend):
            assert not any(await sees_card(server, viewer, ann))
        await ann.call("card.offer", user=friend.id)
        assert not any(await sees_card(server, friend, ann))
        await friend.call("card.offer", user=ann.id)
        assert all(await sees_card(server, friend, ann))
        for viewer in (None, stranger, known):
            assert not any(await sees_card(server, viewer, ann))
        await ann.call("block.add", user=friend.id)
        assert not any(await sees_card(server, friend, ann))


async def test_a_newcomer_alone_rehearses_with_the_host(server: Server) -> None:
    token = await server.services.accounts.community_bot("host", "Host")
    host = await Person(server.url, token).start()
    await host.call("room.join", room="hall")
    async with gathering(server.url, "ann") as (ann,):
        user = host.session["user"]["id"]
        state = await ann.call("poke.send", to=user, room="hall", gesture="hi")
        card = state["curtain"]
        assert card["rehearsal"] and card["other_answered"] and state["rung"] == "curtain"
        opened = await ann.call("curtain.answer", tie=state["tie"], card=card["card"], text="Tea")
        assert opened["rung"] == "acquainted"
        page = await ann.call("message.history", room=opened["room"])
        assert len(page["messages"]) == 2 and page["messages"][1]["text"] == "Tea"
        assert (await ann.call("poke.list"))["places"] == 5
    await host.leave()
