"""Reading in a forum costs what is shown, however many topics and messages there are: the same steps in a small and in
a large one, counted in commands of the store and bytes to and from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from bench.forum import Reader, fill
from chatserver.store.accounts.users import Mark
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import Person, gathering
from tests.scale.test_growth import Cost, Meter, Step, Still

# Topics and messages: a page of each list is full in both, and who wrote last in a topic is looked for in its last 30.
SMALL, LARGE = (100, 4_000), (500, 20_000)
READ_IN = 30
QUIET = 3


class Forum:
    """A room with two readers who are somewhere in some topics and were called now and then: Ben hears most topics, Cay
    few."""

    def __init__(self, server: Still, ann: Person, ben: Person, cay: Person, size: tuple[int, int]) -> None:
        self.server = server
        self.ann = ann
        self.ben = ben
        self.cay = cay
        self.size = size

    async def begin(self) -> None:
        topics, messages = self.size
        self.room = (await self.ann.call("room.create", title="Forum", client_id=str(topics)))["room"]
        for reader in (self.ben, self.cay):
            await reader.call("room.join", room=self.room)
        self.ids = await fill(self.server.services.messages._log, self.room, [self.ann.id], topics, messages)
        for reader in (self.ben, self.cay):
            for topic in self.ids[:READ_IN]:
                await reader.call("read.mark", room=self.room, topic=topic, seq=topics + 50)
            for topic in self.ids[:QUIET]:
                await reader.call("topic.notify", room=self.room, topic=topic, level="none")
            for topic in self.ids[-QUIET:]:
                await reader.say(self.room, "I am here", topic=topic)
                await self.ann.say(self.room, f"@{reader.user['handle']} hello", topic=topic)
        await self.cay.call("room.notify", room=self.room, level="none")
        await self.server.live.marks.carry()
        for reader in (self.ben, self.cay):
            await reader.start_anew()

    def steps(self) -> dict[str, Step]:
        reader = Reader(self.ben, self.room, self.ids, self.size[1])
        middle = self.ids[len(self.ids) // 2]
        return reader.steps() | {
            "a session begins": self.ben.start_anew,
            "read.mark of nothing new": lambda: self.asks("read.mark", topic=middle, seq=1),
            "a session that counts few topics": self.cay.start_anew,
            "topic.list by ids": lambda: self.asks("topic.list", topics=self.ids[5:25]),
            "topic.update": lambda: self.ann.call("topic.update", room=self.room, topic=middle, note="Read this"),
            "moved and back": self.moves,
        }

    async def asks(self, method: str, **params: Any) -> Any:
        return await self.ben.call(method, room=self.room, **params)

    async def moves(self) -> None:
        for topic in (self.ids[1], self.ids[2]):
            await self.ann.call("message.move", room=self.room, seqs=[self.size[0] + 10], topic=topic)


async def costs_at(size: tuple[int, int], address: Address, folder: Path, like: dict[str, Cost]) -> dict[str, Cost]:
    with redis.Redis(unix_socket_path=address.path) as link:
        link.flushall()
    meter = Meter(address)
    async with (
        Still(settings_for_tests(folder), store_address=address) as server,
        gathering(server.url, "ann", "ben", "cay") as (ann, ben, cay),
    ):
        forum = Forum(server, ann, ben, cay, size)
        await forum.begin()
        steps = forum.steps()
        return {name: await meter.cost(step, like.get(name), turns=False) for name, step in steps.items()}


def _differ(large: dict[str, Cost], small: dict[str, Cost]) -> dict[str, tuple[Cost, Cost]]:
    """What costs more in the large one. Its main line is found by halving, which is a few commands more."""
    found = {name: (cost, small[name]) for name, cost in large.items() if not cost.is_as(small[name])}
    return {
        name: costs
        for name, costs in found.items()
        if ("main line" not in name and "middle" not in name) or costs[0].commands > costs[1].commands + 8
    }


@pytest.mark.timeout(120)
async def test_no_step_costs_more_in_a_larger_forum(address: Address, tmp_path: Path) -> None:
    large = await costs_at(LARGE, address, tmp_path, {})
    small = await costs_at(SMALL, address, tmp_path, large)
    assert _differ(large, small) == {}


async def test_the_markers_of_many_lines_cost_what_one_does(address: Address, tmp_path: Path) -> None:
    meter, costs = Meter(address), []
    async with (
        Still(settings_for_tests(tmp_path), store_address=address) as server,
        gathering(server.url, "ann") as (ann,),
    ):
        epoch = (await ann.say("hall", "hello"))["epoch"]
        await server.live.marks.carry()
        for first, lines in ((10, 1), (1000, 400)):
            marks = [Mark("hall", epoch, first + number, 0, f"topic{number}", 9**9) for number in range(lines)]
            costs.append(await meter.cost(lambda marks=marks: moved(server, ann, marks), None, turns=False))
    assert costs[0].commands == costs[1].commands


async def moved(server: Still, person: Person, marks: list[Mark]) -> None:
    """Mark these lines, each time further than the last."""
    marks[:] = [Mark(one.room, one.epoch, one.seq + 500, one.shared, one.line, one.topical) for one in marks]
    await server.stores.users.mark(person.id, marks, origin="")
