"""State + events = state after, with topics: readers on two devices each send, start topics, move, mark, choose levels
and delete at random, lose their lines and come back, and processes end. What each device holds from its events, what a
new session is told and what the list of topics says is what the model says.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.model.room_copy import RoomCopy
from tests.model.topics import MAIN, WHOLE, Reader, TopicsRoom
from tests.people import Person, post, sign_up

STEPS = {
    "say": 30, "start": 8, "move": 10, "delete": 6, "delete_topic": 2, "mark": 24, "level": 8, "room_level": 4,
    "drop": 4, "come_back": 6,
}  # fmt: skip
LEVELS = ["all", "mentions", "none"]


class Device:
    """One of a reader's two connections, with what it holds of the room from its session and its events alone."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.copy = RoomCopy(person.id)
        self.heard = 0
        self.topics_version = 0
        self.reading: tuple[int, dict[str, int]] = (0, {})
        self.left = (0, 0)
        self.is_there = False

    async def enter(self, url: str, room: str) -> None:
        self.person.url, self.heard = url, len(self.person.events)
        await self.person.start({room: self.copy.place} if self.copy.place else None)
        (state,) = [state for state in self.person.session["rooms"] if state["room"] == room]
        if not self.copy.place:
            self.copy.begin(state)
        self._take_state(state)
        self.is_there = True

    async def lose(self) -> None:
        self.person.cut()
        await self.person.closed()
        self.listen()
        self.is_there = False

    def _take_state(self, state: dict[str, Any]) -> None:
        self.topics_version = state.get("topics_version", 0)
        self.reading = state["read_seq"], state.get("markers", {})
        self.left = state["unread"], state["mentions"]

    def listen(self) -> None:
        events, self.heard = self.person.events[self.heard :], len(self.person.events)
        for event in events:
            self._hear(event["method"], event["params"])

    def _hear(self, name: str, params: dict[str, Any]) -> None:
        if name == "read.moved":
            self.marked(params)
        elif name == "room.updated":
            self._take_state(params)
        elif name == "topic.changed":
            # A session's state may be ahead of the events that follow it.
            assert params["topics_version"] <= self.topics_version + 1
            self.topics_version = max(self.topics_version, params["topics_version"])
        else:
            if name == "room.reset":
                self.topics_version = params["topics_version"]
            self.copy.hear(name, params)

    def marked(self, moved: dict[str, Any]) -> None:
        """Take a marker's move as it is told, by event or answer."""
        own = {moved["topic"]: moved["read_seq"]} if "topic" in moved else {}
        markers = {line: seq for line, seq in {**self.reading[1], **own}.items() if seq > moved["room_read_seq"]}
        self.reading = moved["room_read_seq"], markers
        self.left = moved["unread"], moved["mentions"]

    def lines(self) -> dict[int, tuple[str, str, bool]]:
        return {
            seq: (message.get("topic", MAIN), message["text"], message.get("deleted", False))
            for seq, message in self.copy.messages.items()
        }


class Walk:
    """A room of two processes, and readers with a device at each."""

    def __init__(self, chance: random.Random, open_server: OpenServer) -> None:
        self.chance = chance
        self.open_server = open_server
        self.servers: list[Server] = []
        self.people: list[Person] = []
        self.devices: dict[str, list[Device]] = {}
        self.number = 0

    async def begin(self, people: int) -> None:
        self.servers = [await self._opened(), await self._opened()]
        self.people = [await sign_up(self.servers[0].url, f"reader{letter}") for letter in "abcdefghij"[:people]]
        self.room: str = (await self._ask(self.people[0], "room.create", title="Garden"))["room"]
        for person in self.people[1:]:
            await self._ask(person, "room.join", room=self.room)
        self.model = TopicsRoom({person.id: Reader() for person in self.people})
        for person in self.people:
            self.devices[person.id] = [Device(Person(person.url, person.token, person.user)) for _ in range(2)]
            for device, server in zip(self.devices[person.id], self.servers, strict=True):
                await device.enter(server.url, self.room)

    async def _opened(self) -> Server:
        return await self.open_server(limits__tail_records=12, limits__replay_messages=60)

    async def end(self) -> None:
        for device in self._all():
            await device.person.leave()

    def _all(self) -> list[Device]:
        return [device for devices in self.devices.values() for device in devices]

    async def _ask(self, person: Person, method: str, **params: Any) -> Any:
        return await post(self.chance.choice(self.servers).url, method, person.token, **params)

    async def carry(self) -> None:
        """The markers of own messages, which else are written a second later."""
        for server in self.servers:
            await server.live.marks.carry()

    # --- steps -------------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        self.number += 1
        what = self.chance.choices(list(STEPS), list(STEPS.values()))[0]
        await getattr(self, "_" + what)(self.chance.choice(self.people))

    def _line(self) -> str:
        return self.chance.choice([MAIN, *self.model.titles])

    def _words(self) -> tuple[str, set[str]]:
        named = self.chance.sample(self.people, self.chance.choice([0, 0, 1, 2]))
        words = [f"@{person.user['handle']}" for person in named]
        return " ".join([f"line {self.number}", *words]), {person.id for person in named}

    async def _say(self, person: Person) -> None:
        line, (text, named) = self._line(), self._words()
        sent = await self._ask(
            person, "message.send", room=self.room, text=text, topic=line, client_id=f"c{self.number}"
        )
        assert sent["seq"] == self.model.say(person.id, line, text, named)
        await self.carry()

    async def _start(self, person: Person) -> None:
        text, named = self._words()
        asked = {"title": f"Topic {self.number}", "text": text, "client_id": f"c{self.number}"}
        undeleted = self.model.undeleted()[-9:]
        moved = []
        if person is self.people[0] and undeleted and self.chance.random() < 0.4:
            moved = sorted(self.chance.sample(undeleted, self.chance.randint(1, min(3, len(undeleted)))))
        made = await self._ask(person, "topic.create", room=self.room, **asked, **({"from": moved} if moved else {}))
        topic = made["topic"]["id"]
        assert made["message"]["seq"] == self.model.begin(person.id, topic, asked["title"], text, named)
        self.model.move(moved, topic)
        await self.carry()

    async def _move(self, person: Person) -> None:
        undeleted = self.model.undeleted()[-12:]
        if undeleted:
            seqs, line = self.chance.sample(undeleted, self.chance.randint(1, min(4, len(undeleted)))), self._line()
            await self._ask(self.people[0], "message.move", room=self.room, seqs=seqs, topic=line)
            self.model.move(seqs, line)

    async def _delete(self, person: Person) -> None:
        if undeleted := self.model.undeleted()[-20:]:
            seq = self.chance.choice(undeleted)
            await self._ask(self.people[0], "message.delete", room=self.room, seq=seq)
            self.model.delete(seq)

    async def _delete_topic(self, person: Person) -> None:
        if self.model.titles:
            topic = self.chance.choice(list(self.model.titles))
            await self._ask(self.people[0], "topic.delete", room=self.room, topic=topic)
            self.model.delete_topic(topic)

    async def _mark(self, person: Person) -> None:
        line: str | None = self.chance.choice([WHOLE, MAIN, *self.model.titles, *self.model.titles])
        reader, last = self.model.readers[person.id], len(self.model.said)
        seq = last if self.chance.random() < 0.3 else self.chance.randint(reader.marker(line), last)
        self.model.mark(person.id, line, seq)
        where = {} if line is WHOLE else {"topic": line}
        there = [device for device in self.devices[person.id] if device.is_there]
        if there:
            device = self.chance.choice(there)
            moved = await device.person.call("read.mark", room=self.room, seq=seq, **where)
            device.listen()
            device.marked(moved)
        else:
            moved = await self._ask(person, "read.mark", room=self.room, seq=seq, **where)
        assert moved == {
            "room": self.room, **where, "read_seq": reader.marker(line), "room_read_seq": reader.read_seq,
            "unread": self.model.unread(person.id), "mentions": self.model.mentions(person.id),
        }  # fmt: skip

    async def _level(self, person: Person) -> None:
        if self.model.titles:
            topic, level = self.chance.choice(list(self.model.titles)), self.chance.choice(LEVELS)
            await self._ask(person, "topic.notify", room=self.room, topic=topic, level=level)
            self.model.readers[person.id].levels[topic] = level

    async def _room_level(self, person: Person) -> None:
        self.model.readers[person.id].level = level = self.chance.choice(LEVELS)
        await self._ask(person, "room.notify", room=self.room, level=level)

    async def _drop(self, person: Person) -> None:
        device = self.chance.choice(self.devices[person.id])
        if device.is_there:
            await device.lose()

    async def _come_back(self, person: Person) -> None:
        for device in self.devices[person.id]:
            if not device.is_there:
                await device.enter(self.chance.choice(self.servers).url, self.room)

    async def restart(self) -> None:
        """A process ends, and another begins with nothing in memory."""
        server = self.servers.pop(0)
        for device in self._all():
            if device.is_there and device.person.url == server.url:
                await device.lose()
        self.servers.append(await self._opened())

    # --- judging -----------------------------------------------------------------------------------------------------

    async def judge(self) -> None:
        await self.carry()
        for person in self.people:
            state = await self._state(person)
            await self._judge_topics(person)
            for device in self.devices[person.id]:
                if device.is_there:
                    await self._judge_device(device, state)

    async def _state(self, person: Person) -> dict[str, Any]:
        """The room as a new session is told of it."""
        fresh = await Person(self.chance.choice(self.servers).url, person.token, person.user).start()
        (state,) = [state for state in fresh.session["rooms"] if state["room"] == self.room]
        await fresh.leave()
        reader = self.model.readers[person.id]
        assert (state["read_seq"], state.get("markers", {})) == (reader.read_seq, reader.markers)
        assert (state["unread"], state["mentions"]) == (self.model.unread(person.id), self.model.mentions(person.id))
        found: dict[str, Any] = state
        return found

    async def _judge_topics(self, person: Person) -> None:
        reader, listed = self.model.readers[person.id], []
        after = ""
        while True:
            page = await self._ask(person, "topic.list", room=self.room, after=after)
            listed += page["topics"]
            if not (after := page.get("next", "")):
                break
        told = {
            topic["id"]: [topic[name] for name in
                          ("title", "messages", "last_seq", "unread", "mentions", "level", "read_seq")]
            for topic in listed
        }  # fmt: skip
        assert told == {
            topic: [
                title, len(self.model.undeleted(topic)), self.model.undeleted(topic)[-1],
                len(self.model.left(person.id, topic)), self.model.mentions(person.id, topic),
                reader.level_of(topic), reader.marker(topic),
            ]
            for topic, title in self.model.titles.items()
        }  # fmt: skip

    async def _judge_device(self, device: Device, state: dict[str, Any]) -> None:
        reader = self.model.readers[device.person.id]

        def has_all() -> bool:
            device.listen()
            place = device.copy.place
            return (
                (place["seq"], place["rev"]) == (state["last_seq"], state["rev"])
                and device.topics_version == state.get("topics_version", 0)
                and device.reading == (reader.read_seq, reader.markers)
            )

        wanted = (state["last_seq"], state["rev"], reader)
        await device.person.until(has_all, f"{wanted}; held {device.copy.place} {device.reading}")
        for seq, held in device.lines().items():
            said = self.model.said[seq - 1]
            assert held == (said.line, "" if said.deleted else said.text, said.deleted), seq


async def walk(open_server: OpenServer, seed: int, *, people: int, steps: int) -> Walk:
    print(f"seed {seed}")
    made = Walk(random.Random(seed), open_server)
    await made.begin(people)
    for number in range(1, steps + 1):
        await made.step()
        if number % 10 == 0:
            await made.judge()
        if number % 70 == 0:
            await made.restart()
    await made.judge()
    await made.end()
    return made


async def test_what_is_unread_and_held_with_topics_is_what_the_model_says(open_server: OpenServer) -> None:
    await walk(open_server, random.randrange(1 << 32), people=3, steps=120)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", range(3))
async def test_long_what_is_unread_and_held_with_topics(open_server: OpenServer, number: int) -> None:
    await walk(open_server, random.randrange(1 << 32), people=6, steps=2_000)
