"""The system clock is set back while the server runs: no limit waits for the old time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chatserver import ids
from chatserver.store.engine import keys
from tests.conftest import OpenServer
from tests.people import PASSWORD, Refused, gathering, post

HOUR_MS = 3_600_000
LIMITS = {
    "limits__user_sends_burst": 1,
    "limits__user_sends_per_second": 20,
    "limits__joins_burst": 1,
    "limits__joins_per_minute": 1200,
    "limits__searches_burst": 1,
    "limits__searches_per_minute": 1200,
    "accounts__sign_in_name_burst": 1,
    "accounts__sign_in_name_per_minute": 1200,
}


async def in_time(call: Callable[[], Awaitable[Any]]) -> None:
    """Again until no limit stands against it, each time after the wait that it tells."""
    async with asyncio.timeout(2):
        while True:
            try:
                await call()
            except Refused as refused:
                if refused.reason != "rate_limited":
                    raise
                await asyncio.sleep(refused.data["retry_after"])
            else:
                return


async def test_a_clock_that_is_set_back_holds_nobody_up(open_server: OpenServer) -> None:
    server = await open_server(**LIMITS)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await bob.call("room.create", kind="open", title="Tea"))["room"]
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: ann.say("hall", "Hello"),
            lambda: ann.call("room.join", room=room),
            lambda: ann.call("room.discover"),
            lambda: post(server.url, "account.sign_in", handle="ann", password=PASSWORD, want="token"),
        ]
        for back in (0, HOUR_MS, 2 * HOUR_MS):
            ids.move_clock(-back)
            for call in calls:
                await in_time(call)


async def test_slow_mode_goes_on_from_a_clock_that_was_set_back(open_server: OpenServer) -> None:
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await bob.call("room.create", kind="open", title="Tea"))["room"]
        await bob.call("room.update", room=room, slow_mode=600)
        await ann.call("room.join", room=room)
        await ann.say(room, "before")
        ids.move_clock(-HOUR_MS)
        await ann.say(room, "after it was set back")
        with pytest.raises(Refused) as slow:
            await ann.say(room, "too soon")
        assert slow.value.reason == "rate_limited" and slow.value.data["retry_after"] <= 600
        ids.move_clock(600_000 - HOUR_MS)
        await ann.say(room, "ten minutes later")


async def test_presence_is_published_again_after_the_clock_was_set_back(open_server: OpenServer) -> None:
    server = await open_server()
    async with gathering(server.url, "ann"):
        await server.hub.presence.tick(ids.now_ms())
        ids.move_clock(-HOUR_MS)
        await server.hub.presence.tick(ids.now_ms())
        held = await server.store.command(keys.room("hall"), "HGET", "{r:hall}:here", server.store.process_id)
        assert int(held.split()[0]) < ids.now_ms() + 60_000
