"""What a step costs does not grow with how many people and rooms there are: the same steps in a community of 1,000 and
of 20,000, counted in commands of the store (those inside its functions, too), bytes to and from it and turns of the
loop.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import redis

import chatserver
from bench import population
from chatserver import ids
from chatserver.app import Server
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import Person, post, sign_up

SMALL, LARGE = 1_000, 20_000
REPEATS = 4
MOST_REPEATS = 24

Step = Callable[[], Awaitable[Any]]


class Cost(msgspec.Struct, frozen=True):
    """Of one step, the least of some repeats: probes and read markers fall into some of them. Turns are not counted
    where a step waits for a clock."""

    commands: int
    bytes: int
    turns: int

    def is_as(self, other: Cost) -> bool:
        """A larger number has more digits, and what comes in one turn or in two is chance."""
        return (
            self.commands == other.commands
            and abs(self.bytes - other.bytes) < 512 + other.bytes / 20
            and abs(self.turns - other.turns) < 4 + other.turns / 4
        )


class Meter:
    """Counts what the store and the loop do."""

    def __init__(self, address: Address) -> None:
        self._link = redis.Redis(unix_socket_path=address.path)
        self._turns = 0
        loop: Any = asyncio.get_running_loop()
        run_once = loop._run_once

        def counted() -> None:
            self._turns += 1
            run_once()

        loop._run_once = counted

    async def cost(self, step: Step, like: Cost | None, *, turns: bool = True) -> Cost:
        """Measure until it is ``like`` what it was in the other community, or often enough to say that it is not."""
        costs: list[Cost] = []
        while True:
            costs.append(await self._once(step))
            least = Cost(
                min(cost.commands for cost in costs), min(cost.bytes for cost in costs),
                min(cost.turns for cost in costs) if turns else 0,
            )  # fmt: skip
            if len(costs) >= (MOST_REPEATS if like is not None and not least.is_as(like) else REPEATS):
                return least

    async def _once(self, step: Step) -> Cost:
        self._link.config_resetstat()
        before = self._turns
        await step()
        turns = self._turns - before
        calls = sum(stats["calls"] for stats in self._link.info("commandstats").values())
        stats = self._link.info("stats")
        return Cost(calls, stats["total_net_input_bytes"] + stats["total_net_output_bytes"], turns)


class Still(Server):
    """A server whose housekeeping comes when it is asked for."""

    async def _every(self, seconds: float, work: Step) -> None:
        self.__dict__.setdefault("works", []).append(work)

    async def housekeeping(self) -> None:
        for work in self.__dict__["works"]:
            await work()


class World:
    """A community with so many people in its hall and so many open rooms, and a few who do something."""

    def __init__(self, address: Address, server: Still, size: int) -> None:
        self.address = address
        self.server = server
        self.size = size
        self.number = 0

    async def __aenter__(self) -> World:
        self.ann, self.ben, self.cay, self.dan = [
            await sign_up(self.server.url, handle) for handle in ("ann", "ben", "cay", "dan")
        ]
        for person in (self.ann, self.ben, self.cay):
            await self.server.store.redis.hset(keys.user(person.id), "trusted", 1)
        await self.ann.start()
        await self.ben.start()
        self.room = (await self.ann.call("room.create", title="茶屋"))["room"]
        with redis.Redis(unix_socket_path=self.address.path) as link:
            population.members(link, self.size, keys.room(self.room))
            population.writers(link, self.size, keys.room(self.room))
            self.seq = (await self.ann.say(self.room, "Who has tea?"))["seq"]
            population.reactions(link, self.size, keys.room(self.room), self.seq, "👍")
        for person in (self.ben, self.cay, self.dan):
            await post(self.server.url, "room.join", person.token, room=self.room)
        for person in (self.ann, self.ben):
            await person.start_anew()
        for _ in range(2):  # the index of people is made by its first comparison
            await self.server.housekeeping()
        return self

    async def __aexit__(self, *exc: object) -> None:
        for person in (self.ann, self.ben, self.cay):
            await person.leave()

    def steps(self) -> dict[str, Step]:
        middle = f"{2 * 10**13 + 1700000000000 + self.size // 6}.{self.size // 2:024x}"
        return {
            "a message": lambda: self.says("hello"),
            "a message to somebody": lambda: self.says(f"@person{self.size // 2} hello"),
            "a reaction to what all reacted to": self.reacts,
            "its page": lambda: self.ann.call("message.get", room=self.room, seqs=[self.seq]),
            "who reacted": lambda: self.ann.call("message.reactors", room=self.room, seq=self.seq, emoji="👍"),
            "a reply": lambda: self.says("hello", by=self.ben, to=self.ann, reply_to=1),
            "a message to everyone": self.calls_everyone,
            "leave and join": self.leaves_and_joins,
            "a session begins": self.begins,
            "first page of the members": self.lists,
            "a page in the middle": lambda: self.lists(middle),
            "members by what is typed": lambda: self.finds("ben"),
            "members by a handle": lambda: self.finds(f"person{self.size // 2}"),
            "people by a handle": lambda: self.finds_people(f"person{self.size // 2}"),
            "people by a part of a handle": lambda: self.finds_people(f"erson{self.size // 2}"),
            "first page of the rooms": self.lists_rooms,
            "a page of rooms in the middle": lambda: self.lists_rooms(after=f"0.0.0.{1700000000000 + self.size // 2}."),
            "rooms by a tag of all": lambda: self.lists_rooms(tag="many"),
            "a room by its title": lambda: self.finds_room(f"Room {self.size // 2}", f"room-{self.size // 2}"),
            "a room by pinyin": lambda: self.finds_room("chawu", self.room),
            "no room": lambda: self.finds_room("nothing at all"),
            "room.update": self.changes_room,
            "roles": self.changes_role,
            "history": self.reads,
            "history over HTTP": self.looks_from_outside,
            "a message of a newcomer": self.newcomer_says,
            "sign up": self.signs_up,
            "the last owner goes": self.last_owner_goes,
            "housekeeping": self.server.housekeeping,
        }

    async def says(self, text: str, *, by: Person | None = None, to: Person | None = None, reply_to: int = 0) -> None:
        self.number += 1
        sent = await (by or self.ann).say(self.room, text, reply_to=reply_to)
        await (to or self.ben).hears("message.posted", seq=sent["seq"])

    async def calls_everyone(self) -> None:
        """Each time an hour later than the last."""
        ids.move_clock(3_700_000 * (self.number + 1))
        await self.says("@everyone hello")
        ids.move_clock(0)

    async def newcomer_says(self) -> None:
        """And is counted, and what comes after the response is over, too."""
        self.number += 1
        words, tasks = {"text": "hello", "client_id": f"d{self.number}"}, len(self.server.tasks)
        await post(self.server.url, "message.send", self.dan.token, room=self.room, **words)
        while len(self.server.tasks) > tasks:
            await asyncio.sleep(0)

    async def reacts(self) -> None:
        for method in ("message.react", "message.unreact"):
            rev = (await self.ann.call(method, room=self.room, seq=self.seq, emoji="👍"))["rev"]
            heard = await self.ben.hears("message.reacted", rev=rev)
            assert heard["count"] == self.size + heard["added"]

    async def leaves_and_joins(self) -> None:
        await self.ben.call("room.leave", room=self.room)
        await self.ben.call("room.join", room=self.room)

    async def begins(self) -> None:
        await self.cay.start_anew()

    async def lists(self, after: str = "") -> None:
        page = await self.ann.call("room.members", room=self.room, after=after)
        assert len(page["members"]) == 100

    async def finds(self, query: str) -> None:
        page = await self.ann.call("room.members", room=self.room, query=query)
        assert [one["user"]["handle"] for one in page["members"]][:1] == [query]

    async def finds_people(self, query: str) -> None:
        answer = await self.ann.call("user.search", query=query)
        assert [one["handle"] for one in answer["users"]] == [f"person{self.size // 2}"] and "indexing" not in answer

    async def lists_rooms(self, **asked: str) -> None:
        answer = await self.ann.call("room.discover", **asked)
        assert len(answer["rooms"]) == 50 and answer["next"] and "indexing" not in answer

    async def finds_room(self, query: str, *rooms: str) -> None:
        answer = await self.ann.call("room.discover", query=query)
        assert [room["room"] for room in answer["rooms"]] == list(rooms) and "indexing" not in answer

    async def changes_room(self) -> None:
        self.number += 1
        about = f"Number {self.number:03}"
        await self.ann.call("room.update", room=self.room, about=about)
        await self.ben.hears("room.changed", about=about)

    async def changes_role(self) -> None:
        for role in ("moderator", "member"):
            await self.ann.call("room.set_role", room=self.room, user=self.cay.id, role=role)

    async def last_owner_goes(self) -> None:
        """The longest-serving member owns the room then, and is no owner again."""
        await self.ann.call("room.leave", room=self.room)
        page = await self.ben.call("room.members", room=self.room)
        (heir,) = [one["user"]["id"] for one in page["members"] if one["role"] == "owner"]
        await self.ann.call("room.join", room=self.room)
        store = self.server.stores.rooms
        await store.set_role(self.room, self.ann.id, "owner", actor="", admin=True, now=2)
        await store.set_role(self.room, heir, "member", actor="", admin=True, now=2)

    async def reads(self) -> None:
        """The first four, which are alike: how many came since depends on how often the steps before were repeated."""
        page = await self.ann.call("message.history", room=self.room, limit=50, before=self.seq + 4)
        assert [message["seq"] for message in page["messages"]][-4:] == list(range(self.seq, self.seq + 4))

    async def looks_from_outside(self) -> None:
        await post(self.server.url, "message.history", self.cay.token, room=self.room, limit=1)

    async def signs_up(self) -> None:
        self.number += 1
        await post(
            self.server.url, "account.create", handle=f"new{self.number:04}", name="New", password="warm tea at dusk"
        )

    async def relinks(self) -> None:
        links = self.server.store.links
        with redis.Redis(unix_socket_path=self.address.path) as other:
            for client in other.client_list():
                if client["name"] == "chatserver-link":
                    other.client_kill_filter(_id=client["id"])
        recovery = self.server.working.recovery
        while self.server.store.links == links or recovery._under_way is None or not recovery._under_way.done():
            await asyncio.sleep(0.01)


async def costs_at(size: int, address: Address, folder: Path, like: dict[str, Cost]) -> dict[str, Cost]:
    def opened() -> Still:
        return Still(settings_for_tests(folder, newcomer__messages=100), store_address=address)

    async def start() -> None:
        async with opened():
            pass

    with redis.Redis(unix_socket_path=address.path) as link:
        link.flushall()
        await start()
        population.accounts(link, size)
        population.members(link, size)
        population.rooms(link, size)
    meter = Meter(address)
    async with opened() as server, World(address, server, size) as world:
        costs = {name: await meter.cost(step, like.get(name)) for name, step in world.steps().items()}
        costs["relink"] = await meter.cost(world.relinks, like.get("relink"), turns=False)
    costs["start and stop"] = await meter.cost(start, like.get("start and stop"), turns=False)
    return costs


async def test_no_step_costs_more_where_there_are_more_people_and_rooms(address: Address, tmp_path: Path) -> None:
    large = await costs_at(LARGE, address, tmp_path, {})
    small = await costs_at(SMALL, address, tmp_path, large)
    large |= await costs_at(LARGE, address, tmp_path, small) if _differ(large, small) else {}
    assert _differ(large, small) == {}


def _differ(large: dict[str, Cost], small: dict[str, Cost]) -> dict[str, tuple[Cost, Cost]]:
    return {name: (cost, small[name]) for name, cost in large.items() if not cost.is_as(small[name])}


def test_no_function_of_the_store_reads_all_members_of_a_room() -> None:
    """Save of a conversation of two. What it reads and does not answer is in no count of bytes."""
    reading = re.compile(r"'(HGETALL|HVALS|HKEYS)', (place\.)?members\b")
    found = {
        (file.stem, match.group(1))
        for file in (Path(chatserver.__file__).parent / "store").rglob("*.lua")
        for match in reading.finditer(file.read_text("utf-8"))
    }
    assert found == {("_prelude", "HKEYS")}
