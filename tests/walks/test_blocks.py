"""A block is one thing, everywhere, and cannot be learnt of: to the blocked it is, byte for byte and by every door,
like being ignored by somebody who hides their presence. The same script is played twice.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
import redis

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import PATIENCE, Person, Refused, gathering, post
from tests.walks.test_friends import acquainted, friends, speak
from tests.walks.test_quiet_no import without_chance

HOUR_MS = 3_700_000
Heard = dict[str, Any]
Params = dict[str, Any]


class Blocked:
    """Bob, who asks whatever can be asked, by both doors, and keeps what he is answered."""

    def __init__(self, server: Server, bob: Person) -> None:
        self.server = server
        self.bob = bob
        self.answers: list[Any] = []

    async def ask(self, method: str, **params: Any) -> Any:
        return await self._keep(method, self.bob.call(method, **params))

    async def post(self, method: str, **params: Any) -> Any:
        return await self._keep(method, post(self.server.url, method, self.bob.token, **params))

    async def _keep(self, method: str, asked: Any) -> Any:
        try:
            answer = await asked
        except Refused as refusal:
            answer = {"refused": refusal.reason, **refusal.data}
        self.answers.append([method, answer])
        return answer


async def rung(name: str, ann: Person, bob: Person) -> str:
    """As far as the two have come before; gives the room of their conversation, or any."""
    if name == "stranger":
        await speak(ann, bob)
        return "hall"
    room = await (acquainted if name == "acquainted" else friends)(ann, bob)
    ids.move_clock(0)
    if name == "friend":
        await ann.call("profile.update", for_friends="Ring twice")
        for one, other in ((ann, bob), (bob, ann)):
            await one.call("card.update", mail=f"{one.user['name']} by mail")
            await one.call("card.offer", user=other.id)
    await ann.call("read.mark", room=room, seq=5)
    return room


async def turn_away(ann: Person, bob: Person, name: str, *, blocks: bool) -> None:
    """Block him; or hide, take back the card, and ignore him."""
    if blocks:
        await ann.call("block.add", user=bob.id)
        return
    await ann.call("profile.update", presence="hidden")
    if name == "friend":
        await ann.call("card.take_back", user=bob.id)


async def presence_is_told(server: Server, *, without: str = "") -> None:
    """Of all that changed, once this user has gone: without waiting for the second at which it would be."""
    async with asyncio.timeout(PATIENCE):
        while without in server.hub.users:
            await asyncio.sleep(0.005)
    await server.hub.presence.tick(ids.now_ms())


async def what_ann_does(server: Server, ann: Person, bob: Person) -> None:
    """In the rooms that they share, as if he were not there; she comes and goes."""
    await ann.call("typing.start", room="hall")
    said = await ann.say("hall", "Oolong, @bob", client_id="a1")
    await bob.hears("inbox.added", room="hall", seq=said["seq"])  # an edit that comes before it leaves nothing of it
    await ann.call("message.edit", room="hall", seq=said["seq"], text="Green tea")
    answer = await ann.say("hall", "I would", client_id="a2", reply_to=said["seq"] - 1)  # which was his
    await bob.hears("inbox.added", room="hall", seq=answer["seq"], kind="reply")
    await ann.say("hall", "@everyone Tea is ready", client_id="a3")
    await ann.call("read.mark", room="hall", seq=said["seq"])
    await ann.call("profile.update", headline="mends bicycles", name="Anna")
    await bob.hears("user.changed")  # her words are on his screen either way
    await ann.leave()
    await presence_is_told(server, without=ann.id)
    await ann.start()
    await ann.call("typing.start", room="hall")


async def what_bob_does(blocked: Blocked, ann: Person, room: str) -> None:
    bob, ask = blocked.bob, blocked.ask
    if room != "hall":
        said = await ask("message.send", room=room, text="Hello?", client_id="b1")
        await ask("message.edit", room=room, seq=said["seq"], text="Hello, you?")
        await ask("message.delete", room=room, seq=said["seq"])
        await ask("message.send", room=room, text="Hello?", client_id="b1")
        await ask("typing.start", room=room)
        await ask("message.send", room=room, text="Hello", client_id="b3", reply_to=1)
        await ask("message.send", room=room, text="@everyone hello", client_id="b4")
    await ask("message.send", room="hall", text="@ann hello", client_id="b2")
    await bob.hears("inbox.changed")  # writing reads what called him there; another item may come before or after it
    await reply_in_hall(blocked, ann)
    await react_everywhere(blocked, room)
    made = await bob.call("room.create", title="Attic", kind="closed")
    await ask("room.invite", room=made["room"], user=ann.id)
    for uses in (1, 50):
        code = (await ann.call("invitation.create", uses=uses))["code"]
        await ask("invitation.get", code=code)
        await ask("invitation.accept", code=code)
    await ask("tie.want", user=ann.id, yes=True)
    shown = await ann.call("met.show")
    await ask("met.enter", code=shown["code"])
    await ask("met.confirm", user=ann.id)
    for method in ("card.offer", "card.get", "tie.show_seen", "tie.note", "tie.get"):
        more = {"tie.show_seen": {"on": True}, "tie.note": {"note": "architect"}}.get(method, {})
        await ask(method, user=ann.id, **more)
    await ask("poke.send", to=ann.id, room="hall", gesture="hi")
    for on in (True, False, True):
        await ask("tie.rest", user=ann.id, on=on)
    await ask("poke.send", to=ann.id, room="hall", gesture="hi")
    await ask("poke.list")


async def reply_in_hall(blocked: Blocked, ann: Person) -> None:
    """To what she said last, and edits it; he calls everyone when an hour has passed."""
    page = await blocked.ask("message.history", room="hall", limit=10)
    seq = next(one["seq"] for one in reversed(page["messages"]) if one["author"]["id"] == ann.id)
    said = await blocked.ask("message.send", room="hall", text="I see", client_id="b5", reply_to=seq)
    await blocked.ask("message.edit", room="hall", seq=said["seq"], text="I see, @ann")
    ids.move_clock(HOUR_MS)
    await blocked.ask("message.send", room="hall", text="@everyone @ann hello", client_id="b6")


async def react_everywhere(blocked: Blocked, room: str) -> None:
    for place in (room, "hall"):
        for method, emoji in (("react", "👍"), ("react", "❤️"), ("react", "👍"), ("unreact", "👍"), ("unreact", "👍")):
            await blocked.ask(f"message.{method}", room=place, seq=1, emoji=emoji)
        await blocked.ask("message.unreact", room=place, seq=1, all=True)
        for pinned in (True, False, True):
            await blocked.ask("message.pin", room=place, seq=1, pinned=pinned)


async def look_everywhere(blocked: Blocked, ann: Person, room: str) -> None:
    about, poke = {"user": ann.id}, {"to": ann.id, "room": "hall", "gesture": "hi"}
    looks: list[tuple[str, Params]] = [
        ("tie.get", about), ("tie.list", {}), ("card.get", about), ("block.list", {}), ("poke.list", {}),
        ("user.get", {"users": [ann.id]}), ("user.get", {"handle": ann.user["handle"]}), ("inbox.list", {}),
        ("user.search", {"query": ann.user["name"]}), ("user.search", {"query": "architect"}), ("room.discover", {}),
        ("room.join", {"room": "hall"}), ("question.get", {}), ("poke.send", poke),
    ]  # fmt: skip
    for place in (room, "hall"):
        looks += [(method, {"room": place}) for method in ("room.members", "message.history", "presence.watch")]
        looks += [("room.pins", {"room": place}), ("message.get", {"room": place, "seqs": [1, 2]})]
        looks += [("message.reactors", {"room": place, "seq": 1, "emoji": "❤️"})]
        looks += [("room.members", {"room": place, "query": query}) for query in ("@", ann.user["name"][:2])]
    for method, params in looks:
        await blocked.ask(method, **params)
        await blocked.post(method, **params)


async def days_go_by(blocked: Blocked, ann: Person, room: str) -> None:
    """He writes on; who was about to become a friend does, for himself."""
    for day in range(1, 9):
        ids.move_clock(day * DAY_MS)
        if room != "hall":
            await blocked.ask("message.send", room=room, text=f"day {day}", client_id=f"d{day}")
        await blocked.ask("tie.get", user=ann.id)
        await blocked.ask("poke.list")


async def transcript(server: Server, name: str, *, blocks: bool) -> Heard:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        blocked = Blocked(server, bob)
        room = await rung(name, ann, bob)
        for watched in {room, "hall"}:
            await bob.call("presence.watch", room=watched)
        await turn_away(ann, bob, name, blocks=blocks)
        await presence_is_told(server)
        for watched in {room, "hall"}:
            await bob.hears("presence.changed", room=watched, users=[bob.id])
        bob.events.clear()
        await blocked.ask("message.send", room="hall", text="Who would like tea?", client_id="b0")
        await what_ann_does(server, ann, bob)
        await blocked.ask("read.mark", room="hall", seq=0)
        await what_bob_does(blocked, ann, room)
        await look_everywhere(blocked, ann, room)
        await days_go_by(blocked, ann, room)
        await presence_is_told(server)
        await bob.call("session.ping")
        again = await Person(server.url, bob.token, bob.user, packed=True).start()
        heard = {"answers": blocked.answers, "events": by_kind(bob.events), "session": again.session}
        await again.leave()
        return told_alike(heard, ann, bob)


def by_kind(events: list[Any]) -> dict[str, list[Any]]:
    """In order for each kind and room: which of two rooms speaks first is chance."""
    found: dict[str, list[Any]] = {}
    for event in events:
        found.setdefault(f"{event['method']} {event['params'].get('room')}", []).append(event["params"])
    return found


def told_alike(heard: Heard, ann: Person, bob: Person) -> Heard:
    """Without what is drawn by chance: ids, times, cards, and the order that only ids decide."""
    text = json.dumps(heard).replace(ann.id, "ANN").replace(bob.id, "BOB")
    found = json.loads(without_chance(json.loads(text)))
    return json.loads(re.sub(r'"(last_id|retry_after|version)": ("\w*"|\d+)', r'"\1": 0', json.dumps(in_order(found))))


def in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_order(inner) for name, inner in value.items() if name != "texts"}
    if not isinstance(value, list):
        return value
    inner = [in_order(one) for one in value]
    whole = all(isinstance(one, dict) and ("joined_at" in one or "titles" in one or "role" in one) for one in inner)
    return sorted(inner, key=lambda one: json.dumps(one, sort_keys=True)) if whole else inner


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two transcripts differ, so that a failure says it."""
    if type(one) is not type(other):
        return [f"{path}: {one} | {other}"]
    if isinstance(one, dict):
        return [
            line
            for key in one.keys() | other.keys()
            for line in differences(one.get(key), other.get(key), f"{path}.{key}")
        ]
    if isinstance(one, list) and len(one) == len(other):
        pairs = zip(one, other, strict=True)
        return [line for place, (a, b) in enumerate(pairs) for line in differences(a, b, f"{path}[{place}]")]
    return [] if one == other else [f"{path}: {one} | {other}"]


@pytest.mark.parametrize("name", ["stranger", "acquainted", "friend"])
async def test_to_the_blocked_a_block_is_like_being_ignored_by_one_who_hides(
    address: Address, tmp_path: Path, name: str
) -> None:
    seen: list[Heard] = []
    for blocks in (False, True):
        ids.move_clock(0)
        with redis.Redis(unix_socket_path=address.path) as link:
            link.flushall()
        async with Server(settings_for_tests(tmp_path), store_address=address) as server:
            seen.append(await transcript(server, name, blocks=blocks))
    assert differences(*seen) == []
    answered = {method for method, _ in seen[0]["answers"]}
    assert {"tie.get", "met.enter", "room.invite", "poke.send"} <= answered


async def test_a_blocked_user_neither_mentions_nor_types_for_the_blocker(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await ann.call("block.add", user=bob.id)
        for person in (ann, bob):
            await person.call("typing.start", room="hall")
        await bob.say("hall", "@ann @cat hello")
        await cat.say("hall", "@ann hello")
        await cat.hears("message.posted", text="@ann hello")
        assert {event["user"]["id"] for event in cat.heard("typing.started")} == {ann.id, bob.id}
        for person in (ann, bob):
            await person.hears("message.posted", text="@ann hello")
            typing = {event["user"]["id"] for event in person.heard("typing.started")}
            assert typing <= {person.id}
        again = await Person(server.url, ann.token, ann.user).start()
        over_http = await post(server.url, "room.join", ann.token, room="hall")
        for state in (again.session["rooms"][0], over_http):
            assert state["mentions"] == 1
        await again.leave()
        await ann.call("block.remove", user=bob.id)
        await bob.call("typing.start", room="hall")
        await ann.until(lambda: ann.heard("typing.started"), "he types again")
