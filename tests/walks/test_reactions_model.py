"""State + events = state after: ten people send, react, pin, edit and delete at random, lose their connections and
change to other processes, which end, too. What each of them holds is what the model says, and so is what pages say.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.model.room_copy import RoomCopy
from tests.model.room_log import RoomLog
from tests.people import Person, Refused, post, sign_up

KINDS = ["👍", "❤️", "🍵", "😀", "🎉"]
AT_ONCE = 8


class Reader:
    """A person who follows the room and reads pages now and then."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.copy = RoomCopy(person.id)
        self.heard = 0

    async def enter(self, url: str, room: str) -> None:
        """A session from where this reader was."""
        self.person.url, self.heard = url, len(self.person.events)
        cursors = {room: self.copy.place} if self.copy.place else None
        await self.person.start(cursors)
        if cursors is None:
            self.copy.begin(next(state for state in self.person.session["rooms"] if state["room"] == room))

    async def lose(self) -> None:
        """The connection breaks; what had come until then counts."""
        self.person.cut()
        await self.person.closed()
        self.listen()

    def listen(self) -> None:
        for event in self.person.events[self.heard :]:
            self.copy.hear(event["method"], event["params"])
        self.heard = len(self.person.events)

    async def read(self, room: str, **where: int) -> None:
        page = await self.person.call("message.history", room=room, **where)
        self.listen()
        self.copy.take(page)

    async def reaches(self, seq: int, rev: int) -> None:
        def is_there() -> bool:
            self.listen()
            return (self.copy.place["seq"], self.copy.place["rev"]) == (seq, rev)

        await self.person.until(is_there, f"({seq}, {rev}) by {self.copy.place}")


class Walk:
    """A room, its readers, and one or two processes, at least one of which is open."""

    def __init__(self, chance: random.Random, open_server: OpenServer) -> None:
        self.chance = chance
        self.open_server = open_server
        self.log = RoomLog()
        self.servers: list[Server] = []
        self.readers: list[Reader] = []
        self.room = ""
        self.number = 0

    async def begin(self, people: int) -> None:
        self.servers = [await self._opened(), await self._opened()]
        first = self.servers[0].url
        for number in range(people):
            person = await sign_up(first, f"reader{number}")
            if not self.room:
                self.room = (await post(first, "room.create", person.token, title="Tea"))["room"]
            else:
                await post(first, "room.join", person.token, room=self.room)
            self.readers.append(Reader(person))
        for reader in self.readers:
            await reader.enter(self._somewhere(), self.room)

    async def _opened(self) -> Server:
        return await self.open_server(limits__tail_records=16, limits__replay_reactions=40, limits__replay_messages=30)

    def _somewhere(self) -> str:
        return self.chance.choice(self.servers).url

    async def end(self) -> None:
        for reader in self.readers:
            await reader.person.leave()

    # --- steps -------------------------------------------------------------------------------------------------------

    async def steps(self, number: int) -> None:
        """So many steps at once, then what they came to in the order of their places."""
        wanted = [self._step() for _ in range(number)]
        done = await asyncio.gather(*(self._do(*step) for step in wanted))
        for seq, author, text in sorted(place for kind, place in filter(None, done) if kind == "sent"):
            self.log.post(seq, author, text)
        changes = [place for kind, place in filter(None, done) if kind == "changed"]
        for rev, step, seq, given in sorted(changes, key=lambda change: change[0]):
            self.log.change(rev, step, seq, **given)

    def _step(self) -> tuple[Person, str, int, dict[str, Any]]:
        person = self.chance.choice(self.readers).person
        seq = self._target()
        step = self.chance.choices(
            ("send", "react", "unreact", "clear", "pin", "edit", "delete"), (10, 40, 20, 2, 4, 6, 3)
        )[0]
        owner = self.readers[0].person
        emoji = self.chance.choice(KINDS)
        if not seq or step == "send":
            self.number += 1
            return person, "send", 0, {"text": f"line {self.number}"}
        if step in {"edit", "delete"}:
            author = self.log.messages[seq]["author"]
            person = next(reader.person for reader in self.readers if reader.person.id == author)
            self.number += 1
            return person, step, seq, {"text": f"edit {self.number}"} if step == "edit" else {}
        if step == "clear":
            return owner, step, seq, {"emoji": emoji} if self.chance.random() < 0.5 else {}
        if step == "pin":
            return owner, step, seq, {"pinned": self.chance.random() < 0.7}
        return person, step, seq, {"emoji": emoji}

    def _target(self) -> int:
        undeleted = self.log.undeleted[-12:]
        return self.chance.choice(undeleted) if undeleted else 0

    async def _do(self, person: Person, step: str, seq: int, given: dict[str, Any]) -> tuple[str, Any] | None:
        where = {"room": self.room, **given} if step == "send" else {"room": self.room, "seq": seq, **given}
        try:
            if step == "send":
                answer = await post(self._somewhere(), "message.send", person.token, client_id=given["text"], **where)
                return "sent", (answer["seq"], person.id, given["text"])
            method = "unreact" if step == "clear" else step
            more = {"all": True} if step == "clear" else {}
            answer = await post(self._somewhere(), f"message.{method}", person.token, **where, **more)
        except Refused as refusal:
            if refusal.reason not in {"not_found", "too_many_pins"}:  # deleted by another of these steps
                raise
            return None
        user = {"user": person.id} if step in {"react", "unreact"} else {}
        return "changed", (answer["rev"], step, seq, {**given, **user})

    # --- trouble -----------------------------------------------------------------------------------------------------

    async def trouble(self) -> None:
        """What happens beside the steps."""
        for _ in range(self.chance.randint(0, 2)):
            await self.chance.choice([self._reads, self._moves])()

    async def _reads(self) -> None:
        reader = self.chance.choice(self.readers)
        if reader.person.close_code is None and reader.person._reading is not None:
            around = self.chance.randint(1, max(1, len(self.log.messages)))
            await reader.read(self.room, around=around, limit=self.chance.randint(1, 20))

    async def _moves(self) -> None:
        reader = self.chance.choice(self.readers)
        if reader.person._reading is None:
            await reader.enter(self._somewhere(), self.room)
        else:
            await reader.lose()

    async def restart(self) -> None:
        """A process ends, and another begins with nothing in memory."""
        server = self.servers.pop(0)
        for reader in self.readers:
            if reader.person.url == server.url and reader.person._reading is not None:
                await reader.lose()
        self.servers.append(await self._opened())

    # --- comparing ---------------------------------------------------------------------------------------------------

    async def agree(self) -> None:
        """Every reader has heard everything, and holds of each message what the model says; pages say the same."""
        last = max(self.log.messages, default=0)
        for reader in self.readers:
            if reader.person._reading is None:
                await reader.enter(self._somewhere(), self.room)
            await reader.reaches(last, self.log.rev)
            for seq in reader.copy.messages:
                assert reader.copy.summary(seq) == self.log.summary(seq, reader.person.id), seq
        reader = self.chance.choice(self.readers)
        fresh = RoomCopy(reader.person.id)
        fresh.place = reader.copy.place
        for after in range(0, last, 50):
            page = await post(self._somewhere(), "message.history", reader.person.token, room=self.room, after=after)
            fresh.take(page)
        assert [*fresh.messages] == [*self.log.messages]
        for seq in fresh.messages:
            assert fresh.summary(seq) == self.log.summary(seq, reader.person.id), seq
        await self._agree_on_pins(reader.person)

    async def _agree_on_pins(self, person: Person) -> None:
        pins = await post(self._somewhere(), "room.pins", person.token, room=self.room)
        pinned = {seq for seq, message in self.log.messages.items() if message["pinned"]}
        assert {message["seq"] for message in pins["messages"]} == pinned


async def walk(open_server: OpenServer, seed: int, *, people: int, steps: int) -> Walk:
    print(f"seed {seed}")
    chance = random.Random(seed)
    made = Walk(chance, open_server)
    await made.begin(people)
    rounds = steps // AT_ONCE
    for number in range(rounds):
        await asyncio.gather(made.steps(AT_ONCE), made.trouble())
        if number % 12 == 11:
            await made.agree()
        if number % 60 == 59:
            await made.restart()
    await made.agree()
    await made.end()
    return made


async def test_what_each_reader_holds_is_what_the_steps_came_to(open_server: OpenServer) -> None:
    made = await walk(open_server, random.randrange(1 << 32), people=4, steps=240)
    assert sum(reader.copy.resets for reader in made.readers) < made.log.rev / 20


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_ten_readers_and_ten_thousand_steps(open_server: OpenServer) -> None:
    await walk(open_server, random.randrange(1 << 32), people=10, steps=10_000)
