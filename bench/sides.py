"""The three compared servers, each a process on the servers' core: the community, the sketch, the floor.

``status`` starts one of each, and a Valkey for those that store, and ends them all. They run the whole time, idle while
it is not their turn, so that rounds can alternate.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from aiohttp import ClientSession

from bench.load import Person, compiled
from chatserver.store.embedded.server import EmbeddedStore

START_SECONDS = 30
SIGN_UPS_AT_ONCE = 8

# No limits: the benchmark measures how much the server can do, not how much it allows.
FOR_BENCHES = {
    "LIMITS__USER_SENDS_BURST": 0,
    "LIMITS__BOT_SENDS_BURST": 0,
    "LIMITS__ROOM_SENDS_BURST": 0,
    "LIMITS__ADDRESS_SENDS_BURST": 0,
    "LIMITS__REQUESTS_BURST": 0,
    "LIMITS__REACTIONS_BURST": 0,
    "LIMITS__JOINS_BURST": 0,
    "FILES__UPLOADS_BURST": 0,
    "LIMITS__CONNECTIONS_PER_ADDRESS": 0,
    "LIMITS__CONNECTIONS_PER_USER": 0,
    "SERVER__MAX_CONNECTIONS": 0,
    "SERVER__SESSION_SECONDS": 0,
    "SERVER__DRAIN_SECONDS": 0.1,
    "SERVER__LOG_LEVEL": "warning",
    "ACCOUNTS__SIGN_UP_PER_ADDRESS_HOUR": 0,
    "ACCOUNTS__ARGON2_MEMORY": 8,
    "ACCOUNTS__ARGON2_PASSES": 1,
    "HOST__ENABLED": "false",
    # A newcomer's first five messages are counted, each in steps of its own; everyone else's are not looked at.
    "NEWCOMER__FIRST_ACCOUNTS": 1_000_000,
}


@dataclass(slots=True)
class Side:
    """One server. ``tokens`` are the logins of its users, empty if it needs none."""

    name: str
    port: int
    process: int
    store: int = 0
    address: str = ""
    tokens: list[str] = field(default_factory=list)

    def people(self, rooms: list[str]) -> list[Person]:
        """A person for each room named."""
        return [Person(self.tokens[number] if self.tokens else "", room) for number, room in enumerate(rooms)]

    @property
    def watched(self) -> dict[str, int]:
        return {"server": self.process} | ({"store": self.store} if self.store else {})


@contextlib.contextmanager
def status(folder: Path, core: int, *, rooms: list[str], people: int, floor: bool = True) -> Iterator[list[Side]]:
    """Start all servers. The community has these rooms and this many people signed up."""
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(_floor(folder, core))] if floor else []
        sides.append(stack.enter_context(_sketch(folder, core)))
        home = stack.enter_context(server(folder, core, rooms))
        home.tokens = asyncio.run(sign_up(home.port, people))
        yield [*sides, home]


@contextlib.contextmanager
def _floor(folder: Path, core: int) -> Iterator[Side]:
    port = _free_port()
    with _running([str(compiled("floor", folder)), str(port)], core, port) as process:
        yield Side("floor", port, process)


@contextlib.contextmanager
def _sketch(folder: Path, core: int) -> Iterator[Side]:
    port = _free_port()
    with own_store(folder / "sketch") as store:
        words = [sys.executable, str(Path(__file__).with_name("sketch.py")), str(port), store.address]
        with _running(words, core, port) as process:
            yield Side("sketch", port, process, store.pid)


@contextlib.contextmanager
def server(folder: Path, core: int, rooms: list[str]) -> Iterator[Side]:
    with own_store(folder / "community") as store, server_on(store, folder, core, rooms) as side:
        yield side


@contextlib.contextmanager
def server_on(store: EmbeddedStore, folder: Path, core: int, rooms: list[str]) -> Iterator[Side]:
    """A server on a running store. Without ``rooms``, with the default starter rooms."""
    own = {**FOR_BENCHES, "STORE__URL": store.url}
    if rooms:
        own["ROOMS__FILE"] = folder / "rooms.toml"
        own["ROOMS__FILE"].write_text("\n".join(_room(room) for room in rooms))
    environment = os.environ | {f"CHATSERVER_{name}": str(value) for name, value in own.items()}
    port = _free_port()
    words = [sys.executable, "-m", "chatserver", "serve", "--port", str(port), "--data", str(store.folder)]
    with _running(words, core, port, environment) as process:
        yield Side("server", port, process, store.pid, store.address)


def _room(room: str) -> str:
    words = "".join(
        f'{name} = {{en = "{room}", zh-Hans = "{room}", zh-Hant = "{room}"}}\n' for name in ("title", "about")
    )
    return f'[[rooms]]\nid = "{room}"\n{words}'


@contextlib.contextmanager
def own_store(folder: Path) -> Iterator[EmbeddedStore]:
    """A Valkey like the embedded one, on the caller's core."""
    store = EmbeddedStore(folder)
    store.start()
    try:
        with redis.Redis(unix_socket_path=store.address) as link:
            # A rewrite of the file in the middle of a round would slow down only one side.
            link.config_set("auto-aof-rewrite-percentage", "0")
        yield store
    finally:
        store.stop()


@contextlib.contextmanager
def _running(words: list[str], core: int, port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A server on its core, once it accepts connections."""
    process = subprocess.Popen(
        words,
        cwd=Path(__file__).parents[1],
        env=environment,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # one system call
    )
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"A server could not start: {process.args!r}")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def sign_up(port: int, people: int) -> list[str]:
    """Create ``people`` accounts; returns their tokens."""
    places = asyncio.Semaphore(SIGN_UPS_AT_ONCE)

    async def one(number: int) -> str:
        name = f"u{number:03}"  # as short as the sketch's, because it is in every message
        body = {"handle": name, "name": name, "password": f"tea at {number:08}", "want": "token"}
        url = f"http://127.0.0.1:{port}/api/account.create"
        async with places, session.post(url, json=body) as answer:
            made = await answer.json()
        if "token" not in made:
            raise SystemExit(f"Nobody can sign up: {made}")
        return str(made["token"])

    async with ClientSession() as session:
        return list(await asyncio.gather(*(one(number) for number in range(people))))
