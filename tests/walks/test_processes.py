"""Whole processes: two servers on one store, and a server with its embedded store; any of them may be killed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from chatserver.store.engine.address import Address
from tests.chaos.checker import Ledger, Truth, check_all
from tests.chaos.fleet import PATIENCE, ServerProcess, fleet, is_running
from tests.chaos.reader import Reader
from tests.people import post, sign_up

HALL = "hall"


async def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """For what happens in other processes, where nothing can tell us."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def connected(servers: tuple[ServerProcess, ...], *handles: str) -> AsyncIterator[tuple[list[Reader], Ledger]]:
    """Readers in the hall, spread over the servers that are up, each with a whole copy."""
    ledger, turns = Ledger(), itertools.count()

    def anywhere() -> str:
        up = [server for server in servers if server.up] or list(servers)
        return up[next(turns) % len(up)].url

    people = [await sign_up(servers[0].url, handle) for handle in handles]
    readers = [Reader(person.user["handle"], person.token, [HALL], ledger, anywhere) for person in people]
    lives = [asyncio.create_task(life) for reader in readers for life in (reader.live(), reader.keep_filled())]
    try:
        for reader in readers:
            async with asyncio.timeout(PATIENCE):
                await reader.started.wait()
        yield readers, ledger
    finally:
        for reader in readers:
            reader.stop()
        await asyncio.gather(*lives, return_exceptions=True)
    assert not [reader.failed for reader in readers if reader.failed is not None]


async def hold_against_the_log(url: str, readers: list[Reader], ledger: Ledger) -> None:
    """Everyone level with the log, every copy the same as the log, every acknowledged send in it once."""
    truth, more = Truth(HALL), True
    while more:
        page = await post(url, "message.history", readers[0].token, room=HALL, after=len(truth.messages), limit=100)
        truth.page(page)
        more = page["more"]
    async with asyncio.timeout(PATIENCE):
        for reader in readers:
            await reader.level(HALL, truth.place)
    check_all(ledger, {HALL: truth}, [(reader.handle, reader.copies[HALL]) for reader in readers])
    assert [copy.resets for reader in readers for copy in reader.copies.values()] == [0] * len(readers)


class Talk:
    """Everyone talks as fast as they are answered, until ``hush``: then the last answers are waited for."""

    def __init__(self, readers: list[Reader]) -> None:
        self._quiet = False
        self._tasks = [asyncio.create_task(self._talk(reader)) for reader in readers]

    async def _talk(self, reader: Reader) -> None:
        while not self._quiet:
            await reader.say(HALL)

    async def hush(self) -> None:
        self._quiet = True
        await asyncio.gather(*self._tasks)


async def more_said(ledger: Ledger, number: int) -> None:
    wanted = len(ledger.acknowledged) + number
    await until(lambda: len(ledger.acknowledged) >= wanted, f"{number} more messages")


async def test_either_of_two_servers_may_be_killed_and_its_clients_go_on_at_the_other(
    address: Address, tmp_path: Path
) -> None:
    servers = tuple(ServerProcess(tmp_path, "--store", f"unix://{address.path}") for _ in range(2))
    async with fleet(*servers), connected(servers, "ann", "bob", "cat", "dan") as (readers, ledger):
        talk = Talk(readers)
        await more_said(ledger, 50)
        for victim in servers:
            before = [len(reader.resumed) for reader in readers]
            killed = time.monotonic()
            await victim.kill()
            await until(lambda: all(reader.started.is_set() for reader in readers), "everyone is back", 5)
            assert time.monotonic() - killed < 5
            assert any(len(reader.resumed) > number for reader, number in zip(readers, before, strict=True))
            await more_said(ledger, 50)
            await victim.start()
        await talk.hush()
        await hold_against_the_log(servers[0].url, readers, ledger)


def store_pid(data: Path) -> int:
    """The Valkey that runs in this folder: the one whose working directory it is."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == data and is_running(int(process.name)):
                return int(process.name)
    raise AssertionError(f"no store runs in {data}")


async def test_a_killed_server_leaves_no_store_behind_and_loses_no_acknowledged_message(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = ServerProcess(tmp_path, "--data", str(data))
    async with fleet(server), connected((server,), "ann", "bob") as (readers, ledger):
        talk = Talk(readers)
        for _ in range(2):
            await more_said(ledger, 50)
            valkey = store_pid(data)
            await server.kill(signal.SIGKILL)
            await until(lambda valkey=valkey: not is_running(valkey), "the store has ended")
            await server.start()
            await more_said(ledger, 20)
        await talk.hush()
        await hold_against_the_log(server.url, readers, ledger)


async def test_a_killed_store_is_started_again_and_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    data = tmp_path / "data"
    # Under everysec Valkey answers before it writes whenever its last fsync is still under way.
    server = ServerProcess(tmp_path, "--data", str(data), CHATSERVER_STORE__DURABILITY="strict")
    async with fleet(server), connected((server,), "ann", "bob") as (readers, ledger):
        talk = Talk(readers)
        for _ in range(2):
            await more_said(ledger, random.randint(5, 50))
            valkey = store_pid(data)
            os.kill(valkey, signal.SIGKILL)
            await until(lambda valkey=valkey: not is_running(valkey), "the store has ended")
            await more_said(ledger, 20)
            assert store_pid(data) != valkey
        assert is_running(server.pid)
        assert [len(reader.resumed) for reader in readers] == [1, 1]
        await talk.hush()
        await hold_against_the_log(server.url, readers, ledger)
