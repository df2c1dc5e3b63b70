"""Who sees which layer of a profile by which door: everything that each viewer can ask is asked, and what comes back is
searched for what ann says to everyone, to friends, and on her card.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from websockets.exceptions import InvalidHandshake

from chatserver import ids
from chatserver.app import Server
from chatserver.bot import Bot
from tests.people import PASSWORD, PATIENCE, Person, gathering, post, sign_up
from tests.walks.test_friends import acquainted, friends, poke, speak

Ask = Callable[..., Awaitable[Any]]
LAYERS = {"public": "plum-marmalade", "friends": "ring-twice", "card": "ann-tea"}
EVERYONE, FRIENDS, WITH_CARD = {"public"}, {"public", "friends"}, {"public", "friends", "card"}


# --- viewers ---------------------------------------------------------------------------------------------------------


async def with_cards(ann: Person, viewer: Person) -> None:
    await friends(ann, viewer)
    ids.move_clock(0)
    for one, other in ((ann, viewer), (viewer, ann)):
        await one.call("card.offer", user=other.id)


async def stranger(ann: Person, viewer: Person) -> None:
    await speak(ann, viewer)


async def poked(ann: Person, viewer: Person) -> None:
    await speak(ann, viewer)
    await poke(ann, viewer)


async def before_a_card(ann: Person, viewer: Person) -> None:
    await speak(ann, viewer)
    await viewer.call("poke.return", poke=await poke(ann, viewer), answer="Soup")


async def one_sided(ann: Person, viewer: Person) -> None:
    """A friend who has offered a card and got none."""
    await friends(ann, viewer)
    ids.move_clock(0)
    await viewer.call("card.offer", user=ann.id)


async def closed_to(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await ann.call("card.take_back", user=viewer.id)


async def took_own_back(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await viewer.call("card.take_back", user=ann.id)


async def stepped_back(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await viewer.call("tie.step_back", user=ann.id)


async def blocked(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await ann.call("block.add", user=viewer.id)


async def blocker(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await viewer.call("block.add", user=ann.id)


async def suspended(ann: Person, viewer: Person) -> None:
    await with_cards(ann, viewer)
    await ann.call("account.suspend", user=viewer.id, suspended=True)


async def admin(ann: Person, viewer: Person) -> None:
    """Who runs the community is a stranger like any other."""
    await speak(ann, viewer)


VIEWERS: dict[str, tuple[Callable[[Person, Person], Awaitable[object]], set[str]]] = {
    "stranger": (stranger, EVERYONE),
    "poked": (poked, EVERYONE),
    "before a card": (before_a_card, EVERYONE),
    "acquainted": (acquainted, EVERYONE),
    "friend": (friends, FRIENDS),
    "friend without hers": (one_sided, FRIENDS),
    "friend with both cards": (with_cards, WITH_CARD),
    "friend whom it was closed to": (closed_to, EVERYONE),
    "friend who took back theirs": (took_own_back, FRIENDS),
    "stepped back": (stepped_back, EVERYONE),
    "blocked": (blocked, EVERYONE),
    "who has blocked her": (blocker, EVERYONE),
    "suspended": (suspended, set()),
    "admin": (admin, EVERYONE),
}


# --- doors -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def by_socket(server: Server, token: str, *, packed: bool) -> AsyncIterator[Ask]:
    person = Person(server.url, token, packed=packed)
    try:
        await person.start()
    except InvalidHandshake:
        yield _shut
        return

    async def ask(method: str, **params: Any) -> Any:
        return [await person.call(method, **params), person.session, person.events]

    yield ask
    await person.leave()


async def _shut(method: str, **params: Any) -> Any:
    return ""


@asynccontextmanager
async def by_http(server: Server, token: str) -> AsyncIterator[Ask]:
    async def ask(method: str, **params: Any) -> Any:
        return await post(server.url, method, token, **params)

    yield ask


@asynccontextmanager
async def by_bot(server: Server, token: str, folder: Path) -> AsyncIterator[Ask]:
    """The SDK, by whoever's token."""
    bot = Bot(server.url, token, state=folder / f"{ids.new_id()}.state")
    async with bot.running():

        async def ask(method: str, **params: Any) -> Any:
            return repr(await bot.call(method, **params))

        yield ask


@asynccontextmanager
async def doors(server: Server, token: str, folder: Path, *, sdk: bool) -> AsyncIterator[dict[str, Ask]]:
    async with AsyncExitStack() as stack:
        opened = {
            "socket": await stack.enter_async_context(by_socket(server, token, packed=False)),
            "packed": await stack.enter_async_context(by_socket(server, token, packed=True)),
            "http": await stack.enter_async_context(by_http(server, token)),
        }
        if sdk:
            opened["sdk"] = await stack.enter_async_context(by_bot(server, token, folder))
        yield opened


async def seen(ask: Ask, ann: Person) -> set[str]:
    """The layers of ann's that come back, whatever is asked."""
    said: list[Any] = []
    for method, params in (
        ("user.get", {"users": [ann.id]}), ("user.get", {"handle": "ann"}), ("card.get", {"user": ann.id}),
        ("tie.get", {"user": ann.id}), ("tie.list", {}), ("poke.list", {}), ("inbox.list", {}), ("user.list", {}),
        ("user.search", {"query": "ann"}), ("room.members", {"room": "hall"}), ("room.discover", {}),
        ("community.log", {}), ("message.history", {"room": "hall"}), ("session.ping", {}),
    ):  # fmt: skip
        try:
            said.append(await ask(method, **params))
        except Exception as refusal:
            if type(refusal).__name__ not in {"Refused", "Refusal"}:
                raise
    told = json.dumps(said, ensure_ascii=False)
    return {layer for layer, word in LAYERS.items() if word in told}


async def ann_with_a_profile(server: Server) -> Person:
    """She runs the community, and says something on each layer."""
    ann = await (await sign_up(server.url, "ann")).start()
    await ann.call("community.claim", code=(await server.setup_link()).rpartition("#")[2])
    await ann.closed()
    await ann.start()
    await ann.call("profile.update", about=LAYERS["public"], for_friends=LAYERS["friends"])
    await ann.call("card.update", wechat=LAYERS["card"])
    return ann


@pytest.mark.parametrize("name", VIEWERS)
async def test_each_layer_is_seen_by_whom_it_is_for_by_every_door(server: Server, tmp_path: Path, name: str) -> None:
    prepare, expected = VIEWERS[name]
    ann = await ann_with_a_profile(server)
    async with gathering(server.url, "bob") as (bob,):
        if name == "admin":
            await server.services.accounts.store.set_status(bob.id, "admin", on=True, by="", now=ids.now_ms())
            bob = await Person(server.url, bob.token, bob.user).start()
        await prepare(ann, bob)
        async with doors(server, bob.token, tmp_path, sdk=name != "suspended") as opened:
            for door, ask in opened.items():
                assert await seen(ask, ann) == expected, door
        if name == "admin":
            await bob.leave()
    await ann.leave()


async def test_a_visitor_sees_no_layer_and_a_bot_only_what_everyone_sees(server: Server, tmp_path: Path) -> None:
    ann = await ann_with_a_profile(server)
    dice = await ann.call("bot.create", handle="dice", name="Dice")
    await ann.call("direct.open", bot=dice["user"]["id"])
    for token, expected in (("", set()), (dice["token"], EVERYONE)):
        async with doors(server, token, tmp_path, sdk=bool(token)) as opened:
            for door, ask in opened.items():
                assert await seen(ask, ann) == expected, (door, expected)
    await ann.leave()


async def test_ann_herself_sees_all_and_nobody_anything_once_she_has_left(server: Server, tmp_path: Path) -> None:
    ann = await ann_with_a_profile(server)
    async with gathering(server.url, "bob") as (bob,):
        await with_cards(ann, bob)
        async with doors(server, ann.token, tmp_path, sdk=True) as opened:
            for ask in opened.values():
                assert "ring-twice" in str(await ask("user.get", users=[ann.id]))
                assert "ann-tea" in str(await ask("card.get"))
        await ann.call("account.close", password=PASSWORD)
        async with doors(server, bob.token, tmp_path, sdk=True) as opened:
            for door, ask in opened.items():
                assert await seen(ask, ann) == set(), door


async def test_a_card_taken_back_is_nowhere_a_second_later(server: Server, tmp_path: Path) -> None:
    """Every door is asked again and again, through other connections than the one by which it is taken back."""
    ann = await ann_with_a_profile(server)
    async with gathering(server.url, "bob") as (bob,):
        await with_cards(ann, bob)
        async with doors(server, bob.token, tmp_path, sdk=True) as opened:
            for ask in opened.values():
                assert await seen(ask, ann) == WITH_CARD
            await post(server.url, "card.take_back", ann.token, user=bob.id)
            taken = asyncio.get_running_loop().time()
            async with asyncio.TaskGroup() as polling:
                lasts = [polling.create_task(_seen_until_gone(ask, ann)) for ask in opened.values()]
            assert all(last.result() - taken < 1 for last in lasts)
            for ask in opened.values():
                assert await seen(ask, ann) == EVERYONE
        async with ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
            assert LAYERS["card"] not in await answer.text()
    await ann.leave()


async def _seen_until_gone(ask: Ask, ann: Person) -> float:
    """When somebody last asked and was still told; how long an answer takes is the machine's affair."""
    loop, last = asyncio.get_running_loop(), 0.0
    async with asyncio.timeout(PATIENCE):
        while True:
            asked = loop.time()
            if {"card", "friends"}.isdisjoint(await seen(ask, ann)):
                return last
            last = asked
