"""No connection stays open without end, and no address can take all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.doors.listening import listen
from tests.conftest import OpenServer
from tests.doors.visiting import HANDSHAKE, ask, knock
from tests.people import PATIENCE

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/community.get HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.005)


class Visitors:
    """Raw connections to a server; ``from_`` is the loopback address that they come from."""

    def __init__(self, server: Server, stack: contextlib.AsyncExitStack) -> None:
        self._port = int(server.url.rpartition(":")[2])
        self._stack = stack

    async def come(self, sent: bytes = b"", *, from_: str = "127.0.0.1") -> Stream:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(from_, 0))
        self._stack.callback(writer.close)
        writer.write(sent)
        return reader, writer


@pytest.fixture
async def visitors(server: Server) -> AsyncIterator[Visitors]:
    async with contextlib.AsyncExitStack() as stack:
        yield Visitors(server, stack)


async def is_ended(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        return True


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return (await reader.readline()).strip()


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("sent", "more"),
    [
        (b"", b""),
        (b"GET /hea", b"l"),
        (HEAD, b"X-Slow: 1\r\n"),
        (POST + b"Content-Length: 9\r\n\r\n{", b" "),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n"),
        (HEAD + b"\r\n" + HEAD, b"X-Slow: 1\r\n"),
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "a chunk", "half a second head"],
)
async def test_what_does_not_come_is_waited_for_no_longer_than_the_settings_say(
    server: Server, visitors: Visitors, sent: bytes, more: bytes
) -> None:
    reader, writer = await visitors.come(sent)
    await until(lambda: len(server.doors.gate) == 1)
    if sent.startswith(HEAD + b"\r\n"):
        await answer_of(reader)
    for seconds in (5, 10, 15):  # and what dribbles in makes it no longer
        writer.write(more)
        await asyncio.sleep(0.01)
        server.doors.gate.tick(now() + seconds)
        assert len(server.doors.gate) == 1, seconds
    server.doors.gate.tick(now() + server.settings.server.request_seconds + 6)
    assert await is_ended(reader)
    await until(lambda: len(server.doors.gate) == 0)


async def test_a_connection_that_was_answered_is_kept_for_another_request_but_not_for_ever(
    server: Server, visitors: Visitors
) -> None:
    reader, writer = await visitors.come(HEAD + b"\r\n")
    assert b"200" in await answer_of(reader)
    await asyncio.sleep(0)
    server.doors.gate.tick(now() + server.settings.server.request_seconds + 1)
    writer.write(HEAD + b"\r\n")
    await reader.readuntil(b"ok\n")
    assert b"200" in await answer_of(reader)
    server.doors.gate.tick(now())
    server.doors.gate.tick(now() + server.settings.server.idle_seconds + 1)
    assert await is_ended(reader)


async def test_who_asks_and_does_not_read_is_cut(server: Server, visitors: Visitors) -> None:
    reader, writer = await visitors.come()
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # what a client that reads nothing looks like
    writer.write(b"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 60)
    waiting = lambda: [visit for visit in server.doors.gate._visits if visit._ours.get_write_buffer_size()]  # noqa: E731
    await until(waiting)
    server.doors.gate.tick(now())
    await asyncio.sleep(0.05)
    server.doors.gate.tick(now())
    server.doors.gate.tick(now() + server.settings.server.slow_seconds + 1)
    await until(lambda: len(server.doors.gate) == 0)


async def test_the_connections_of_one_address_count_together_and_leave_others_theirs(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_address=3)
    async with contextlib.AsyncExitStack() as stack:
        visitors = Visitors(server, stack)
        held = [await visitors.come(HEAD) for _ in range(3)]
        await until(lambda: len(server.doors.gate) == 3)
        reader, _ = await visitors.come(HEAD + b"\r\n")
        assert b"503" in await answer_of(reader)
        reader, _ = await visitors.come(HEAD + b"\r\n", from_="127.0.0.2")
        assert b"200" in await answer_of(reader)
        held[0][1].close()
        await until(lambda: not server.doors.gate.addresses.is_full("127.0.0.1"))
        assert (await ask(server.url, "/healthz")).status == 200
    await until(lambda: len(server.doors.gate) == 0 and len(server.doors.gate.addresses) == 0)


async def test_a_connection_that_only_rests_makes_room_for_one_that_asks(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_address=3)
    async with contextlib.AsyncExitStack() as stack:
        visitors = Visitors(server, stack)
        resting = [await visitors.come(HEAD + b"\r\n") for _ in range(3)]
        for reader, _ in resting:
            await reader.readuntil(b"ok\n")
        await until(lambda: all(visit.rests for visit in server.doors.gate._visits))
        socket = await knock(server.url)
        assert socket.status == 101
        assert await is_ended(resting[0][0])


async def test_behind_a_proxy_requests_count_for_who_makes_them(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_address=2, server__trusted_proxies=["127.0.0.1"])
    async with contextlib.AsyncExitStack() as stack:
        visitors = Visitors(server, stack)
        slow = POST + b"X-Forwarded-For: 203.0.113.9\r\nContent-Length: 9\r\n\r\n{"
        for _ in range(2):
            await visitors.come(slow)
        await until(lambda: server.doors.gate.addresses.is_full("203.0.113.9"))
        assert (await ask(server.url, "/healthz", X_Forwarded_For="203.0.113.9")).status == 503
        assert (await knock(server.url, X_Forwarded_For="203.0.113.9")).status == 503
        for _ in range(3):
            assert (await ask(server.url, "/healthz", X_Forwarded_For="203.0.113.10")).status == 200
    await until(lambda: len(server.doors.gate.addresses) == 0)


async def test_a_socket_takes_its_connection_out_of_the_gate(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_address=1)
    async with contextlib.AsyncExitStack() as stack:
        head = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items()).encode()
        reader, writer = await Visitors(server, stack).come(b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n")
        assert b"101" in await answer_of(reader)
        assert (len(server.doors.gate), len(server.hub.connections)) == (0, 1)
        assert server.doors.gate.addresses.is_full("127.0.0.1")
        writer.close()
        await until(lambda: not server.doors.gate.addresses.is_full("127.0.0.1"))


@pytest.mark.parametrize("host", ["::", ""])
async def test_everywhere_means_both_kinds_of_addresses(open_server: OpenServer, host: str) -> None:
    server = await open_server(server__host=host)
    port = server.url.rpartition(":")[2]
    assert (await ask(server.url, "/healthz")).status == 200
    reader, writer = await asyncio.open_connection("::1", int(port))
    writer.write(HEAD + b"\r\n")
    assert b"200" in await answer_of(reader)
    writer.close()


def test_a_name_of_several_addresses_is_one_port() -> None:
    sockets = listen("localhost", 0)
    assert len({socket.getsockname()[1] for socket in sockets}) == 1
    for socket in sockets:
        socket.close()
