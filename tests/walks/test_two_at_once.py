"""Two calls at once are as good as one after the other: nothing of either is lost, and no limit is passed by any number
of calls that come together."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, sign_up

MANY = 100


async def outcomes(*calls: Any) -> list[str]:
    """Of each call "ok" or the reason of its refusal."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    return [_outcome(answer) for answer in answers]


def _outcome(answer: Any) -> str:
    if isinstance(answer, Refused):
        return answer.reason
    if isinstance(answer, BaseException):
        raise answer
    return "ok"


# --- connections -----------------------------------------------------------------------------------------------------


async def test_a_token_in_session_start_does_not_pass_the_limit_of_connections(open_server: OpenServer) -> None:
    server = await open_server(limits__connections_per_user=3)
    bob = await sign_up(server.url, "bob")
    async with contextlib.AsyncExitStack() as stack:
        sockets = [Person(server.url, "", bob.user) for _ in range(12)]
        for socket in sockets:
            await socket.connect()
            stack.push_async_callback(socket.leave)
        found = await outcomes(*(socket.call("session.start", token=bob.token) for socket in sockets))
        assert sorted(found) == ["ok"] * 3 + ["too_many_connections"] * 9
        assert len(server.hub.connections_of(bob.id)) == 3
        begun, waiting = sockets[found.index("ok")], sockets[found.index("too_many_connections")]
        await begun.leave()
        assert await waiting.call("session.start", token=bob.token)


async def test_a_socket_whose_first_session_failed_is_only_its_second_users(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cat = await sign_up(server.url, "cat")
        socket = await Person(server.url, "", cat.user).connect()
        (connection,) = [one for one in server.hub.connections if not one.user_id]
        await server.hub.enter(connection, bob.id)  # as far as a session.start by bob's token came that then failed
        await socket.call("session.start", token=cat.token)
        assert len(server.hub.connections_of(bob.id)) == 1
        await ann.say("hall", "@bob a word for bob")
        await bob.hears("inbox.added")
        await socket.call("session.ping")
        assert not socket.heard("inbox.added")
        await socket.leave()
        await bob.leave()
        await asyncio.wait_for(_gone(server, bob.id), 10)


async def _gone(server: Server, user: str) -> None:
    while user in server.hub.users:
        await asyncio.sleep(0.01)
