"""Tags: the part of a key in braces, which every command names first."""

from __future__ import annotations

import pytest

from chatserver.store.engine import keys
from chatserver.store.engine.store import Store


@pytest.mark.parametrize("tag", [keys.room("hall"), keys.user("ann"), keys.COMMUNITY, keys.intents(7)])
def test_all_keys_of_one_thing_have_its_tag(tag: keys.Tag) -> None:
    for key in (tag, tag + ":log", keys.live(tag)):
        assert keys.tag_of(key) == tag


@pytest.mark.parametrize("key", ["", "GET", "hall:log"])
def test_a_key_without_a_tag_is_none(key: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        keys.tag_of(key)


async def test_a_command_that_names_no_tag_first_is_a_fault_of_the_program(store: Store) -> None:
    with pytest.raises(ValueError, match="the first argument of a command is its tag"):
        await store.command(keys.Tag("HGET"), "{r:hall}", "title")
    assert await store.command("{r:hall}", "HGET", "{r:hall}", "title") is None


async def test_a_scan_finds_every_key_of_a_kind(store: Store) -> None:
    rooms = [keys.room(f"room{number}") for number in range(3_000)]
    await store.redis.mset(dict.fromkeys([*rooms, keys.user("ann")], "1"))
    assert {key.decode() async for key in store.scan("{r:*}")} == set(rooms)
