"""Two people who block each other now and then: what each sees of reactions and pins is what they may see, by pages and
by replays from any process, at random."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.conftest import OpenServer
from tests.model.room_copy import RoomCopy
from tests.people import Person, Refused, gathering, post
from tests.walks.test_friends import acquainted

KINDS = ["👍", "❤️"]


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
