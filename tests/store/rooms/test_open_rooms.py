"""The list of open rooms, windows, and a glance at a room's numbers."""

from __future__ import annotations

import pytest

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.rooms.open_rooms import Entry, put, read_open
from chatserver.store.rooms.reading import Glance
from tests.store.rooms.rooms_world import Server


@pytest.fixture
async def server(store: Store) -> Server:
    made = Server(store)
    await made.build_friends()
    return made


async def test_an_older_word_of_a_room_does_not_replace_a_newer_one(server: Server) -> None:
    await put(server.store, "books", Entry(7, "New"))
    await put(server.store, "books", Entry(6, "Old"))
    assert (await server.listed())["books"].title == "New"


async def test_windows_whose_place_was_trimmed_away_are_read_anew(server: Server) -> None:
    changed = 0

    def count() -> None:
        nonlocal changed
        changed += 1

    await server.windows.start(lambda coroutine: coroutine.close(), count)
    await put(server.store, "books", Entry(1, "Books", window=True))
    await server.windows.refresh()
    assert server.windows.windows() == ["books"] and server.windows.window("books", "en") == ("Books", "")
    await put(server.store, "books", Entry(2, "Books"))
    await put(server.store, "tea", Entry(1, "Tea", titles={"de": "Tee"}, window=True))
    await server.store.command("{rooms}", "XTRIM", "{rooms}:changes", "MAXLEN", "1")
    await server.windows.refresh()
    assert server.windows.windows() == ["tea"] and server.windows.window("tea", "de") == ("Tee", "") and changed == 2
    await put(server.store, "tea", Entry(2, "Tea", window=True, archived=True))
    await server.windows.refresh()
    assert server.windows.windows() == [] and server.windows.window("tea", "de") is None and changed == 3


async def test_only_what_is_open_and_can_be_read_is_read(server: Server) -> None:
    await server.create("tea", tags=["green"], forum=True)
    await server.create("cellar", kind="closed")
    await server.create("fair")
    await server.stored.archive("fair", actor="mei", admin=False, archived=True, now=server.now)
    await server.create("broken")
    await server.store.command("{r:broken}", "HSET", "{r:broken}", "tags", b"\xc1")
    (tea,) = (await read_open(server.store, ["cellar", "tea", "fair", "broken", "nowhere"])).values()
    assert (tea.room, tea.title, tea.tags, tea.forum, tea.created_at) == ("tea", "Tea", ["green"], True, server.now)
    assert tea.version == int((await server.meta("tea"))["mv"])


async def test_which_rooms_changed_is_told_from_a_place_on_and_all_while_they_are_few(server: Server) -> None:
    async def changed(place: bytes, most: int) -> tuple[bytes, int, list[bytes]]:
        _, now, any_, rooms = await server.store.call("rooms_changed", keys.ROOMS, place, most)
        return now, any_, sorted(rooms)

    assert await changed(b"", 9) == (b"0-0", 1, []) and await changed(b"0-0", 9) == (b"0-0", 0, [])
    await put(server.store, "books", Entry(1, "Books"))
    place, any_, rooms = await changed(b"0-0", 9)
    assert (any_, rooms) == (1, [b"books"])
    await put(server.store, "tea", Entry(1, "Tea"))
    await put(server.store, "tea", Entry(2, "Tea"))
    assert (await changed(place, 0))[1:] == (0, [b"tea", b"tea"])
    assert (await changed(b"", 2))[1:] == (1, [b"books", b"tea"])
    assert (await changed(b"", 1))[1:] == (1, [b"tea"]), "those that changed last"
    await server.store.command("{rooms}", "XTRIM", "{rooms}:changes", "MAXLEN", "1")
    assert (await changed(place, 0))[1:] == (1, [])


async def glance_at(server: Server, room: str, *, said_since: int, heard_since: int) -> Glance:
    return (await server.stored.glances([room], said_since=said_since, heard_since=heard_since))[room]


async def test_a_room_that_cannot_be_looked_at_is_quiet_and_holds_up_no_other(server: Server) -> None:
    for room in ("books", "tea", "walks"):
        await server.create(room)
    await server.store.command("{r:tea}", "SET", "{r:tea}:here", "no hash")
    faults = server.store.faults
    found = await server.stored.glances(["books", "nowhere", "tea", "walks"], said_since=0, heard_since=0)
    assert {room: glance.members for room, glance in found.items()} == {"books": 1, "tea": 0, "walks": 1}
    assert server.store.faults == faults + 1


async def test_a_glance_counts_members_people_here_and_messages_since(server: Server) -> None:
    await server.create("books", "tom")
    for at in (1000, 2000, 2000, 3000, 4000):
        await server.say("books", "mei", "hello", at + server.now)
    first = server.now + 1000
    await server.store.call("here", "{r:books}", first, "p1", 60_000, 2, "mei tom")
    await server.store.call("here", "{r:books}", first, "p2", 60_000, 1, "tom")
    for since, expected in ((0, 5), (1000, 5), (1001, 4), (2000, 4), (2001, 2), (4000, 1), (4001, 0)):
        glance = await glance_at(server, "books", said_since=since + server.now, heard_since=first)
        assert glance.today == expected, since
    assert (glance.members, glance.online, glance.last_at) == (2, 2, server.now + 4000)
    silent = await glance_at(server, "books", said_since=0, heard_since=first + 1)
    assert silent.online == 0


async def test_a_glance_at_a_log_with_deleted_messages_still_finds_the_time(server: Server) -> None:
    await server.create("books")
    for at in range(1, 8):
        await server.say("books", "mei", "hello", server.now + at * 1000)
    for seq in (3, 4, 7):
        await server.store.command("{r:books}", "XDEL", "{r:books}:log", f"{seq}-0")
    glance = await glance_at(server, "books", said_since=server.now + 5000, heard_since=0)
    assert glance.today == 3
