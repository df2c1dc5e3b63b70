"""The link to the store is cut while many sessions are open: how soon everything works again, and at what cost.

Child processes of this module hold the idle sessions, at most ``PER_PROCESS`` sockets each. The observed people (a
sender, a reader and one who is removed after the cut) are in this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from websockets.asyncio.client import ClientConnection, connect

from bench import tables
from bench.fanout import Options
from bench.machine import Clock
from bench.sides import Side, server, sign_up

ROOM = "bench"
PER_PROCESS = 5_000
OPENING_AT_ONCE = 32
PATIENCE = 120.0
_numbers = itertools.count(1)

Child = subprocess.Popen[str]


def recovery(folder: Path, core: int, options: Options) -> None:
    """``--members`` sessions, the link cut ``--rounds`` times."""
    tables.title(f"{options.members} sessions, the link to the store cut {options.rounds} times")
    with server(folder, core, [ROOM]) as side:
        tokens = asyncio.run(sign_up(side.port, options.members + 3))
        with _idle_sessions(side.port, tokens[3:]):
            asyncio.run(_cut_again_and_again(side, tokens[:3], options.rounds))


def herd(folder: Path, core: int, options: Options) -> None:
    """``--members`` people open a room's history at once, while one sends."""
    tables.title(f"{options.members} people open a history at once")
    with server(folder, core, [ROOM]) as side:
        tokens = asyncio.run(sign_up(side.port, options.members + 1))
        with _idle_sessions(side.port, tokens[1:]) as children:
            asyncio.run(_all_at_once(side, tokens[0], children, options.rounds))


async def _all_at_once(side: Side, token: str, children: list[Child], rounds: int) -> None:
    sender = await Session.begin(side.port, token)
    await sender.call("room.join", room=ROOM)
    for number in range(100):
        await sender.call("message.send", room=ROOM, text=f"{number} " + "x" * 300, client_id=f"{number}")
    for number in range(rounds):
        began, slowest = time.monotonic(), 0.0
        for child in children:
            child.send_signal(signal.SIGUSR1)
        answers = [asyncio.create_task(asyncio.to_thread(_line, child)) for child in children]
        while not all(answer.done() for answer in answers):
            sent = time.monotonic()
            await _send(sender, ROOM)
            slowest = max(slowest, time.monotonic() - sent)
            await asyncio.sleep(0.02)
        refused = sum(int(answer.result()) for answer in answers)
        figures = {"all answered after": f"{time.monotonic() - began:.2f} s", "refused": str(refused)}
        tables.row(number, "server", figures | {"slowest send": f"{slowest:.2f} s"})
    await sender.leave()


def _line(child: Child) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


# --- the observed people ---------------------------------------------------------------------------------------------


class Session:
    """One session that remembers what was posted."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.texts: list[str] = []
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def begin(cls, port: int, token: str) -> Session:
        headers = {"Authorization": f"Bearer {token}"}
        person = cls(await connect(f"ws://127.0.0.1:{port}/ws", additional_headers=headers, proxy=None))
        person.id = (await person.call("session.start"))["result"]["user"]["id"]
        return person

    id = ""

    async def _read(self) -> None:
        async for frame in self.socket:
            message = json.loads(frame)
            if message.get("method") == "message.posted":
                self.texts.append(message["params"]["text"])
            elif "id" in message:
                self._answers.pop(message["id"]).set_result(message)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(_numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def leave(self) -> None:
        await self.socket.close()
        await self._reading


async def _cut_again_and_again(side: Side, tokens: list[str], rounds: int) -> None:
    sender, reader, removed = [await Session.begin(side.port, token) for token in tokens]
    control = redis.Redis(unix_socket_path=side.address)
    room = (await sender.call("room.create", title="Talk"))["result"]["room"]
    for number in range(rounds):
        for person in (reader, removed):
            await person.call("room.join", room=room)
        tables.row(number, "server", await _one_cut(side, control, room, sender, reader, removed, tokens[1]))
    for person in (sender, reader, removed):
        await person.leave()


async def _one_cut(
    side: Side, control: redis.Redis, room: str, sender: Session, reader: Session, removed: Session, token: str
) -> dict[str, str]:
    for link in control.client_list():
        if link["name"].startswith("chatserver-"):
            control.client_kill_filter(_id=link["id"])
    cut = time.monotonic()
    session = asyncio.create_task(_new_session(side.port, token, cut))
    acknowledged = [text] if (text := await _send(sender, room)) else []
    sends = time.monotonic() - cut
    gone = await sender.call("room.remove", room=room, user=removed.id)
    if "error" in gone:
        raise SystemExit(f"Nobody can be removed: {gone}")
    heard_before = len(removed.texts)
    while time.monotonic() - cut < 10:
        if text := await _send(sender, room):
            acknowledged.append(text)
        await asyncio.sleep(0.05)
    sessions, before = await session, Clock(side.watched)
    await asyncio.sleep(2)
    busy = Clock(side.watched).since(before)["server"].whole
    lost = [text for text in acknowledged if text not in reader.texts]
    return {
        "sends answered after": f"{sends:.2f} s",
        "new session after": f"{sessions:.2f} s",
        "busy 10 s later": f"{busy:.0%}",
        "lost": str(len(lost)),
        "doubled": str(len(reader.texts) - len(set(reader.texts))),
        "heard by the removed": str(len(removed.texts) - heard_before),
    }


async def _send(sender: Session, room: str) -> str:
    """Send a text; returns it if it was acknowledged."""
    text = f"message {next(_numbers)}"
    answer = await sender.call("message.send", room=room, text=text, client_id=text)
    return text if "result" in answer else ""


async def _new_session(port: int, token: str, cut: float) -> float:
    while True:
        with contextlib.suppress(Exception):
            person = await Session.begin(port, token)
            took = time.monotonic() - cut
            await person.leave()
            return took
        await asyncio.sleep(0.05)


# --- idle sessions ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _idle_sessions(port: int, tokens: list[str]) -> Iterator[list[Child]]:
    children: list[Child] = []
    with contextlib.ExitStack() as stack:
        for start in range(0, len(tokens), PER_PROCESS):
            words = [sys.executable, "-m", "bench.recovery", str(port)]
            child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(child.wait)
            stack.callback(child.terminate)
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("\n".join(tokens[start : start + PER_PROCESS]))
            child.stdin.close()
            if _line(child) != "begun":
                raise SystemExit("The idle sessions could not begin")
            children.append(child)
        yield children


class _Idle(asyncio.Protocol):
    """A session that answers pings and reads nothing else."""

    def __init__(self, port: int, token: str) -> None:
        self._request = (
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered: asyncio.Future[bool] | None = None
        self._last = b""
        self._upgraded = False
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._upgraded:
            self._upgraded = True
            body = b'{"jsonrpc":"2.0","id":1,"method":"session.start","params":{}}'
            self._transport.write(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)
        elif data.endswith(b"\x89\0"):
            self._transport.write(b"\x8a\x80" + bytes(4))
        elif not self.begun.done() and b'"result"' in data:
            self.begun.set_result(None)
        elif self.answered is not None and not self.answered.done():
            self._look_for_answer(data)

    def _look_for_answer(self, data: bytes) -> None:
        held = self._last + data
        if b'"id":2' in held:
            self.answered.set_result(b'"error"' in held)
        self._last = data[-16:]

    def ask(self) -> asyncio.Future[bool]:
        """Read the history; returns whether that was refused."""
        self.answered, self._last = asyncio.get_running_loop().create_future(), b""
        body = b'{"jsonrpc":"2.0","id":2,"method":"message.history","params":{"room":"%b","limit":50}}' % ROOM.encode()
        self._transport.write(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)
        return self.answered


async def _hold(port: int, tokens: list[str]) -> None:
    loop, places = asyncio.get_running_loop(), asyncio.Semaphore(OPENING_AT_ONCE)

    async def one(token: str) -> _Idle:
        async with places:
            _, idle = await loop.create_connection(lambda: _Idle(port, token), "127.0.0.1", port)
            await idle.begun
            return idle

    everyone, asked = await asyncio.gather(*map(one, tokens)), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, asked.set)
    print("begun", flush=True)
    while True:
        await asked.wait()
        asked.clear()
        print(sum(await asyncio.gather(*(idle.ask() for idle in everyone))), flush=True)


if __name__ == "__main__":
    asyncio.run(_hold(int(sys.argv[1]), sys.stdin.read().split()))
