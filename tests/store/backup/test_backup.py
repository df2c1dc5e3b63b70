"""Backup while people write, restore into an empty store, and compare message by message."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
import redis.asyncio

from chatserver import ids
from chatserver.errors import StartError
from chatserver.store.backup.archive import Counts, Part, StreamEnd, Writer, read
from chatserver.store.backup.backup import backup, connected
from chatserver.store.backup.restore import UNFINISHED, refuse_half_restored, restore
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.functions import Library, library
from chatserver.store.messages.records import Page, Posted, Record, pack_record, page_of
from tests.conftest import blobs_in_memory

PEOPLE = ("mei", "tom")
pack = msgspec.msgpack.encode


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path_factory.mktemp("source"))
    store.start()
    yield store
    store.stop()


@pytest.fixture(scope="module", params=["", pytest.param("redis-server", marks=pytest.mark.redis7)])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(tmp_path_factory.mktemp("target"), program=request.param)
    try:
        store.start()
    except StartError as error:
        pytest.skip(str(error))
    yield store
    store.stop()


class Server:
    """A store with people and rooms in it, written to by the functions that the server uses."""

    def __init__(self, store: redis.asyncio.Redis, *, field_expiry: bool = True) -> None:
        self.store = store
        self.library: Library = library(field_expiry=field_expiry)

    async def call(self, name: str, tag: str, *args: object) -> list:
        return await self.store.execute_command(*self.library.functions[name].command(tag), *args)

    async def build_friends(self) -> None:
        await self.store.flushall()
        await self.store.function_load(self.library.source, replace=True)
        for person in PEOPLE:
            await self.store.hset(keys.user(person), mapping={"handle": person, "name": person.title(), "auth": 1})
            await self.store.set(keys.handle(person), person)
        for room in ("hall", "books"):
            await self.open_room(room)

    async def open_room(self, room: str) -> None:
        meta = {"kind": "open", "title": room, "epoch": ids.new_id(), "seq": 0, "rev": 0, "mv": len(PEOPLE)}
        await self.store.hset(keys.room(room), mapping=meta)
        for number, person in enumerate(PEOPLE, 1):
            await self.store.hset(f"{keys.room(room)}:members", person, pack(["member", 1, 0, number]))
            await self.store.hset(f"{keys.user(person)}:rooms", room, pack([number, 1, 0, meta["epoch"], "all"]))

    async def say(self, room: str, person: str, *texts: str) -> list:
        words: list[object] = []
        for text in texts:
            record = Record(id=ids.new_id(), user=person, text=text, client_id=ids.new_id())
            words += [person, record.client_id, "digest", record.id, 0, "", "", "", pack_record(record)]
        return await self.call("append", keys.room(room), ids.now_ms(), 0, *words)

    async def change(self, room: str, person: str, seq: int, kind: str, text: str = "") -> list:
        if kind == "edit":
            return await self.call("message_edit", keys.room(room), ids.now_ms(), person, seq, text, "")
        return await self.call("message_delete", keys.room(room), ids.new_id(), ids.now_ms(), person, seq, 0)

    async def seq(self, room: str) -> int:
        return int(await self.store.hget(keys.room(room), "seq"))

    async def page(self, room: str) -> Page:
        """All messages and changes of a room in which nobody writes."""
        messages: list[Posted] = []
        for start in range(1, await self.seq(room) + 1, 500):
            page = page_of(await self.call("read", keys.room(room), start, start + 499, 0, 0))
            messages += page.messages
        whole = page_of(await self.call("read", keys.room(room), 0, 0, 0, 1_000_000))
        return dataclasses.replace(whole, messages=messages)


@pytest.fixture
async def server(source: EmbeddedStore) -> AsyncIterator[Server]:
    async with connected(Address(path=source.address)) as store:
        made = Server(store)
        await made.build_friends()
        yield made


@pytest.fixture
async def restored(target: EmbeddedStore) -> AsyncIterator[Server]:
    """The store to restore into: empty, with the functions a server would load."""
    async with connected(Address(path=target.address)) as store:
        await store.flushall()
        await store.function_flush()
        made = Server(store, field_expiry="valkey_version" in await store.info("server"))
        await store.function_load(made.library.source)
        yield made


def address_of(server: Server) -> Address:
    return Address(path=server.store.get_connection_kwargs()["path"])


async def test_a_round_trip_keeps_every_message_as_it_holds(server: Server, restored: Server, tmp_path: Path) -> None:
    for start in range(0, 2500, 250):
        await server.say("hall", "mei", *(f"第 {number} 杯茶 🍵" for number in range(start, start + 250)))
    await server.change("hall", "mei", 7, "edit", "another cup")
    await server.change("hall", "mei", 2500, "delete")
    counts = await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    assert (counts.users, counts.rooms, counts.messages) == (2, 2, 2499)
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    before, after = await server.page("hall"), await restored.page("hall")
    assert len(before.messages) == 2500 and after.messages == before.messages
    assert len(before.changes) == 2 and after.changes == before.changes
    assert (after.seq, after.rev, after.last_id) == (before.seq, before.rev, before.last_id)
    assert after.messages[2499].record is None and after.messages[2499].now.deleted


async def test_a_backup_made_while_people_write_edit_and_delete_is_of_one_moment(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    for start in range(0, 3000, 250):
        await server.say("hall", "mei", *(f"line {number}" for number in range(start, start + 250)))

    enough = asyncio.Event()

    async def keep_writing() -> None:
        async with connected(address_of(server)) as store:
            writer, number = Server(store), 0
            while not enough.is_set():
                number += 1
                await writer.say("hall", "tom", f"meanwhile {number}", "and another")
                await writer.change("hall", "mei", number, "delete" if number % 2 else "edit", f"edited {number}")

    writing = asyncio.create_task(keep_writing())
    try:
        while (head := await server.seq("hall")) < 3010:
            assert not writing.done(), writing.exception()
            await asyncio.sleep(0.001)
        await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    finally:
        # Not by cancelling: the library loses a cancellation that comes at the wrong moment.
        enough.set()
        await writing
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    before, after = await server.page("hall"), await restored.page("hall")
    assert head <= after.seq <= before.seq and 0 < after.rev <= before.rev
    # Every message to the last is there, as it was at the restored rev: changes of later revs had not come yet.
    later = {change.seq for change in before.changes if change.rev > after.rev}
    assert [message.seq for message in after.messages] == list(range(1, after.seq + 1))
    for was, now in zip(before.messages, after.messages, strict=False):
        assert now.explained and now.id == was.id and now.at == was.at
        assert was.seq in later or now == was
    assert after.changes == [change for change in before.changes if change.rev <= after.rev] or later


async def test_restored_rooms_have_a_new_numbering_that_shares_the_old_numbers(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await server.say("books", "tom", "one", "two", "three")
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    before, after = await server.page("books"), await restored.page("books")
    assert after.epoch and after.epoch != before.epoch
    assert await restored.store.hget(keys.room("books"), "shared") == b"3"
    answer = await restored.say("books", "mei", "four")
    assert answer[2][0][:2] == [b"ok", 4]


async def test_a_send_is_recognised_again_after_a_restore(server: Server, restored: Server, tmp_path: Path) -> None:
    record = Record(id=ids.new_id(), user="mei", text="once", client_id="c-1")
    words = ("mei", "c-1", "digest", record.id, 0, "", "", "", pack_record(record))
    first = await server.call("append", keys.room("hall"), ids.now_ms(), 0, *words)
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    again = await restored.call("append", keys.room("hall"), ids.now_ms(), 0, *words)
    assert again[2][0][0] == b"duplicate" and again[2][0][1:4] == first[2][0][1:4]
    assert (await restored.page("hall")).seq == 1


async def test_a_log_whose_last_messages_are_gone_goes_on_after_them(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await server.say("hall", "mei", "only", "these")
    await server.change("hall", "mei", 1, "delete")
    await server.change("hall", "mei", 2, "delete")
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    info = await restored.store.xinfo_stream(f"{keys.room('hall')}:log")
    assert info["length"] == 0 and info["last-generated-id"] == b"2-0"
    assert (await restored.say("hall", "tom", "next"))[2][0][1] == 3


async def test_members_and_pointers_agree_after_a_restore(server: Server, restored: Server, tmp_path: Path) -> None:
    """A join that was half done when its user was read, and a leave that was half done."""
    await server.store.hdel(f"{keys.user('mei')}:rooms", "hall")
    await server.store.hdel(f"{keys.room('books')}:members", "tom")
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    joined = msgspec.msgpack.decode(await restored.store.hget(f"{keys.user('mei')}:rooms", "hall"))
    left = msgspec.msgpack.decode(await restored.store.hget(f"{keys.user('tom')}:rooms", "books"))
    assert joined[1] == 1 and joined[3] == (await restored.page("hall")).epoch
    assert left[1] == 0


async def test_every_kind_of_key_comes_back_with_its_time(server: Server, restored: Server, tmp_path: Path) -> None:
    soon = ids.now_ms() + 1_000_000
    await server.store.zadd("{u:mei}:inbox", {b"\xff\x00item": 1.5, "poke": 12345678901234})
    await server.store.sadd("{x}:set", "a", b"\x80")
    await server.store.rpush("{x}:list", "1", "2", "1")
    await server.store.set("{x}:fading", "text", pxat=soon)
    await server.store.hset("{x}:large", mapping={f"field {number}": number for number in range(2345)})
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    for key in ("{u:mei}:inbox", "{x}:set", "{x}:list", "{x}:fading", "{x}:large"):
        assert await value_of(restored, key) == await value_of(server, key)
    assert await restored.store.pexpiretime("{x}:fading") == soon


async def test_a_rooms_settings_the_last_to_write_and_what_people_chose_come_back(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    settings = {b"writers": b"moderators", b"topics": b"moderators", b"never_window": b"1", b"question_of": b"hall"}
    chosen = {b"findable": b"nothing", b"listable": b"no"}
    await server.say("books", "mei", "the last to write")
    await server.store.hset(keys.room("books"), mapping=settings)
    await server.store.hset(keys.user("mei"), mapping=chosen)
    last = f"{keys.room('books')}:last"
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    assert settings.items() <= (await restored.store.hgetall(keys.room("books"))).items()
    assert chosen.items() <= (await restored.store.hgetall(keys.user("mei"))).items()
    assert await value_of(restored, last) == await value_of(server, last)
    assert await restored.store.zscore(last, "mei") > 0


async def test_what_is_between_two_people_comes_back(server: Server, restored: Server, tmp_path: Path) -> None:
    now, mei, invite = ids.now_ms(), keys.user("mei"), "{i:abc}"
    await server.call("answered_note", mei, "tom", now, 1000)
    await server.call("inbox_add_poke", mei, "p1", now, '{"about":"p1"}', 1000, 0, 0, 1, now + 5000, now + 90_000)
    await server.call("invitation_place", mei, "abc", now, now + 90_000, "", 10, 50)
    await server.call("account_invite_make", invite, now, now + 90_000, "mei", "", now + 99_000, 50)
    await server.call("account_invite_use", invite, "tom", now)
    await server.call("invitation_end", mei, "abc", "tom")
    await server.call("question_decide", keys.COMMUNITY, "hall", "", "5 6")
    await server.store.hset(f"{keys.room('pair')}:tie", mapping={"version": 3, "tie": b"\x80", "days:mei": "1 2"})
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    held = [f"{mei}{ending}" for ending in (":answered", ":later", ":invitations", ":invitations_open")]
    for key in (*held, invite, f"{keys.COMMUNITY}:question_now", f"{keys.room('pair')}:tie"):
        assert await value_of(restored, key) == await value_of(server, key) != ("none", None), key
    assert await restored.store.hget(mei, "later_at") == str(now + 5000).encode()


async def value_of(server: Server, key: str) -> object:
    kind = (await server.store.type(key)).decode()
    read_by = {
        "zset": lambda: server.store.zrange(key, 0, -1, withscores=True),
        "set": lambda: server.store.smembers(key),
        "list": lambda: server.store.lrange(key, 0, -1),
        "hash": lambda: server.store.hgetall(key),
        "string": lambda: server.store.get(key),
    }
    return kind, await read_by[kind]()


async def test_a_store_in_which_somebody_lives_is_left_alone(server: Server, tmp_path: Path) -> None:
    await server.say("hall", "mei", "I live here")
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    with pytest.raises(StartError, match="This store has users already"):
        await restore(address_of(server), tmp_path / "b", blobs_in_memory())
    assert (await server.page("hall")).seq == 1


async def test_a_store_that_holds_something_else_is_left_alone(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restored.store.set("session:42", "of another program")
    with pytest.raises(StartError, match="session:42"):
        await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    assert await restored.store.get("session:42") == b"of another program"


async def test_a_server_that_only_its_own_bots_know_makes_room(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restored.store.hset(keys.user("host"), mapping={"handle": "host", "bot": 1})
    await restored.open_room("starter")
    await restored.store.hdel(keys.room("starter") + ":members", *PEOPLE)
    await restored.store.delete(*(keys.user(person) + ":rooms" for person in PEOPLE))
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    assert not await restored.store.exists(keys.room("starter"))
    assert await restored.store.exists(keys.room("hall"), keys.room("books")) == 2


async def test_a_restore_that_broke_off_can_be_begun_again(server: Server, restored: Server, tmp_path: Path) -> None:
    await server.say("hall", "mei", "kept")
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    await restored.store.delete(keys.room("hall") + ":log")
    await restored.store.set("{restore}", 1)
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    assert (await restored.page("hall")).messages == (await server.page("hall")).messages
    assert not await restored.store.exists("{restore}")


async def test_an_open_server_loses_its_link_and_so_reads_everything_anew(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    link = redis.asyncio.Redis(
        unix_socket_path=address_of(restored).path, client_name="chatserver-link", single_connection_client=True,
        retry=None,
    )  # fmt: skip
    async with link:
        first = await link.client_id()
        await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
        names = {int(client["id"]) for client in await restored.store.client_list()}
    assert first not in names


async def test_a_damaged_file_is_found_before_the_store_is_touched(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await server.say("hall", "mei", "a text that somebody changed")
    await backup(address_of(server), tmp_path / "good", blobs_in_memory())
    lines = gzip.decompress((tmp_path / "good").read_bytes()).splitlines(keepends=True)
    number = next(index for index, line in enumerate(lines) if b"{r:hall}:members" in line)
    swapped = lines[number].replace(b"mei", b"eve")
    cases = {
        "changed": [*lines[:number], swapped, *lines[number + 1 :]],
        "cut off": lines[:-1],
        "one missing": [*lines[:number], *lines[number + 1 :]],
        "no backup": [b'{"hello": 1}\n'],
        "no lines": [b"\xff\xfe"],
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(gzip.compress(b"".join(content)))
    (tmp_path / "half a file").write_bytes((tmp_path / "good").read_bytes()[:-200])
    (tmp_path / "no gzip").write_bytes(b"hello")
    for name in (*cases, "half a file", "no gzip", "not there"):
        with pytest.raises(StartError):
            await restore(address_of(restored), tmp_path / name, blobs_in_memory())
        assert await restored.store.dbsize() == 0, name


async def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    head = {"chatserver_backup": 99, "program": "chatserver 9.0", "store": "valkey 12.0.0", "at": 1}
    (tmp_path / "b").write_bytes(gzip.compress(json.dumps(head).encode() + b"\n"))
    with pytest.raises(StartError, match=r"written by chatserver 9\.0; use that release or newer"):
        list(read(tmp_path / "b"))


async def test_an_older_format_is_refused_with_who_can_read_it(tmp_path: Path) -> None:
    head = {"chatserver_backup": 1, "program": "chatserver 0.1.0", "store": "valkey 9.1.2", "at": 1}
    (tmp_path / "b").write_bytes(gzip.compress(json.dumps(head).encode() + b"\n"))
    with pytest.raises(StartError, match=r"written by chatserver 0\.1\.0 in format 1"):
        list(read(tmp_path / "b"))


async def test_a_backup_is_never_written_over_another_and_is_its_owners_alone(server: Server, tmp_path: Path) -> None:
    await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    content = (tmp_path / "b").read_bytes()
    with pytest.raises(StartError, match="exists already"):
        await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    assert (tmp_path / "b").read_bytes() == content
    with pytest.raises(StartError, match="cannot be written"):
        await backup(address_of(server), tmp_path / "no such folder" / "b", blobs_in_memory())
    assert [file.name for file in tmp_path.iterdir()] == ["b"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    parts = [
        Part(b"{u:1}", "hash", [[b"name", "Méi 梅".encode()], [b"\xff", b""]]),
        Part(b"{r:1}:log", "stream", [[b"1-0", [b"m", b"\x80"]]], more=True),
        Part(b"{r:1}:log", "stream", [], stream=StreamEnd("5-0", 5, "4-0")),
        Part(b"{x}\xfe", "string", [b'{"b": "not base64"}'], expires_at=12),
    ]
    writer = Writer(tmp_path / "b")
    writer.head(store="valkey 9.1.2", at=1)
    for part in parts:
        writer.part(part)
    writer.foot()
    found = list(read(tmp_path / "b"))
    assert found[1:-1] == parts
    assert found[-1] == Counts(keys=3, rooms=0, users=1, messages=1)


async def test_a_server_does_not_open_a_half_restored_store(target: EmbeddedStore) -> None:
    async with connected(Address(path=target.address)) as store:
        await store.set(UNFINISHED, 1)
        try:
            with pytest.raises(StartError, match="chatserver restore FILE"):
                await refuse_half_restored(store)
        finally:
            await store.delete(UNFINISHED)
        await refuse_half_restored(store)


async def react(server: Server, room: str, person: str, seq: int, emoji: str) -> list:
    return await server.call("message_react", keys.room(room), ids.now_ms(), person, seq, emoji)


async def reactions(server: Server, room: str) -> dict[int, object]:
    return page_of(await server.call("read", keys.room(room), 1, -1, 0, 0, "mei")).reactions


async def test_reactions_made_meanwhile_come_whole_or_not_at_all(
    server: Server, restored: Server, tmp_path: Path
) -> None:
    await server.say("hall", "mei", *(f"line {number}" for number in range(450)))
    for seq in range(1, 451):
        await react(server, "hall", PEOPLE[seq % 2], seq, "👍")
    enough = asyncio.Event()

    async def keep_reacting() -> None:
        async with connected(address_of(server)) as store:
            writer, number = Server(store), 0
            while not enough.is_set():
                number += 1
                await react(writer, "hall", PEOPLE[number % 2], 1 + number % 300, "❤️" if number % 3 else "👍")
                if number % 7 == 0:
                    await writer.change("hall", "mei", 1 + number % 450, "delete")

    before = await reactions(server, "hall")
    reacting = asyncio.create_task(keep_reacting())
    try:
        await backup(address_of(server), tmp_path / "b", blobs_in_memory())
    finally:
        enough.set()
        await reacting
    await restore(address_of(restored), tmp_path / "b", blobs_in_memory())
    after = await reactions(restored, "hall")
    holds = {message.seq for message in (await restored.page("hall")).messages if message.record is not None}
    assert set(after) <= holds < {*range(1, 451)}
    deleted_meanwhile = {message.seq for message in (await server.page("hall")).messages if message.record is None}
    assert set(before) & holds - set(after) <= deleted_meanwhile
    for seq, found in after.items():
        assert [kind.count for kind in found.kinds] == [len(kind.users) for kind in found.kinds], seq
    left = {key.decode().split(":")[3] async for key in restored.store.scan_iter("{r:hall}:reactions:*", count=1000)}
    assert {int(seq) for seq in left} == set(after)
    rev = int(await restored.store.hget("{r:hall}", "rev"))
    assert (await react(restored, "hall", "tom", max(after), "🍵"))[1] == rev + 1
