"""Open rooms are found by any part of their words and by what their titles may be typed as, the liveliest first; the
index follows their changes, and is made again from the store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.rules.text.searching import fold
from chatserver.store.engine import keys
from chatserver.store.index import changes_follower, rooms_source
from chatserver.store.index.engine import RoomsEngine, RoomsWanted
from chatserver.store.index.sqlite_rooms import SqliteRooms
from tests.conftest import OpenServer
from tests.people import Person, gathering, post, sign_up
from tests.store.index.test_people_index import waited

TITLES = ["读书会", "Green living", "綠色生活", "重庆 hotpot", "c++ & c#", "Zoë's *tea*", '"x"', "茶1", "a.b"]
TAGS = ["reading", "養花", "c++", "tea-time"]
QUERIES = [
    "dushuhui", "dsh", "dush", "lvseshh", "lssh", "cq", "zhongq", "chongqinghotp", "zoestea", "ztea", "cha1", "c++",
    "*", "c#", '"', "living green", "een", "g", "gl", "读书 dsh", "绿色", "ab", "nobody", "tea x", "a.b", "\x00", "'",
    "OR",
]  # fmt: skip


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RoomsEngine]:
    engine = SqliteRooms(tmp_path / "index")
    assert engine.acquire()
    yield engine
    engine.close()


def made(seed: random.Random, number: int, version: int) -> tuple[OpenRoom, Liveliness]:
    title, titles = seed.choice(TITLES), {"zh-Hant": seed.choice(TITLES)} if seed.random() < 0.2 else {}
    tags = seed.sample(TAGS, seed.randrange(3))
    room = OpenRoom(f"r{number}", version, title, seed.choice(TITLES), tags, titles, created_at=number % 7)
    return room, place_of(seed, room)


def place_of(seed: random.Random, room: OpenRoom) -> Liveliness:
    online, today, members = seed.choice([0, 0, 1, 30]), seed.choice([0, 0, 2]), seed.randrange(3)
    return Liveliness.of(room.room, room.created_at, online=online, today=today, members=members)


def found(engine: RoomsEngine, query: str = "", tag: str = "", after: Liveliness | None = None) -> list[Liveliness]:
    """Page by page."""
    words, rooms = tuple(fold(query).split()), list[Liveliness]()
    while True:
        page = engine.find(RoomsWanted(words, fold(tag), after), 7, 5).rooms
        rooms += page
        if len(page) < 7:
            return rooms
        after = page[-1]


def test_what_is_found_is_what_a_look_at_all_rooms_finds_the_liveliest_first(engine: RoomsEngine) -> None:
    seed = random.Random(11)
    held: dict[str, tuple[OpenRoom, Liveliness]] = {}
    for turn in range(30):
        news = {f"r{number}": made(seed, number, turn) for number in seed.sample(range(80), 8)}
        gone = [room for room in held if seed.random() < 0.05 and room not in news]
        engine.write(list(news.values()), gone)
        held |= news
        held = {room: one for room, one in held.items() if room not in gone}
        moved = {room: place_of(seed, held[room][0]) for room in seed.sample(sorted(held), 3)}
        engine.move([*moved.values(), Liveliness.of("elsewhere", 1, online=900)])
        held |= {room: (held[room][0], place) for room, place in moved.items()}
    assert engine.versions([*held, "elsewhere"]) == {room: one.version for room, (one, _) in held.items()}
    assert engine.after("", 1_000) == sorted(held) and engine.count() == len(held)
    lively = {room for room, (_, place) in held.items() if place.online or place.today}
    assert set(engine.lively()) == lively
    for query in ["", *QUERIES]:
        for tag in ("", *TAGS, "read"):
            words = fold(query).split()
            expected = sorted(place for room, place in held.values() if room.is_meant(words, fold(tag)))
            assert found(engine, query, tag) == expected, (query, tag)
            if expected:
                after = seed.choice(expected)
                assert found(engine, query, tag, after) == [place for place in expected if place > after]
    assert len(found(engine)) == len(held) and any(found(engine, query) for query in ("dsh", "lssh", "zhongq"))


def test_a_search_of_hundreds_of_words_is_answered(engine: RoomsEngine) -> None:
    room = OpenRoom("r", 1, "a" * 60, " ".join(f"word{number}" for number in range(90)))
    engine.write([(room, Liveliness.of("r", 1))], [])
    assert found(engine, " ".join(f"word{number}" for number in range(90))) and found(engine, "a" * 60)
    assert not found(engine, " ".join(f"word{number}" for number in range(91))) and not found(engine, "a" * 61)


# --- following -------------------------------------------------------------------------------------------------------


def held(server: Server, query: str = "", tag: str = "") -> list[str]:
    """What the index alone finds."""
    return [place.room for place in found(server.stores.index.rooms.engine, query, tag)]


async def listed(url: str, token: str = "", **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await post(url, "room.discover", token, **asked)
    return answer


async def finds(person: Person, query: str) -> list[str]:
    """Of a list that says that it is all."""
    answer = await listed(person.url, person.token, query=query)
    assert "indexing" not in answer
    return [room["room"] for room in answer["rooms"]]


async def is_made(url: str) -> None:
    async def is_so() -> bool:
        return "indexing" not in await listed(url)

    await waited(is_so)


async def test_the_index_follows_rooms_that_are_made_changed_and_archived(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        room = (await ann.call("room.create", title="读书会", tags=["novels"]))["room"]
        cellar = (await ann.call("room.create", title="读书会", kind="closed"))["room"]

        async def holds(query: str, *rooms: str, tag: str = "") -> None:
            async def is_so() -> bool:
                return held(server, query, tag) == list(rooms)

            await waited(is_so)

        await holds("dushuhui", room)
        await holds("", room, tag="novels")
        await ann.call("room.update", room=room, title="Poems", about="And letters", tags=["verse"])
        await holds("dushuhui")
        await holds("", tag="novels")
        await holds("letters", room, tag="verse")
        await ann.call("room.archive", room=room, archived=True)
        await holds("letters")
        await ann.call("room.archive", room=room, archived=False)
        await holds("letters", room)
        assert cellar not in held(server)


async def test_a_list_is_right_from_the_moment_at_which_a_change_is_answered(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the index still says otherwise, and where the list of rooms does."""
    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        room = (await ann.call("room.create", title="Poems"))["room"]

        async def is_known() -> bool:
            return held(server, "poems") == [room]

        await waited(is_known)
        index = server.stores.index
        monkeypatch.setattr(index.rooms.engine, "acquire", lambda: False)

        async def is_still() -> bool:
            return not index.rooms.is_writer

        await waited(is_still)
        assert await finds(ann, "poems") == [room] and await finds(ann, "letters") == []
        await ann.call("room.update", room=room, title="Letters")
        assert await finds(ann, "poems") == [] and await finds(ann, "letters") == [room]
        await ann.call("room.update", room=room, title="Poems")
        await ann.call("room.archive", room=room, archived=True)
        assert await finds(ann, "poems") == []
        await ann.call("room.archive", room=room, archived=False)
        await server.store.redis.hset(keys.room(room), "archived", 1)  # the list of rooms is told a step later
        assert held(server, "poems") == [room] and await finds(ann, "poems") == []
        await server.store.redis.hset(keys.room(room), mapping={"archived": 0, "kind": "closed"})
        assert await finds(ann, "poems") == []
        await server.store.redis.hset(keys.room(room), mapping={"kind": "open", "title": "Songs"})
        assert await finds(ann, "poems") == []
        await server.store.redis.delete(keys.room(room))
        assert await finds(ann, "poems") == []


async def test_what_a_crash_forgot_is_found_by_a_comparison(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_follower, "COMPARED_EVERY_SECONDS", 0.0)
    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        rooms = [(await ann.call("room.create", title=f"Poems {number}"))["room"] for number in range(4)]

        async def holds(*expected: str) -> None:
            async def is_so() -> bool:
                return set(held(server, "poems")) == set(expected)

            await waited(is_so)

        await holds(*rooms)
        command = server.store.redis
        await command.hset(keys.room(rooms[0]), mapping={"title": "Letters", "mv": 1_000})
        await command.hset(keys.room(rooms[1]), mapping={"archived": 1, "mv": 1_000})
        await command.delete(keys.room(rooms[2]))
        await command.hdel(keys.ROOMS, rooms[3])
        await command.hset(keys.room(rooms[3]), "archived", 1)
        await holds()
        await command.hset(keys.room(rooms[1]), mapping={"archived": 0, "mv": 3})  # as after an older backup
        await holds(rooms[1])


async def test_while_the_index_is_made_a_list_says_so_and_holds_all_rooms_of_a_small_community(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = server.stores.index
    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        room = (await ann.call("room.create", title="读书会", tags=["novels"]))["room"]
        before = (await listed(server.url))["rooms"]
        with monkeypatch.context() as patch:
            patch.setattr(index.rooms.engine, "acquire", lambda: False)

            async def is_still() -> bool:
                return not index.rooms.is_writer

            await waited(is_still)
            for file in (tmp_path / "index").glob("rooms.db*"):
                file.unlink()
            answer = await listed(server.url)
            assert answer["indexing"] == 0.0 and [one["room"] for one in answer["rooms"]] == [
                one["room"] for one in before
            ]
            for asked in ({"query": "dushuhui"}, {"tag": "novels"}, {"query": "读书会"}):
                assert [one["room"] for one in (await listed(server.url, **asked))["rooms"]] == [room]
        await is_made(server.url)
        assert await finds(ann, "dushuhui") == [room]


# --- liveliness ------------------------------------------------------------------------------------------------------


async def test_the_index_follows_who_joins_comes_online_and_writes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms_source, "MOVED_EVERY_SECONDS", 0.0)
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    await is_made(server.url)
    room = (await post(server.url, "room.create", ann.token, title="Poems"))["room"]

    async def stands(online: int, today: int, members: int) -> None:
        async def is_so() -> bool:
            places = found(server.stores.index.rooms.engine, "poems")
            return [place[:3] for place in places] == [(-online, -today, -members)]

        await waited(is_so)

    await stands(0, 0, 1)
    await post(server.url, "room.join", bob.token, room=room)
    await stands(0, 0, 2)
    await post(server.url, "message.send", ann.token, room=room, text="hello", client_id="1")
    await stands(0, 1, 2)
    await bob.start()
    await stands(3, 1, 2)
    await bob.leave()
    await stands(0, 1, 2)
    await post(server.url, "room.leave", bob.token, room=room)
    await stands(0, 1, 1)


async def test_a_process_that_was_killed_and_a_day_that_ended_leave_no_room_lively(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody notes either."""
    monkeypatch.setattr(rooms_source, "LOOKED_AT_EVERY_SECONDS", 0.0)
    ann = await sign_up(server.url, "ann")
    room = (await post(server.url, "room.create", ann.token, title="Poems"))["room"]
    await server.store.call("here", keys.room(room), now_ms(), "killed", 60_000, 1, ann.id)
    await post(server.url, "message.send", ann.token, room=room, text="hello", client_id="1")

    async def is_lively() -> bool:
        return any(place.online and place.today for place in found(server.stores.index.rooms.engine, "poems"))

    async def is_quiet() -> bool:
        return all(not place.online and not place.today for place in found(server.stores.index.rooms.engine, "poems"))

    await waited(is_lively)
    await server.store.redis.hset(keys.room(room) + ":here", "killed", f"{now_ms() - 120_000} 1 {ann.id}")
    await server.store.redis.hset(keys.room(room), "last_at", now_ms() - 2 * 86_400_000)
    await waited(is_quiet)


async def test_a_room_that_cannot_be_looked_at_is_quiet_and_holds_up_no_other(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        broken = (await ann.call("room.create", title="Poems"))["room"]
        await server.store.redis.set(keys.room(broken) + ":here", "no hash")
        room = (await ann.call("room.create", title="Poems too"))["room"]

        async def is_known() -> bool:
            return room in held(server, "poems")

        await waited(is_known)


async def test_two_machines_each_have_an_index_of_their_own(open_server: OpenServer, tmp_path: Path) -> None:
    one, two = await open_server(), await open_server(server__data=str(tmp_path / "other"))
    async with gathering(one.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="读书会"))["room"]
        await ann.say(room, "hello")

        async def is_known() -> bool:
            places = [found(server.stores.index.rooms.engine, "dushuhui") for server in (one, two)]
            return all([(place.room, place.today) for place in some] == [(room, -1)] for some in places)

        await waited(is_known)
        await is_made(two.url)
        assert await finds(Person(two.url, ann.token, ann.user), "dushuhui") == [room]
