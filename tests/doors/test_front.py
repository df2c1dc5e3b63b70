"""/healthz, /readyz and the drain."""

from __future__ import annotations

import asyncio

from chatserver.app import Server
from tests.doors.conftest import Remote
from tests.doors.visiting import Answer, ask, knock, post
from tests.people import PATIENCE, Person, gathering

FAR = {"X-Forwarded-For": "203.0.113.9"}


async def until_ready_says(url: str, status: int) -> Answer:
    async with asyncio.timeout(PATIENCE):
        while (answer := await ask(url, "/readyz")).status != status:
            await asyncio.sleep(0.02)
        return answer


async def test_a_running_server_is_alive_and_ready(server: Server) -> None:
    for path, words in (("/healthz", b"ok\n"), ("/readyz", b"ready\n")):
        for headers in ({}, FAR):
            answer = await ask(server.url, path, **headers)
            assert (answer.status, answer.body) == (200, words)


async def test_without_the_store_it_is_alive_but_not_ready_and_gives_the_reason_to_local_requests(
    remote: Remote,
) -> None:
    await remote.take_store_away()
    near = await until_ready_says(remote.url, 503)
    assert near.body == b"the store cannot be reached\n"
    assert (await ask(remote.url, "/readyz", **FAR)).body == b"not ready\n"
    for headers in ({}, FAR):
        assert (await ask(remote.url, "/healthz", **headers)).status == 200
    assert (await ask(remote.url, "/")).status == 200
    await remote.give_store_back()
    assert (await until_ready_says(remote.url, 200)).body == b"ready\n"


async def test_closes_are_spread_over_the_drain_window(server: Server) -> None:
    names = ["ann", "bob", "cat", "dan", "eve"]
    loop = asyncio.get_running_loop()
    async with gathering(server.url, *names) as people:
        started = loop.time()

        async def closed_after(person: Person) -> float:
            assert await person.closed() == 4100
            return loop.time() - started

        draining = asyncio.create_task(server.doors.front.drain(1.0))
        moments = sorted(await asyncio.gather(*(closed_after(person) for person in people)))
        await draining
    # One at 0, then every fifth of a second; a busy machine may be late but nothing makes them early.
    assert all(moment >= number / len(names) - 0.01 for number, moment in enumerate(moments)), moments


async def test_a_drain_that_is_hurried_closes_the_rest_at_once(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as people:
        draining = asyncio.create_task(server.doors.front.drain(600))
        await asyncio.wait([asyncio.create_task(person.closed()) for person in people], return_when="FIRST_COMPLETED")
        server.hurry.set()
        async with asyncio.timeout(PATIENCE):
            await draining
        assert not server.hub.connections


async def test_while_draining_nobody_new_comes_in_by_a_socket(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        draining = asyncio.create_task(server.doors.front.drain(0))
        await ann.closed()
        refused = await knock(server.url)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
        near, far = await ask(server.url, "/readyz"), await ask(server.url, "/readyz", **FAR)
        assert (near.status, near.body) == (503, b"draining\n")
        assert (far.status, far.body) == (503, b"not ready\n")
        assert (await ask(server.url, "/healthz")).status == 200
        assert (await post(server.url, "community.get")).status == 200
        await draining


async def test_draining_ends_when_the_last_has_left(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        async with asyncio.timeout(PATIENCE):
            await server.doors.front.drain(0)
        assert not server.hub.connections
        assert await ann.closed() == 4100
