"""Reactions and pins between two people who block each other now and then: each sees what they may see, by pages and by
replays from any process."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.model.room_copy import RoomCopy
from tests.people import Person, Refused, gathering, post
from tests.walks.test_friends import acquainted
from tests.walks.test_reactions import cursor_of, refused, shown

KINDS = ["👍", "❤️"]


async def again(one: Person, other: Person, room: str) -> None:
    """Unblocked, the conversation is back."""
    await one.call("block.remove", user=other.id)
    await one.call("message.history", room=room)


async def test_what_a_blocked_user_does_to_messages_is_theirs_alone(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        one, two = (await ann.say(room, "tea?"))["seq"], (await bob.say(room, "yes"))["seq"]
        await bob.call("message.react", room=room, seq=one, emoji="🍵")
        await bob.call("message.pin", room=room, seq=one, pinned=True)
        await ann.call("message.pin", room=room, seq=two, pinned=True)
        await ann.call("block.add", user=bob.id)
        for method in ("message.react", "message.unreact"):
            assert await refused(ann, method, room=room, seq=two, emoji="👍") == (-32004, "not_found")
        assert await refused(ann, "message.pin", room=room, seq=two, pinned=True) == (-32004, "not_found")
        rev = (await bob.call("message.react", room=room, seq=one, emoji="👍"))["rev"]
        assert (await bob.hears("message.reacted", rev=rev))["count"] == 1
        assert (await bob.call("message.unreact", room=room, seq=one, emoji="🍵"))["rev"] == rev + 1
        await bob.call("message.pin", room=room, seq=one, pinned=False)
        message = await shown(bob, room, one)
        assert message["mine"] == ["👍"] and message["reactions"] == [{"emoji": "👍", "count": 1, "users": [bob.id]}]
        assert [pin["seq"] for pin in (await bob.call("room.pins", room=room))["messages"]] == [two]

        await again(ann, bob, room)
        message = await shown(ann, room, one)
        assert not {"reactions", "mine"} & message.keys() and message["pinned"]
        assert [pin["seq"] for pin in (await ann.call("room.pins", room=room))["messages"]] == [two, one]
        assert (await ann.call("message.reactors", room=room, seq=one, emoji="👍"))["users"] == []
        assert len((await bob.call("message.reactors", room=room, seq=one, emoji="👍"))["users"]) == 1

        rev = (await ann.call("message.react", room=room, seq=one, emoji="👍"))["rev"]
        counts = {person.id: (await person.hears("message.reacted", rev=rev))["count"] for person in (ann, bob)}
        assert counts == {ann.id: 1, bob.id: 2}
        assert (await shown(ann, room, one))["reactions"] == [{"emoji": "👍", "count": 1, "users": [ann.id]}]
        assert (await shown(bob, room, one))["reactions"][0]["users"] == [bob.id, ann.id]
        rev = (await bob.call("message.unreact", room=room, seq=one, emoji="👍"))["rev"]
        assert await ann.hears("message.reacted", rev=rev) == {"room": room, "rev": rev, "seq": one}
        assert (await bob.hears("message.reacted", rev=rev))["count"] == 1
        rev = (await bob.call("message.react", room=room, seq=one, emoji="👍"))["rev"]
        assert (await ann.hears("message.reacted", rev=rev))["count"] == 2
        await ann.call("message.pin", room=room, seq=one, pinned=True)
        assert [pin["seq"] for pin in (await bob.call("room.pins", room=room))["messages"]] == [one, two]


async def test_the_one_who_blocked_replays_nothing_of_it_from_memory_or_log(open_server: OpenServer) -> None:
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        seq = (await ann.say(room, "tea?"))["seq"]
        await ann.start_anew()
        cursor = cursor_of(next(state for state in ann.session["rooms"] if state["room"] == room))
        await ann.call("block.add", user=bob.id)
        hidden = (await bob.say(room, "hello?"))["seq"]
        await bob.call("message.react", room=room, seq=seq, emoji="👍")
        await bob.call("message.react", room=room, seq=hidden, emoji="🍵")
        await bob.call("message.pin", room=room, seq=seq, pinned=True)
        await bob.call("message.pin", room=room, seq=hidden, pinned=True)
        await bob.hears("message.changed", rev=4)
        await again(ann, bob, room)
        assert await refused(ann, "message.react", room=room, seq=hidden, emoji="👍") == (-32004, "not_found")
        replays = []
        for fresh in (server, await open_server()):
            late = await Person(fresh.url, ann.token, ann.user).start({room: cursor})
            await late.hears("message.changed", rev=4)
            events = [event for event in late.events if event["params"].get("room") == room]
            assert bob.id not in str([event for event in events if event["method"] == "message.reacted"])
            assert "👍" not in str(events) and "hello?" not in str(events)
            assert [(event["rev"], event.get("pinned")) for event in late.heard("message.changed")] == [
                (3, None), (4, None),
            ]  # fmt: skip
            replays.append(events)
            await late.leave()
        assert replays[0] == replays[1]
        rev = (await bob.call("message.react", room=room, seq=hidden, emoji="❤️"))["rev"]
        assert await ann.hears("message.reacted", rev=rev) == {"room": room, "rev": rev, "seq": hidden}


async def test_both_of_two_may_pin_and_nobody_reacts_while_it_rests(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        seq = (await ann.say(room, "tea?"))["seq"]
        await bob.call("message.react", room=room, seq=seq, emoji="👍")
        await bob.call("message.pin", room=room, seq=seq, pinned=True)
        assert (await ann.hears("message.changed", seq=seq))["pinned"]
        assert await refused(ann, "message.unreact", room=room, seq=seq, all=True) == (-32002, "direct_room")
        await ann.call("tie.rest", user=bob.id, on=True)
        for person in (ann, bob):
            assert await refused(person, "message.react", room=room, seq=seq, emoji="🍵") == (-32002, "resting")
            assert await refused(person, "message.pin", room=room, seq=seq, pinned=False) == (-32002, "resting")


# --- at random --------------------------------------------------------------------------------------------------------


class Pair:
    """The simplest model: what each of the two did, and who may see it."""

    def __init__(self, two: tuple[str, str]) -> None:
        self.two = two
        self.blocks: set[str] = set()
        self.authors: dict[int, str] = {}
        self.only: dict[int, str] = {}
        self.gone: set[int] = set()
        self.reactions: dict[tuple[int, str, str], set[str]] = {}
        self.pins: dict[str, set[int]] = {user: set() for user in two}

    def other(self, user: str) -> str:
        return self.two[self.two[0] == user]

    def audience(self, user: str, seq: int = 0) -> set[str]:
        """Who sees what this user does now."""
        return {user} if self.other(user) in self.blocks or self.only.get(seq) == user else set(self.two)

    def sees(self, user: str, seq: int) -> bool:
        return seq not in self.gone and self.only.get(seq, user) == user

    def kinds(self, viewer: str, seq: int) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for (number, emoji, user), seen_by in self.reactions.items():
            if number == seq and viewer in seen_by:
                found.setdefault(emoji, set()).add(user)
        return found if self.sees(viewer, seq) else {}


class Walk:
    def __init__(self, chance: random.Random, room: str, people: tuple[Person, Person], urls: list[str]) -> None:
        self.chance = chance
        self.room = room
        self.people = people
        self.urls = urls
        self.model = Pair((people[0].id, people[1].id))
        self.number = 0

    async def call(self, person: Person, method: str, **params: Any) -> Any:
        return await post(self.chance.choice(self.urls), method, person.token, **params)

    async def step(self) -> None:
        person = self.chance.choice(self.people)
        what = self.chance.choices(("block", "send", "react", "unreact", "pin", "delete"), (5, 3, 16, 6, 4, 1))[0]
        if person.id in self.model.blocks:
            what = "block"
        if what == "block":
            await self._block(person)
        elif what == "send" or not self.model.authors:
            self.number += 1
            sent = await self.call(
                person, "message.send", room=self.room, text=f"line {self.number}", client_id=f"{self.number}"
            )
            self._sent(person.id, sent["seq"])
        else:
            await self._change(person, what, self.chance.choice(sorted(self.model.authors)[-3:]))

    async def _block(self, person: Person) -> None:
        other = self.model.other(person.id)
        if person.id in self.model.blocks:
            await self.call(person, "block.remove", user=other)
            self.model.blocks.discard(person.id)
        elif other not in self.model.blocks:
            await self.call(person, "block.add", user=other)
            self.model.blocks.add(person.id)

    def _sent(self, user: str, seq: int) -> None:
        self.model.authors[seq] = user
        if len(self.model.audience(user)) == 1:
            self.model.only[seq] = user

    async def _change(self, person: Person, what: str, seq: int) -> None:
        user, emoji, model = person.id, self.chance.choice(KINDS), self.model
        if what == "delete" and model.authors[seq] != user:
            return
        given: dict[str, Any] = {"pinned": self.chance.random() < 0.6} if what == "pin" else {"emoji": emoji}
        params = {"room": self.room, "seq": seq, **({} if what == "delete" else given)}
        if not model.sees(user, seq):
            with pytest.raises(Refused) as refused:
                await self.call(person, f"message.{what}", **params)
            assert refused.value.reason == "not_found"
            return
        await self.call(person, f"message.{what}", **params)
        if what == "react":
            model.reactions.setdefault((seq, emoji, user), model.audience(user, seq))
        elif what == "unreact":
            model.reactions.pop((seq, emoji, user), None)
        elif what == "delete":
            model.gone.add(seq)
        else:
            for one in model.audience(user):
                (model.pins[one].add if given["pinned"] else model.pins[one].discard)(seq)

    # --- comparing ---------------------------------------------------------------------------------------------------

    async def agree(self) -> None:
        """Pages, pins and replays of the two who are not kept out by their own block."""
        for person in self.people:
            if person.id not in self.model.blocks:
                copies = [await self._page(person)] + [await self._replay(person, url) for url in self.urls]
                for copy in copies:
                    self._compare(copy, person.id)
                await self._agree_on_pins(person)

    async def _page(self, person: Person) -> RoomCopy:
        copy = RoomCopy(person.id)
        page = await self.call(person, "message.history", room=self.room, limit=100)
        copy.place = {"epoch": page["epoch"], "seq": page["last_seq"], "rev": page["rev"], "id": ""}
        copy.take(page)
        return copy

    async def _replay(self, person: Person, url: str) -> RoomCopy:
        page = await self.call(person, "message.history", room=self.room, limit=100)
        late, copy = Person(url, person.token, person.user), RoomCopy(person.id)
        copy.place = {"epoch": page["epoch"], "seq": 0, "id": "", "rev": 0}
        await late.start({self.room: copy.place})
        heard = 0

        def is_there() -> bool:
            nonlocal heard
            for event in late.events[heard:]:
                if event["params"].get("room") == self.room:
                    copy.hear(event["method"], event["params"])
            heard = len(late.events)
            return copy.place["seq"] == page["last_seq"] and copy.place["rev"] == page["rev"]

        await late.until(is_there, f"{page['last_seq']}, {page['rev']}")
        await late.leave()
        return copy

    def _compare(self, copy: RoomCopy, viewer: str) -> None:
        for seq in self.model.authors:
            shown = copy.messages[seq]
            assert shown.get("deleted", False) is not self.model.sees(viewer, seq), seq
            kinds = {emoji: {*kind["users"]} for emoji, kind in shown["reactions"].items()}
            assert kinds == self.model.kinds(viewer, seq), (seq, viewer)
            assert all(kind["count"] == len(kind["users"]) for kind in shown["reactions"].values()), (seq, viewer)
            assert shown["mine"] == {emoji for emoji, users in kinds.items() if viewer in users}, seq
            if self.model.sees(viewer, seq):
                assert shown.get("pinned", False) is (seq in self.model.pins[viewer]), (seq, viewer)

    async def _agree_on_pins(self, person: Person) -> None:
        pins = await self.call(person, "room.pins", room=self.room)
        pinned = {seq for seq in self.model.pins[person.id] if self.model.sees(person.id, seq)}
        assert {message["seq"] for message in pins["messages"]} == pinned


async def walk(open_server: OpenServer, seed: int, steps: int) -> None:
    print(f"seed {seed}")
    one, two = await open_server(limits__tail_records=8), await open_server()
    async with gathering(one.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        made = Walk(random.Random(seed), room, (ann, bob), [one.url, two.url])
        for number in range(steps):
            await made.step()
            if number % 10 == 9:
                await made.agree()


async def test_each_of_two_sees_what_they_may_whoever_blocks_whom(open_server: OpenServer) -> None:
    await walk(open_server, random.randrange(1 << 32), 40)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(20))
async def test_each_of_two_sees_what_they_may_after_many_steps(open_server: OpenServer, number: int) -> None:
    await walk(open_server, random.randrange(1 << 32), 80)
