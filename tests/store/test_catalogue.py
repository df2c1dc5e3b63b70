"""Lists of rooms: the catalogue in memory, and a glance at a room's numbers."""

from __future__ import annotations

import pytest

from chatserver.store import keys
from chatserver.store.catalogue import Entry, put
from chatserver.store.store import Store
from tests.store.rooms_house import House


@pytest.fixture
async def house(store: Store) -> House:
    made = House(store)
    await made.furnish()
    return made


async def test_words_are_found_in_every_language_and_form(house: House) -> None:
    titles = {"en": "Green living", "zh-Hans": "绿色生活", "zh-Hant": "綠色生活"}
    await put(house.store, "green", Entry(1, "Green living", "Balcony tomatoes", ["repair"], titles))
    await put(house.store, "books", Entry(1, "Books", "Novels", ["reading"]))
    await house.catalogue.refresh()
    for query in ("ｇｒｅｅｎ", "GREEN tomato", "绿色", "綠色生", "repair", "tomatoes living"):
        assert [listed.room for listed in house.catalogue.find(query)] == ["green"], query
    assert not house.catalogue.find("green novels")
    assert {listed.room for listed in house.catalogue.find()} == {"green", "books"}
    assert [listed.room for listed in house.catalogue.find(tag="reading")] == ["books"]
    assert not house.catalogue.find(tag="read")


async def test_an_older_word_of_a_room_does_not_replace_a_newer_one(house: House) -> None:
    await put(house.store, "books", Entry(7, "New"))
    await put(house.store, "books", Entry(6, "Old"))
    await house.catalogue.refresh()
    assert house.catalogue.find("new") and not house.catalogue.find("old")


async def test_a_copy_whose_place_was_trimmed_away_is_read_whole(house: House) -> None:
    await put(house.store, "books", Entry(1, "Books"))
    await house.catalogue.refresh()
    await put(house.store, "tea", Entry(1, "Tea", window=True))
    await house.store.command("XTRIM", "{rooms}:changes", "MAXLEN", "1")
    await house.store.command("HDEL", keys.ROOMS, "books")
    await house.catalogue.refresh()
    assert [listed.room for listed in house.catalogue.find()] == ["tea"] == house.catalogue.windows()


async def test_a_glance_counts_members_people_here_and_messages_since(house: House) -> None:
    await house.create("books", "tom")
    for at in (1000, 2000, 2000, 3000, 4000):
        await house.say("books", "mei", "hello", at + house.now)
    first = house.now + 1000
    await house.store.call("here", "{r:books}", first, "p1", 60_000, 2, "mei tom")
    await house.store.call("here", "{r:books}", first, "p2", 60_000, 1, "tom")
    for since, expected in ((0, 5), (1000, 5), (1001, 4), (2000, 4), (2001, 2), (4000, 1), (4001, 0)):
        glance = await house.shelf.glance("books", said_since=since + house.now, heard_since=first)
        assert glance.today == expected, since
    assert (glance.members, glance.online, glance.last_at) == (2, 2, house.now + 4000)
    silent = await house.shelf.glance("books", said_since=0, heard_since=first + 1)
    assert silent.online == 0


async def test_a_glance_at_a_log_with_deleted_messages_still_finds_the_time(house: House) -> None:
    await house.create("books")
    for at in range(1, 8):
        await house.say("books", "mei", "hello", house.now + at * 1000)
    for seq in (3, 4, 7):
        await house.store.command("XDEL", "{r:books}:log", f"{seq}-0")
    glance = await house.shelf.glance("books", said_since=house.now + 5000, heard_since=0)
    assert glance.today == 3
