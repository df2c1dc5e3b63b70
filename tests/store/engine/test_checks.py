"""The checks of a store at start, against real stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from chatserver.errors import StartError
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.checks import check_store

SetUp = Callable[..., Awaitable[redis.asyncio.Redis]]


@pytest.fixture(scope="module", params=["", pytest.param("redis-server", marks=pytest.mark.redis7)])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path_factory.mktemp("checked"), program=request.param)
    try:
        made.start()
    except StartError as error:
        pytest.skip(str(error))
    yield made
    made.stop()


@pytest.fixture
async def asked(program: EmbeddedStore) -> AsyncIterator[redis.asyncio.Redis]:
    async with redis.asyncio.Redis(unix_socket_path=program.address) as store:
        before = await store.config_get()
        yield store
        for name in ("appendonly", "appendfsync", "maxmemory-policy", "aof-use-rdb-preamble"):
            await store.config_set(name, before[name])


async def refusal(store: redis.asyncio.Redis, **how: str) -> str:
    with pytest.raises(StartError) as met:
        await check_store(store, **how)
    return str(met.value)


async def test_the_embedded_store_passes_without_a_word(asked: redis.asyncio.Redis) -> None:
    facts = await check_store(asked)
    assert facts.warnings == ()
    assert facts.version.name in ("valkey", "redis")


async def test_a_store_without_an_append_only_file_is_refused(asked: redis.asyncio.Redis) -> None:
    await asked.config_set("appendonly", "no")
    assert "Set appendonly yes" in await refusal(asked)


async def test_a_store_that_evicts_is_refused(asked: redis.asyncio.Redis) -> None:
    await asked.config_set("maxmemory-policy", "allkeys-lru")
    assert "maxmemory-policy allkeys-lru" in await refusal(asked)


async def test_all_reasons_are_said_at_once(asked: redis.asyncio.Redis) -> None:
    await asked.config_set("appendonly", "no")
    await asked.config_set("maxmemory-policy", "volatile-ttl")
    assert len((await refusal(asked, durability="strict")).splitlines()) == 3


async def test_strict_durability_needs_a_store_that_always_writes_through(asked: redis.asyncio.Redis) -> None:
    assert "strict needs appendfsync always in the store; it has everysec" in await refusal(asked, durability="strict")
    await asked.config_set("appendfsync", "always")
    assert (await check_store(asked, durability="strict")).warnings == ()


async def test_what_is_only_doubtful_is_a_warning(asked: redis.asyncio.Redis) -> None:
    await asked.config_set("aof-use-rdb-preamble", "yes")
    await asked.config_set("appendfsync", "no")
    warnings = (await check_store(asked)).warnings
    assert ["appendfsync everysec" in warnings[0], "deleted messages" in warnings[1]] == [True, True]


async def test_a_store_that_forbids_config_is_taken_at_its_word(
    asked: redis.asyncio.Redis, program: EmbeddedStore
) -> None:
    await asked.execute_command("ACL", "SETUSER", "tenant", "on", ">tea", "~*", "&*", "+@all", "-config")
    await asked.config_set("appendonly", "no")
    async with redis.asyncio.Redis(unix_socket_path=program.address, username="tenant", password="tea") as tenant:
        warnings = (await check_store(tenant, durability="strict")).warnings
    assert len(warnings) == 3
    assert "forbids CONFIG" in warnings[0] and "no append-only file" in warnings[1]


async def test_a_login_that_is_wrong_is_said_plainly(program: EmbeddedStore) -> None:
    async with redis.asyncio.Redis(
        unix_socket_path=program.address, username="nobody", password="x", retry=None
    ) as store:
        assert (await refusal(store)).startswith("store.url: the store refuses this login")


async def test_a_replica_is_refused(asked: redis.asyncio.Redis) -> None:
    await asked.replicaof("127.0.0.1", 1)
    try:
        assert "names a replica" in await refusal(asked)
    finally:
        await asked.replicaof("NO", "ONE")


async def test_a_store_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    async with redis.asyncio.Redis(unix_socket_path=str(tmp_path / "no.sock"), retry=None) as store:
        assert (await refusal(store)).startswith("store.url: the store does not answer")
