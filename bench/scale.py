"""How long single steps take with very many people and rooms: their number must not matter.

The population is written straight into the store. Each step is called some times, one at a time; its longest response
is also the longest that it can have blocked the server, and the store reports how long its slowest command took.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import redis

from bench import population, tables
from bench.fanout import Options
from bench.recovery import Session
from bench.sides import Side, own_store, server_on, sign_up

ACCOUNTS_PART = 5
HALL = "hall"

Step = Callable[[], Awaitable[Any]]


def scale(folder: Path, core: int, options: Options) -> None:
    """``--members`` in the hall, a fifth of them with accounts, and as many rooms; each step ``--rounds`` times."""
    accounts = options.members // ACCOUNTS_PART
    tables.title(f"{options.members:,} members in the hall, {accounts:,} accounts and {accounts:,} open rooms")
    with own_store(folder / "community") as store:
        with server_on(store, folder, core, []):
            pass
        with redis.Redis(unix_socket_path=store.address) as link:
            population.accounts(link, accounts)
            population.members(link, options.members)
            population.rooms(link, accounts)
        began = time.monotonic()
        with server_on(store, folder, core, []) as side:
            tables.row(0, "server", {"takes connections after": f"{time.monotonic() - began:.2f} s"})
            asyncio.run(_steps(side, options))


async def _steps(side: Side, options: Options) -> None:
    ann, ben, cay = await sign_up(side.port, 3)
    with redis.Redis(unix_socket_path=side.address) as link:
        first = await Session.begin(side.port, ann)
        await first.leave()
        link.hset(f"{{u:{first.id}}}", "admin", 1)
        link.config_set("slowlog-log-slower-than", "0")
        admin, member = await Session.begin(side.port, ann), await Session.begin(side.port, ben)
        bench = _Bench(side, admin, member, cay, options.members)
        for name, step in bench.steps().items():
            await step_row(link, name, step, options.rounds)
        await admin.leave()
        await member.leave()


async def step_row(link: redis.Redis, name: str, step: Step, rounds: int) -> None:
    """Print how long a step takes, and the store's slowest command for it."""
    took = []
    link.slowlog_reset()
    for _ in range(rounds):
        began = time.monotonic()
        answer = await step()
        took.append((time.monotonic() - began) * 1000)
        if answer is not None and "error" in answer:
            raise SystemExit(f"{name} was refused: {answer}")
    slowest = max((entry["duration"] for entry in link.slowlog_get(128)), default=0) / 1000
    figures = {"median": f"{statistics.median(took):.1f} ms", "longest": f"{max(took):.1f} ms"}
    tables.row(0, "server", {"step": f"{name:<24}"} | figures | {"store's longest": f"{slowest:.1f} ms"})


class _Bench:
    """An admin, a member and a user who joins again and again."""

    def __init__(self, side: Side, admin: Session, member: Session, token: str, size: int) -> None:
        self._side = side
        self._admin = admin
        self._member = member
        self._token = token
        self._size = size
        self._number = 0

    def steps(self) -> dict[str, Step]:
        middle = f"{2 * 10**13 + 1700000000000 + self._size // 6}.{self._size // 2:024x}"
        return {
            "session.start": self._begins,
            "message.send": lambda: self._says("hello"),
            "message.send @somebody": lambda: self._says(f"@person{self._size // 2} hello"),
            "room.leave, room.join": self._leaves_and_joins,
            "room.members": lambda: self._member.call("room.members", room=HALL),
            "room.members, the middle": lambda: self._member.call("room.members", room=HALL, after=middle),
            "room.update": self._updates,
            "message.history": lambda: self._member.call("message.history", room=HALL),
        }

    async def _begins(self) -> None:
        await (await Session.begin(self._side.port, self._token)).leave()

    async def _says(self, text: str) -> dict[str, Any]:
        self._number += 1
        return await self._admin.call("message.send", room=HALL, text=text, client_id=f"{self._number}")

    async def _leaves_and_joins(self) -> dict[str, Any]:
        await self._member.call("room.leave", room=HALL)
        return await self._member.call("room.join", room=HALL)

    async def _updates(self) -> dict[str, Any]:
        self._number += 1
        return await self._admin.call("room.update", room=HALL, about=f"Number {self._number}")
