"""A client that does not read: the others receive everything; for it, the server holds one place and no queue."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.live.connection import Connection
from chatserver.live.heartbeat import CLOSING_SECONDS
from chatserver.protocol.closing import SLOW
from chatserver.store.engine.address import Address
from tests.chaos.fleet import ServerProcess, fleet
from tests.chaos.socket import Socket
from tests.people import Person, gathering, post, sign_up

PATIENCE = 30.0
TEXT = "x" * 2_000
# What may wait in the transport of a paused socket: its high-water mark, what one turn brought, a catch-up's last part.
MOST_WAITING = 1 << 19
_ids = itertools.count()


class Ear:
    """A socket in the hall that keeps the seq of each message it hears, in order."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.other: list[str] = []
        self.started = asyncio.Event()
        self.code: int | None = None
        self.socket: Socket

    async def open(self, url: str, token: str) -> Ear:
        self.socket = await Socket.open(url, token, self._heard, self._lost, receives=1 << 16)
        self.socket.send({"id": 1, "method": "session.start"})
        await self.started.wait()
        return self

    def _heard(self, message: dict[str, Any]) -> None:
        if message.get("method") == "message.posted":
            self.seqs.append(message["params"]["seq"])
        elif "method" in message:
            self.other.append(message["method"])
        else:
            self.started.set()

    def _lost(self, code: int) -> None:
        self.code = code

    def stop_reading(self) -> None:
        self.socket.transport.pause_reading()


class Count(asyncio.Protocol):
    """Counts messages as they pass, without a look inside: a thousand of these must not slow the test itself."""

    _WORD = b'"message.posted"'

    def __init__(self) -> None:
        self.heard = 0
        self.transport: asyncio.Transport
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        whole = self._rest + data
        self.heard += whole.count(self._WORD)
        self._rest = whole[-len(self._WORD) + 1 :]
        if whole.endswith(self._WORD):
            self._rest = b""


@contextlib.asynccontextmanager
async def counting(url: str, token: str, number: int) -> AsyncIterator[list[Count]]:
    counts: list[Count] = []
    try:
        for _ in range(number):
            ear = await Ear().open(url, token)
            counts.append(Count())
            counts[-1].transport = ear.socket.transport
            ear.socket.transport.set_protocol(counts[-1])
        yield counts
    finally:
        for count in counts:
            count.transport.abort()


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None


@contextlib.asynccontextmanager
async def ears(url: str, token: str, number: int) -> AsyncIterator[list[Ear]]:
    opened = [await Ear().open(url, token) for _ in range(number)]
    try:
        yield opened
    finally:
        for ear in opened:
            ear.socket.cut()


async def flood(speaker: Person, number: int, text: str = TEXT) -> int:
    """So many messages, not waiting for each answer; gives the last seq."""
    answers = [
        await speaker.ask("message.send", room="hall", text=text, client_id=f"{next(_ids)}") for _ in range(number)
    ]
    return int((await answers[-1])["result"]["seq"])


async def fill(speaker: Person, connection: Connection) -> int:
    """Talk until the connection can take no more."""
    for number in range(200):
        last = await flood(speaker, 50, f"{number} {TEXT}")
        if connection.paused:
            return last
    raise AssertionError("10,000 messages fit into a socket that nobody reads")


def connection_of(server: Server, person: Person) -> Connection:
    (found,) = (connection for connection in server.hub.connections if connection.user_id == person.id)
    return found


def behind(server: Any, connection: Any) -> list[Any]:
    """The rooms whose events this connection has still to read up."""
    return [feed for feed in server.hub.connections[connection] if feed.followers[connection] is not None]


async def test_a_reader_that_stops_costs_the_others_nothing_and_catches_up_when_it_reads(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=60)
    async with gathering(server.url, "ann") as (ann,):
        crowd, slow_one = await sign_up(server.url, "crowd"), await sign_up(server.url, "slow")
        async with (
            ears(server.url, slow_one.token, 1) as (slow,),
            ears(server.url, crowd.token, 10) as others,
            counting(server.url, crowd.token, 90) as counts,
        ):
            connection = connection_of(server, slow_one)
            slow.stop_reading()
            await fill(ann, connection)
            waiting = connection.transport.get_write_buffer_size()
            last = await flood(ann, 500)
            await until(lambda: all(ear.seqs[-1] == last for ear in others), "ten others heard the last")
            await until(lambda: all(count.heard == last for count in counts), "ninety others heard everything")
            assert waiting < MOST_WAITING
            assert connection.transport.get_write_buffer_size() == waiting
            assert len(behind(server, connection)) == 1
            slow.socket.transport.resume_reading()
            await until(lambda: slow.seqs[-1:] == [last], "the slow one has caught up")
            for ear in (slow, *others):
                assert ear.seqs == list(range(1, last + 1))
            assert "room.reset" not in slow.other
            assert slow.code is None
            await until(lambda: not behind(server, connection), "the slow one is live again")


async def test_a_reader_that_reads_a_little_now_and_then_gets_everything_in_order(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=60, limits__tail_records=16)
    async with gathering(server.url, "ann") as (ann,):
        slow_one = await sign_up(server.url, "slow")
        async with ears(server.url, slow_one.token, 1) as (slow,):
            slow.stop_reading()
            last = await fill(ann, connection_of(server, slow_one))
            for step in range(20):
                slow.socket.transport.resume_reading()
                heard = len(slow.seqs)
                await until(lambda heard=heard: len(slow.seqs) > heard, "a little more")
                slow.socket.transport.pause_reading()
                last = await flood(ann, 20, f"step {step} {TEXT}")
            slow.socket.transport.resume_reading()
            await until(lambda: slow.seqs[-1:] == [last], "all of it")
            assert slow.seqs == list(range(1, last + 1))
            assert "room.reset" not in slow.other


async def test_a_reader_that_misses_a_storm_of_reactions_starts_over_in_that_room_alone(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=60, limits__replay_reactions=20)
    async with gathering(server.url, "ann") as (ann,):
        slow_one = await sign_up(server.url, "slow")
        room = (await ann.call("room.create", title="Tea"))["room"]
        await post(server.url, "room.join", slow_one.token, room=room)
        said = await ann.say(room, "tea?")
        async with ears(server.url, slow_one.token, 1) as (slow,):
            connection = connection_of(server, slow_one)
            slow.stop_reading()
            first = await fill(ann, connection)
            for number in range(21):
                method = "message.unreact" if number % 2 else "message.react"
                await ann.call(method, room=room, seq=said["seq"], emoji="👍")
            last = await flood(ann, 10)
            slow.socket.transport.resume_reading()
            await until(lambda: slow.seqs[-1:] == [last], "the slow one has caught up")
            assert slow.seqs[-11:] == list(range(first, last + 1))
            await until(lambda: not behind(server, connection), "the slow one is live again")
            await until(lambda: slow.other.count("room.reset") == 1, "the room of the storm is reset")
            assert "message.reacted" not in slow.other


async def test_a_reader_that_never_reads_again_is_cut_off(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=0.5)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        slow_one = await sign_up(server.url, "slow")
        async with ears(server.url, slow_one.token, 1) as (slow,):
            connection = connection_of(server, slow_one)
            slow.stop_reading()
            last = await fill(ann, connection)
            await until(lambda: connection.closing is SLOW, "the slow one is given up")
            server.heartbeat.tick(asyncio.get_running_loop().time())
            server.heartbeat.tick(asyncio.get_running_loop().time() + CLOSING_SECONDS + 1)
            await until(lambda: connection not in server.hub.connections, "the slow one is cut off")
            slow.socket.transport.resume_reading()
            await until(lambda: slow.code is not None, "it hears of its end")
            assert slow.code == 1006
            assert slow_one.id not in server.hub.users
            await bob.hears("message.posted", seq=last)
            back = await Ear().open(server.url, slow_one.token)
            assert back.started.is_set()
            back.socket.cut()


async def test_a_reader_that_reads_again_after_it_was_given_up_gets_the_reason(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=60)
    async with gathering(server.url, "ann") as (ann,):
        slow_one = await sign_up(server.url, "slow")
        async with ears(server.url, slow_one.token, 1) as (slow,):
            connection = connection_of(server, slow_one)
            slow.stop_reading()
            await fill(ann, connection)
            server.heartbeat.tick(asyncio.get_running_loop().time() + 61)
            slow.socket.transport.resume_reading()
            await until(lambda: slow.code is not None, "it hears of its end")
            assert slow.code == SLOW.code


async def test_who_asks_and_never_reads_the_answers_is_no_longer_read(open_server: Any) -> None:
    server = await open_server(server__slow_seconds=60)
    async with gathering(server.url, "ann") as (ann,):
        await flood(ann, 100)
        greedy = await sign_up(server.url, "greedy")
        async with ears(server.url, greedy.token, 1) as (ear,):
            connection = connection_of(server, greedy)
            ear.stop_reading()
            for _ in range(200):  # 44 MB of answers
                ear.socket.send({"id": 2, "method": "message.history", "params": {"room": "hall", "limit": 100}})
            await until(lambda: connection.paused, "its answers fill the socket")
            for _ in range(2_000):
                ear.socket.send({"id": 2, "method": "message.history", "params": {"room": "hall", "limit": 100}})
            await ann.call("session.ping")
            # At most 32 under way are answered, each with a page of 220 kB; what comes after waits at the client.
            assert not connection.reading
            assert connection.transport.get_write_buffer_size() < 40 * 240_000
            assert len(connection.data.backlog) < 4_000


# --- a thousand, and a server of its own -----------------------------------------------------------------------------


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


@pytest.mark.soak
async def test_one_slow_reader_among_a_thousand(address: Address, tmp_path: Path) -> None:
    settings = {"CHATSERVER_SERVER__SLOW_SECONDS": "600", "CHATSERVER_SERVER__PING_SECONDS": "0"}
    async with fleet(ServerProcess(tmp_path, "--store", f"unix://{address.path}", **settings)) as (server,):
        ann = await (await sign_up(server.url, "ann")).start()
        crowd, slow_one = await sign_up(server.url, "crowd"), await sign_up(server.url, "slow")
        async with (
            ears(server.url, slow_one.token, 1) as (slow,),
            ears(server.url, crowd.token, 20) as others,
            counting(server.url, crowd.token, 979) as counts,
        ):
            await flood(ann, 1_000, "warm up")
            slow.stop_reading()
            for number in range(5):
                await flood(ann, 500, f"{number} {TEXT}")
            before = resident(server.pid)
            for number in range(20):
                last = await flood(ann, 200, f"{number} {TEXT}")
            await until(lambda: all(ear.seqs[-1] == last for ear in others), "everyone else heard everything")
            await until(lambda: all(count.heard == last for count in counts), "all thousand heard everything", 300)
            grown = resident(server.pid) - before
            assert grown < 4e6, f"the server grew by {grown / 1e6:.1f} MB while one reader missed 8 MB"
            slow.socket.transport.resume_reading()
            await until(lambda: slow.seqs[-1:] == [last], "the slow one has caught up")
            assert slow.seqs == list(range(1, last + 1))
        await ann.leave()
