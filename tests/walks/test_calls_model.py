"""Each reader's number of mentions is what the model says, whatever happened before: as the server counts it for a
session, in the answer of read.mark, and as a client counts it from the events alone.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from tests.conftest import OpenServer
from tests.model.calls import HOUR_MS, CallsRoom
from tests.people import Person, post, sign_up

STEPS = ("say",) * 8 + (
    "edit",
    "edit",
    "delete",
    "mark",
    "mark",
    "leave",
    "join",
    "block",
    "unblock",
    "deaf",
    "an hour",
)


class Copy:
    """A person's copy of the room: what its messages were when they came, and what events changed of them."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.heard = 0
        self.messages: dict[int, dict[str, Any]] = {}
        self.rev = 0

    def listen(self, room: str) -> None:
        for event in self.person.events[self.heard :]:
            params = event["params"]
            if params.get("room") != room:
                continue
            if event["method"] == "message.posted":
                self.messages[params["seq"]] = params
            elif event["method"] == "room.updated":  # whoever comes again hears no change made meanwhile
                self.rev = max(self.rev, params["rev"])
            elif event["method"] == "message.changed":
                self.rev = max(self.rev, params["rev"])
                self._change(params)
        self.heard = len(self.person.events)

    def _change(self, change: dict[str, Any]) -> None:
        before = self.messages.get(change["seq"])
        if before is not None:
            kept = {name: before[name] for name in ("author", "reply_user") if name in before}
            self.messages[change["seq"]] = {**change, **({"author": before["author"]} if "deleted" in change else kept)}

    def mentions(self, read: int, blocks: set[str], *, everyone: bool) -> int:
        """As docs/protocol.md tells clients to count."""
        me = self.person.id
        return sum(
            me in {*message.get("mentions", ()), message.get("reply_user")} or (everyone and "everyone" in message)
            for seq, message in self.messages.items()
            if seq > read and message["author"]["id"] not in {me, *blocks}
        )  # fmt: skip


class Walk:
    """Some people in a room of two processes; in a large one there are more, who do nothing."""

    def __init__(self, chance: random.Random, servers: list[Server]) -> None:
        self.chance = chance
        self.servers = servers
        self.days = 0
        self.now = 0

    async def begin(self, people: int, others: int) -> None:
        self.copies = [Copy(await sign_up(self.servers[0].url, f"reader{letter}")) for letter in "abcdefghij"[:people]]
        first = self.copies[0].person
        self.room = (await post(first.url, "room.create", first.token, title="Tea"))["room"]
        self.model = CallsRoom({first.id}, others)
        for number, copy in enumerate(self.copies):
            copy.person.url = self.servers[number % 2].url
            await copy.person.start()
            await copy.person.call("room.join", room=self.room)
            self.model.join(copy.person.id)
        for number in range(others):
            more = await sign_up(first.url, f"other{number}")
            await post(first.url, "room.join", more.token, room=self.room)

    async def step(self) -> None:
        what, copy = self.chance.choice(STEPS), self.chance.choice(self.copies)
        inside = copy.person.id in self.model.read
        if what in {"say", "edit", "delete", "mark", "leave", "deaf"} and not inside:
            what = "join"
        await getattr(self, "_" + what.replace(" ", "_"))(copy.person)

    def _words(self) -> tuple[str, list[str], bool]:
        named = self.chance.sample(self.copies, self.chance.choice([0, 0, 1, 2]))
        everyone = self.chance.random() < 0.2
        words = [f"@{copy.person.user['handle']}" for copy in named] + ["@everyone"] * everyone
        self.chance.shuffle(words)
        return " ".join(["hello", *words]), [copy.person.id for copy in named], everyone

    def _own(self, person: Person) -> int:
        own = [seq for seq, said in enumerate(self.model.said, 1) if said.author == person.id and not said.deleted]
        return self.chance.choice(own[-5:]) if own else 0

    async def _say(self, person: Person) -> None:
        text, names, everyone = self._words()
        last = len(self.model.said)
        reply_to = self.chance.randint(max(1, last - 5), last) if last and self.chance.random() < 0.5 else 0
        seq = self.model.say(person.id, names, everyone=everyone, reply_to=reply_to, now=self.now)
        assert (await person.say(self.room, text, reply_to=reply_to))["seq"] == seq

    async def _edit(self, person: Person) -> None:
        text, names, everyone = self._words()
        if seq := self._own(person):
            self.model.edit(seq, names, everyone=everyone)
            await person.call("message.edit", room=self.room, seq=seq, text=text)

    async def _delete(self, person: Person) -> None:
        if seq := self._own(person):
            self.model.delete(seq)
            await person.call("message.delete", room=self.room, seq=seq)

    async def _mark(self, person: Person) -> None:
        seq = self.chance.randint(self.model.read[person.id], len(self.model.said))
        self.model.mark(person.id, seq)
        answer = await person.call("read.mark", room=self.room, seq=seq)
        assert (answer["read_seq"], answer["mentions"]) == (self.model.read[person.id], self.model.mentions(person.id))

    async def _leave(self, person: Person) -> None:
        if person.id not in self.model.staff:
            self.model.leave(person.id)
            await person.call("room.leave", room=self.room)

    async def _join(self, person: Person) -> None:
        self.model.join(person.id)
        await person.call("room.join", room=self.room)

    async def _block(self, person: Person) -> None:
        other = self.chance.choice(self.copies).person
        if other is not person:
            self.model.blocks.add((person.id, other.id))
            await person.call("block.add", user=other.id)

    async def _unblock(self, person: Person) -> None:
        for who, whom in sorted(self.model.blocks):
            if who == person.id:
                self.model.blocks.discard((who, whom))
                await person.call("block.remove", user=whom)

    async def _deaf(self, person: Person) -> None:
        deaf = person.id not in self.model.deaf
        (self.model.deaf.add if deaf else self.model.deaf.discard)(person.id)
        await person.call("room.notify", room=self.room, level="all", everyone=not deaf)

    async def _an_hour(self, person: Person) -> None:
        self.now += HOUR_MS + 61_000
        ids.move_clock(self.now)

    # --- judging -----------------------------------------------------------------------------------------------------

    async def judge(self) -> None:
        for server in self.servers:  # else the marker of one's own message is known to another process a second later
            await server.live.marks.carry()
        for copy in self.copies:
            person = copy.person
            if person.id in self.model.read:
                await self._judge(copy, person)

    async def _judge(self, copy: Copy, person: Person) -> None:
        expected = self.model.mentions(person.id)
        fresh = Person(self.chance.choice(self.servers).url, person.token, person.user)
        (state,) = [state for state in (await fresh.start()).session["rooms"] if state["room"] == self.room]
        await fresh.leave()
        assert (state["read_seq"], state["mentions"]) == (self.model.read[person.id], expected)
        assert state.get("everyone", True) is (person.id not in self.model.deaf)
        if state["unread"]:
            await person.until(lambda: self._has(copy, state["last_seq"], state["rev"]), "all that was said")
        blocks = {whom for who, whom in self.model.blocks if who == person.id}
        copy.listen(self.room)
        assert copy.mentions(state["read_seq"], blocks, everyone=state.get("everyone", True)) == expected

    def _has(self, copy: Copy, seq: int, rev: int) -> bool:
        copy.listen(self.room)
        return seq in copy.messages and copy.rev >= rev


async def _walk(open_server: OpenServer, seed: int, *, people: int, others: int, steps: int) -> None:
    print(f"seed {seed}")
    ids.move_clock(0)
    walk = Walk(random.Random(seed), [await open_server(), await open_server()])
    try:
        await walk.begin(people, others)
        for number in range(steps):
            await walk.step()
            if number % 5 == 4:
                await walk.judge()
    finally:
        ids.move_clock(0)
        for copy in walk.copies:
            await copy.person.leave()


@pytest.mark.parametrize(("seed", "others"), [(1, 0), (2, 18)])
async def test_each_readers_number_of_mentions_is_the_models(open_server: OpenServer, seed: int, others: int) -> None:
    await _walk(open_server, seed, people=4, others=others, steps=100)


@pytest.mark.soak
@pytest.mark.parametrize("others", [0, 12])
@pytest.mark.parametrize("number", range(2))
async def test_long_each_readers_number_of_mentions_is_the_models(
    open_server: OpenServer, number: int, others: int
) -> None:
    await _walk(open_server, random.randrange(10**6), people=10, others=others, steps=1_000)
