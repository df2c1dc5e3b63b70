"""Hidden users are online for nobody: on every socket, in every count, on every process, from that moment on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from chatserver import ids
from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, Refused, gathering, post, sign_up
from tests.walks.test_friends import friends


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    ids.move_clock(0)


@pytest.fixture
def open_server(open_server: OpenServer) -> OpenServer:
    """Servers that tell of presence at once: what is told is of interest here, not that it is told once a second."""

    async def open_one(**changes: Any) -> Server:
        server = await open_server(**changes)
        server.tasks.spawn(_tick_often(server))
        return server

    return open_one


async def _tick_often(server: Server) -> None:
    while True:
        await asyncio.sleep(0.02)
        await server.hub.presence.tick(ids.now_ms())


def last_seen(watcher: Person) -> dict[str, Any]:
    """The last that a watcher was told of the hall; before that, what the watch was answered with."""
    told = watcher.heard("presence.changed", room="hall")
    return told[-1] if told else watcher.session["watched"]


async def watching(person: Person) -> Person:
    person.session["watched"] = await person.call("presence.watch", room="hall")
    return person


async def sees(watcher: Person, *users: Person) -> None:
    """Wait until exactly these are told as being here."""
    wanted = sorted(user.id for user in users)
    await watcher.until(lambda: last_seen(watcher).get("users") == wanted, f"{wanted}, not {last_seen(watcher)}")
    assert last_seen(watcher)["online"] == len(wanted)


async def counted(url: str, member: Person, number: int) -> None:
    """Wait until the list of rooms counts so many in the hall."""
    async with asyncio.timeout(PATIENCE):
        while next(room for room in await rooms(url, member.token) if room["room"] == "hall")["online"] != number:
            await asyncio.sleep(0.05)


async def rooms(url: str, token: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await post(url, "room.discover", token))["rooms"]
    return found


@contextlib.asynccontextmanager
async def here(*people: Person) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for person in people:
            await person.leave()


@pytest.mark.parametrize("packed", [False, True])
async def test_who_hides_disappears_at_once_on_all_processes_and_comes_back(
    open_server: OpenServer, packed: bool
) -> None:
    one, two = await open_server(), await open_server()
    mei = await (await sign_up(one.url, "mei", packed=packed)).start()
    phone = await Person(two.url, mei.token, mei.user).start()
    tom = await watching(await (await sign_up(one.url, "tom")).start())
    eve = await watching(await (await sign_up(two.url, "eve")).start())
    async with here(mei, phone, tom, eve):
        for watcher in (tom, eve):
            await sees(watcher, mei, tom, eve)
        await post(two.url, "profile.update", mei.token, presence="hidden")
        for watcher in (tom, eve):
            await sees(watcher, tom, eve)
        await counted(one.url, tom, 2)
        await counted(two.url, tom, 2)
        await mei.call("profile.update", presence="shown")
        for watcher in (tom, eve):
            await sees(watcher, mei, tom, eve)
        await counted(two.url, tom, 3)


async def test_who_comes_hidden_was_never_here(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    await post(one.url, "profile.update", mei.token, presence="hidden")
    tom = await watching(await (await sign_up(one.url, "tom")).start())
    eve = await watching(await (await sign_up(two.url, "eve")).start())
    async with here(mei, tom, eve):
        await mei.start()
        await sees(tom, tom, eve)
        await sees(eve, tom, eve)
        assert (await mei.call("presence.watch", room="hall"))["users"] == sorted([tom.id, eve.id])
        fresh = await (await sign_up(two.url, "ada")).start()
        assert next(room for room in fresh.session["rooms"] if room["room"] == "hall")["online"] == 2
        await sees(tom, tom, eve, fresh)
        await fresh.leave()
        await sees(tom, tom, eve)
        told = [event.get("users", []) for watcher in (tom, eve) for event in watcher.heard("presence.changed")]
        assert not any(mei.id in users for users in told)


async def test_the_typing_of_who_hides_is_not_told(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await mei.call("typing.start", room="hall")
        await tom.hears("typing.started", room="hall")
        await mei.call("profile.update", presence="hidden")
        await sees(await watching(tom), tom)
        tom.events.clear()
        assert await mei.call("typing.start", room="hall") == {}
        await mei.say("hall", "hello")
        await tom.hears("message.posted", text="hello")
        assert not tom.heard("typing.started")


async def test_a_hidden_one_of_two_sockets_leaves_and_nobody_is_told(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await mei.call("profile.update", presence="hidden")
        phone = await Person(server.url, mei.token, mei.user).start()
        await sees(await watching(tom), tom)
        await mei.leave()
        await phone.call("profile.update", presence="shown")
        await sees(tom, tom, phone)
        await phone.leave()
        await sees(tom, tom)


async def looks(server: Server, observer: Person, mei: Person, direct: str) -> list[Any]:
    """All that an observer is answered by both doors who looks for signs of Mei, from a session of their own."""
    await server.hub.presence.tick(ids.now_ms())
    await observer.start_anew()
    asked: list[tuple[str, dict[str, Any]]] = [("room.discover", {})]
    for room in ("hall", direct):
        asked += [(method, {"room": room}) for method in ("presence.watch", "message.history", "room.members")]
        asked += [("room.members", {"room": room, "query": query}) for query in ("@", "me", "mei")]
    asked += [(method, {"user": mei.id}) for method in ("tie.get", "card.get")]
    asked += [
        ("user.get", {"users": [mei.id]}),
        ("user.search", {"query": "mei"}),
        ("tie.list", {}),
        ("inbox.list", {}),
    ]
    answers: list[Any] = [observer.session["rooms"]]
    for method, params in asked:
        answers.append((method, await _answer(observer.call(method, **params))))
        if not method.startswith("presence."):
            answers.append((method, await _answer(post(server.url, method, observer.token, **params))))
    return answers


async def _answer(asked: Any) -> Any:
    """Without how much of the index is made, which the server's age decides."""
    try:
        answer = await asked
        answer.pop("indexing", None)
        return answer
    except Refused as refusal:
        return str(refusal)


async def test_who_hides_is_like_who_is_away_to_a_friend_a_stranger_and_a_visitor(server: Server) -> None:
    async with gathering(server.url, "mei", "tom", "eve") as (mei, tom, eve):
        direct = await friends(mei, tom)
        await mei.call("profile.update", presence="hidden")
        visitor = await Person(server.url).start()
        phone = await Person(server.url, mei.token, mei.user).start()
        observers = {"friend": tom, "stranger": eve, "visitor": visitor}
        hidden = {name: await looks(server, observer, mei, direct) for name, observer in observers.items()}
        for person in (mei, phone):
            await person.leave()
        async with asyncio.timeout(PATIENCE):
            while mei.id in server.hub.users:
                await asyncio.sleep(0.005)
        away = {name: await looks(server, observer, mei, direct) for name, observer in observers.items()}
        for name in observers:
            for before, after in zip(hidden[name], away[name], strict=True):
                assert before == after, name
        await visitor.leave()
