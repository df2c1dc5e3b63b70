"""Lists of rooms: the catalogue in memory, and a glance at a room's numbers."""

from __future__ import annotations

import pytest

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.rooms.room_index import Entry, put
from tests.store.rooms.rooms_world import Server


@pytest.fixture
async def server(store: Store) -> Server:
    made = Server(store)
    await made.build_friends()
    return made


async def test_words_are_found_in_every_language_and_form(server: Server) -> None:
    titles = {"en": "Green living", "zh-Hans": "绿色生活", "zh-Hant": "綠色生活"}
    await put(server.store, "green", Entry(1, "Green living", "Balcony tomatoes", ["repair"], titles))
    await put(server.store, "books", Entry(1, "Books", "Novels", ["reading"]))
    await server.room_index.refresh_all()
    for query in (
        "ｇｒｅｅｎ",
        "GREEN tomato",
        "绿色",
        "綠色生",
        "repair",
        "tomatoes living",
        "lvseshenghuo",
        "lssh",
        "shenghuo",
    ):
        assert [listed.room for listed in server.room_index.find(query)] == ["green"], query
    assert not server.room_index.find("green novels")
    assert {listed.room for listed in server.room_index.find()} == {"green", "books"}
    assert [listed.room for listed in server.room_index.find(tag="reading")] == ["books"]
    assert not server.room_index.find(tag="read")


async def test_an_older_word_of_a_room_does_not_replace_a_newer_one(server: Server) -> None:
    await put(server.store, "books", Entry(7, "New"))
    await put(server.store, "books", Entry(6, "Old"))
    await server.room_index.refresh_all()
    assert server.room_index.find("new") and not server.room_index.find("old")


async def test_a_copy_whose_place_was_trimmed_away_is_read_whole(server: Server) -> None:
    await put(server.store, "books", Entry(1, "Books"))
    await server.room_index.refresh_all()
    await put(server.store, "tea", Entry(1, "Tea", window=True))
    await server.store.command("{rooms}", "XTRIM", "{rooms}:changes", "MAXLEN", "1")
    await server.store.command(keys.ROOMS, "HDEL", keys.ROOMS, "books")
    await server.room_index.refresh_all()
    assert [listed.room for listed in server.room_index.find()] == ["tea"] == server.room_index.windows()


async def test_a_glance_counts_members_people_here_and_messages_since(server: Server) -> None:
    await server.create("books", "tom")
    for at in (1000, 2000, 2000, 3000, 4000):
        await server.say("books", "mei", "hello", at + server.now)
    first = server.now + 1000
    await server.store.call("here", "{r:books}", first, "p1", 60_000, 2, "mei tom")
    await server.store.call("here", "{r:books}", first, "p2", 60_000, 1, "tom")
    for since, expected in ((0, 5), (1000, 5), (1001, 4), (2000, 4), (2001, 2), (4000, 1), (4001, 0)):
        glance = await server.stored.glance("books", said_since=since + server.now, heard_since=first)
        assert glance.today == expected, since
    assert (glance.members, glance.online, glance.last_at) == (2, 2, server.now + 4000)
    silent = await server.stored.glance("books", said_since=0, heard_since=first + 1)
    assert silent.online == 0


async def test_a_glance_at_a_log_with_deleted_messages_still_finds_the_time(server: Server) -> None:
    await server.create("books")
    for at in range(1, 8):
        await server.say("books", "mei", "hello", server.now + at * 1000)
    for seq in (3, 4, 7):
        await server.store.command("{r:books}", "XDEL", "{r:books}:log", f"{seq}-0")
    glance = await server.stored.glance("books", said_since=server.now + 5000, heard_since=0)
    assert glance.today == 3
