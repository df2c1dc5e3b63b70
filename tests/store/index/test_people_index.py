"""People are found by any part of their words; the index follows their changes, and is made again from the store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.rules.accounts.finding import Findable
from chatserver.store.engine import keys
from chatserver.store.index import changes_follower
from chatserver.store.index.engine import PeopleEngine, PeopleWanted
from chatserver.store.index.sqlite_people import SqlitePeople
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, gathering, post, sign_up

PARTS = ["Ann", "Lee", "王小明", "c++", "tea-bot", "養花", "o'neil", '"x"', "Zoë", "*", "a.b"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[PeopleEngine]:
    engine = SqlitePeople(tmp_path / "index")
    assert engine.acquire()
    yield engine
    engine.close()


def users(engine: PeopleEngine, *words: str, among: list[str] | None = None, limit: int = 1_000) -> list[str]:
    return engine.find(PeopleWanted(words, among), limit, 5).users


def test_what_is_found_is_what_a_look_at_everybodys_words_finds(engine: PeopleEngine) -> None:
    seed = random.Random(7)
    held: dict[str, Findable] = {}
    for turn in range(40):
        some = [
            Findable(
                f"u{seed.randrange(60)}", seed.choice(PARTS).lower(), " ".join(seed.sample(PARTS, 2)),
                seed.choice(PARTS), [seed.choice(PARTS)], seed.choice(["", "name", "nothing"]), version=turn,
            )
            for _ in range(8)
        ]  # fmt: skip
        people = {one.user: one for one in some}
        gone = [user for user in held if user not in people and seed.random() < 0.05]
        engine.write(list(people.values()), gone)
        held = {user: one for user, one in (held | people).items() if user not in gone}
    assert engine.versions(list(held)) == {user: one.version for user, one in held.items()}
    assert engine.after("", 1_000) == sorted(held)
    for _ in range(300):
        part = seed.choice(["\n".join(PARTS).lower(), "wangxiaoming\nwxm\nwangxm", "养花 nobody"])
        words = [word[seed.randrange(len(word)) :][: seed.randrange(1, 6)] for word in seed.sample(part.split(), 1)]
        words += seed.choice([[], ["ann"], ["e"]])
        expected = {user for user, one in held.items() if all(word in one.words for word in words)}
        assert set(users(engine, *words)) == expected, words
        among = seed.sample(sorted(held), 10)
        assert set(users(engine, *words, among=among)) == expected & set(among), words
    assert users(engine) == [] == users(engine, "", limit=0)


def test_an_older_version_does_not_replace_a_newer_one(engine: PeopleEngine) -> None:
    engine.write([Findable("u1", "ann", "Ann", version=2)], [])
    engine.write([Findable("u1", "bob", "Bob", version=1)], [])
    assert users(engine, "ann") == ["u1"] and users(engine, "bob") == []
    engine.write([Findable("u1", "bob", "Bob", version=3)], [])
    assert users(engine, "ann") == [] and users(engine, "bob") == ["u1"]


async def waited(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await what():
            await asyncio.sleep(0.05)


async def answer(person: Person, query: str) -> dict[str, Any]:
    found: dict[str, Any] = await post(person.url, "user.search", person.token, query=query)
    return found


async def is_made(person: Person) -> bool:
    return "indexing" not in await answer(person, "nobody")


def held(server: Server, word: str) -> list[str]:
    """Whom the index alone finds."""
    return server.stores.index.people.engine.find(PeopleWanted([word]), 100, 5).users


async def test_the_index_follows_who_came_changed_and_left_and_holds_what_they_chose(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await waited(lambda: is_made(ann))

        async def holds(word: str, *people: Person) -> None:
            async def is_so() -> bool:
                return set(held(server, word)) == {person.id for person in people}

            await waited(is_so)

        await holds("bob", bob)
        await bob.call("profile.update", name="王小明", headline="Bakes bread", interests=["sourdough"])
        for word in ("wxm", "小明", "bakes", "sourdough"):
            await holds(word, bob)
        await bob.call("profile.update", findable="name")
        await holds("sourdough")
        await holds("wxm", bob)
        await bob.call("profile.update", findable="nothing")
        await holds("wxm")
        await bob.call("profile.update", findable="interests")
        await holds("wxm", bob)
        await bob.call("account.close", password="warm tea at dusk")
        await holds("wxm")


async def test_what_a_crash_forgot_is_found_by_a_comparison(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_follower, "COMPARED_EVERY_SECONDS", 0.0)
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        await waited(lambda: is_made(ann))
        command = server.store.redis
        await command.hset(keys.user(bob.id), mapping={"name": "Robert", "v": 1_000})
        await command.zrem(keys.EVERYONE, cat.id)
        await command.hset(keys.user(cat.id), mapping={"closed": 1})

        async def is_so() -> bool:
            return held(server, "robert") == [bob.id] and held(server, "cat") == []

        await waited(is_so)


async def test_while_the_index_is_made_it_says_so_and_handles_ties_and_late_changes_are_found(
    open_server: OpenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await open_server()
    index = server.stores.index

    async def is_still() -> bool:
        return not index.people.is_writer

    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await waited(lambda: is_made(ann))
        await server.store.redis.delete("{users}:changes")
        with monkeypatch.context() as patch:
            patch.setattr(index.people.engine, "acquire", lambda: False)
            await waited(is_still)
            await while_there_is_no_index(index.people.engine, tmp_path / "index", ann, bob)
        await waited(lambda: is_made(ann))
        assert [one["id"] for one in (await answer(ann, "bo"))["users"]] == [bob.id]


async def while_there_is_no_index(engine: PeopleEngine, folder: Path, ann: Person, bob: Person) -> None:
    for file in folder.glob("people.db*"):
        file.unlink()
    assert engine.find(PeopleWanted(["bo"]), 10, 5).progress == 0.0
    found = await answer(ann, "bob")
    assert [one["id"] for one in found["users"]] == [bob.id] and found["indexing"] == 0.0
    assert (await answer(ann, "bo"))["users"] == []
    await bob.call("profile.update", headline="Bakes bread")
    assert [one["id"] for one in (await answer(ann, "bakes"))["users"]] == [bob.id]


async def test_a_suspended_user_is_not_found(server: Server) -> None:
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    assert (await answer(ann, "bob"))["users"]
    await server.stores.accounts.set_status(bob.id, "suspended", on=True)
    assert not (await answer(ann, "bob"))["users"]
