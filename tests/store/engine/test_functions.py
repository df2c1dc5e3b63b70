"""The Lua functions as a library: named by their source, probed whole, and fit for both stores."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from chatserver.store.engine import functions, keys
from chatserver.store.engine.functions import library
from chatserver.store.engine.store import Store

STORE = Path(functions.__file__).parents[1]
SOURCES = {file.name: file.read_text("utf-8") for file in STORE.rglob("*.lua")}


def commands_in(source: str) -> set[str]:
    return set(re.findall(r"redis\.p?call\('([A-Z]+)'", source))


def test_the_probe_runs_every_command_that_any_function_uses() -> None:
    used = set().union(*(commands_in(source) for source in SOURCES.values()))
    assert used - commands_in(SOURCES["probe.lua"]) == set()


def test_names_end_in_the_hash_of_the_source_so_that_two_releases_run_side_by_side() -> None:
    one, other = library(field_expiry=True), library(field_expiry=False)
    assert one.name != other.name
    digest = one.name.rpartition("_")[2]
    assert all(function.full_name.endswith(digest) for function in one.functions.values())
    assert not {function.full_name for function in one.functions.values()} & {
        function.full_name for function in other.functions.values()
    }


@pytest.mark.parametrize("name", sorted(name for name in SOURCES if not name.startswith("_")))
def test_every_function_names_its_keys_and_all_stand_under_one_tag(name: str) -> None:
    found = re.search(r"^-- keys: (.+)$", SOURCES[name], re.MULTILINE)
    assert found is not None
    assert len({pattern[: pattern.index("}") + 1] for pattern in found.group(1).split()}) == 1


async def test_a_library_that_vanished_is_loaded_again_and_the_call_answered(store: Store) -> None:
    await store.redis.execute_command("FUNCTION", "FLUSH")
    assert await store.call("room_open", keys.room("none")) == [b"not_found"]


async def test_libraries_unused_for_a_day_are_removed_and_others_stay(store: Store) -> None:
    old = "#!lua name=chatserver_000000000000\nredis.register_function('x_000000000000', function() return 1 end)"
    await store.redis.execute_command("FUNCTION", "LOAD", "REPLACE", old)
    day = 86_400_000
    await store.remove_old_libraries(10 * day)
    await store.remove_old_libraries(10 * day + 1000)
    listed = await store.redis.execute_command("FUNCTION", "LIST", "LIBRARYNAME", "chatserver_*")
    assert len(listed) == 2
    await store.remove_old_libraries(12 * day)
    listed = await store.redis.execute_command("FUNCTION", "LIST", "LIBRARYNAME", "chatserver_*")
    assert [library_[b"library_name"].decode() for library_ in listed] == [store.library.name]


async def test_a_log_ahead_of_its_counter_does_not_jam_the_room(store: Store) -> None:
    tag = keys.room("tea")
    await store.command(tag, "HSET", tag, "kind", "open", "epoch", "e1", "seq", "4")
    await store.command(tag, "HSET", tag + ":members", "ann", msgspec.msgpack.encode(["member", 1, 0, 1]))
    await store.command(tag, "XADD", tag + ":log", "7-0", "m", "lost", "t", "1")
    record = msgspec.msgpack.encode({"i": "id1", "u": "ann", "x": "hello"})
    sends = ["ann", "c1", "d", "id1", 0, "", "", "", record, "ann", "c2", "d", "id2", 0, "", "", "", record]
    answer = await store.call("append", tag, 1000, 0, *sends)
    assert [outcome[:2] for outcome in answer[2]] == [[b"ok", 8], [b"ok", 9]]
    assert await store.command(tag, "HGET", tag, "seq") == b"9"


async def test_of_each_person_the_latest_thousand_mentions_of_a_room_are_kept(store: Store) -> None:
    tag = keys.room("tea")
    await store.command(tag, "HSET", tag, "kind", "open", "epoch", "e1", "seq", "1200")
    await store.command(tag, "HSET", tag + ":members", "ann", msgspec.msgpack.encode(["member", 1, 0, 1]))
    await store.command(tag, "HSET", tag + ":handles", "bob", "bob", "=bob", "bob")
    old = [word for seq in range(1, 1201) for word in (0, f"bob:{seq:016d}:ann")]
    await store.command(tag, "ZADD", tag + ":mentions", *old, 0, f"bo:{1:016d}:ann", 0, f"bobby:{1:016d}:ann")
    record = msgspec.msgpack.encode({"i": "id1", "u": "ann", "x": "@bob"})
    await store.call("append", tag, 1000, 0, "ann", "c1", "d", "id1", 0, "", "10 0\nbob 3", "", record)
    kept = await store.command(tag, "ZRANGE", tag + ":mentions", 0, -1)
    assert len(kept) == 1002 and f"bob:{1201:016d}:ann".encode() in kept and f"bob:{202:016d}:ann".encode() in kept
