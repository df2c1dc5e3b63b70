"""Every close code of docs/protocol.md that a client can cause."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from chatserver.app import Server
from chatserver.protocol import closing
from tests.people import PATIENCE, Person, post, sign_up
from tests.walks.test_protocol_examples import socket_of

_MASK = b"\x00\x00\x00\x00"
# 1011 stands for a fault of ours that nobody can ask for (tests/live/test_connection.py); 4101 takes a full socket
# (tests/walks/test_slow_readers.py).
ONLY_DESCRIBED = {closing.FAULT.code, closing.SLOW.code}


async def _ended(person: Person) -> int:
    return await person.closed()


async def _after_sending(server: Server, *messages: str | bytes) -> int:
    person = await (await sign_up(server.url, "ann")).start()
    try:
        for message in messages:
            await person.socket.send(message)
    except ConnectionClosed:
        pass  # closed before the last of them left
    return await _ended(person)


async def _raw(server: Server, frame: bytes) -> int:
    """The code in the first close frame that a bare TCP client is sent, after its own ``frame``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame)
            while True:
                head = await reader.readexactly(2)
                payload = await reader.readexactly(head[1])
                if head[0] == 0x88:
                    return int.from_bytes(payload[:2], "big")
    finally:
        writer.close()


async def _left(server: Server) -> int:
    async with socket_of(server.url) as socket:
        await socket.close(1000)
        assert socket.close_code is not None
        return socket.close_code


async def _drained(server: Server) -> int:
    person = await (await sign_up(server.url, "ann")).start()
    await server.doors.front.drain(0)
    return await _ended(person)


async def _signed_out_elsewhere(server: Server) -> int:
    person = await (await sign_up(server.url, "ann")).start()
    await post(server.url, "account.sign_out", person.token)
    return await _ended(person)


async def _revoked(server: Server) -> int:
    person = await (await sign_up(server.url, "ann")).start()
    made = await person.call("token.create", label="a script")
    script = await Person(server.url, made["token"]).start()
    await person.call("token.revoke", token=made["id"])
    code = await _ended(script)
    await person.leave()
    return code


async def _suspended(server: Server) -> int:
    person = await (await sign_up(server.url, "ann")).start()
    await server.services.accounts.store.set_status(person.id, "suspended", on=True)
    return await _ended(person)


async def _without_a_session(server: Server) -> int:
    return await _ended(await Person(server.url).connect())


def _sending(*messages: str | bytes) -> Callable[[Server], Awaitable[int]]:
    return lambda server: _after_sending(server, *messages)


PING = json.dumps({"method": "session.ping"})
WAYS: dict[int, tuple[Callable[[Server], Awaitable[int]], dict[str, Any]]] = {
    1000: (_left, {}),
    1002: (lambda server: _raw(server, b"\x81\x02{}"), {}),  # a frame without a mask
    1003: (_sending(b"\x80"), {}),
    1007: (lambda server: _raw(server, b"\x81\x82" + _MASK + b"\xc3\x28"), {}),
    1009: (_sending(json.dumps({"method": "session.ping", "params": {"padding": "." * 65_536}})), {}),
    4100: (_drained, {}),
    4102: (lambda server: _raw(server, b""), {"server__ping_seconds": 0.5, "server__silence_seconds": 0.5}),
    4500: (_signed_out_elsewhere, {}),
    4501: (_revoked, {}),
    4502: (_suspended, {}),
    4503: (_sending(*[PING] * 500), {"limits__requests_burst": 2, "limits__requests_per_second": 0.001}),
    4504: (_sending(*["no request"] * 21), {}),
    4505: (_without_a_session, {"server__session_seconds": 0.5}),
}


@pytest.mark.parametrize("code", WAYS)
async def test_the_socket_ends_with(code: int, open_server) -> None:
    way, settings = WAYS[code]
    assert await way(await open_server(**settings)) == code


def test_every_close_code_of_the_table_is_brought_about() -> None:
    assert {row.code for row in closing.TABLE} - WAYS.keys() == ONLY_DESCRIBED
