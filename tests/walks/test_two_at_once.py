"""Two calls at once are as good as one after the other: nothing of either is lost, and no limit is passed by any number
of calls that come together."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

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


# --- what one user may have ------------------------------------------------------------------------------------------


async def test_no_number_of_calls_at_once_passes_a_limit(open_server: OpenServer) -> None:
    server = await open_server(friends__invitations=3)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        other = await Person(server.url, ann.token, ann.user).start()
        calls = [(ann, other)[number % 2].call("invitation.create") for number in range(MANY)]
        assert (await outcomes(*calls)).count("ok") == 3
        token = (await ann.call("token.create"))["token"]
        script = await Person(server.url, token, ann.user).start()
        calls = [script.call("token.create", label=str(number)) for number in range(MANY + 20)]
        assert (await outcomes(*calls)).count("ok") == 99  # the sign-in gave its place up
        await script.leave()
        calls = [bob.call("bot.create", handle=f"bot{number}", name=f"Bot {number}") for number in range(MANY)]
        assert (await outcomes(*calls)).count("ok") == 20
        await other.leave()


async def come_by(server: Server, invitation: dict[str, Any], handle: str) -> None:
    """Sign up by an invitation."""
    words = {"name": handle.title(), "password": PASSWORD, "want": "token", "invite": invitation["code"]}
    await post(server.url, "account.create", handle=handle, **words)


async def test_an_invitation_that_is_over_leaves_its_place(open_server: OpenServer) -> None:
    server = await open_server(friends__invitations=2)
    async with gathering(server.url, "ann") as (ann,):
        one, other = await ann.call("invitation.create"), await ann.call("invitation.create")
        assert await outcomes(ann.call("invitation.create")) == ["too_many_invitations"]
        await come_by(server, one, "guest")
        found = await outcomes(*(ann.call("invitation.create") for _ in range(5)))
        assert found.count("ok") == 1
        await ann.call("invitation.withdraw", id=other["id"])
        await ann.call("invitation.withdraw", id=one["id"])
        listed = {one["id"]: one for one in (await ann.call("invitation.list"))["invitations"]}
        assert listed[other["id"]]["withdrawn"] and not listed[one["id"]].get("withdrawn")
        assert await outcomes(come_by(server, other, "late")) == ["no_invite"]
        found = await outcomes(*(ann.call("invitation.create") for _ in range(5)))
        assert found.count("ok") == 1


async def test_an_invitation_is_used_or_withdrawn_never_both(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        for number in range(8):
            made = await ann.call("invitation.create")
            came, withdrawn = await asyncio.gather(
                outcomes(come_by(server, made, f"guest{number}")),
                outcomes(ann.call("invitation.withdraw", id=made["id"])),
            )
            (listed,) = [one for one in (await ann.call("invitation.list"))["invitations"] if one["id"] == made["id"]]
            assert withdrawn == ["ok"]
            assert (came == ["ok"]) == bool(listed.get("user")) != bool(listed.get("withdrawn"))


# --- what one user says ----------------------------------------------------------------------------------------------


async def test_lines_of_a_card_that_change_at_once_all_stay(server: Server) -> None:
    lines = ("company", "title", "phone", "mail", "wechat", "looking_for", "can_offer")
    async with gathering(server.url, "ann") as (ann,):
        other = await Person(server.url, ann.token, ann.user).start()
        for sockets in ((ann, ann), (ann, other)):
            for number in range(4):
                words = {line: f"{line[:3]} {number}" for line in lines}
                calls = [
                    sockets[place % 2].call("card.update", **{line: words[line]}) for place, line in enumerate(lines)
                ]
                await asyncio.gather(*calls)
                assert await ann.call("card.get") == words
        await other.leave()
