"""A storm: everyone in a room reacts to one message at once; beside it, everyone sends a short message at once.

Each follower receives every event, so the two differ only in what a step costs the server and the store.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import redis
from aiohttp import ClientSession

from bench import tables
from bench.fanout import Options
from bench.machine import Clock
from bench.recovery import Session
from bench.sides import Side, server, sign_up

ROOM = "talk"
EMOJI = "👍"
PATIENCE = 60.0
_NEEDLES = {"react": b'"message.reacted"', "send": b'"message.posted"'}


class Ear(asyncio.Protocol):
    """A socket that counts events by their names, without decoding them: a Python client would be the bottleneck."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._rest = b""
        self.heard = dict.fromkeys(_NEEDLES, 0)
        self.started = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        )
        self.transport.write(head.encode() + frame({"jsonrpc": "2.0", "id": 0, "method": "session.start"}))

    def data_received(self, data: bytes) -> None:
        if not self.started.done() and b'"id":0' in data:
            self.started.set_result(None)
        data = self._rest + data
        for name, needle in _NEEDLES.items():
            self.heard[name] += data.count(needle)
        self._rest = data[-15:]  # shorter than any of the names, so that none is counted twice

    def ask(self, method: str, **params: Any) -> None:
        self.transport.write(frame({"jsonrpc": "2.0", "method": method, "params": params}))


def frame(message: dict[str, Any]) -> bytes:
    """A client's text frame, masked with zeros."""
    payload = json.dumps(message).encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    return b"\x81" + size + b"\0\0\0\0" + payload


def reactions(folder: Path, core: int, options: Options) -> None:
    """``--members`` people; ``--rounds`` storms of each kind."""
    tables.title(f"{options.members} people react to one message at once, or send one each")
    with server(folder, core, [ROOM]) as side:
        tokens = asyncio.run(sign_up(side.port, options.members))
        asyncio.run(_join(side.port, tokens))
        asyncio.run(_storms(side, tokens, options.rounds))


async def _join(port: int, tokens: list[str]) -> None:
    url = f"http://127.0.0.1:{port}/api/room.join"
    async with ClientSession() as session:
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post(url, json={"room": ROOM}, headers=headers) as answer:
                assert answer.status == 200, await answer.text()


@contextlib.asynccontextmanager
async def _listening(port: int, tokens: list[str]) -> AsyncIterator[list[Ear]]:
    loop, ears = asyncio.get_running_loop(), list[Ear]()
    for token in tokens:
        _, ear = await loop.create_connection(lambda token=token: Ear(token), "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.wait_for(ear.started, PATIENCE)
        ears.append(ear)
    try:
        yield ears
    finally:
        for ear in ears:
            ear.transport.abort()


async def _storms(side: Side, tokens: list[str], rounds: int) -> None:
    costs: dict[str, list[float]] = {name: [] for name in _NEEDLES}
    watch = await Session.begin(side.port, tokens[0])
    with redis.Redis(unix_socket_path=side.address) as link:
        async with _listening(side.port, tokens) as ears:
            for number in range(rounds):
                for name in sorted(_NEEDLES, reverse=bool(number % 2)):
                    costs[name].append(await _storm(number, name, side, link, watch, ears))
    await watch.leave()
    tables.ratios("server's time per event", costs, [("react", "send")])


async def _storm(number: int, name: str, side: Side, link: redis.Redis, watch: Session, ears: list[Ear]) -> float:
    """One storm; returns the server's processor time in it."""
    said = await watch.call("message.send", room=ROOM, text="tea?", client_id=f"{number} {name}")
    await asyncio.sleep(0.2)
    for ear in ears:
        ear.heard[name] = 0
    link.config_resetstat()
    before, began = Clock(side.watched), time.monotonic()
    for one, ear in enumerate(ears):
        if name == "react":
            ear.ask("message.react", room=ROOM, seq=said["result"]["seq"], emoji=EMOJI)
        else:
            ear.ask("message.send", room=ROOM, text=EMOJI, client_id=f"{number} {one}")
    slowest = await _until_all_heard(name, watch, ears)
    seconds = time.monotonic() - began
    busy = Clock(side.watched).since(before)
    used = busy["server"].whole * seconds
    calls = link.info("commandstats")["cmdstat_fcall"]
    store = calls["usec"] / len(ears)
    tables.row(
        number,
        name,
        {
            "heard by all after": f"{seconds:.2f} s",
            "server": f"{used:.2f} s",
            "per event and follower": f"{used * 1e6 / len(ears) ** 2:.2f} µs",
            "store per step": f"{store:.1f} µs in {calls['calls']} calls",
            "slowest answer meanwhile": f"{slowest * 1000:.0f} ms",
        },
    )
    return used


async def _until_all_heard(name: str, watch: Session, ears: list[Ear]) -> float:
    """Wait until everyone has heard everything; returns the slowest ping meanwhile, in seconds."""
    slowest = 0.0
    async with asyncio.timeout(PATIENCE):
        while any(ear.heard[name] < len(ears) for ear in ears):
            asked = time.monotonic()
            await watch.call("session.ping")
            slowest = max(slowest, time.monotonic() - asked)
            await asyncio.sleep(0.01)
    return slowest
